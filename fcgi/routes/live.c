/* The event log over HTTP: reading, waiting, and streams, which the relay serves. */
#include "cookie.h"
#include "handover.h"
#include "routes/tables.h"

#include "events/follow.h"
#include "projects/project.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WEBSOCKET_KEY_CHARS 24 /* 16 bytes in base64 */

struct stream_query {
	int64_t after, project;
	struct list types;
};

#define FIELD_PROJECT(T)                                                                           \
	F_INT(T, project, .min = 1, .max = INT64_MAX, .doc = "Only events about this project")
#define FIELD_TYPES(T)                                                                             \
	F_LIST(T, types, .item = FIELD_TEXT, .max = LIVE_KINDS_MAX, .check = spec_check_kind,      \
	       .doc = "Only events of these kinds")

static const struct field STREAM_FIELDS[] = {
	F_INT(struct stream_query, after, .min = -1, .max = INT64_MAX, .preset = LIVE_FROM_NOW,
	      .doc = "Events after this position; -1, or nothing: those that come"),
	FIELD_PROJECT(struct stream_query),
	FIELD_TYPES(struct stream_query),
};
static const struct schema STREAM_QUERY =
	SCHEMA(struct stream_query, "EventStreamQuery", STREAM_FIELDS);

/* --- Reading --- */

struct list_query {
	int64_t after, project, limit, wait;
	struct list types;
};

static const struct field LIST_FIELDS[] = {
	F_INT(struct list_query, after, .min = 0, .max = INT64_MAX,
	      .doc = "Events after this position; 0, or nothing: from the oldest"),
	F_INT(struct list_query, wait, .min = 0, .max = LIVE_WAIT_MAX_S,
	      .doc = "Seconds to wait for one when there is none"),
	FIELD_PROJECT(struct list_query),
	FIELD_TYPES(struct list_query),
	F_INT(struct list_query, limit, .min = 1, .max = 200, .preset = 100,
	      .doc = "Most events of the answer"),
};
static const struct schema LIST_QUERY = SCHEMA(struct list_query, "EventListQuery", LIST_FIELDS);

struct event_page {
	struct list items;
	int64_t next_after;
};

static const struct field PAGE_FIELDS[] = {
	F_LIST(struct event_page, items, .of = &event_schema, .doc = "Events by position"),
	F_INT(struct event_page, next_after, .doc = "Send as after for what follows"),
};
static const struct schema PAGE = SCHEMA(struct event_page, "EventPage", PAGE_FIELDS);

/* Another tenant's project is an unknown one. */
static enum err check_project(struct ctx *cx, int64_t id)
{
	struct project project;

	return id == 0 ? ERR_OK : project_get(cx, id, &project);
}

static enum err list_events(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	struct live_spec spec = {
		.way = LIVE_POLL,
		.after = query->after,
		.project_id = query->project,
		.wait_s = query->wait,
		.limit = query->limit,
	};
	struct event_page page = { .next_after = query->after };
	const struct event *events;

	TRY(check_project(cx, query->project));
	spec_list(spec.kinds, &query->types);
	TRY(event_read(cx,
	               &(struct event_wish){
			       .after = query->after,
			       .project_id = query->project,
			       .kinds = spec.kinds[0] == '\0' ? NULL : spec.kinds,
			       .limit = query->limit,
		       },
	               &page.items));
	if (page.items.n == 0 && query->wait > 0)
		return handover(cx, rq, rp, &spec);
	events = page.items.items;
	if (page.items.n > 0)
		page.next_after = events[page.items.n - 1].position;
	return reply_json(rp, &PAGE, &page);
}

/* --- Streams --- */

/* A browser that lost its stream says where it was, whatever the address says. */
static enum err resume(struct ctx *cx, const struct request *rq, int64_t *after)
{
	const char *text = rq->last_event_id;
	size_t n;

	if (text == NULL || text[0] == '\0')
		return ERR_OK;
	n = strspn(text, "0123456789");
	if (n > 18 || text[n] != '\0')
		return err_field(cx, ERR_INVALID, "Last-Event-ID:", "number",
		                 "The value must be the position of an event.");
	*after = strtoll(text, NULL, 10);
	return ERR_OK;
}

static enum err pass(struct ctx *cx, const struct request *rq, struct reply *rp, enum live_way way,
                     int64_t project_id)
{
	const struct stream_query *query = request_query(rq, &STREAM_QUERY);
	struct live_spec spec = {
		.way = way,
		.after = query->after,
		.project_id = project_id,
	};

	TRY(resume(cx, rq, &spec.after));
	TRY(check_project(cx, project_id));
	spec_list(spec.kinds, &query->types);
	return handover(cx, rq, rp, &spec);
}

static enum err stream_events(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct stream_query *query = request_query(rq, &STREAM_QUERY);

	return pass(cx, rq, rp, LIVE_SSE, query->project);
}

static enum err no_upgrade(struct ctx *cx, const char *header, const char *detail)
{
	err_field(cx, ERR_BAD_REQUEST, header, "websocket", "%s", detail);
	err_fix(cx, "open this path as a WebSocket (ws:// or wss://)");
	return ERR_BAD_REQUEST;
}

