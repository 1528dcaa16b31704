/*
 * What models write and people ask: the places in an answer come out the same however the text is cut, a
 * question is within its limits, and the lines of a passage lie in it.
 */
#include "base/arena.h"
#include "base/ctx.h"
#include "chats/cites.h"
#include "chats/extract.h"

#include <string.h>

#define TEXT_MAX 4096

struct ear {
	struct sb said;
	int64_t numbers;
};

static enum err say(void *arg, const char *text, size_t n)
{
	struct ear *ear = arg;

	sb_addn(&ear->said, text, n);
	return ERR_OK;
}

static enum err resolve(void *arg, struct place_named *place, int64_t *ret_number)
{
	struct ear *ear = arg;

	assert(place->start > 0 && place->end >= place->start);
	*ret_number = place->end % 2 == 0 ? 0 : ++ear->numbers;
	return ERR_OK;
}

static void write_answer(struct ctx *cx, const char *text, size_t n, size_t portion,
                         struct ear *ear)
{
	struct cites c = { .cx = cx, .arg = ear, .say = say, .resolve = resolve };

	*ear = (struct ear){ .said = sb_new(cx->arena, (size_t)1 << 20) };
	sb_add(&ear->said, "");
	cites_begin(&c);
	for (size_t at = 0; at < n; at += portion) {
		enum err e = cites_feed(&c, text + at, n - at < portion ? n - at : portion);

		assert(e == ERR_OK);
	}
	assert(cites_finish(&c) == ERR_OK && !ear->said.failed);
}

static void read_question(struct ctx *cx, const char *text, size_t n)
{
	struct question q;
	struct span shown;
	int64_t skip;

	question_read(cx->arena, text, &q);
	assert(q.nnames <= QUESTION_NAMES_MAX && q.nwords <= QUESTION_WORDS_MAX);
	shown = extract_window((struct span){ text, n }, &q, EXTRACT_LINES, &skip);
	assert(shown.data >= text && shown.data + shown.len <= text + n && skip >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct app APP = { .clock = &system_clock, .component = "fuzz" };
	static struct arena *arena;
	struct ear whole, cut;
	struct ctx cx;
	char *text;
	size_t portion;

	if (size < 1 || size > TEXT_MAX || memchr(data, 0, size) != NULL)
		return 0;
	if (arena == NULL)
		arena = arena_new((size_t)64 * 1024 * 1024);
	ctx_begin_unnamed(&cx, &APP, arena, NULL);
	portion = 1 + data[0] % 16;
	text = arena_strndup(arena, (const char *)data + 1, size - 1);
	write_answer(&cx, text, size - 1, size, &whole);
	write_answer(&cx, text, size - 1, portion, &cut);
	assert(whole.said.len == cut.said.len &&
	       memcmp(whole.said.data, cut.said.data, whole.said.len) == 0);
	read_question(&cx, text, size - 1);
	return 0;
}
