/* portolan events ...: what has happened, and what subscriptions made of it. */
#include "cli/api.h"
#include "cli/print.h"

#include "base/json.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TAIL_ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define TAIL_MS          500 /* between two looks when nothing happens */
#define TAIL_LIMIT       500 /* events of one look */

static const char *number(struct cli *cli, struct json_object *j, const char *name)
{
	return arena_printf(cli->cx->arena, "%" PRId64, json_int(j, name, 0));
}

static const char *project(struct cli *cli, struct json_object *j)
{
	return json_int(j, "project_id", 0) > 0 ? number(cli, j, "project_id") : "–";
}

/* What is told, in the fewest characters; in arena. */
static const char *payload(struct cli *cli, struct json_object *j)
{
	struct json_object *p = json_at(j, "payload");
	const char *text =
		p == NULL ? "null"
			  : json_object_to_json_string_ext(
				    p, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	return arena_strdup(cli->cx->arena, text);
}

/* --- list, kinds --- */

static void event_row(struct cli *cli, struct json_object *j, const char **cells)
{
	cells[0] = number(cli, j, "position");
	cells[1] = json_text(j, "created_at", "");
	cells[2] = json_text(j, "kind", "");
	cells[3] = project(cli, j);
	cells[4] = json_text(j, "actor", "");
	cells[5] = payload(cli, j);
}

enum err cli_events_list(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "POSITION", .right = true },
		{ .title = "TIME" },
		{ .title = "KIND" },
		{ .title = "PROJECT", .right = true },
		{ .title = "ACTOR" },
		{ .title = "PAYLOAD", .wide = true },
	};
	static const char *const FILTERS[] = { "after", "types", "project", "limit", NULL };
	static const struct cli_table TABLE = {
		.schema = "events/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = event_row,
		.none = "No events.",
	};

	return cli_list(cli, "events", FILTERS, &TABLE);
}

static void kind_row(struct cli *cli, struct json_object *j, const char **cells)
{
	cells[0] = json_text(j, "type", "");
	cells[1] = arena_printf(cli->cx->arena, "%" PRId64, json_int(j, "version", 0));
	cells[2] = json_text(j, "doc", "");
}

enum err cli_events_kinds(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "KIND" },
		{ .title = "VERSION", .right = true },
		{ .title = "WHAT IT TELLS", .wide = true },
	};
	static const char *const FILTERS[] = { NULL };
	static const struct cli_table TABLE = {
		.schema = "event-kinds/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = kind_row,
		.none = "No kinds.",
	};

	return cli_list(cli, "events/kinds", FILTERS, &TABLE);
}

/* --- tail --- */

struct tail {
	int64_t after, left; /* events to print still; 0: no end */
	bool ended;
};

/* With --json a line is the event as the service gives it. */
static void print_event(struct cli *cli, struct json_object *j)
{
	struct term *t = &cli->term;

	if (cli->json) {
		fprintf(t->out, "%s\n",
		        json_object_to_json_string_ext(j, JSON_C_TO_STRING_PLAIN |
		                                                  JSON_C_TO_STRING_NOSLASHESCAPE));
		return;
	}
	fprintf(t->out, "%s  %s  ", number(cli, j, "position"), json_text(j, "created_at", ""));
	term_text(t, t->out, TERM_BOLD, json_text(j, "kind", ""));
	fprintf(t->out, "  %s  ", project(cli, j));
	term_text(t, t->out, TERM_DIM, json_text(j, "actor", ""));
	fputs("  ", t->out);
	term_text(t, t->out, TERM_PLAIN, payload(cli, j));
	fputc('\n', t->out);
}

/* One look. @ret_more whether to look again at once */
static enum err tail_once(struct cli *cli, struct tail *tail, int64_t limit, bool *ret_more)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct sb path = sb_new(cli->cx->arena, 8192);
	struct json_object *items;
	const char *text;

	sb_addf(&path, "/api/v1/events?after=%" PRId64 "&limit=%" PRId64, tail->after, limit);
	api_query(cli, &path, "types", cli_option(cli, "types"));
	api_query(cli, &path, "project", cli_option(cli, "project"));
	TRY(sb_finish(cli->cx, &path, &text));
	TRY(api_get(cli, &answer, "%s", text));
	items = json_at(answer.doc, "items");
	for (size_t i = 0; items != NULL && i < json_object_array_length(items); i++) {
		print_event(cli, json_object_array_get_idx(items, i));
		tail->ended = tail->left > 0 && --tail->left == 0;
		if (tail->ended)
			break;
	}
	fflush(cli->term.out);
	tail->after = json_int(answer.doc, "next_after", tail->after);
	*ret_more = json_flag(answer.doc, "more", false);
	return ERR_OK;
}

/* Each look in memory of its own; what is told of a failure stays. */
enum err cli_events_tail(struct cli *cli)
{
	static const struct timespec PAUSE = { .tv_nsec = TAIL_MS * 1000000 };
	CLEANUP(arena_free_ptr) struct arena *round = arena_new(TAIL_ARENA_BYTES);
	const char *after = cli_option(cli, "after"), *count = cli_option(cli, "count");
	struct arena *kept = cli->cx->arena;
	struct tail tail = { 0 };
	bool more = false;
	enum err e = ERR_OK;