/* What nginx and the relay would drop without a word is told here. */
static enum err check_upgrade(struct ctx *cx, const struct request *rq)
{
	if (rq->upgrade == NULL || strcasecmp(rq->upgrade, "websocket") != 0)
		return no_upgrade(cx, "Upgrade:", "The value must be websocket.");
	if (rq->websocket_version == NULL || strcmp(rq->websocket_version, "13") != 0)
		return no_upgrade(cx, "Sec-WebSocket-Version:", "The value must be 13.");
	if (rq->websocket_key == NULL || strlen(rq->websocket_key) != WEBSOCKET_KEY_CHARS)
		return no_upgrade(cx,
		                  "Sec-WebSocket-Key:", "The value must be 16 bytes in base64.");
	return ERR_OK;
}

/*
 * No rule of browsers keeps a page of another origin from opening a WebSocket with our cookie and from
 * reading it, so the origin is looked at here.
 */
static enum err socket_of(struct ctx *cx, const struct request *rq, struct reply *rp,
                          int64_t project_id)
{
	if (rq->session != NULL)
		TRY(cookie_check_origin(cx, rq, true));
	TRY(check_upgrade(cx, rq));
	return pass(cx, rq, rp, LIVE_WS, project_id);
}

static enum err open_socket(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct stream_query *query = request_query(rq, &STREAM_QUERY);

	return socket_of(cx, rq, rp, query->project);
}

static enum err open_project_socket(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	return socket_of(cx, rq, rp, rq->ids[0]);
}

#define SOCKET_DETAIL                                                                              \
	"The first message is {\"after\":N,\"types\":[]}: where the stream begins. Then each "     \
	"message is one event, as in listEvents. A client may send {\"after\":N}, "                \
	"{\"types\":[\"job.completed\"]} ([]: all) or {\"ping\":1}; what cannot be read is "       \
	"answered with {\"error\":...,\"correlation_id\":...}. Browsers with a session must come " \
	"from a page of this origin. Positions are the same on every way, so that a client may "   \
	"resume on another."

#define EXAMPLE_EVENT                                                                              \
	"{\"position\":17,\"kind\":\"project.created\",\"version\":1,\"project_id\":7,"            \
	"\"payload\":{\"id\":7},\"actor\":\"key:3\",\"request_id\":\"req_0193\","                  \
	"\"created_at\":\"2026-11-21T06:45:00.123Z\"}"

const struct route live_routes[] = {
	{
		.method = HTTP_GET,
		.path = "/api/v1/events",
		.op = "listEvents",
		.tag = "Events",
		.auth = AUTH_ANY,
		.role = ROLE_VIEWER,
		.area = AREA_EVENTS,
		.rate = RATE_READ,
		.alias = true,
		.query = &LIST_QUERY,
		.status = 200,
		.reply = &PAGE,
		.fails = { ERR_NOT_FOUND },
		.run = list_events,
		.doc = "Read the event log after a position, and wait for what comes.",
		.detail = "A position is a place in the log: who has read up to one has read all "
			  "below it, and goes on from there on this way or on another.",
		.example = "{\"items\":[" EXAMPLE_EVENT "],\"next_after\":17}",
	},
	{
		.method = HTTP_GET,
		.path = "/api/v1/events/stream",
		.op = "streamEvents",
		.tag = "Events",
		.auth = AUTH_ANY,
		.role = ROLE_VIEWER,
		.area = AREA_EVENTS,
		.rate = RATE_READ,
		.query = &STREAM_QUERY,
		.status = 200,
		.form = ROUTE_TEXT,
		.media = "text/event-stream",
		.fails = { ERR_NOT_FOUND },
		.run = stream_events,
		.doc = "Follow the event log as server-sent events.",
		.detail = "The id of an event is its position, its name the kind, its data the "
			  "item of listEvents. A browser's EventSource resumes by itself with "
			  "Last-Event-ID, which wins over after. An event named end says why a "
			  "stream does not go on.",
	},
	{
		.method = HTTP_GET,
		.path = "/api/v1/events/ws",
		.op = "openEvents",
		.tag = "Events",
		.auth = AUTH_ANY,
		.role = ROLE_VIEWER,
		.area = AREA_EVENTS,
		.rate = RATE_READ,
		.query = &STREAM_QUERY,
		.status = 101,
		.fails = { ERR_NOT_FOUND, ERR_BAD_REQUEST },
		.run = open_socket,
		.doc = "Follow the event log over a WebSocket.",
		.detail = SOCKET_DETAIL,
	},
	{
		.method = HTTP_GET,
		.path = "/ws/{id}",
		.op = "openProjectEvents",
		.tag = "Events",
		.auth = AUTH_ANY,
		.role = ROLE_VIEWER,
		.area = AREA_EVENTS,
		.rate = RATE_READ,
		.query = &STREAM_QUERY,
		.status = 101,
		.fails = { ERR_NOT_FOUND, ERR_BAD_REQUEST },
		.run = open_project_socket,
		.doc = "Follow the events of one project over a WebSocket.",
		.detail = SOCKET_DETAIL,
	},
	ROUTES_END,
};
