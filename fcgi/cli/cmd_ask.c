/* portolan ask: a question about the code, answered with places. */
#include "cli/api.h"
#include "cli/print.h"

#include "chats/citation.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define BODY_MAX ((size_t)256 << 10)
#define WAIT_S   2 /* of one look at the run: Ctrl-C is heard in between */

/* The project that is named, else the one that is the folder it is asked in, else none: all of them. */
static enum err project_of(struct cli *cli, int64_t *ret)
{
	const char *named = cli_option(cli, "project");
	char folder[PATH_MAX];

	*ret = 0;
	if (named != NULL)
		return cli_id(cli, named, ret);
	if (cli_option(cli, "conversation") != NULL || getcwd(folder, sizeof(folder)) == NULL)
		return ERR_OK;
	return cli_project_of(cli, folder, ret);
}

static enum err write_body(struct cli *cli, const char **ret)
{
	const char *conversation = cli_option(cli, "conversation"),
		   *model = cli_option(cli, "model");
	struct sb sb = sb_new(cli->cx->arena, BODY_MAX);
	int64_t project, id;

	TRY(project_of(cli, &project));
	sb_add(&sb, "{\"prompt\":");
	sb_json(&sb, cli->args[0]);
	if (project != 0)
		sb_addf(&sb, ",\"project_id\":%" PRId64, project);
	if (conversation != NULL) {
		TRY(cli_id(cli, conversation, &id));
		sb_addf(&sb, ",\"conversation_id\":%" PRId64, id);
	}
	if (model != NULL) {
		sb_add(&sb, ",\"model\":");
		sb_json(&sb, model);
	}
	sb_addc(&sb, '}');
	return sb_finish(cli->cx, &sb, ret);
}

/* A terminal is shown no control characters of a repository's, but for tabs, as blanks. */
static void print_text(struct cli *cli, const char *text)
{
	if (!isatty(fileno(cli->term.out))) {
		fputs(text, cli->term.out);
		return;
	}
	while (*text != '\0') {
		size_t n = strcspn(text, "\t\n");

		term_text(&cli->term, cli->term.out, TERM_PLAIN,
		          arena_strndup(cli->cx->arena, text, n));
		text += n;
		if (*text != '\0')
			fputs(*text++ == '\n' ? "\n" : "    ", cli->term.out);
	}
}

/* "[1] lib/base/db.c:10-42  9fceb02d0ae5  function `db_get`", "[2] manual.pdf, page 3  document 4  page" */
static void print_citation(struct cli *cli, struct json_object *c)
{
	const struct citation place = {
		.path = json_text(c, "path", ""),
		.start = json_int(c, "start", 0),
		.end = json_int(c, "end", 0),
		.page = json_int(c, "page", 0),
	};
	const int64_t document = json_int(c, "document_id", 0);
	struct arena *arena = cli->cx->arena;

	term_text(&cli->term, cli->term.out, TERM_PLAIN,
	          arena_printf(arena, "[%" PRId64 "] %s  %.12s%s  %s", json_int(c, "number", 0),
	                       citation_place(arena, &place), json_text(c, "commit", ""),
	                       document != 0 ? arena_printf(arena, "document %" PRId64, document)
	                                     : "",
	                       json_text(c, "why", "")));
	fputc('\n', cli->term.out);
}

static void print_run(struct cli *cli, struct json_object *run)
{
	struct json_object *citations = json_at(run, "citations");
	size_t n = citations != NULL ? json_object_array_length(citations) : 0;
	const char *mode = json_text(run, "mode", "");
	int64_t dropped = json_int(run, "dropped_citations", 0);

	print_text(cli, json_text(run, "answer", ""));
	if (n > 0)
		fputc('\n', cli->term.out);
	for (size_t i = 0; i < n; i++)
		print_citation(cli, json_object_array_get_idx(citations, i));
	fflush(cli->term.out);
	if (strcmp(mode, "extractive") == 0)
		fprintf(cli->term.talk, "No model was asked: these are passages as they stand. ");
	if (dropped > 0)
		fprintf(cli->term.talk, "%lld citations did not resolve and are left out. ",
		        (long long)dropped);
	fprintf(cli->term.talk, "Go on with --conversation %lld.\n",
	        (long long)json_int(run, "conversation_id", 0));
}

static bool is_over(struct json_object *run)
{
	const char *status = json_text(run, "status", "");

	return strcmp(status, "queued") != 0 && strcmp(status, "running") != 0;
}

static enum err finish(struct cli *cli, const struct api_answer *answer)
{
	const char *status = json_text(answer->doc, "status", "");

	if (cli->json)
		cli_print_json(cli, "run/1", answer->body);
	else
		print_run(cli, answer->doc);
	if (strcmp(status, "completed") == 0)
		return ERR_OK;
	return err_set(cli->cx, ERR_STATE, "the run is %s%s%s", status,
	               strcmp(status, "failed") == 0 ? ": " : "",
	               json_text(answer->doc, "error_message", ""));
}

static enum err cancel(struct cli *cli, int64_t id)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	const struct api_call call = {
		.method = "POST",
		.path = arena_printf(cli->cx->arena, "/api/v1/runs/%" PRId64 "/cancel", id),
	};

	TRY(api_call(cli, &call, &answer));
	return err_set(cli->cx, ERR_CANCELLED, "run %" PRId64 " was told to stop", id);
}

enum err cli_ask(struct cli *cli)
{
	CLEANUP(api_done) struct api_answer asked = { 0 };
	struct api_call call = { .method = "POST", .path = "/api/v1/agent/act" };
	int64_t id;

	TRY(write_body(cli, &call.body));
	TRY(api_call(cli, &call, &asked));
	id = json_int(asked.doc, "id", 0);
	while (!cli_interrupted()) {
		CLEANUP(api_done) struct api_answer answer = { 0 };

		TRY(api_get(cli, &answer, "/api/v1/runs/%" PRId64 "?wait=%d", id, WAIT_S));
		if (is_over(answer.doc))
			return finish(cli, &answer);
	}
	return cancel(cli, id);
}
