/* Streams of events: who may have them is found out here, the relay serves them. */
#include "cookie.h"
#include "handover.h"
#include "routes/tables.h"
#include "routes/upgrade.h"

#include "app/registry_kinds.h"
#include "projects/project.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FROM_NOW            (-1)
#define WEBSOCKET_KEY_CHARS 24 /* 16 bytes in base64 */

struct stream_query {
	int64_t after, project;
	struct list types;
};

static const struct field STREAM_FIELDS[] = {
	F_INT(struct stream_query, after, .min = -1, .max = INT64_MAX, .preset = FROM_NOW,
	      .doc = "Events after this position; -1, or nothing: those that come"),
	F_INT(struct stream_query, project, .min = 1, .max = INT64_MAX,
	      .doc = "Only events of this project"),
	F_LIST(struct stream_query, types, .item = FIELD_TEXT, .min = 1, .max = EVENT_PATTERNS_MAX,
	       .doc = "Only these kinds, as in listEvents"),
};
static const struct schema STREAM_QUERY =
	SCHEMA(struct stream_query, "EventStreamQuery", STREAM_FIELDS);

/* Another tenant's project is an unknown one. */
static enum err check_project(struct ctx *cx, int64_t id)
{
	struct project project;

	return id == 0 ? db_flush(cx) : project_get(cx, id, &project);
}

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

	struct list kinds, hidden;

	TRY(resume(cx, rq, &spec.after));
	TRY(event_kinds_select(cx, app_event_kinds, &query->types, "?types", &kinds));
	TRY(check_project(cx, project_id));
	if (spec.after == FROM_NOW)
		TRY(event_head(cx, &spec.after));
	hidden = event_kinds_hidden(cx, app_event_kinds); /* by the role, which is proven now */
	spec_list(spec.kinds, &kinds);
	spec_list(spec.hidden, &hidden);
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

enum err upgrade_check(struct ctx *cx, const struct request *rq)
{
	if (rq->session != NULL)
		TRY(cookie_check_origin(cx, rq, true));
	if (rq->upgrade == NULL || strcasecmp(rq->upgrade, "websocket") != 0)
		return no_upgrade(cx, "Upgrade:", "The value must be websocket.");
	if (rq->websocket_version == NULL || strcmp(rq->websocket_version, "13") != 0)
		return no_upgrade(cx, "Sec-WebSocket-Version:", "The value must be 13.");
	if (rq->websocket_key == NULL || strlen(rq->websocket_key) != WEBSOCKET_KEY_CHARS)
		return no_upgrade(cx,
		                  "Sec-WebSocket-Key:", "The value must be 16 bytes in base64.");
	return ERR_OK;
}

static enum err socket_of(struct ctx *cx, const struct request *rq, struct reply *rp,
                          int64_t project_id)
{
	TRY(upgrade_check(cx, rq));
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

static enum err open_named_socket(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	int64_t id;

	TRY(project_find(cx, rq->name, &id));
	return socket_of(cx, rq, rp, id);
}

#define SOCKET_DETAIL                                                                              \
	"The first message is {\"after\":N,\"types\":[]}: where the stream begins. Then each "     \
	"message is one event, as in listEvents. A client may send {\"after\":N}, "                \
	"{\"types\":[\"job.completed\"]} ([]: all) or {\"ping\":1}; what cannot be read is "       \
	"answered with {\"error\":...,\"correlation_id\":...}. Browsers with a session must come " \
	"from a page of this origin. Positions are the same on every way, so that a client may "   \
	"resume on another."

#define STREAM                                                                                     \
	.method = HTTP_GET, .tag = "Events", .auth = AUTH_ANY, .role = ROLE_VIEWER,                \
	.area = AREA_EVENTS, .rate = RATE_READ, .query = &STREAM_QUERY

const struct route live_routes[] = {
	{
		STREAM,
		.path = "/api/v1/events/stream",
		.op = "streamEvents",
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
		STREAM,
		.path = "/api/v1/events/ws",
		.op = "openEvents",
		.status = 101,
		.fails = { ERR_NOT_FOUND, ERR_BAD_REQUEST },
		.run = open_socket,
		.doc = "Follow the event log over a WebSocket.",
		.detail = SOCKET_DETAIL,
	},
	{
		STREAM,
		.path = "/ws/{id}",
		.op = "openProjectEvents",
		.status = 101,
		.fails = { ERR_NOT_FOUND, ERR_BAD_REQUEST },
		.run = open_project_socket,
		.doc = "Follow the events of one project over a WebSocket.",
		.detail = SOCKET_DETAIL,
	},
	{
		STREAM,
		.path = "/ws/{name}",
		.op = "openNamedProjectEvents",
		.status = 101,
		.fails = { ERR_NOT_FOUND, ERR_BAD_REQUEST },
		.run = open_named_socket,
		.doc = "Follow the events of one project, by its name, over a WebSocket.",
		.detail = "A name that is a number, or holds other characters, is reached by its "
			  "id. " SOCKET_DETAIL,
	},
	ROUTES_END,
};
