/* Source, in a worker: the child is asked, its answer cut to the lines that are wanted. */
#include "maps/source_parts.h"

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
#define COMMIT_DIGITS    40
#define LONG_PATH        1000 /* bytes */

static const struct field REQUEST_FIELDS[] = {
	F_TEXT(struct source_request, directory, .required = true),
	F_TEXT(struct source_request, commit, .required = true, .min = 40, .max = 64),
	F_LIST(struct source_request, paths, .required = true, .item = FIELD_TEXT, .min = 1,
	       .max = SOURCE_FILES_MAX),
	F_INT(struct source_request, max_blob_bytes, .required = true),
	F_OBJ(struct source_request, pdf, .required = true, .of = &pdf_limits_schema),
};
const struct schema source_request_schema =
	SCHEMA(struct source_request, "SourceRequest", REQUEST_FIELDS);

static const char *const KINDS[] = { "text",      "pdf",     "binary",    "lfs",
	                             "too_large", "symlink", "submodule", NULL };

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
	       .doc = "text, pdf (of which the text is here), binary, lfs (the content is elsewhere), too_large, symlink, submodule"),
	F_TEXT(struct source, encoding, .nullable = true,
	       .doc = "utf-8, utf-16 or latin-1, of which the text here is the UTF-8"),
	F_INT(struct source, bytes, .doc = "Size of the blob"),
	F_INT(struct source, lines, .doc = "Lines of the whole text"),
	F_INT(struct source, from, .doc = "First line given; 0: none"),
	F_INT(struct source, to, .doc = "Last line given; 0: none"),
	F_INT(struct source, page, .nullable = true, .zero_is_null = true,
	      .doc = "Page of a PDF that the first of them stands on"),
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

enum err source_child(struct ctx *cx, const struct source_ask *ask, struct tool_result *ret)
{
	static const char *const ENV[] = { "LANG=C.UTF-8", NULL };
	const struct config *config = cx->app->config;
	const char *path = child_program(cx->arena, config->libexec_dir, PROGRAM);
	struct sb sb = sb_new(cx->arena, REQUEST_BYTES);
	struct tool_request rq = {
		.env = ENV,
		.output_max_bytes = ask->output_bytes,
		.timeout_ms = ask->timeout_ms,
		.grace_ms = CHILD_GRACE_MS,
		.limits = { .memory_bytes = WITH_ASAN ? 0 : config->analyser_memory_bytes,
		            .cpu_s = ask->cpu_s,
		            .open_files = CHILD_OPEN_FILES },
	};
	const char *input;

	if (path == NULL)
		return err_set(cx, ERR_INTERNAL, "cannot tell where the programs are");
	schema_encode(&sb, ask->schema, ask->request);
	TRY(sb_finish(cx, &sb, &input));
	rq.argv = (const char *const[]){ path, ask->word, NULL };
	rq.input = (struct span){ input, strlen(input) };
	TRY(tool_run(cx, &rq, ret));
	return ret->exit_code == 0 ? ERR_OK : child_failure(cx, PROGRAM, ret);
}

bool source_has_pdf(const struct source_request *request)
{
	for (size_t i = 0; i < request->paths.n; i++) {
		const char *path = ((const char *const *)request->paths.items)[i];

		if (pdf_is_path((struct span){ path, strlen(path) }))
			return true;
	}
	return false;
}

/* @in what is wanted, without what settings say */
static enum err ask(struct ctx *cx, const struct source_request *in, struct tool_result *ret)
{
	struct pdf_limits pdf;
	struct source_request all = *in, *request = &all;
	struct source_ask ask = {
		.word = "source",
		.schema = &source_request_schema,
		.request = request,
		.timeout_ms = SOURCE_TIMEOUT_MS,
		.cpu_s = CHILD_CPU_S,
	};

	pdf_limits_of(cx, &pdf);
	request->pdf = &pdf;
	request->max_blob_bytes = cx->app->config->blob_max_bytes;
	ask.output_bytes =
		SOURCE_GROWTH * (size_t)request->max_blob_bytes + request->paths.n * OVERHEAD_BYTES;
	if (source_has_pdf(request)) {
		ask.output_bytes += PDF_TEXT_BYTES;
		ask.timeout_ms += pdf.timeout_s * 1000;
		ask.cpu_s += pdf.timeout_s;
	}
	return source_child(cx, &ask, ret);
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

/* The page that a line stands on: a form feed begins each but the first. */
static int64_t page_of(struct span text, int64_t line)
{
	int64_t page = 1;

	for (size_t i = 0; i < text.len && line > 0; i++) {
		page += text.data[i] == '\f';
		line -= text.data[i] == '\n';
	}
	return page;
}

static const char *without_feeds(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text);

	for (char *p = copy; (p = strchr(p, '\f')) != NULL;)
		*p = ' ';
	return copy;
}

