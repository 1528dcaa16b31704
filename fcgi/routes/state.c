/* State by key over HTTP. */
#include "page.h"
#include "reply.h"
#include "routes/tables.h"

#include "events/state.h"

struct list_query {
	const char *prefix, *cursor;
	int64_t limit;
};
static const struct field LIST_FIELDS[] = {
	F_TEXT(struct list_query, prefix, .min = 1, .max = STATE_KEY_MAX,
	       .doc = "Only keys that begin so"),
	PAGE_FIELDS(struct list_query),
};
static const struct schema LIST_QUERY = SCHEMA(struct list_query, "StateListQuery", LIST_FIELDS);

static_assert(sizeof(((struct route_match *)NULL)->name) == STATE_KEY_MAX + 1,
              "every key can be in a path");

static enum err list_state(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	struct state_filter filter = { .prefix = query->prefix, .limit = query->limit + 1 };
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &filter.before_id));
	TRY(state_list(cx, &filter, &list));
	return page_reply(cx, rq, rp, &state_schema, &list, query->limit,
	                  offsetof(struct state, id));
}

static enum err get_state(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct state state;

	TRY(state_get(cx, rq->name, &state));
	if (reply_version(rp, state.version))
		return ERR_OK;
	return reply_json(rp, &state_schema, &state);
}

static enum err put_state(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct state_new *in = request_body(rq, &state_new_schema);
	bool new_one = rq->version == REQUEST_ABSENT;
	struct state state;

	TRY(state_put(cx, rq->name, new_one ? STATE_ABSENT : rq->version, in, &state));
	if (new_one)
		rp->status = 201;
	reply_version(rp, state.version);
	return reply_json(rp, &state_schema, &state);
}

static enum err delete_state(struct ctx *cx, const struct request *rq, UNUSED struct reply *rp)
{
	return state_delete(cx, rq->name, rq->version);
}

#define EXAMPLE                                                                                    \
	"\"id\":1,\"key\":\"project:7\",\"project_id\":7,\"version\":3,"                           \
	"\"data\":{\"phase\":\"define\"},\"updated_at\":\"2026-11-21T06:45:00.123Z\""
#define CALLER .tag = "State", .auth = AUTH_ANY, .area = AREA_EVENTS
#define READS  .method = HTTP_GET, CALLER, .role = ROLE_VIEWER, .rate = RATE_READ, .status = 200
#define WRITES                                                                                     \
	CALLER, .role = ROLE_MEMBER, .rate = RATE_WRITE, .if_match = true, .audit = "state.changed"

const struct route state_routes[] = {
	{
		READS,
		.path = "/api/v1/state",
		.op = "listState",
		.query = &LIST_QUERY,
		.form = ROUTE_PAGE,
		.reply = &state_schema,
		.run = list_state,
		.doc = "List the tenant's keys with their values, the newest keys first.",
		.example = "{\"items\":[{" EXAMPLE "}],\"next_cursor\":null}",
	},
	{
		READS,
		.path = "/api/v1/state/{name}",
		.op = "getState",
		.etag = true,
		.reply = &state_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_state,
		.doc = "Read the value of a key.",
		.example = "{" EXAMPLE "}",
	},
	{
		.method = HTTP_PUT,
		WRITES,
		.path = "/api/v1/state/{name}",
		.op = "putState",
		.creates = true,
		.etag = true,
		.body = &state_new_schema,
		.status = 200,
		.reply = &state_schema,
		.fails = { ERR_NOT_FOUND, ERR_LIMIT },
		.run = put_state,
		.doc = "Set the value of a key.",
		.detail = "If-Match names the version that was read, or * for whatever is there; "
			  "If-None-Match: * makes a key that is not there yet. Who names another "
			  "version than the present one is answered 412. Each change is told as "
			  "state.changed.",
		.example = "{" EXAMPLE "}",
	},
	{
		.method = HTTP_DELETE,
		WRITES,
		.path = "/api/v1/state/{name}",
		.op = "deleteState",
		.status = 204,
		.fails = { ERR_NOT_FOUND },
		.run = delete_state,
		.doc = "Delete a key.",
		.detail = "A key that is made anew goes on from the version of the old one.",
	},
	ROUTES_END,
};
