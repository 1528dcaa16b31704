/*
 * Fuzz: a FastCGI head of any bytes, and a request of any parameters and body.
 *
 * The bytes are judged as a head.  Then, cut at each NUL, they are parameters (what has no '=' is
 * the body) of a request that goes through the whole of the edge, on tables of its own.
 */
#include "serve.h"
#include "wire.h"

#include "base/json.h"
#include "base/secret.h"
#include "config/config.h"
#include "page.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define PARAMS_MAX  40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct thing {
	const char *name, *cursor;
	int64_t n, limit;
};
static const struct field FIELDS[] = {
	F_TEXT(struct thing, name, .required = true, .min = 1, .max = 10, .doc = "Name"),
	F_INT(struct thing, n, .min = -5, .max = 9, .doc = "Number"),
	PAGE_FIELDS(struct thing),
};
static const struct schema THING = SCHEMA(struct thing, "Thing", FIELDS);

static enum err list(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct thing *query = request_query(rq, &THING);
	int64_t before;

	TRY(page_begin(cx, rq, query->cursor, &before));
	return reply_page(rp, &THING, query, 1, page_cursor(cx, rq, 3));
}

static enum err take(UNUSED struct ctx *cx, const struct request *rq, struct reply *rp)
{
	reply_version(rp, rq->version);
	return reply_json(rp, &THING, request_body(rq, &THING));
}

#define OPEN                                                                                       \
	.tag = "T", .auth = AUTH_NONE, .role = ROLE_ANYONE, .area = AREA_NONE, .rate = RATE_PROBE, \
	.unaudited = "a test", .doc = "Do."

static const struct route ROWS[] = {
	{ .method = HTTP_GET,
	  .path = "/t",
	  .op = "list",
	  OPEN,
	  .query = &THING,
	  .status = 200,
	  .form = ROUTE_PAGE,
	  .reply = &THING,
	  .run = list },
	{ .method = HTTP_PATCH,
	  .path = "/t/{id}",
	  .op = "take",
	  OPEN,
	  .if_match = true,
	  .body = &THING,
	  .status = 200,
	  .reply = &THING,
	  .run = take },
	{ .method = HTTP_POST,
	  .path = "/k",
	  .op = "keyed",
	  .tag = "T",
	  .auth = AUTH_ANY,
	  .role = ROLE_OWNER,
	  .area = AREA_PROJECTS,
	  .rate = RATE_WRITE,
	  .unaudited = "a test",
	  .doc = "Do.",
	  .status = 200,
	  .run = take },
	ROUTES_END,
};
static const struct route *const TABLES[] = { ROWS, NULL };

struct text_source {
	const char *text;
	size_t n;
};

static size_t text_read(void *self, char *buffer, size_t n)
{
	struct text_source *source = self;

	n = n < source->n ? n : source->n;
	memcpy(buffer, source->text, n);
	source->text += n;
	source->n -= n;
	return n;
}

/* Whatever came, the answer is a whole one: a head that ends, a body that is JSON. */
static void check(struct ctx *cx, struct exchange *ex)
{
	static const struct json_limits LIMITS = { 4 * 1024 * 1024, 40, 200000 };
	struct sb head = sb_new(cx->arena, 64 * 1024);

	reply_head(&ex->rp, &head);
	if (head.failed || strcmp(head.data + head.len - 4, "\r\n\r\n") != 0)
		abort();
	for (const char *p = head.data; *p != '\0'; p++) {
		if (*p == '\r' ? p[1] != '\n' : *p == '\n' && p[-1] != '\r')
			abort(); /* a header that was split */
	}
	if (ex->rp.npieces > 0 && json_check(cx, ex->rp.pieces[0], &LIMITS) != ERR_OK)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct config CONFIG = { .body_max_bytes = 5000, .request_timeout_ms = 1000 };
	static const struct app APP = { .config = &CONFIG, .clock = &system_clock };
	static struct arena *arena, *life;
	static struct server *server;
	char *text, *params[PARAMS_MAX + 1] = { NULL };
	struct text_source source = { "", 0 };
	const struct body_source body = { text_read, &source };
	struct exchange ex;
	struct ctx cx;
	size_t count = 0;

	if (server == NULL) {
		const char *why;

		secret_init();
		arena = arena_new(ARENA_BYTES);
		life = arena_new(ARENA_BYTES);
		server = server_new(life, &APP, TABLES, &why);
	}
	if (wire_head(data, n) == WIRE_WHOLE && wire_head(data, n - 1) == WIRE_BAD)
		abort(); /* a head that is whole was never bad */
	ctx_begin(&cx, &APP, arena, NULL);
	text = arena_strndup(arena, (const char *)data, n);
	memcpy(text, data, n);
	for (char *p = text; p < text + n && count < PARAMS_MAX; p += strlen(p) + 1) {
		if (strchr(p, '=') != NULL)
			params[count++] = p;
		else
			source = (struct text_source){ p, strlen(p) };
	}
	serve(&cx, server, params, &body, &ex);
	check(&cx, &ex);
	return 0;
}
