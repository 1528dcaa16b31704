/*
 * portolan-analyse: one commit of a bare repository in, its map out.
 *
 * Started by the runner for each map; the protocol is that of maps/child.h:
 * a JSON request on standard input, a bundle (or the fault) on standard output,
 * progress on descriptor 3.  With the word "source" it reads one file instead, for
 * a worker (maps/source.h), with "outline" what one defines (maps/outline.h), with "commits" commits
 * (maps/commits.h), with "chunks", "subjects" or "pdf" what the search wants
 * (retrieval/cut.h).  What it reads was written by strangers, so before
 * the first byte of the repository it enters a sandbox (maps/sandbox.h): no
 * network, no database, no writing, bounded memory and time.  Two files are opened
 * before that, and the only ones it writes: what earlier runs read of the same
 * repository (maps/cache.h, maps/history_kept.h).  They are written from here, not by
 * the runner, so that what was read is there even when this process or the runner is
 * killed.  And what helpers there are were started before: universal-ctags (maps/ctags.h),
 * pdftotext (maps/pdf.h).
 *
 * It never runs anything, writes another file, or reads the repository's configuration.
 */
#include "base/clock.h"
#include "maps/analyse.h"
#include "maps/cache.h"
#include "maps/child.h"
#include "maps/history_kept.h"
#include "maps/outline.h"
#include "maps/commits.h"
#include "maps/sandbox.h"
#include "maps/source.h"
#include "retrieval/cut.h"

#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* No ceiling of the arena's own: analyse_in.max_memory_bytes and the sandbox are the limits. */
#define ARENA_BYTES (SIZE_MAX / 2)
#define PROBE_BYTES ((size_t)32 << 20)
/*
 * What one stage has filled is the next one's to fill: memory that comes from the system is zeroed first, a
 * page at a time.  So little goes back in between.
 */
#define LARGE_BYTES (64 << 20) /* what is larger goes back to the system as soon as it is freed */
#define SPARE_BYTES (16 << 20) /* of the rest so much may wait for its next use */

/*
 * An allocation that fails aborts the process.  Whether that is why it aborts, another allocation
 * tells: then the runner is told so, instead of being left with a crash; on a line of its own, since
 * parts of a bundle may have been sent.
 */
