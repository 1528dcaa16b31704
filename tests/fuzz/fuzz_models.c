/*
 * What a provider of models may send: the first byte picks what is read, the rest is it.
 *
 *   0, 1   a stream of OpenAI's, of Anthropic's: whole, and again cut where the second byte says; both
 *          must tell the same
 *   2      a refusal
 *   3      vectors for as many texts as the second byte says
 *   4      a text to be stripped: what comes out is UTF-8, and nothing is left for a second time
 */
#include "ai/dialect.h"
#include "ai/strip.h"
#include "base/ctx.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

struct told {
	struct reader *reader;
	const struct llm_tool_call *calls;
	size_t ncalls;
	enum err e;
};

static enum err take(struct ctx *cx, const struct dialect *d, struct reader *r, struct sse *sse,
                     struct span bytes)
{
	struct sse_event event;
	size_t used;

	while (bytes.len > 0 && !r->done) {
		TRY(sse_take(cx, sse, bytes.data, bytes.len, &used, &event));
		must(used > 0);
		bytes.data += used;
		bytes.len -= used;
		if (event.data.data != NULL)
			TRY(d->event(cx, r, &event));
	}
	return ERR_OK;
}

static enum err read_stream(struct ctx *cx, const struct dialect *d, struct reader *r,
                            struct span bytes, size_t piece)
{
	struct sse sse = sse_new(cx->arena);
	struct sse_event event;

	for (size_t i = 0; i < bytes.len && !r->done; i += piece) {
		size_t n = bytes.len - i < piece ? bytes.len - i : piece;

		TRY(take(cx, d, r, &sse, (struct span){ bytes.data + i, n }));
	}
	if (r->done)
		return ERR_OK;
	TRY(sse_end(cx, &sse, &event));
	return event.data.data == NULL ? ERR_OK : d->event(cx, r, &event);
}

static struct told tell(struct ctx *cx, const struct dialect *d, struct span bytes, size_t piece)
{
	struct told told = { .reader = reader_new(cx->arena) };
	const struct llm_usage *u = &told.reader->usage;
	const struct sb *text = &told.reader->text;

	told.e = read_stream(cx, d, told.reader, bytes, piece);
	must(text->data == NULL || utf8_valid(text->data, text->len) == text->len);
	must(u->input_tokens >= u->cached_tokens && u->cached_tokens >= 0);
	must(u->output_tokens >= u->reasoning_tokens && u->reasoning_tokens >= 0);
	must(u->input_tokens <= READER_TOKENS_MAX && u->output_tokens <= READER_TOKENS_MAX);
	told.calls = reader_calls(cx, told.reader, &told.ncalls);
	for (size_t i = 0; i < told.ncalls; i++)
		must(told.calls[i].id[0] != '\0' &&
		     (told.calls[i].malformed || told.calls[i].arguments[0] == '{'));
	return told;
}

static void fuzz_stream(struct ctx *cx, const struct dialect *d, const uint8_t *data, size_t size)
{
	struct span bytes = { (const char *)data + 1, size - 1 };
	struct told a = tell(cx, d, bytes, bytes.len + 1), b = tell(cx, d, bytes, 1 + data[0] % 7u);

	must(a.e == b.e && a.ncalls == b.ncalls && a.reader->finish == b.reader->finish);
	must(a.reader->text.len == b.reader->text.len);
	must(a.reader->text.len == 0 ||
	     memcmp(a.reader->text.data, b.reader->text.data, a.reader->text.len) == 0);
	must(a.reader->usage.output_tokens == b.reader->usage.output_tokens);
}

static void fuzz_vectors(struct ctx *cx, const uint8_t *data, size_t size)
{
	size_t n = 1 + data[0] % 8u;
	struct llm_vectors vectors = { 0 };

	if (dialect_vectors(cx, (struct span){ (const char *)data + 1, size - 1 }, n, &vectors,
	                    reader_new(cx->arena)) != ERR_OK)
		return;
	must(vectors.dimensions > 0);
	for (size_t i = 0; i < n * vectors.dimensions; i++)
		must(isfinite(vectors.floats[i]));
}

static void fuzz_strip(struct ctx *cx, const uint8_t *data, size_t size)
{
	const char *text = arena_strndup(cx->arena, (const char *)data, size);
	size_t n, again;

	text = strip_text(cx->arena, text, size, &n);
	must(utf8_valid(text, n) == n);
	must(strip_text(cx->arena, text, n, &again) == text && again == n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)256 << 20);
	struct app app = { .clock = &system_clock, .component = "fuzz" };
	struct dialect_error error = { 0 };
	struct ctx cx;

	ctx_begin(&cx, &app, arena, NULL);
	if (size >= 2 && data[0] % 5 == 0)
		fuzz_stream(&cx, &dialect_openai, data + 1, size - 1);
	else if (size >= 2 && data[0] % 5 == 1)
		fuzz_stream(&cx, &dialect_anthropic, data + 1, size - 1);
	else if (size >= 1 && data[0] % 5 == 2) {
		dialect_read_error(&cx, (struct span){ (const char *)data + 1, size - 1 }, &error);
		must(dialect_fail(&cx, &error) != ERR_OK);
	} else if (size >= 2 && data[0] % 5 == 3)
		fuzz_vectors(&cx, data + 1, size - 1);
	else if (size >= 1)
		fuzz_strip(&cx, data + 1, size - 1);
	arena_free(arena);
	return 0;
}