static enum err read_answer(struct ctx *cx, struct span output, struct bundle **ret)
{
	*ret = arena_alloc(cx->arena, sizeof(**ret));
	if (bundle_read(cx, output, *ret) != ERR_OK)
		return err_set(cx, ERR_INTERNAL, PROGRAM " gave an answer that is none");
	return ERR_OK;
}

/* What a file's parts say.  @ret_found false: it has none */
static enum err take_answer(struct ctx *cx, const struct bundle *bundle, size_t place, int64_t from,
                            int64_t to, struct source *ret, bool *ret_found)
{
	const struct span *about_text, *text;
	struct source_about about;

	about_text = bundle_find(bundle, arena_printf(cx->arena, "about_%zu", place));
	text = bundle_find(bundle, arena_printf(cx->arena, "text_%zu", place));
	*ret_found = about_text != NULL && text != NULL;
	if (!*ret_found)
		return ERR_OK;
	if (schema_decode(cx, &source_about_schema, *about_text, &about) != ERR_OK)
		return err_set(cx, ERR_INTERNAL, PROGRAM " gave an answer that is none");
	ret->oid = about.oid;
	ret->kind = about.kind;
	ret->encoding = about.encoding;
	ret->bytes = about.bytes;
	ret->complete = true;
	if (strcmp(about.kind, "text") == 0)
		return cut(cx, *text, from, to, ret);
	if (strcmp(about.kind, "pdf") == 0) {
		TRY(cut(cx, *text, from, to, ret));
		ret->page = page_of(*text, ret->from);
		ret->text = without_feeds(cx->arena, ret->text);
	}
	if (strcmp(about.kind, "symlink") == 0)
		ret->text = arena_strndup(cx->arena, text->data, text->len);
	return ERR_OK;
}

/* Have the child do it, of one file.  @request with its path and what is wanted; the rest is filled in */
static enum err ask_about(struct ctx *cx, int64_t project_id, const char *commit,
                          struct source_request *request, struct tool_result *ret)
{
	enum err e;

	TRY(source_place(cx, project_id, commit, &request->commit, &request->directory));
	e = ask(cx, request, ret);
	if (e == ERR_REF_NOT_FOUND)
		return err_set(cx, ERR_NOT_FOUND, "project %" PRId64 " has no commit %s",
		               project_id, request->commit);
	if (e == ERR_NOT_FOUND)
		return err_set(cx, e, "commit %.12s has no file \"%.200s\"", request->commit,
		               ((const char *const *)request->paths.items)[0]);
	return e;
}

enum err source_read(struct ctx *cx, int64_t project_id, const char *commit, const char *path,
                     int64_t from, int64_t to, struct source *ret)
{
	struct source_request request = { .paths = { &path, 1 } };
	CLEANUP(tool_end) struct tool_result result = { 0 };
	struct bundle *bundle;
	bool found = false;

	if (to > 0 && from > to)
		return err_field(cx, ERR_INVALID, "?to", "range", "is before the first line");
	TRY(ask_about(cx, project_id, commit, &request, &result));
	*ret = (struct source){ .commit = request.commit, .path = path };
	TRY(read_answer(cx, result.output, &bundle));
	TRY(take_answer(cx, bundle, 0, from, to, ret, &found));
	return found ? ERR_OK : err_set(cx, ERR_INTERNAL, PROGRAM " gave an answer that is none");
}

/* Lines that are past a file's end are no fault of the others. */
static enum err take_wish(struct ctx *cx, const struct bundle *bundle, size_t place,
                          struct source_wish *wish)
{
	enum err e =
		take_answer(cx, bundle, place, wish->from, wish->to, &wish->source, &wish->found);

	if (e != ERR_INVALID)
		return e;
	err_clear(cx);
	wish->found = false;
	return ERR_OK;
}

/* What takes long to name or to read. */
static bool read_alone(const char *path)
{
	struct span name = { path, strlen(path) };

	return name.len > LONG_PATH || pdf_is_path(name);
}

enum err source_read_many(struct ctx *cx, int64_t project_id, const char *commit,
                          struct source_wish *wishes, size_t n)
{
	const char *paths[SOURCE_FILES_MAX];
	struct source_wish *asked[SOURCE_FILES_MAX];
	struct source_request request = { .paths = { paths, 0 } };
	CLEANUP(tool_end) struct tool_result result = { 0 };
	struct bundle *bundle;

	TRY(source_place(cx, project_id, commit, &request.commit, &request.directory));
	for (size_t i = 0; i < n; i++) {
		struct source_wish *wish = &wishes[i];

		wish->found = false;
		wish->source = (struct source){ .commit = request.commit, .path = wish->path };
		if (request.paths.n == SOURCE_FILES_MAX || read_alone(wish->path))
			continue;
		asked[request.paths.n] = wish;
		paths[request.paths.n++] = wish->path;
	}
	if (request.paths.n == 0)
		return ERR_OK;
	TRY(ask(cx, &request, &result));
	TRY(read_answer(cx, result.output, &bundle));
	for (size_t i = 0; i < request.paths.n; i++)
		TRY(take_wish(cx, bundle, i, asked[i]));
	return ERR_OK;
}
