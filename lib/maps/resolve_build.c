/*
 * What workflows, pipelines and Compose files use of this repository: "uses:" and
 * "include:" from its root, "build:" from the file's folder.
 */
#include "maps/resolver.h"

#include <string.h>

/* The names that a folder's action or image description may have. */
static const char *const IN_FOLDER[] = { "/action.yml", "/action.yaml", "/Dockerfile" };

/* The file that r->join names, or the one that describes the folder. */
static uint32_t named(struct resolver *r)
{
	uint32_t to = join_file(r, "");

	for (size_t i = 0; i < COUNT(IN_FOLDER) && to == RESOLVE_NONE; i++)
		/* at the root nothing stands before the slash */
		to = join_file(r, IN_FOLDER[i] + (r->join_len == 0));
	return to;
}

static void resolve_item(struct resolver *r, uint32_t file, const struct manifest_item *item)
{
	bool include = strcmp(item->key, "include") == 0, build = strcmp(item->key, "build") == 0;
	const struct fact_import import = {
		.target = item->value,
		.name = "",
		.alias = "",
		.scope = "",
		.line = item->line,
		.kind = include ? IMPORT_INCLUDE : IMPORT_USE,
	};
	struct import_at at = { file, &import };
	uint32_t to = RESOLVE_NONE;

	join_dir(r, build ? dir_of(r, file) : (struct span){ "", 0 });
	if (join_path(r, item->value, strlen(item->value)))
		to = named(r);
	if (to != RESOLVE_NONE)
		resolved(r, at, to, RULE_BUILD_PATH);
	else
		unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
}

void resolve_build(struct resolver *r)
{
	for (size_t i = 0; i < r->in->nmanifests; i++) {
		const struct manifest *m = &r->in->manifests[i];

		for (size_t k = 0; k < m->nitems; k++)
			if (m->items[k].kind == ITEM_LOCAL)
				resolve_item(r, m->file, &m->items[k]);
	}
}
