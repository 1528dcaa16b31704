/*
 * Reader: an answer as it grows, event by event, whatever dialect the provider speaks.
 *
 * A dialect turns each event into calls of the functions below; what is new since the last event is taken from
 * .fresh, and the calls of tools are whole when the answer has ended.  All bytes come from outside: every size
 * has a ceiling, every number a range, every text is cleaned.
 */
#ifndef AI_READER_H
#define AI_READER_H

#include "ai/llm.h"
#include "base/json.h"
#include "base/sb.h"

#define READER_TOKENS_MAX INT64_C(1000000000) /* what a provider says beyond it is not believed */
#define READER_DETAIL_MAX 300                 /* bytes of a provider's own words in a fault */

/* What an event may be; a stream of them is bounded by the answer. */
extern const struct json_limits reader_limits;

/* A call of a tool as it comes in pieces. */
struct reader_call {
	int64_t index;
	const char *id, *name;
	struct sb arguments;
};

struct reader {
	struct arena *arena;
	struct sb text;
	size_t fresh;   /* where the text begins that nobody has seen yet */
	size_t bytes;   /* of text and arguments */
	bool too_large; /* past LLM_ANSWER_BYTES */
	struct reader_call calls[LLM_TOOL_CALLS_MAX];
	size_t ncalls;
	enum llm_finish finish;
	bool done;                    /* the provider has said that nothing more comes */
	bool began;                   /* something of the answer has come */
	bool told_input, told_output; /* .usage is the provider's own */
	struct llm_usage usage;
	const char *remote_id; /* what the provider calls the answer; NULL: nothing */
};

/** @ret in arena */
struct reader *reader_new(struct arena *arena);

void reader_text(struct reader *r, const char *text);

/** @ret a name or id of a provider's, cleaned and cut to LLM_NAME_MAX bytes, in the arena */
const char *reader_word(struct reader *r, const char *text);

/** A piece of a tool call.  @id, name and arguments may each be NULL: nothing new */
void reader_call(struct reader *r, int64_t index, const char *id, const char *name,
                 const char *arguments);

/** Tokens as the provider counts them; below 0: not told.  Later ones replace earlier ones. */
void reader_input(struct reader *r, int64_t tokens, int64_t cached);
void reader_output(struct reader *r, int64_t tokens, int64_t reasoning);

/** The calls, whole: their arguments parsed, cleaned, or .malformed.  @ret in arena */
const struct llm_tool_call *reader_calls(struct ctx *cx, struct reader *r, size_t *ret_n);

/** Tokens of what has come, as llm_tokens() counts them. */
int64_t reader_estimate(const struct reader *r);

#endif
