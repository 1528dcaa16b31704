/*
 * portolan queues ...: queues over all tenants.
 *
 * These work on the database as the gate, not through the service: what holds over all tenants is the
 * operator's to say.  What one tenant sets for its own jobs goes through the service.
 */
#include "cli/print.h"

#include "app/registry_job_kinds.h"
#include "jobs/queues.h"

#include <stdlib.h>
#include <string.h>

#define JSON_MAX ((size_t)1024 * 1024)

static enum err print_json(struct cli *cli, const struct queue_all *queue)
{
	struct sb sb = sb_new(cli->cx->arena, JSON_MAX);
	const char *text;

	schema_encode(&sb, &queue_all_schema, queue);
	TRY(sb_finish(cli->cx, &sb, &text));
	cli_print_json(cli, "queue/1", (struct span){ text, strlen(text) });
	return ERR_OK;
}

static const char *limit_text(struct cli *cli, int64_t n)
{
	return n == 0 ? "–" : term_number(cli->cx->arena, n);
}

static const char *rate_text(struct cli *cli, const struct queue_limits *l)
{
	return l->rate_limit == 0
	               ? "–"
	               : arena_printf(cli->cx->arena, "%lld/%lld s", (long long)l->rate_limit,
	                              (long long)l->rate_period_s);
}

enum err cli_queues_list(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "QUEUE", .wide = true },     { .title = "STATE" },
		{ .title = "PENDING", .right = true },  { .title = "RUNNING", .right = true },
		{ .title = "RETRYING", .right = true }, { .title = "OLDEST", .right = true },
		{ .title = "MOST", .right = true },     { .title = "PER RUNNER", .right = true },
		{ .title = "RATE", .right = true },
	};
	struct arena *a = cli->cx->arena;
	const struct queue_all *q;
	struct list list;
	const char **cells;

	TRY(queues_list_all(cli->cx, app_job_kinds, &list));
	q = list.items;
	if (cli->json) {
		struct sb sb = sb_new(a, JSON_MAX);
		const char *text;

		schema_encode_array(&sb, &queue_all_schema, list.items, list.n);
		TRY(sb_finish(cli->cx, &sb, &text));
		fprintf(cli->term.out, "{\"schema\":\"queues/1\",\"items\":%s}\n", text);
		return ERR_OK;
	}
	cells = arena_array(a, list.n * COUNT(COLUMNS) + 1, sizeof(*cells));
	for (size_t i = 0; i < list.n; i++) {
		const char **row = cells + i * COUNT(COLUMNS);

		row[0] = q[i].name;
		row[1] = q[i].limits->paused ? "paused" : "open";
		row[2] = term_number(a, q[i].pending);
		row[3] = term_number(a, q[i].running);
		row[4] = term_number(a, q[i].retrying);
		row[5] = arena_printf(a, "%lld s", (long long)q[i].oldest_s);
		row[6] = limit_text(cli, q[i].limits->concurrency);
		row[7] = limit_text(cli, q[i].limits->per_runner);
		row[8] = rate_text(cli, q[i].limits);
	}
	term_table(&cli->term, COLUMNS, COUNT(COLUMNS), cells, list.n, "No queues.");
	return ERR_OK;
}

static enum err set(struct cli *cli, const struct queue_all_change *change)
{
	struct queue_all queue;

	TRY(queues_set_all(cli->cx, app_job_kinds, cli->args[0], change, &queue));
	if (cli->json)
		return print_json(cli, &queue);
	cli_line(cli, "Queue", queue.name);
	cli_line(cli, "State",
	         queue.limits->paused ? "paused: no job of any tenant is started" : "open");
	cli_line(cli, "At a time", limit_text(cli, queue.limits->concurrency));
	cli_line(cli, "Per runner", limit_text(cli, queue.limits->per_runner));
	cli_line(cli, "Starts", rate_text(cli, queue.limits));
	return ERR_OK;
}

#define KEEP_LIMITS QUEUES_KEEP, QUEUES_KEEP, QUEUES_KEEP, QUEUES_KEEP

enum err cli_queues_pause(struct cli *cli)
{
	return set(cli, &(const struct queue_all_change){ KEEP_LIMITS, 1 });
}

enum err cli_queues_resume(struct cli *cli)
{
	return set(cli, &(const struct queue_all_change){ KEEP_LIMITS, 0 });
}

/* A whole number from 1 to most, or "none". */
static enum err limit_of(struct cli *cli, const char *option, int64_t most, int64_t *ret)
{
	const char *text = cli_option(cli, option);

	*ret = QUEUES_KEEP;
	if (text == NULL)
		return ERR_OK;
	*ret = 0;
	if (strcmp(text, "none") == 0)
		return ERR_OK;
	TRY(cli_id(cli, text, ret));
	return *ret <= most ? ERR_OK
	                    : cli_usage(cli, "--%s is %lld at most", option, (long long)most);
}

/* "100/60": so many starts in so many seconds. */
static enum err rate_of(struct cli *cli, struct queue_all_change *ret)
{
	const char *text = cli_option(cli, "rate");
	char *end;
	long long n, s;

	ret->rate_limit = ret->rate_period_s = QUEUES_KEEP;
	if (text == NULL)
		return ERR_OK;
	ret->rate_limit = ret->rate_period_s = 0;
	if (strcmp(text, "none") == 0)
		return ERR_OK;
	n = strtoll(text, &end, 10);
	s = *end == '/' ? strtoll(end + 1, &end, 10) : 1;
	if (*end != '\0' || n < 1 || n > QUEUES_RATE_MAX || s < 1 || s > QUEUES_PERIOD_MAX_S)
		return cli_usage(cli, "--rate is starts/seconds, such as 100/60, or \"none\"");
	ret->rate_limit = n;
	ret->rate_period_s = s;
	return ERR_OK;
}

enum err cli_queues_set(struct cli *cli)
{
	struct queue_all_change change = { .pause = -1 };

	TRY(limit_of(cli, "concurrency", QUEUES_CONCURRENCY_MAX, &change.concurrency));
	TRY(limit_of(cli, "per-runner", QUEUES_CONCURRENCY_MAX, &change.per_runner));
	TRY(rate_of(cli, &change));
	if (change.concurrency == QUEUES_KEEP && change.per_runner == QUEUES_KEEP &&
	    change.rate_limit == QUEUES_KEEP)
		return cli_usage(cli, "say what to set: --concurrency, --per-runner or --rate");
	return set(cli, &change);
}