static void on_abort(int signal)
{
	static const char TOLD[] =
		"\n{\"type\":\"memory-limit\",\"detail\":\"the map of this repository needs more memory"
		" than the analyser may have\",\"fix\":\"raise the setting analyser_memory_bytes\"}";

	void *probe;

	(void)signal;
	/* cppcheck-suppress invalidFunctionArg ; anonymous memory has no file */
	probe = mmap(NULL, PROBE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (probe == MAP_FAILED && write(STDOUT_FILENO, TOLD, sizeof(TOLD) - 1) > 0)
		_exit(1);
}

static void progress(void *data, int percent, const char *message)
{
	(void)data;
	child_progress(percent, message);
}

/* @ret a limit that fits every type it goes into; 0, the default, for what is none */
static uint32_t limit(int64_t wanted)
{
	return wanted <= 0 ? 0 : wanted < INT32_MAX ? (uint32_t)wanted : INT32_MAX;
}

/*
 * The git library reads the machine's certificates as it starts, which takes longer than many a map.
 * Nothing here talks to anybody: it finds no file to open.  A version that does not start without
 * them gets them.
 */
static enum err start_git(struct ctx *cx)
{
	struct rlimit was, none;

	if (getrlimit(RLIMIT_NOFILE, &was) == 0) {
		none = (struct rlimit){ 0, was.rlim_max };
		setrlimit(RLIMIT_NOFILE, &none);
		if (scan_init(cx) == ERR_OK) {
			setrlimit(RLIMIT_NOFILE, &was);
			return ERR_OK;
		}
		setrlimit(RLIMIT_NOFILE, &was);
		err_clear(cx);
	}
	return scan_init(cx);
}

static enum err run(struct ctx *cx, struct analyse_result *ret)
{
	struct analyse_request request = { 0 };
	struct analyse_in in = { .progress = progress, .sends = true, .fd = STDOUT_FILENO };
	const struct sandbox_limits limits = { 0 };
	const struct ctags_options ctags = { 0 };

	TRY(child_read(cx, &analyse_request_schema, &request));
	in.directory = request.directory;
	in.commit = request.commit;
	in.limits.max_blob_bytes = limit(request.max_blob_bytes);
	in.limits.max_files = limit(request.max_files);
	in.limits.max_depth = limit(request.max_depth);
	in.max_output_bytes = limit(request.max_bytes);
	if (request.base != NULL)
		in.base = *request.base;
	in.history.max_commits =
		request.history_commits < 0 ? HISTORY_OFF : limit(request.history_commits);
	in.history.max_days = limit(request.history_days);
	in.history.line_commits = request.history_line_commits < 0
	                                  ? HISTORY_OFF
	                                  : limit(request.history_line_commits);
	in.print = arena_printf(cx->arena, ANALYSER_VERSION " %s", ctags_print(cx->arena, &ctags));
	in.cache = cache_open(request.cache, limit(request.max_cache_bytes), in.print);
	in.past = history_kept_open(request.history, limit(request.max_cache_bytes),
	                            ANALYSER_VERSION);
	TRY(start_git(cx));
	TRY(ctags_start(cx, &ctags, &in.ctags));
	TRY(sandbox_enter(cx, request.directory, &limits));
	return analyse_repository(cx, &in, ret);
}

/* One file instead of a map; the same confinement. */
static enum err run_source(struct ctx *cx, struct bundle *ret)
{
	struct source_request request = { 0 };
	const struct sandbox_limits limits = { 0 };
	struct pdf *pdf = NULL;

	TRY(child_read(cx, &source_request_schema, &request));
	TRY(start_git(cx));
	if (request.pdf->max_bytes > 0 && source_has_pdf(&request))
		TRY(pdf_start(cx, request.pdf, &pdf));
	TRY(sandbox_enter(cx, request.directory, &limits));
	return source_open(cx, &request, pdf, ret);
}

/* What one file defines. */
static enum err run_outline(struct ctx *cx, struct bundle *ret)
{
	struct outline_request request = { 0 };
	const struct sandbox_limits limits = { 0 };
	const struct ctags_options options = { 0 };
	struct ctags *ctags = NULL;

	TRY(child_read(cx, &outline_request_schema, &request));
	TRY(start_git(cx));
	TRY(ctags_start(cx, &options, &ctags));
	TRY(sandbox_enter(cx, request.directory, &limits));
	return outline_open(cx, &request, ctags, ret);
}

/* Some files, cut into what the search finds. */
static enum err run_chunks(struct ctx *cx, struct bundle *ret)
{
	struct cut_request request = { 0 };
	const struct sandbox_limits limits = { 0 };
	struct pdf *pdf = NULL;

	TRY(child_read(cx, &cut_request_schema, &request));
	TRY(start_git(cx));
	if (cut_needs_pdf(&request))
		TRY(pdf_start(cx, request.pdf, &pdf));
	TRY(sandbox_enter(cx, request.directory, &limits));
	return cut_files(cx, &request, pdf, ret);
}

/* The text of one PDF that is no file of a repository's. */
static enum err run_pdf(struct ctx *cx, struct bundle *ret)
{
	const struct sandbox_limits limits = { 0 };
	struct pdf_limits asked;
	struct span bytes, text;
	struct pdf *pdf;

	TRY(pdf_request_read(cx, STDIN_FILENO, &asked, &bytes));
	TRY(pdf_start(cx, &asked, &pdf));
	TRY(sandbox_enter(cx, NULL, &limits));
	TRY(pdf_fault(cx, pdf_read(pdf, cx->arena, bytes, &text)));
	bundle_add(ret, "text", text);
	return ERR_OK;
}

/* What the newest commits say of the files they changed. */
static enum err run_subjects(struct ctx *cx, struct bundle *ret)
{
	struct subjects_request request = { 0 };
	const struct sandbox_limits limits = { 0 };

	TRY(child_read(cx, &subjects_request_schema, &request));
	TRY(start_git(cx));
	TRY(sandbox_enter(cx, request.directory, &limits));
	return cut_subjects(cx, &request, ret);
}

/* Which commits changed a path, and what they say. */
static enum err run_commits(struct ctx *cx, struct bundle *ret)
{
	struct commits_request request = { 0 };
	const struct sandbox_limits limits = { 0 };

	TRY(child_read(cx, &commits_request_schema, &request));
	TRY(start_git(cx));
	TRY(sandbox_enter(cx, request.directory, &limits));
	return commits_open(cx, &request, ret);
}

/* What the first argument asks for. */
static enum err run_word(struct ctx *cx, const char *word, struct analyse_result *ret)
{
	if (strcmp(word, "source") == 0)
		return run_source(cx, &ret->bundle);
	if (strcmp(word, "chunks") == 0)
		return run_chunks(cx, &ret->bundle);
	if (strcmp(word, "subjects") == 0)
		return run_subjects(cx, &ret->bundle);
	if (strcmp(word, "outline") == 0)
		return run_outline(cx, &ret->bundle);
	if (strcmp(word, "commits") == 0)
		return run_commits(cx, &ret->bundle);
	if (strcmp(word, "pdf") == 0)
		return run_pdf(cx, &ret->bundle);
	return run(cx, ret);
}

int main(int argc, char **argv)
{
	static const struct app app = { .clock = &system_clock, .component = "analyse" };
	struct arena *arena = arena_new(ARENA_BYTES);
	struct analyse_result result = { 0 };
	const char *word =
		argc > 1 ? argv[1] : ""; /* none: a map, whose parts are sent as they are made */
	struct ctx cx;
	int status = 0;

	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	mallopt(M_TRIM_THRESHOLD, SPARE_BYTES);
	sigaction(SIGABRT, &(struct sigaction){ .sa_handler = on_abort }, NULL);
	ctx_begin(&cx, &app, arena, NULL);
	if (run_word(&cx, word, &result) != ERR_OK)
		status = child_report(&cx);
	else if (*word != '\0' ? !bundle_send(&result.bundle, STDOUT_FILENO)
	                       : !bundle_end(&result.bundle))
		status = 1;
	_exit(status); /* the process ends: nothing is worth giving back, and little is allowed */
}
