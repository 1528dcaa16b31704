/* What goes into the calls of a dialogue; of chats/dialogue.c alone. */
#ifndef CHATS_DIALOGUE_PARTS_H
#define CHATS_DIALOGUE_PARTS_H

#include "ai/prompt.h"
#include "chats/cites.h"
#include "chats/dialogue.h"

#define DIALOGUE_MARK     17  /* 16 digits and the NUL */
#define DIALOGUE_MESSAGES 256 /* of one call */

struct dialogue {
	struct journal *j;
	struct ctx *cx;
	const struct llm_model *model;
	const char *project; /* NULL: all of the tenant's */
	const struct passages *found;
	char mark[DIALOGUE_MARK]; /* around data; no text can know it beforehand */
	struct prompt rules;
	struct llm_message messages[DIALOGUE_MESSAGES];
	size_t n;
	int64_t left; /* tokens that may still go in */
	int64_t answer_tokens;
	struct cites cites;
};

/** Put in the rules, what was said before, the passages and the question. */
NODISCARD
enum err dialogue_prepare(struct dialogue *d, const char *question);

/** Add a message, and count it. */
void dialogue_add(struct dialogue *d, const struct llm_message *message);

/**
 * A text as labelled data, cut to so many tokens.
 * @source where it comes from
 */
const char *dialogue_data(struct dialogue *d, const char *source, const char *text, int64_t tokens);

/**
 * Ask the model.
 * @aloud whether what it says is the answer
 */
NODISCARD
enum err dialogue_call(struct dialogue *d, const char *name, const struct llm_request *rq,
                       bool aloud, struct llm_answer *ret);

#endif
