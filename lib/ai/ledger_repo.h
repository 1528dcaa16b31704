/* SQL of the ledger.  For lib/ai only. */
#ifndef AI_LEDGER_REPO_H
#define AI_LEDGER_REPO_H

#include "ai/ledger.h"

/* What a settled row had held, and for whom. */
struct ledger_freed {
	int64_t user_id, key_id, held_micro, held_tokens, cost_micro, tokens;
};

NODISCARD
enum err ledger_repo_open(struct ctx *cx, const struct target *to, const struct ledger_about *about,
                          const struct ledger_held *held, int64_t *ret_id);
/** @ret ERR_NOT_FOUND: it is not open any more */
NODISCARD
enum err ledger_repo_settle(struct ctx *cx, int64_t id, const struct ledger_end *end,
                            struct ledger_freed *ret);
/** Settle some whose time is over, and those of a job (0: of none).  @ret items are struct ledger_freed */
NODISCARD
enum err ledger_repo_lose(struct ctx *cx, int64_t job_id, struct list *ret);
NODISCARD
enum err ledger_repo_cached(struct ctx *cx, const char *provider, const char *model,
                            const struct ledger_about *about, int64_t *ret_id);
NODISCARD
enum err ledger_repo_list(struct ctx *cx, const struct ledger_filter *filter, struct list *ret);
NODISCARD
enum err ledger_repo_sums(struct ctx *cx, const char *by, const struct ledger_filter *filter,
                          struct list *ret);

#endif
