/* A made-up domain: see things.h. */
#include "things.h"

#include "page.h"

#include <string.h>

struct thing {
	const char *name;
	int64_t id;
};
static const struct field FIELDS[] = {
	F_TEXT(struct thing, name, .doc = "Name"),
};
static const struct schema THING = SCHEMA(struct thing, "Thing", FIELDS);

struct thing_new {
	const char *name;
	int64_t n;
};
static const struct field NEW_FIELDS[] = {
	F_TEXT(struct thing_new, name, .required = true, .min = 1, .max = 10, .doc = "Name"),
	F_INT(struct thing_new, n, .min = -5, .max = 9, .doc = "Number"),
};
static const struct schema THING_NEW = SCHEMA(struct thing_new, "ThingNew", NEW_FIELDS);

struct thing_query {
	const char *q, *cursor;
	int64_t limit;
};
static const struct field QUERY_FIELDS[] = {
	F_TEXT(struct thing_query, q, .max = 5, .doc = "Part"),
	PAGE_FIELDS(struct thing_query),
};
static const struct schema QUERY = SCHEMA(struct thing_query, "ThingQuery", QUERY_FIELDS);

static enum err get_thing(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct thing thing = { arena_printf(cx->arena, "n%lld", (long long)rq->ids[0]), 1 };

	if (rq->ids[0] == 404)
		return err_set(cx, ERR_NOT_FOUND, "there is no thing 404");
	if (reply_version(rp, rq->ids[0]))
		return ERR_OK;
	return reply_json(rp, &THING, &thing);
}

static enum err make_thing(UNUSED struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct thing_new *in = request_body(rq, &THING_NEW);

	reply_header(rp, "Location", "/things/1");
	return reply_json(rp, &THING, &(struct thing){ in->name, 1 });
}

static enum err change_thing(struct ctx *cx, const struct request *rq, UNUSED struct reply *rp)
{
	return rq->version == 3 || rq->version == 0
	               ? ERR_OK
	               : err_set(cx, ERR_STALE, "it is version 3 by now");
}

static enum err break_down(struct ctx *cx, UNUSED const struct request *rq, struct reply *rp)
{
	reply_header(rp, "Location", "/half/done");
	return err_set(cx, ERR_DATABASE, "secret of the database");
}

static enum err list_things(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	static const struct thing THINGS[] = { { "a", 2 }, { "b", 1 } };
	const struct thing_query *query = request_query(rq, &QUERY);
	struct list list = { .items = THINGS, .n = COUNT(THINGS) };
	int64_t before;

	TRY(page_begin(cx, rq, query->cursor, &before));
	if (before != 0)
		list = (struct list){ .items = THINGS + 1, .n = 1 };
	return page_reply(cx, rq, rp, &THING, &list, query->limit, offsetof(struct thing, id));
}

#define OPEN                                                                                       \
	.tag = "T", .auth = AUTH_NONE, .role = ROLE_ANYONE, .area = AREA_NONE, .rate = RATE_PROBE, \
	.unaudited = "a test", .doc = "Do it."
#define MINE .tag = "T", .auth = AUTH_ANY, .area = AREA_PROJECTS, .doc = "Do it."

static const struct route ROWS[] = {
	{
		.method = HTTP_GET,
		.path = "/things/{id}",
		.op = "get",
		OPEN,
		.status = 200,
		.reply = &THING,
		.run = get_thing,
	},
	{
		.method = HTTP_PATCH,
		.path = "/things/{id}",
		.op = "change",
		OPEN,
		.status = 204,
		.if_match = true,
		.body = &THING_NEW,
		.run = change_thing,
	},
	{
		.method = HTTP_GET,
		.path = "/things",
		.op = "list",
		OPEN,
		.status = 200,
		.query = &QUERY,
		.form = ROUTE_PAGE,
		.reply = &THING,
		.run = list_things,
	},
	{
		.method = HTTP_POST,
		.path = "/things",
		.op = "make",
		OPEN,
		.status = 201,
		.body = &THING_NEW,
		.reply = &THING,
		.run = make_thing,
	},
	{
		.method = HTTP_GET,
		.path = "/broken",
		.op = "break",
		OPEN,
		.status = 200,
		.run = break_down,
	},
	{
		.method = HTTP_GET,
		.path = "/mine",
		.op = "mine",
		MINE,
		.role = ROLE_VIEWER,
		.rate = RATE_READ,
		.status = 200,
		.run = break_down,
	},
	{
		.method = HTTP_POST,
		.path = "/mine",
		.op = "makeMine",
		MINE,
		.role = ROLE_OWNER,
		.rate = RATE_WRITE,
		.unaudited = "a test",
		.status = 200,
		.run = break_down,
	},
	ROUTES_END,
};
const struct route *const thing_tables[] = { ROWS, NULL };

size_t text_read(void *self, char *buffer, size_t n)
{
	struct text_source *source = self;

	n = n < source->n ? n : source->n;
	memcpy(buffer, source->text, n);
	source->text += n;
	source->n -= n;
	return n;
}
