/* The event log, its kinds and its counts over HTTP. */
#include "handover.h"
#include "reply.h"
#include "routes/tables.h"

#include "app/registry_kinds.h"
#include "events/activity.h"

#include <string.h>

#define LIMIT_DEFAULT 100
#define TYPES_MAX     EVENT_PATTERNS_MAX

/* --- Listing --- */

struct list_query {
	int64_t after, before, since_us, until_us, project, limit, wait;
	const char *order, *actor, *request_id;
	struct list types;
};

static const char *const ORDERS[] = { "asc", "desc", NULL };

static const struct field LIST_FIELDS[] = {
	F_INT(struct list_query, after, .max = INT64_MAX, .doc = "Events after this position"),
	F_INT(struct list_query, before, .max = INT64_MAX,
	      .doc = "Events before this position; 0: up to the end of the log"),
	F_TEXT(struct list_query, order, .one_of = ORDERS,
	       .doc = "asc: oldest first, from `after` on; desc: newest first, from `before` down"),
	F_TIME(struct list_query, since_us, .name = "since",
	       .doc = "Not what got its place in the log before this time"),
	F_TIME(struct list_query, until_us, .name = "until",
	       .doc = "Not what got its place in the log at this time or after"),
	F_LIST(struct list_query, types, .item = FIELD_TEXT, .min = 1, .max = TYPES_MAX,
	       .doc = "Only these kinds, with commas between them; job.* is all that begin with "
	              "job., * all"),
	F_INT(struct list_query, project, .min = 1, .max = INT64_MAX,
	      .doc = "Only events of this project"),
	F_TEXT(struct list_query, actor, .min = 1, .max = 254,
	       .doc = "Only what this actor did, as the events name it: user:3, job:12"),
	F_TEXT(struct list_query, request_id, .min = 1, .max = REQUEST_ID_MAX,
	       .doc = "Only what happened in this request, and in the jobs that it led to"),
	F_INT(struct list_query, limit, .min = 0, .max = EVENT_PAGE_MAX, .preset = LIMIT_DEFAULT,
	      .doc = "Most events of the answer; 0: none, and next_after is where the log ends now"),
	F_INT(struct list_query, wait, .max = LIVE_WAIT_MAX_S,
	      .doc = "Seconds to wait for an event when there is none"),
};
static const struct schema LIST_QUERY = SCHEMA(struct list_query, "EventListQuery", LIST_FIELDS);

static const struct field PAGE_FIELDS_OF_EVENTS[] = {
	F_LIST(struct event_page, items, .of = &event_schema, .max = EVENT_PAGE_MAX,
	       .doc = "Events, in the order of their positions, or against it"),
	F_INT(struct event_page, next_after,
	      .doc = "Send as `after` to go on; it may be beyond the last of the items"),
	F_INT(struct event_page, next_before, .zero_is_null = true, .nullable = true,
	      .doc = "Of desc: send as `before` to go further back; null at the beginning"),
	F_BOOL(struct event_page, more, .doc = "Whether there is more to ask for right now"),
};
static const struct schema PAGE = SCHEMA(struct event_page, "EventPage", PAGE_FIELDS_OF_EVENTS);

/* The relay waits, and no worker. */
static enum err wait_for_events(struct ctx *cx, const struct request *rq, struct reply *rp,
                                const struct event_filter *filter, int64_t after)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	struct live_spec spec = {
		.way = LIVE_POLL,
		.after = after,
		.project_id = filter->project_id,
		.wait_s = query->wait,
		.limit = filter->limit,
	};

	spec_list(spec.kinds, &filter->kinds);
	spec_list(spec.hidden, &filter->hidden);
	return handover(cx, rq, rp, &spec);
}

static bool is_desc(const struct list_query *q)
{
	return q->order != NULL && strcmp(q->order, "desc") == 0;
}

/* What waits is told by the relay, which knows kinds and projects alone. */
static enum err check_wait(struct ctx *cx, const struct list_query *q)
{
	if (q->wait == 0 || (q->before == 0 && q->until_us == 0 && q->actor == NULL &&
	                     q->request_id == NULL && !is_desc(q)))
		return ERR_OK;
	err_field(cx, ERR_INVALID, "?wait", "contradiction",
	          "wait goes with after, since, types and project alone");
	err_fix(cx, "leave wait out, and ask again later");
	return ERR_INVALID;
}

