/* Streams of events, cut at every byte and in every form that servers write (G6). */
#include "fixture.h"

#include "ai/sse.h"

#include <string.h>

static const struct {
	const char *stream;
	const char *events; /* "name|data" each, with ; between */
} CASES[] = {
	{ "data: a\n\n", "|a" },
	{ "data: a\r\n\r\ndata: b\r\rdata: c\n\n", "|a;|b;|c" },
	{ "data:a\ndata: b\ndata:  c\n\n", "|a\nb\n c" },
	{ "event: x\ndata: a\n\ndata: b\n\n", "x|a;|b" },
	{ "event: x\n\ndata: a\n\n", "|a" },
	{ ": comment\nid: 7\nretry: 10\nunknown: y\nnothing\ndata: a\n\n", "|a" },
	{ "data\n\n", "|" },
	{ "data: a\n\ndata: b", "|a;|b" },
	{ "data: a\n\nevent: x", "|a" },
	{ "\xEF\xBB\xBF"
	  "data: a\n\n",
	  "|a" },
	{ "{\"error\":\"x\"}\ndata: a\n\n", "|{\"error\":\"x\"};|a" },
	{ "data: Gr\xC3\xBC\xC3\x9F"
	  "e\n\n",
	  "|Gr\xC3\xBC\xC3\x9F"
	  "e" },
	{ "dataa: b\ndat: c\n\n", "" },
	{ "\n\n\r\r\n", "" },
	{ "", "" },
};

static void add(struct sb *sb, const struct sse_event *event)
{
	if (event->data.data == NULL)
		return;
	assert_int_equal(event->data.data[event->data.len], '\0');
	if (sb->len > 0)
		sb_addc(sb, ';');
	sb_add(sb, event->name);
	sb_addc(sb, '|');
	sb_addn(sb, event->data.data, event->data.len);
}

/* The stream in pieces of so many bytes. */
static const char *read_by(struct ctx *cx, struct sse *sse, const char *stream, size_t piece)
{
	struct sb sb = sb_new(cx->arena, 65536);
	struct sse_event event;
	size_t n = strlen(stream);

	sb_add(&sb, "");
	for (size_t i = 0; i < n; i += piece) {
		size_t left = n - i < piece ? n - i : piece, used;

		for (size_t at = 0; at < left; at += used) {
			assert_int_equal(
				sse_take(cx, sse, stream + i + at, left - at, &used, &event),
				ERR_OK);
			assert_true(used > 0);
			add(&sb, &event);
		}
	}
	assert_int_equal(sse_end(cx, sse, &event), ERR_OK);
	add(&sb, &event);
	return sb.data == NULL ? "" : sb.data;
}

static void test_sse__cut_anywhere(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sse sse = sse_new(cx->arena);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		for (size_t piece = 1; piece < 9; piece++) {
			sse_reset(&sse);
			assert_string_equal(read_by(cx, &sse, CASES[i].stream, piece),
			                    CASES[i].events);
		}
	}
}

/* What has no end is refused, and the next stream is none the worse. */
static void test_sse__limits(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sse sse = sse_new(cx->arena);
	char *line = arena_alloc(cx->arena, SSE_LINE_MAX + 10);
	struct sse_event event;
	size_t used;

	memset(line, 'x', SSE_LINE_MAX + 1);
	assert_int_equal(sse_take(cx, &sse, line, SSE_LINE_MAX + 1, &used, &event),
	                 ERR_REMOTE_FAILED);
	sse_reset(&sse);
	memcpy(line, "data: ", 6);
	line[SSE_LINE_MAX - 1] = '\n';
	for (size_t i = 0; i < SSE_EVENT_MAX / SSE_LINE_MAX; i++)
		assert_int_equal(sse_take(cx, &sse, line, SSE_LINE_MAX, &used, &event), ERR_OK);
	assert_int_equal(sse_take(cx, &sse, line, SSE_LINE_MAX, &used, &event), ERR_REMOTE_FAILED);
	sse_reset(&sse);
	assert_string_equal(read_by(cx, &sse, "data: a\n\n", 3), "|a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sse__cut_anywhere),
		cmocka_unit_test(test_sse__limits),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
