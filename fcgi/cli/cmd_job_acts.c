/*
 * portolan jobs retry, cancel, discard: of one job, or of all that a filter names.
 *
 * Many are done in portions, so that there is something to see meanwhile, and Ctrl-C ends between two.
 */
#include "cli/api.h"
#include "cli/print.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define PORTION  200
#define BODY_MAX ((size_t)128 * 1024)

struct act {
	const char *verb, *past; /* "retry", "retried" */
};

/* What all portions together did. */
struct total {
	int64_t matched, done, skipped;
};

/* Filters that go into the body as texts. */
static const char *const TEXTS[] = { "status", "type", "queue", "q", "since", "until" };

static void member(struct sb *sb, const char *name)
{
	sb_addf(sb, "%s\"%s\":", sb->data[sb->len - 1] == '{' ? "" : ",", name);
}

static enum err number(struct cli *cli, struct sb *sb, const char *option, const char *name)
{
	const char *text = cli_option(cli, option);
	int64_t n;

	if (text == NULL)
		return ERR_OK;
	TRY(cli_id(cli, text, &n));
	member(sb, name);
	sb_int(sb, n);
	return ERR_OK;
}

/* {"arguments":…,"priority":…,"queue":…}; of a retry.  @ret "" when nothing is changed */
static enum err change_of(struct cli *cli, const char **ret)
{
	struct sb sb = sb_new(cli->cx->arena, BODY_MAX);
	const char *arguments = cli_option(cli, "arguments"), *queue = cli_option(cli, "to-queue");

	sb_addc(&sb, '{');
	if (arguments != NULL) {
		member(&sb, "arguments");
		sb_add(&sb, arguments);
	}
	TRY(number(cli, &sb, "priority", "priority"));
	if (queue != NULL) {
		member(&sb, "queue");
		sb_json(&sb, queue);
	}
	sb_addc(&sb, '}');
	TRY(sb_finish(cli->cx, &sb, ret));
	if (strcmp(*ret, "{}") == 0)
		*ret = "";
	return ERR_OK;
}

/* Which jobs, as the service wants it, without the closing brace; *ret_n filters. */
static enum err selection_of(struct cli *cli, struct sb *sb, int *ret_n)
{
	int n = 0;

	sb_addc(sb, '{');
	for (int i = 0; i < cli->nargs; i++) {
		int64_t id;

		TRY(cli_id(cli, cli->args[i], &id));
		sb_add(sb, i == 0 ? "\"ids\":[" : ",");
		sb_int(sb, id);
	}
	if (cli->nargs > 0)
		sb_addc(sb, ']');
	for (size_t i = 0; i < COUNT(TEXTS); i++) {
		if (cli_option(cli, TEXTS[i]) == NULL)
			continue;
		member(sb, TEXTS[i]);
		sb_json(sb, cli_option(cli, TEXTS[i]));
		n++;
	}
	n += cli_option(cli, "project") != NULL;
	TRY(number(cli, sb, "project", "project"));
	if (cli_option(cli, "all") != NULL) {
		member(sb, "all");
		sb_add(sb, "true");
		n++;
	}
	*ret_n = n;
	return ERR_OK;
}

/* What is told of a portion. */
static void tell(struct cli *cli, const struct act *act, const struct total *total,
                 struct json_object *doc)
{
	struct json_object *skipped = json_at(doc, "skipped");
	size_t n = skipped != NULL ? json_object_array_length(skipped) : 0;
	struct term *t = &cli->term;

	for (size_t i = 0; i < n; i++) {
		struct json_object *s = json_object_array_get_idx(skipped, i);

		fprintf(t->talk, "job %lld: ", (long long)json_int(s, "id", 0));
		term_text(t, t->talk, TERM_PLAIN, json_text(s, "reason", ""));
		fputc('\n', t->talk);
	}
	fprintf(t->talk, "%lld jobs %s, %lld left as they are\n", (long long)total->done, act->past,
	        (long long)(total->matched - total->done));
}

