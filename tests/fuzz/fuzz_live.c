/*
 * Fuzz: what a client says over a WebSocket, and what the relay is told of a stream.  Whatever comes is
 * answered with JSON; a description that is taken is one that can be written and read again.
 */
#include "base/json.h"
#include "base/secret.h"
#include "live/message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void say(struct ctx *cx, struct span text)
{
	struct sb sb = sb_new(cx->arena, 3 * LIVE_MESSAGE_MAX);
	struct live_message message;

	if (message_read(cx, text, &message) == ERR_OK)
		message_answer(&sb, &message, "a.b,c", 7);
	else
		message_error(&sb, cx, "req_1");
	if (sb.failed)
		abort();
	err_clear(cx);
	if (json_check(cx, (struct span){ sb.data, sb.len }, &json_limits_body) != ERR_OK)
		abort();
}

static void describe(struct ctx *cx, struct span text)
{
	char *rest = arena_strndup(cx->arena, text.data, text.len), *pair;
	struct sb sb = sb_new(cx->arena, (size_t)64 * 1024);
	struct live_spec spec, again;

	spec_begin(&spec, "/ws");
	while ((pair = strsep(&rest, "&")) != NULL)
		spec_take(&spec, pair);
	if (!spec_is_whole(&spec))
		return;
	spec_print(&sb, &spec);
	if (sb.failed)
		abort();
	rest = strchr(sb.data, '?') + 1;
	spec_begin(&again, "/ws");
	while ((pair = strsep(&rest, "&")) != NULL) {
		if (!spec_take(&again, pair))
			abort();
	}
	if (memcmp(&again.who, &spec.who, sizeof(spec.who)) != 0 || again.after != spec.after ||
	    strcmp(again.kinds, spec.kinds) != 0 || strcmp(again.hidden, spec.hidden) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *arena = arena_new((size_t)64 * 1024 * 1024);
	struct ctx cx = { .arena = arena };
	const struct span text = { (const char *)data, n };

	secret_init();
	say(&cx, text);
	describe(&cx, text);
	arena_free(arena);
	return 0;
}
