/*
 * search_index  cut what is new of a project's newest map, or of the documents, and index it
 *
 * May run twice, and be killed anywhere: each segment that is published stays, and what it holds is not
 * cut again.  While it runs the search answers from what is there, and says that it is not complete.
 */
#include "retrieval/indexing_jobs.h"

#include "base/tool.h"
#include "config/config.h"
#include "maps/child.h"
#include "maps/index.h"
#include "maps/map_clone.h"
#include "maps/strmap.h"
#include "projects/project.h"
#include "retrieval/chunk.h"
#include "retrieval/cut.h"
#include "retrieval/embedding.h"
#include "retrieval/indexing.h"
#include "retrieval/indexing_parts.h"
#include "retrieval/indexing_repo.h"
#include "retrieval/segment.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM          "portolan-analyse"
#define REQUEST_BYTES    ((size_t)8 << 20)
#define CHILD_OPEN_FILES 256
#define CHILD_GRACE_MS   1000
#define CHILD_TIMEOUT_MS 300000
#define CHILD_CPU_S      300
#define RESULT_BYTES     1024
#define LAST_PERCENT     95
#define BATCH_BYTES      ((size_t)256 << 20)

/* --- The child --- */

static bool stopped(void *arg)
{
	return run_stopped(arg);
}

enum err indexing_child(struct ctx *cx, struct job_run *run, const char *word, struct span input,
                        struct tool_result *ret)
{
	static const char *const ENV[] = { "LANG=C.UTF-8", NULL };
	const struct config *config = cx->app->config;
	const char *path = child_program(cx->arena, config->libexec_dir, PROGRAM);
	struct tool_request rq = {
		.env = ENV,
		.input = input,
		.output_max_bytes = 2 * CUT_OUTPUT_BYTES,
		.timeout_ms = CHILD_TIMEOUT_MS,
		.grace_ms = CHILD_GRACE_MS,
		.limits = { .memory_bytes = WITH_ASAN ? 0 : config->analyser_memory_bytes,
		            .cpu_s = CHILD_CPU_S,
		            .open_files = CHILD_OPEN_FILES },
		.cancelled = stopped,
		.arg = run,
	};

	if (path == NULL)
		return err_set(cx, ERR_INTERNAL, "cannot tell where the programs are");
	rq.argv = (const char *const[]){ path, word, NULL };
	TRY(tool_run(cx, &rq, ret));
	return ret->exit_code == 0 ? ERR_OK : child_failure(cx, PROGRAM, ret);
}

/* @s of the request */
static enum err ask_child(struct ctx *cx, struct job_run *run, const char *word,
                          const struct schema *s, const void *request, struct tool_result *ret)
{
	struct sb sb = sb_new(cx->arena, REQUEST_BYTES);
	const char *input;

	schema_encode(&sb, s, request);
	TRY(sb_finish(cx, &sb, &input));
	return indexing_child(cx, run, word, (struct span){ input, strlen(input) }, ret);
}

/* --- Its answer --- */

/* The text up to a byte, moved on behind it.  @ret false: there is none */
static bool take(struct ctx *cx, struct span *rest, char until, const char **ret)
{
	const char *at = memchr(rest->data, until, rest->len);

	if (at == NULL)
		return false;
	*ret = arena_strndup(cx->arena, rest->data, (size_t)(at - rest->data));
	rest->len -= (size_t)(at + 1 - rest->data);
	rest->data = at + 1;
	return true;
}

/* So many lines from the front. */
static bool take_lines(struct span *rest, int64_t n, struct span *ret)
{
	const char *start = rest->data;

	for (; n > 0; n--) {
		const char *feed = memchr(rest->data, '\n', rest->len);

		if (feed == NULL)
			return false;
		rest->len -= (size_t)(feed + 1 - rest->data);
		rest->data = feed + 1;
	}
	*ret = (struct span){ start, (size_t)(rest->data - start) };
	return true;
}