static enum err portion(struct cli *cli, const struct act *act, const char *body,
                        struct total *total, bool *ret_more, int64_t *ret_last)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	const struct api_call call = {
		.method = "POST",
		.path = arena_printf(cli->cx->arena, "/api/v1/jobs/%s", act->verb),
		.body = body,
	};

	TRY(api_call(cli, &call, &answer));
	total->matched += json_int(answer.doc, "matched", 0);
	total->done += json_int(answer.doc, "done", 0);
	*ret_more = json_flag(answer.doc, "more", false);
	*ret_last = json_int(answer.doc, "last_id", 0);
	if (!cli->json)
		tell(cli, act, total, answer.doc);
	return ERR_OK;
}

static enum err many(struct cli *cli, const struct act *act, const char *which, const char *change)
{
	struct total total = { 0 };
	int64_t last = 0;
	bool more = true;

	while (more && !cli_interrupted()) {
		const char *body = arena_printf(
			cli->cx->arena, "%s,\"limit\":%d,\"after\":%lld%s%s}", which, PORTION,
			(long long)last, change[0] != '\0' ? ",\"change\":" : "", change);

		TRY(portion(cli, act, body, &total, &more, &last));
		more = more && last > 0;
	}
	if (cli->json)
		fprintf(cli->term.out,
		        "{\"schema\":\"jobs-bulk/1\",\"matched\":%lld,\"done\":%lld}\n",
		        (long long)total.matched, (long long)total.done);
	if (total.matched > 0 && total.done == 0) {
		cli->told = true;
		return err_set(cli->cx, ERR_STATE, "no job was %s", act->past);
	}
	return ERR_OK;
}

static enum err one(struct cli *cli, const struct act *act, const char *change)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	bool discard = strcmp(act->verb, "discard") == 0;
	struct api_call call = { .method = discard ? "DELETE" : "POST" };
	int64_t id;

	TRY(cli_id(cli, cli->args[0], &id));
	call.path = arena_printf(cli->cx->arena, "/api/v1/jobs/%lld%s%s", (long long)id,
	                         discard ? "" : "/", discard ? "" : act->verb);
	if (change[0] != '\0')
		call.body = change;
	TRY(api_call(cli, &call, &answer));
	if (!discard && cli->json)
		cli_print_json(cli, "job/1", answer.body);
	else if (!discard)
		cli_print_job(cli, answer.doc);
	else if (cli->json)
		fprintf(cli->term.out, "{\"schema\":\"discarded/1\",\"id\":%lld}\n", (long long)id);
	else
		fprintf(cli->term.out, "Job %lld is discarded.\n", (long long)id);
	return ERR_OK;
}

static enum err do_act(struct cli *cli, const struct act *act)
{
	struct sb sb = sb_new(cli->cx->arena, BODY_MAX);
	const char *which, *change = "";
	int filters;

	if (strcmp(act->verb, "retry") == 0)
		TRY(change_of(cli, &change));
	TRY(selection_of(cli, &sb, &filters));
	TRY(sb_finish(cli->cx, &sb, &which));
	if (cli->nargs == 1 && filters == 0)
		return one(cli, act, change);
	if (cli->nargs == 0 && filters == 0)
		return cli_usage(cli,
		                 "say which jobs: ID, a filter such as --status dead, or --all");
	if (!cli_confirm(cli, arena_printf(cli->cx->arena, "Jobs to %s: ", act->verb),
	                 arena_printf(cli->cx->arena, "%s}", which), ". Go on?"))
		return cli_usage(cli, "no job was %s; --yes does it without asking", act->past);
	return many(cli, act, which, change);
}

enum err cli_jobs_retry(struct cli *cli)
{
	return do_act(cli, &(const struct act){ "retry", "retried" });
}

enum err cli_jobs_cancel(struct cli *cli)
{
	return do_act(cli, &(const struct act){ "cancel", "cancelled or asked to stop" });
}

enum err cli_jobs_discard(struct cli *cli)
{
	return do_act(cli, &(const struct act){ "discard", "discarded" });
}
