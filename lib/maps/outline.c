/* Outline, in a worker: the child is asked. */
#include "maps/outline.h"

#include "config/config.h"
#include "maps/source.h"
#include "maps/source_parts.h"

#include <inttypes.h>
#include <string.h>

#define PROGRAM      "portolan-analyse"
#define ANSWER_BYTES ((size_t)16 << 20)
#define CHILD_CPU_S  10

static const struct field REQUEST_FIELDS[] = {
	F_TEXT(struct outline_request, directory, .required = true),
	F_TEXT(struct outline_request, commit, .required = true, .min = 40, .max = 64),
	F_TEXT(struct outline_request, path, .required = true, .min = 1, .max = SOURCE_PATH_MAX),
	F_INT(struct outline_request, max_blob_bytes, .required = true),
};
const struct schema outline_request_schema =
	SCHEMA(struct outline_request, "OutlineRequest", REQUEST_FIELDS);

static const struct field ITEM_FIELDS[] = {
	F_TEXT(struct outline_item, name, .required = true, .doc = "Its name"),
	F_TEXT(struct outline_item, kind, .required = true, .doc = "function, class, ..."),
	F_TEXT(struct outline_item, parent, .doc = "The type around it; empty at the top"),
	F_TEXT(struct outline_item, signature, .doc = "Up to its body, where that is known"),
	F_INT(struct outline_item, line, .required = true, .doc = "Where the name stands"),
	F_INT(struct outline_item, last_line, .required = true, .doc = "Last of its body"),
};
static const struct schema ITEM = SCHEMA(struct outline_item, "OutlineItem", ITEM_FIELDS);

static const struct field OUTLINE_FIELDS[] = {
	F_TEXT(struct outline, commit, .doc = "The commit it was read from"),
	F_TEXT(struct outline, path, .doc = "The file"),
	F_BOOL(struct outline, complete, .doc = "Whether these are all"),
	F_LIST(struct outline, items, .of = &ITEM, .max = OUTLINE_MAX, .doc = "By line"),
};
const struct schema outline_schema = SCHEMA(struct outline, "MapOutline", OUTLINE_FIELDS);

enum err outline_read(struct ctx *cx, int64_t project_id, const char *commit, const char *path,
                      struct outline *ret)
{
	struct outline_request request = { .path = path,
		                           .max_blob_bytes = cx->app->config->blob_max_bytes };
	const struct source_ask ask = {
		.word = "outline",
		.schema = &outline_request_schema,
		.request = &request,
		.output_bytes = ANSWER_BYTES,
		.timeout_ms = SOURCE_TIMEOUT_MS,
		.cpu_s = CHILD_CPU_S,
	};
	CLEANUP(tool_end) struct tool_result result = { 0 };
	struct bundle *bundle = arena_alloc(cx->arena, sizeof(*bundle));
	const struct span *text;
	enum err e;

	TRY(source_place(cx, project_id, commit, &request.commit, &request.directory));
	e = source_child(cx, &ask, &result);
	if (e == ERR_REF_NOT_FOUND)
		return err_set(cx, ERR_NOT_FOUND, "project %" PRId64 " has no commit %s",
		               project_id, request.commit);
	if (e == ERR_NOT_FOUND)
		return err_set(cx, e, "commit %.12s has no file \"%.200s\"", request.commit, path);
	TRY(e);
	if (bundle_read(cx, result.output, bundle) != ERR_OK ||
	    (text = bundle_find(bundle, "outline")) == NULL ||
	    schema_decode(cx, &outline_schema, *text, ret) != ERR_OK)
		return err_set(cx, ERR_INTERNAL, PROGRAM " gave an answer that is none");
	ret->commit = request.commit;
	ret->path = path;
	return ERR_OK;
}
