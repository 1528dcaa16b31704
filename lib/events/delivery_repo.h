/* SQL of deliveries; of lib/events alone. */
#ifndef EVENTS_DELIVERY_REPO_H
#define EVENTS_DELIVERY_REPO_H

#include "events/delivery.h"

NODISCARD
enum err delivery_repo_subscriptions(struct ctx *cx, struct list *ret);
NODISCARD
enum err delivery_repo_list(struct ctx *cx, const struct delivery_filter *filter, struct list *ret);
/** Locked until the transaction ends. */
NODISCARD
enum err delivery_repo_get(struct ctx *cx, int64_t id, struct delivery *ret);
NODISCARD
enum err delivery_repo_again(struct ctx *cx, int64_t id, struct delivery *ret);
NODISCARD
enum err delivery_repo_delete(struct ctx *cx, int64_t id);
NODISCARD
enum err delivery_repo_again_all(struct ctx *cx, const char *subscription, int64_t *ret);

#endif