/* The child has read hostile bytes: what it says is judged. */
static enum err read_files(struct ctx *cx, const struct bundle *bundle,
                           const struct indexing_file *wanted, size_t n, struct segment_file *ret)
{
	const struct span *files = bundle_find(bundle, "files"),
			  *chunks = bundle_find(bundle, "chunks");
	struct span rest, rows;

	if (files == NULL || chunks == NULL)
		return err_set(cx, ERR_INTERNAL, PROGRAM " gave an answer that is none");
	rest = *files;
	rows = *chunks;
	for (size_t i = 0; i < n; i++) {
		const char *number;

		ret[i] = (struct segment_file){ .path = wanted[i].path, .oid = wanted[i].oid };
		if (!take(cx, &rest, '\t', &ret[i].language) ||
		    !take(cx, &rest, '\t', &ret[i].source) || !take(cx, &rest, '\n', &number) ||
		    (ret[i].chunks = strtol(number, NULL, 10)) < 0 || ret[i].chunks > CHUNKS_MAX ||
		    !take_lines(&rows, ret[i].chunks, &ret[i].rows))
			return err_set(cx, ERR_INTERNAL, PROGRAM " gave an answer that is none");
		if (ret[i].source[0] == '\0')
			ret[i].source = "code"; /* without chunks it says nothing */
	}
	return ERR_OK;
}

/* --- A project --- */

struct indexing {
	struct ctx *cx;
	struct job_run *run;
	int64_t project_id;
	const char *directory;
	struct map_index index;
	struct segment segment;
	struct arena *batch, *names; /* of one batch; of the map of subjects */
	int64_t files;               /* that were cut */
	struct tool_result subjects;
	struct strmap subject_of; /* path -> where its line begins */
	bool subjects_read;
};

enum err indexing_fault(struct ctx *cx, const struct ctx *own, enum err e)
{
	err_set(cx, e, "%s", own->fault.detail != NULL ? own->fault.detail : "");
	if (own->fault.cause != NULL)
		err_cause(cx, "%s", own->fault.cause);
	return e;
}

/* The files from the front that one child gets. */
static size_t batch_size(const struct list *wanted)
{
	const struct indexing_file *files = wanted->items;
	size_t n = 0, bytes = 0;

	while (n < wanted->n && (n == 0 || bytes + (size_t)files[n].bytes <= CUT_BATCH_BYTES))
		bytes += (size_t)files[n++].bytes;
	return n;
}

/* Where the lines of paths begin; a text that is larger has none beyond. */
static void map_subjects(struct indexing *x, struct span lines)
{
	const char *at = lines.data, *end = lines.data + lines.len;

	while (at < end && at - lines.data < INT32_MAX) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		const char *tab = memchr(at, '\t', (size_t)(end - at));

		if (feed == NULL || tab == NULL || tab > feed)
			return;
		strmap_add(&x->subject_of, at, (size_t)(tab - at),
		           (uint32_t)(tab + 1 - x->subjects.output.data));
		at = feed + 1;
	}
}

/* What commits say, once, when the first file is to be cut.  Without it there is less to find, that is all. */
static enum err read_subjects(struct indexing *x)
{
	const struct subjects_request request = {
		.directory = x->directory,
		.commit = x->index.commit,
		.max_commits = x->cx->app->config->search_commits,
	};
	struct bundle *bundle = arena_alloc(x->cx->arena, sizeof(*bundle));
	const struct span *lines;

	if (x->subjects_read || request.max_commits == 0)
		return ERR_OK;
	x->subjects_read = true;
	x->subject_of = strmap_new(x->names, 1024);
	if (ask_child(x->cx, x->run, "subjects", &subjects_request_schema, &request,
	              &x->subjects) != ERR_OK ||
	    bundle_read(x->cx, x->subjects.output, bundle) != ERR_OK) {
		err_clear(x->cx);
		return ERR_OK;
	}
	lines = bundle_find(bundle, "subjects");
	if (lines != NULL)
		map_subjects(x, *lines);
	return ERR_OK;
}