/* Times, as places in the log. */
static enum err resolve_times(struct ctx *cx, const struct list_query *q, struct event_filter *f)
{
	int64_t at;

	if (q->since_us > 0) {
		TRY(event_position_at(cx, q->since_us, &at));
		f->after = at > f->after ? at : f->after;
	}
	if (q->until_us > 0) {
		TRY(event_position_at(cx, q->until_us, &at));
		f->before = f->before == 0 || at + 1 < f->before ? at + 1 : f->before;
	}
	return ERR_OK;
}

static enum err list_events(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	struct event_filter filter = { .after = query->after,
		                       .before = query->before,
		                       .newest_first = is_desc(query),
		                       .project_id = query->project,
		                       .actor = query->actor,
		                       .request_id = query->request_id,
		                       .limit = query->limit };
	struct event_page page = { 0 };

	TRY(check_wait(cx, query));

	TRY(event_kinds_select(cx, app_event_kinds, &query->types, "?types", &filter.kinds));
	if (query->limit == 0) {
		TRY(event_head(cx, &page.next_after));
		return reply_json(rp, &PAGE, &page);
	}
	TRY(db_flush(cx)); /* proves the caller, and with that the role */
	filter.hidden = event_kinds_hidden(cx, app_event_kinds);
	TRY(resolve_times(cx, query, &filter));
	TRY(event_list(cx, &filter, &page));
	if (query->wait > 0 && page.items.n == 0 && !page.more)
		return wait_for_events(cx, rq, rp, &filter, page.next_after);
	return reply_json(rp, &PAGE, &page);
}

/* --- Kinds --- */

struct kind_row {
	const char *type, *doc, *schema;
	int64_t version;
	bool confidential;
};
struct kind_list {
	struct list items;
};

static const struct field KIND_FIELDS[] = {
	F_TEXT(struct kind_row, type, .doc = "Name of the kind"),
	F_INT(struct kind_row, version, .doc = "Version of the payload's schema"),
	F_TEXT(struct kind_row, doc, .doc = "What it tells"),
	F_BOOL(struct kind_row, confidential, .doc = "Whether only administrators are shown it"),
	F_JSON(struct kind_row, schema, .doc = "JSON Schema of the payload"),
};
static const struct schema KIND_ROW = SCHEMA(struct kind_row, "EventKind", KIND_FIELDS);
static const struct field KINDS_FIELDS[] = {
	F_LIST(struct kind_list, items, .of = &KIND_ROW, .doc = "Every kind that is declared"),
};
static const struct schema KINDS = SCHEMA(struct kind_list, "EventKinds", KINDS_FIELDS);

#define SCHEMA_MAX_BYTES ((size_t)256 * 1024)
#define NESTED_MAX       16 /* schemas inside of one payload's */

/* Schemas that others lead to, each once. */
static void gather(const struct schema *s, const struct schema **all, size_t *n)
{
	for (size_t i = 0; i < s->nfields; i++) {
		const struct schema *of = s->fields[i].of;
		size_t at = 0;

		while (of != NULL && at < *n && all[at] != of)
			at++;
		if (of == NULL || at < *n)
			continue;
		assert(*n < NESTED_MAX);
		all[(*n)++] = of;
		gather(of, all, n);
	}
}

/* The payload's schema on its own: what it leads to is where its references lead. */
static enum err print_payload(struct ctx *cx, const struct schema *s, const char **ret)
{
	const struct schema *nested[NESTED_MAX];
	struct sb sb = sb_new(cx->arena, SCHEMA_MAX_BYTES);
	size_t n = 0;

	gather(s, nested, &n);
	schema_print(&sb, s);
	if (n > 0) {
		sb_truncate(&sb, sb.len - 1);
		sb_add(&sb, ",\"components\":{\"schemas\":{");
		for (size_t i = 0; i < n; i++) {
			sb_addf(&sb, "%s\"%s\":", i > 0 ? "," : "", nested[i]->name);
			schema_print(&sb, nested[i]);
		}
		sb_add(&sb, "}}}");
	}
	return sb_finish(cx, &sb, ret);
}

static enum err list_kinds(struct ctx *cx, UNUSED const struct request *rq, struct reply *rp)
{
	struct kind_row *rows;
	struct kind_list all = { 0 };

