/* Source, in a worker: the child is asked, its answer cut to the lines that are wanted. */
#include "maps/source.h"

#include "config/config.h"
#include "maps/child.h"
#include "maps/map.h"
#include "projects/project.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM          "portolan-analyse"
#define REQUEST_BYTES    ((size_t)128 * 1024)
#define CHILD_OPEN_FILES 256
#define CHILD_CPU_S      10
#define CHILD_GRACE_MS   500
#define OVERHEAD_BYTES   4096 /* of the bundle around a text */
#define GROWTH           2    /* Latin-1 in UTF-8 */
#define COMMIT_DIGITS    40

static const struct field REQUEST_FIELDS[] = {
	F_TEXT(struct source_request, directory, .required = true),
	F_TEXT(struct source_request, commit, .required = true, .min = 40, .max = 64),
	F_TEXT(struct source_request, path, .required = true, .min = 1, .max = SOURCE_PATH_MAX),
	F_INT(struct source_request, max_blob_bytes, .required = true),
};
const struct schema source_request_schema =
	SCHEMA(struct source_request, "SourceRequest", REQUEST_FIELDS);

static const char *const KINDS[] = { "text",    "binary",    "lfs", "too_large",
	                             "symlink", "submodule", NULL };

static const struct field ABOUT_FIELDS[] = {
	F_TEXT(struct source_about, oid, .required = true, .min = 40, .max = 64),
	F_TEXT(struct source_about, kind, .required = true, .one_of = KINDS),
	F_TEXT(struct source_about, encoding, .nullable = true, .max = 20),
	F_INT(struct source_about, bytes, .required = true, .min = 0, .max = INT64_MAX),
};
const struct schema source_about_schema = SCHEMA(struct source_about, "SourceAbout", ABOUT_FIELDS);

static const struct field SOURCE_FIELDS[] = {
	F_TEXT(struct source, commit, .doc = "The commit it was read from"),
	F_TEXT(struct source, path, .doc = "The file"),
	F_TEXT(struct source, oid, .doc = "Id of its blob; of a submodule its commit"),
	F_TEXT(struct source, kind,
	       .doc = "text, binary, lfs (the content is elsewhere), too_large, symlink, submodule"),
	F_TEXT(struct source, encoding, .nullable = true,
	       .doc = "utf-8, utf-16 or latin-1, of which the text here is the UTF-8"),
	F_INT(struct source, bytes, .doc = "Size of the blob"),
	F_INT(struct source, lines, .doc = "Lines of the whole text"),
	F_INT(struct source, from, .doc = "First line given; 0: none"),
	F_INT(struct source, to, .doc = "Last line given; 0: none"),
	F_BOOL(struct source, complete, .doc = "Whether these are all lines asked for"),
	F_TEXT(struct source, text, .nullable = true,
	       .doc = "The lines; of a symlink where it leads to; null where there is no text"),
};
const struct schema source_schema = SCHEMA(struct source, "MapSource", SOURCE_FIELDS);

/* --- Asking --- */

/* All digits of the commit that is meant. */
static enum err find_commit(struct ctx *cx, int64_t project_id, const char *commit,
                            const char **ret)
{
	struct project project;
	struct map map;
	enum err e;

	TRY(project_get(cx, project_id, &project));
	*ret = commit;
	if (commit != NULL && strlen(commit) >= COMMIT_DIGITS)
		return ERR_OK;
	if (commit == NULL && project.head_commit != NULL) {
		*ret = project.head_commit;
		return ERR_OK;
	}
	e = map_of_project(cx, project_id, commit, &map);
	if (e == ERR_NOT_FOUND && commit != NULL)
		err_fix(cx, "name a commit that has no map by all of its 40 digits");
	TRY(e);
	*ret = map.commit;
	return ERR_OK;
}

/* Absolute, since the child works in "/". */
static enum err clone_of(struct ctx *cx, int64_t project_id, const char **ret)
{
	const char *dir =
		arena_printf(cx->arena, "%s/%" PRId64, cx->app->config->repos_dir, project_id);
	char *real = realpath(dir, NULL);

	if (real == NULL) {
		err_set(cx, ERR_STATE, "there is no clone of project %" PRId64 " on this machine",
		        project_id);
		err_fix(cx, "let the project be synchronized");
		return ERR_STATE;
	}
	*ret = arena_strdup(cx->arena, real);
	free(real);
	return ERR_OK;
}

enum err source_place(struct ctx *cx, int64_t project_id, const char *commit,
                      const char **ret_commit, const char **ret_directory)
{
	TRY(find_commit(cx, project_id, commit, ret_commit));
	return clone_of(cx, project_id, ret_directory);
}