/* @ret what commits say of a path, in the batch's memory */
static const char *subjects_of(const struct indexing *x, struct ctx *cx, const char *path)
{
	uint32_t at =
		x->subjects_read ? strmap_get(&x->subject_of, path, strlen(path)) : STRMAP_NONE;
	const char *text;

	if (at == STRMAP_NONE)
		return NULL;
	text = x->subjects.output.data + at;
	return arena_strndup(cx->arena, text, strcspn(text, "\n\t"));
}

/* Cut some files and put them.  In the batch's own context. */
static enum err cut_batch(struct indexing *x, struct ctx *cx, const struct indexing_file *wanted,
                          size_t n)
{
	CLEANUP(tool_end) struct tool_result result = { 0 };
	struct bundle *bundle = arena_alloc(cx->arena, sizeof(*bundle));
	struct segment_file *files = arena_array(cx->arena, n, sizeof(*files));
	struct cut_file *request_files = arena_array(cx->arena, n, sizeof(*request_files));
	struct pdf_limits pdf;
	const struct cut_request request = {
		.directory = x->directory,
		.max_blob_bytes = cx->app->config->blob_max_bytes,
		.pdf = &pdf,
		.files = { .items = request_files, .n = n },
	};

	pdf_limits_of(cx, &pdf);
	for (size_t i = 0; i < n; i++)
		request_files[i] = (struct cut_file){ wanted[i].oid, wanted[i].path };
	TRY(read_subjects(x));
	TRY(ask_child(cx, x->run, "chunks", &cut_request_schema, &request, &result));
	if (bundle_read(cx, result.output, bundle) != ERR_OK)
		return err_set(cx, ERR_INTERNAL, PROGRAM " gave an answer that is none");
	TRY(read_files(cx, bundle, wanted, n, files));
	for (size_t i = 0; i < n; i++)
		files[i].past = subjects_of(x, cx, files[i].path);
	x->segment.cx = cx;
	return segment_put(&x->segment, files, n);
}

static void tell(struct indexing *x, int64_t entry)
{
	int64_t all = x->index.files > 0 ? x->index.files : 1;
	int64_t percent = entry * LAST_PERCENT / all;

	run_progress(x->cx, x->run, (int)(percent < LAST_PERCENT ? percent : LAST_PERCENT),
	             "cutting files");
}

/* @after moved on; -1: that was all */
static enum err next_batch(struct indexing *x, struct ctx *cx, int64_t *after)
{
	struct list wanted;
	const struct indexing_file *files;
	size_t n;

	TRY(indexing_repo_wanted(cx, x->project_id, x->index.id, *after, CUT_FILES_MAX, &wanted));
	files = wanted.items;
	n = batch_size(&wanted);
	if (n == 0) {
		*after = -1;
		return ERR_OK;
	}
	*after = files[n - 1].entry;
	TRY(cut_batch(x, cx, files, n));
	x->files += (int64_t)n;
	return ERR_OK;
}

static enum err cut_all(struct indexing *x)
{
	struct ctx own = *x->cx;
	int64_t after = INT32_MIN;
	enum err e = ERR_OK;

	own.arena = x->batch;
	while (e == ERR_OK && after != -1) {
		arena_reset(x->batch);
		e = next_batch(x, &own, &after);
		tell(x, after);
	}
	x->segment.cx = x->cx;
	return e == ERR_OK ? e : indexing_fault(x->cx, &own, e);
}

/* What an older version cut is cut anew. */
static enum err begin(struct indexing *x)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	int64_t version;

	TRY(indexing_repo_version(x->cx, x->project_id, &version));
	TRY(segment_tx(x->cx, x->run, &tx));
	if (version != CHUNK_VERSION)
		TRY(indexing_repo_forget(x->cx, x->project_id));
	TRY(indexing_repo_note(x->cx, x->project_id, x->index.commit, CHUNK_VERSION, false));
	return db_commit(&tx);
}