	if (count != NULL)
		TRY(cli_id(cli, count, &tail.left));
	if (after == NULL)
		TRY(tail_once(cli, &tail, 0, &more));
	else if (strcmp(after, "0") != 0)
		TRY(cli_id(cli, after, &tail.after));
	while (e == ERR_OK && !tail.ended && !cli_interrupted()) {
		arena_reset(round);
		cli->cx->arena = round;
		e = tail_once(cli, &tail, TAIL_LIMIT, &more);
		cli->cx->arena = kept;
		if (e == ERR_OK && !more && !tail.ended)
			nanosleep(&PAUSE, NULL);
	}
	return e;
}

/* --- subscriptions --- */

static void subscription_row(struct cli *cli, struct json_object *j, const char **cells)
{
	cells[0] = json_text(j, "name", "");
	cells[1] = number(cli, j, "position");
	cells[2] = number(cli, j, "lag_events");
	cells[3] = arena_printf(cli->cx->arena, "%s s", number(cli, j, "lag_s"));
	cells[4] = number(cli, j, "failing");
	cells[5] = number(cli, j, "parked");
	cells[6] = json_text(j, "doc", "");
}

enum err cli_events_subscriptions(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "NAME" },
		{ .title = "POSITION", .right = true },
		{ .title = "BEHIND", .right = true },
		{ .title = "FOR", .right = true },
		{ .title = "FAILING", .right = true },
		{ .title = "PARKED", .right = true },
		{ .title = "WHAT IT DOES", .wide = true },
	};
	static const char *const FILTERS[] = { NULL };
	static const struct cli_table TABLE = {
		.schema = "subscriptions/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = subscription_row,
		.none = "No subscriptions: no runner has started yet.",
	};

	return cli_list(cli, "subscriptions", FILTERS, &TABLE);
}

static void delivery_row(struct cli *cli, struct json_object *j, const char **cells)
{
	cells[0] = number(cli, j, "id");
	cells[1] = json_text(j, "subscription", "");
	cells[2] = number(cli, j, "position");
	cells[3] = json_text(j, "kind", "");
	cells[4] = project(cli, j);
	cells[5] = json_text(j, "state", "");
	cells[6] = number(cli, j, "attempt");
	cells[7] = cli_age(cli, json_text(j, "failed_at", NULL));
	cells[8] = json_text(j, "error_message", "");
}

enum err cli_events_parked(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "ID", .right = true },       { .title = "SUBSCRIPTION" },
		{ .title = "POSITION", .right = true }, { .title = "KIND" },
		{ .title = "PROJECT", .right = true },  { .title = "STATE" },
		{ .title = "ATTEMPT", .right = true },  { .title = "FAILED" },
		{ .title = "WHY", .wide = true },
	};
	static const char *const FILTERS[] = { "subscription", "limit", "cursor", NULL };
	static const struct cli_table TABLE = {
		.schema = "deliveries/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = delivery_row,
		.none = "None.",
	};
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct sb path = sb_new(cli->cx->arena, 8192);
	const char *text, *state = cli_option(cli, "state");

	sb_add(&path, "/api/v1/event-deliveries");
	if (state == NULL || strcmp(state, "all") != 0)
		api_query(cli, &path, "state", state != NULL ? state : "parked");
	for (size_t i = 0; FILTERS[i] != NULL; i++)
		api_query(cli, &path, FILTERS[i], cli_option(cli, FILTERS[i]));
	TRY(sb_finish(cli->cx, &path, &text));
	TRY(api_get(cli, &answer, "%s", text));
	cli_page(cli, &answer, &TABLE);
	return ERR_OK;
}

/* All that are parked, or those of one subscription. */
static enum err redeliver_all(struct cli *cli, const char *subscription)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = { .method = "POST", .path = "/api/v1/event-deliveries/redeliver" };
	struct sb body = sb_new(cli->cx->arena, 4096);

	sb_add(&body, "{\"subscription\":");
	if (strcmp(subscription, "*") == 0)
		sb_add(&body, "null");
	else
		sb_json(&body, subscription);
	sb_addc(&body, '}');
	TRY(sb_finish(cli->cx, &body, &call.body));
	TRY(api_call(cli, &call, &answer));
	if (cli->json)
		cli_print_json(cli, "redelivered/1", answer.body);
	else
		fprintf(cli->term.talk, "Handed on again: %" PRId64 "\n",
		        json_int(answer.doc, "redelivered", 0));
	return ERR_OK;
}

enum err cli_events_redeliver(struct cli *cli)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = { .method = "POST" };
	const char *subscription = cli_option(cli, "subscription");
	int64_t id;

	if ((subscription != NULL) == (cli->nargs == 1))
		return cli_usage(cli,
		                 "name one event, or --subscription for all that it has parked");
	if (subscription != NULL)
		return redeliver_all(cli, subscription);
	TRY(cli_id(cli, cli->args[0], &id));
	call.path =
		arena_printf(cli->cx->arena, "/api/v1/event-deliveries/%" PRId64 "/redeliver", id);
	TRY(api_call(cli, &call, &answer));
	if (cli->json)
		cli_print_json(cli, "delivery/1", answer.body);
	else
		fputs("The event is handed on again.\n", cli->term.talk);
	return ERR_OK;
}

enum err cli_events_discard(struct cli *cli)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = { .method = "POST" };
	int64_t id;

	TRY(cli_id(cli, cli->args[0], &id));
	if (!cli_confirm(cli, "Discard the event of delivery ", cli->args[0], "?"))
		return cli_usage(cli, "nothing was discarded; --yes discards without asking");
	call.path =
		arena_printf(cli->cx->arena, "/api/v1/event-deliveries/%" PRId64 "/discard", id);
	TRY(api_call(cli, &call, &answer));
	fputs("Discarded.\n", cli->term.talk);
	return ERR_OK;
}
