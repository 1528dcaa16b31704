/* Chart: kept among the parts of a map. */
#include "maps/chart.h"

#include "base/utf8.h"
#include "maps/drawing.h"
#include "maps/part_repo.h"

#include <string.h>

static const struct {
	const char *bundled, *stored;
} PARTS[CHART_PARTS] = {
	[CHART_FILES] = { "chart_files", "chart.files.json" },
	[CHART_GRAPH] = { "chart_graph", "chart.graph.json" },
};

/* A text that may be stored: the analyser has read hostile bytes. */
static bool is_text(const struct span *data)
{
	return data != NULL && utf8_valid(data->data, data->len) == data->len &&
	       memchr(data->data, '\0', data->len) == NULL;
}

enum err chart_put(struct ctx *cx, int64_t map_id, const struct bundle *bundle)
{
	const struct span *why = bundle_find(bundle, "chart_missing");

	for (int i = 0; i < CHART_PARTS; i++) {
		const struct span *data = bundle_find(bundle, PARTS[i].bundled);
		struct map_part part = { .name = PARTS[i].stored };

		if (is_text(data))
			part.data = *data;
		else
			part.reason =
				is_text(why) ? drawing_text(cx->arena, *why) : "it was not written";
		TRY(part_repo_put(cx, map_id, &part));
	}
	return ERR_OK;
}

enum err chart_get(struct ctx *cx, int64_t map_id, enum chart_part part, const char **ret)
{
	struct map_part_row row = { 0 };
	enum err e = part_repo_get(cx, map_id, PARTS[part].stored, &row);

	if (e == ERR_OK && row.data != NULL) {
		*ret = row.data;
		return ERR_OK;
	}
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	if (e == ERR_OK)
		return err_set(cx, ERR_NOT_FOUND, "the map has no chart: %s", row.reason);
	err_set(cx, ERR_NOT_FOUND, "the map is older than charts, and has none");
	err_fix(cx, "map the project again: POST /api/v1/projects/{id}/sync");
	return ERR_NOT_FOUND;
}