struct outcome {
	const char *commit;
	int64_t files, chunks;
};

static const struct field OUTCOME_FIELDS[] = {
	F_TEXT(struct outcome, commit, .nullable = true, .doc = "The commit that is searched"),
	F_INT(struct outcome, files, .doc = "Files that were cut for it"),
	F_INT(struct outcome, chunks, .doc = "Chunks that there are now"),
};
static const struct schema OUTCOME = SCHEMA(struct outcome, "SearchIndexResult", OUTCOME_FIELDS);

/* A newer map has a job of its own; the rows of this one may be gone already. */
static enum err is_newest(struct indexing *x, bool *ret)
{
	struct map_index newest = { 0 };
	enum err e = index_of_project(x->cx, x->project_id, NULL, &newest);

	*ret = e == ERR_OK && newest.id == x->index.id;
	if (e != ERR_NOT_FOUND && e != ERR_STATE)
		return e;
	err_clear(x->cx);
	return ERR_OK;
}

static enum err finish(struct indexing *x)
{
	struct outcome out = { .commit = x->index.commit, .files = x->files };
	struct sb sb = sb_new(x->cx->arena, RESULT_BYTES);
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const char *result;
	bool newest;

	TRY(segment_tx(x->cx, x->run, &tx));
	TRY(is_newest(x, &newest));
	if (newest)
		TRY(indexing_repo_gone(x->cx, x->project_id, x->index.id));
	TRY(segment_count(x->cx, x->project_id));
	TRY(indexing_repo_note(x->cx, x->project_id, x->index.commit, CHUNK_VERSION,
	                       newest && x->index.complete));
	TRY(indexing_repo_count(x->cx, x->project_id, &out.chunks));
	TRY(embedding_ask(x->cx, x->project_id));
	schema_encode(&sb, &OUTCOME, &out);
	TRY(sb_finish(x->cx, &sb, &result));
	TRY(run_complete(x->cx, x->run, result));
	return db_commit(&tx);
}

static enum err index_project(struct indexing *x)
{
	TRY(segment_sweep(x->cx, x->project_id));
	TRY(begin(x));
	run_step(x->cx, x->run, 0, "cutting files");
	TRY(cut_all(x));
	run_step(x->cx, x->run, LAST_PERCENT, "writing terms");
	TRY(segment_publish(&x->segment));
	TRY(segment_join(x->cx, x->run, x->project_id));
	TRY(finish(x));
	if (segment_sweep(x->cx, x->project_id) != ERR_OK)
		err_clear(x->cx); /* the next job sweeps again */
	return ERR_OK;
}

static enum err run_index(struct ctx *cx, struct job_run *run, const void *arguments)
{
	const struct search_index_args *args = arguments;
	CLEANUP(arena_free_ptr) struct arena *batch = arena_new(BATCH_BYTES);
	CLEANUP(arena_free_ptr) struct arena *names = arena_new(BATCH_BYTES);
	struct indexing x = { cx, run, args->project_id, .batch = batch, .names = names };
	struct project project;
	enum err e;

	if (x.project_id == 0)
		return indexing_documents(cx, run);
	TRY(project_get(cx, x.project_id, &project));
	e = index_of_project(cx, x.project_id, NULL, &x.index);
	if (e == ERR_NOT_FOUND || e == ERR_STATE) { /* nothing to ask yet: the next map wakes us */
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	TRY(map_clone_dir(cx, x.project_id, &x.directory));
	segment_begin(&x.segment, cx, run, x.project_id);
	e = index_project(&x);
	segment_end(&x.segment);
	tool_end(&x.subjects);
	return e;
}

const struct job_handler search_jobs[] = {
	{ .kind = &search_index_job, .run = run_index },
	{ .kind = NULL },
};
