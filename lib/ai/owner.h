/*
 * Owner: what is done in the name of the tenant whose provider a call goes to, when it is lent (ai/provider.h).
 *
 * Two things are: its secret is opened, which nobody else's transaction can see, and its breaker is told, which all
 * who borrow share.  Who the owner is comes from the row of the model, as row-level security let it be seen.
 *
 *     CLEANUP(owner_end) struct owner_turn turn = owner_begin(cx, to);
 *
 * For lib/ai only, and outside of transactions.
 */
#ifndef AI_OWNER_H
#define AI_OWNER_H

#include "ai/dialect.h"

struct owner_turn {
	struct ctx *cx;
	int64_t asker_id;
};

static inline struct owner_turn owner_begin(struct ctx *cx, const struct target *to)
{
	const struct owner_turn turn = { cx, cx->who.tenant_id };

	assert(to->owner_id > 0);
	cx->who.tenant_id = to->owner_id;
	return turn;
}

/** For CLEANUP. */
static inline void owner_end(struct owner_turn *turn)
{
	turn->cx->who.tenant_id = turn->asker_id;
}

#endif
