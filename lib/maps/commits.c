/* Commits, of who asks: the child is run, its answer read. */
#include "maps/commits.h"

#include "base/clock.h"
#include "maps/source_parts.h"

#include <inttypes.h>
#include <string.h>

#define OUTPUT_BYTES ((size_t)512 << 10)
#define TIMEOUT_MS   (2 * COMMITS_MS)

static const struct field REQUEST_FIELDS[] = {
	F_TEXT(struct commits_request, directory, .required = true),
	F_TEXT(struct commits_request, commit, .required = true, .min = 40, .max = 64),
	F_TEXT(struct commits_request, path, .required = true, .max = SOURCE_PATH_MAX),
	F_TEXT(struct commits_request, text, .required = true, .max = COMMITS_TEXT_MAX),
	F_TEXT(struct commits_request, author, .required = true, .max = COMMITS_TEXT_MAX),
	F_INT(struct commits_request, limit, .required = true, .min = 1, .max = COMMITS_LIMIT_MAX),
};
const struct schema commits_request_schema =
	SCHEMA(struct commits_request, "CommitsRequest", REQUEST_FIELDS);

static const struct field ENTRY_FIELDS[] = {
	F_TEXT(struct commits_entry, commit),  F_TEXT(struct commits_entry, author),
	F_TEXT(struct commits_entry, subject), F_INT(struct commits_entry, at_us),
	F_INT(struct commits_entry, files),
};
const struct schema commits_entry_schema =
	SCHEMA(struct commits_entry, "CommitsEntry", ENTRY_FIELDS);

static const struct field FOUND_FIELDS[] = {
	F_LIST(struct commits_found, items, .of = &commits_entry_schema, .max = COMMITS_LIMIT_MAX),
	F_INT(struct commits_found, looked_at),
	F_BOOL(struct commits_found, complete),
};
const struct schema commits_found_schema =
	SCHEMA(struct commits_found, "CommitsFound", FOUND_FIELDS);

static const char *bounded(struct ctx *cx, const char *text)
{
	return text == NULL ? "" : arena_strndup(cx->arena, text, strnlen(text, COMMITS_TEXT_MAX));
}

enum err commits_read(struct ctx *cx, int64_t project_id, const char *commit,
                      const struct commits_query *query, struct commits_found *ret)
{
	struct commits_request request = {
		.path = query->path != NULL ? query->path : "",
		.text = bounded(cx, query->text),
		.author = bounded(cx, query->author),
		.limit = query->limit,
	};
	const struct source_ask ask = {
		.word = "commits",
		.schema = &commits_request_schema,
		.request = &request,
		.output_bytes = OUTPUT_BYTES,
		.timeout_ms = TIMEOUT_MS,
		.cpu_s = TIMEOUT_MS / 1000,
	};
	struct bundle *bundle = arena_alloc(cx->arena, sizeof(*bundle));
	CLEANUP(tool_end) struct tool_result result = { 0 };
	const struct span *text;

	TRY(source_place(cx, project_id, commit, &request.commit, &request.directory));
	TRY(source_child(cx, &ask, &result));
	if (bundle_read(cx, result.output, bundle) != ERR_OK ||
	    (text = bundle_find(bundle, "commits")) == NULL ||
	    schema_decode(cx, &commits_found_schema, *text, ret) != ERR_OK)
		return err_set(cx, ERR_INTERNAL, "portolan-analyse gave an answer that is none");
	return ERR_OK;
}

const char *commits_line(struct arena *arena, const struct commits_entry *entry)
{
	char day[CLOCK_TEXT_MAX];

	clock_format(entry->at_us, day);
	return arena_printf(
		arena, "%.12s %.10s %s: %s%s", entry->commit, day, entry->author, entry->subject,
		entry->files == 0   ? ""
		: entry->files == 1 ? " (1 file)"
				    : arena_printf(arena, " (%" PRId64 " files)", entry->files));
}