	while (app_event_kinds[all.items.n] != NULL)
		all.items.n++;
	rows = arena_array(cx->arena, all.items.n, sizeof(*rows));
	for (size_t i = 0; i < all.items.n; i++) {
		const struct event_kind *kind = app_event_kinds[i];

		rows[i] = (struct kind_row){ .type = kind->type,
			                     .doc = kind->doc,
			                     .version = kind->version,
			                     .confidential = kind->confidential };
		TRY(print_payload(cx, kind->payload, &rows[i].schema));
	}
	all.items.items = rows;
	TRY(reply_json(rp, &KINDS, &all));
	reply_content_etag(rp);
	return ERR_OK;
}

/* --- Counts --- */

struct activity_query {
	int64_t project;
	const char *from, *to;
};
struct activity_page {
	struct list items;
};

static const struct field ACTIVITY_FIELDS[] = {
	F_INT(struct activity_query, project, .min = 1, .max = INT64_MAX,
	      .doc = "Only events of this project"),
	F_TEXT(struct activity_query, from, .min = 10, .max = 10, .check = activity_check_day,
	       .example = "\"2026-11-01\"",
	       .doc = "First day, in UTC; without it, 29 days before the last"),
	F_TEXT(struct activity_query, to, .min = 10, .max = 10, .check = activity_check_day,
	       .example = "\"2026-11-30\"", .doc = "Last day; without it, today"),
};
static const struct schema ACTIVITY_QUERY =
	SCHEMA(struct activity_query, "ActivityQuery", ACTIVITY_FIELDS);
static const struct field ACTIVITY_PAGE_FIELDS[] = {
	F_LIST(struct activity_page, items, .of = &activity_schema,
	       .doc = "Counts by day and kind, rising; what did not happen is left out"),
};
static const struct schema ACTIVITY_PAGE =
	SCHEMA(struct activity_page, "ActivityPage", ACTIVITY_PAGE_FIELDS);

static enum err list_activity(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct activity_query *query = request_query(rq, &ACTIVITY_QUERY);
	struct activity_filter filter = { .project_id = query->project,
		                          .from = query->from,
		                          .to = query->to };
	struct activity_page page;

	TRY(db_flush(cx));
	filter.hidden = event_kinds_hidden(cx, app_event_kinds);
	TRY(activity_list(cx, &filter, &page.items));
	return reply_json(rp, &ACTIVITY_PAGE, &page);
}

#define READS                                                                                      \
	.method = HTTP_GET, .tag = "Events", .auth = AUTH_ANY, .role = ROLE_VIEWER,                \
	.area = AREA_EVENTS, .rate = RATE_READ, .status = 200

const struct route event_routes[] = {
	{
		READS,
		.path = "/api/v1/events",
		.op = "listEvents",
		.query = &LIST_QUERY,
		.reply = &PAGE,
		.run = list_events,
		.doc = "List the tenant's events after a position, oldest first, or newest first.",
		.detail =
			"What is committed when the request arrives is in the answer. To follow the "
			"log, ask again with after set to next_after; to follow what is yet to come, begin "
			"with limit=0. With wait, the answer comes when there is something, or empty after "
			"so many seconds.",
		.example = "{\"items\":[{\"position\":42,\"kind\":\"state.changed\",\"version\":1,"
			   "\"project_id\":7,\"payload\":{\"key\":\"project:7\",\"version\":1,"
			   "\"data\":{\"phase\":\"define\"},\"deleted\":false},\"actor\":\"key:3\","
			   "\"request_id\":\"req_0193\","
			   "\"created_at\":\"2026-11-21T06:45:00.123Z\"}],"
			   "\"next_after\":42,\"next_before\":null,\"more\":false}",
	},
	{
		READS,
		.path = "/api/v1/events/kinds",
		.op = "listEventKinds",
		.etag = true,
		.reply = &KINDS,
		.run = list_kinds,
		.doc = "List the kinds of events, with the schemas of their payloads.",
	},
	{
		READS,
		.path = "/api/v1/activity",
		.op = "listActivity",
		.query = &ACTIVITY_QUERY,
		.reply = &ACTIVITY_PAGE,
		.run = list_activity,
		.doc = "Count the tenant's events by day and kind.",
		.detail =
			"Events are counted soon after they happened, each once; at most 366 days "
			"are told at a time.",
		.example = "{\"items\":[{\"day\":\"2026-11-21\",\"kind\":\"project.created\","
			   "\"events\":3}]}",
	},
	ROUTES_END,
};
