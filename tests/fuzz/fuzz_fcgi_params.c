/*
 * Fuzz: a FastCGI head of any bytes, and a request of any parameters and body.
 *
 * The bytes are judged as a head.  Then, cut at each NUL, they are parameters (what has no '=' is
 * the body) of a request that goes through the whole of the edge, on made-up tables.
 */
#include "things.h"
#include "wire.h"

#include "base/json.h"
#include "base/secret.h"
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define PARAMS_MAX  40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

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
		server = server_new(life, &APP, thing_tables, &why);
	}
	if (wire_head(data, n) >= WIRE_WHOLE && wire_head(data, n - 1) == WIRE_BAD)
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