static enum err ask(struct ctx *cx, const struct source_request *request, struct tool_result *ret)
{
	static const char *const ENV[] = { "LANG=C.UTF-8", NULL };
	const struct config *config = cx->app->config;
	const char *path = child_program(cx->arena, config->libexec_dir, PROGRAM);
	struct sb sb = sb_new(cx->arena, REQUEST_BYTES);
	struct tool_request rq = {
		.env = ENV,
		.output_max_bytes = GROWTH * (size_t)request->max_blob_bytes + OVERHEAD_BYTES,
		.timeout_ms = SOURCE_TIMEOUT_MS,
		.grace_ms = CHILD_GRACE_MS,
		.limits = { .memory_bytes = WITH_ASAN ? 0 : config->analyser_memory_bytes,
		            .cpu_s = CHILD_CPU_S,
		            .open_files = CHILD_OPEN_FILES },
	};
	const char *input;

	if (path == NULL)
		return err_set(cx, ERR_INTERNAL, "cannot tell where the programs are");
	schema_encode(&sb, &source_request_schema, request);
	TRY(sb_finish(cx, &sb, &input));
	rq.argv = (const char *const[]){ path, "source", NULL };
	rq.input = (struct span){ input, strlen(input) };
	TRY(tool_run(cx, &rq, ret));
	return ret->exit_code == 0 ? ERR_OK : child_failure(cx, PROGRAM, ret);
}

/* --- Lines --- */

static int64_t count_lines(struct span text)
{
	int64_t n = 0;

	for (const char *p = text.data, *end = p + text.len; p < end; n++) {
		const char *feed = memchr(p, '\n', (size_t)(end - p));

		p = feed != NULL ? feed + 1 : end;
	}
	return n;
}

/* The bytes of n whole lines at the front, SOURCE_TEXT_MAX at most.  @n becomes how many they are */
static size_t take_lines(struct span text, int64_t *n)
{
	size_t used = 0;
	int64_t taken = 0;

	while (taken < *n && used < text.len) {
		const char *feed = memchr(text.data + used, '\n', text.len - used);
		size_t end = feed != NULL ? (size_t)(feed + 1 - text.data) : text.len;

		if (end > SOURCE_TEXT_MAX)
			break;
		used = end;
		taken++;
	}
	*n = taken;
	return used;
}

static enum err cut(struct ctx *cx, struct span text, int64_t from, int64_t to, struct source *ret)
{
	int64_t before = from > 0 ? from - 1 : 0, wanted, n;
	struct span rest = text;

	ret->lines = count_lines(text);
	if (before > 0 && before >= ret->lines)
		return err_field(cx, ERR_INVALID, "?from", "range",
		                 "The file has %" PRId64 " lines.", ret->lines);
	for (int64_t i = 0; i < before; i++) {
		const char *feed = memchr(rest.data, '\n', rest.len);

		rest.len -= (size_t)(feed + 1 - rest.data);
		rest.data = feed + 1;
	}
	wanted = n = (to > 0 && to < ret->lines ? to : ret->lines) - before;
	ret->text = arena_strndup(cx->arena, rest.data, take_lines(rest, &n));
	ret->from = n > 0 ? before + 1 : 0;
	ret->to = n > 0 ? before + n : 0;
	ret->complete = n == wanted;
	return ERR_OK;
}

static enum err take_answer(struct ctx *cx, struct span output, int64_t from, int64_t to,
                            struct source *ret)
{
	struct bundle *bundle = arena_alloc(cx->arena, sizeof(*bundle));
	const struct span *about_text, *text;
	struct source_about about;

	if (bundle_read(cx, output, bundle) != ERR_OK ||
	    (about_text = bundle_find(bundle, "about")) == NULL ||
	    (text = bundle_find(bundle, "text")) == NULL ||
	    schema_decode(cx, &source_about_schema, *about_text, &about) != ERR_OK)
		return err_set(cx, ERR_INTERNAL, PROGRAM " gave an answer that is none");
	ret->oid = about.oid;
	ret->kind = about.kind;
	ret->encoding = about.encoding;
	ret->bytes = about.bytes;
	ret->complete = true;
	if (strcmp(about.kind, "text") == 0)
		return cut(cx, *text, from, to, ret);
	if (strcmp(about.kind, "symlink") == 0)
		ret->text = arena_strndup(cx->arena, text->data, text->len);
	return ERR_OK;
}

enum err source_read(struct ctx *cx, int64_t project_id, const char *commit, const char *path,
                     int64_t from, int64_t to, struct source *ret)
{
	struct source_request request = { .path = path,
		                          .max_blob_bytes = cx->app->config->blob_max_bytes };
	CLEANUP(tool_end) struct tool_result result = { 0 };
	enum err e;

	if (to > 0 && from > to)
		return err_field(cx, ERR_INVALID, "?to", "range", "is before the first line");
	TRY(find_commit(cx, project_id, commit, &request.commit));
	TRY(clone_of(cx, project_id, &request.directory));
	*ret = (struct source){ .commit = request.commit, .path = path };
	e = ask(cx, &request, &result);
	if (e == ERR_REF_NOT_FOUND)
		return err_set(cx, ERR_NOT_FOUND, "project %" PRId64 " has no commit %s",
		               project_id, request.commit);
	if (e == ERR_NOT_FOUND)
		return err_set(cx, e, "commit %.12s has no file \"%.200s\"", request.commit, path);
	TRY(e);
	return take_answer(cx, result.output, from, to, ret);
}
