/*
 * Cache: answers of models, given again for an equal request within model_cache_s seconds where the
 * request asks for it.  Per tenant; emptied when a provider or model is changed.  What is over goes with the
 * next answer that is kept.
 */
#ifndef AI_CACHE_H
#define AI_CACHE_H

#include "ai/llm.h"
#include "base/db.h"
#include "base/secret.h"

struct cache_answer {
	const char *answer, *model, *provider;
};

/** @ret digest of a model's name and a request in its dialect's form */
void cache_digest(const char *model, struct span body, unsigned char ret[SECRET_HASH_BYTES]);

/** @ret .answer NULL: there is none */
NODISCARD
enum err cache_get(struct ctx *cx, const unsigned char digest[SECRET_HASH_BYTES],
                   struct cache_answer *ret);

NODISCARD
enum err cache_put(struct ctx *cx, const unsigned char digest[SECRET_HASH_BYTES],
                   const struct cache_answer *in);

extern const struct db_check cache_statements[];

#endif
