/* What the parts of ai/llm.h share.  For lib/ai only. */
#ifndef AI_LLM_PRIVATE_H
#define AI_LLM_PRIVATE_H

#include "ai/attempt.h"

#define LLM_CHAIN_MAX 5 /* models that a call asks at most, one after the other */

/** Check a request against the rules of ai/llm.h.  Returns ERR_INVALID blaming the field */
NODISCARD
enum err llm_check(struct ctx *cx, const struct llm_request *rq);

/** @ret about so many tokens as the provider counts for the messages and tools */
int64_t llm_input_tokens(const struct llm_request *rq);

/** The model and what is asked after it.  Returns ERR_NO_MODEL */
NODISCARD
enum err llm_chain(struct ctx *cx, const char *kind, const char *name,
                   struct target ret[LLM_CHAIN_MAX], size_t *ret_n);

/** Text, calls and end of an answer as one JSON text, and back; for the cache. */
const char *llm_answer_text(struct ctx *cx, const struct llm_answer *answer);
NODISCARD
enum err llm_answer_read(struct ctx *cx, const char *text, struct llm_answer *ret);

#endif
