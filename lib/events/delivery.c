/* Looking at deliveries, handing on again, giving up. */
#include "events/delivery.h"

#include "audit/audit.h"
#include "events/bell.h"
#include "events/delivery_repo.h"
#include "events/subscription.h"

#include <inttypes.h>
#include <string.h>

static const char *const STATES[] = { "waiting", "behind", "parked", NULL };

static const struct field SUBSCRIPTION_FIELDS[] = {
	F_TEXT(struct subscription, name, .example = "\"activity\"", .doc = "Its name"),
	F_TEXT(struct subscription, doc, .doc = "What it does"),
	F_LIST(struct subscription, kinds, .item = FIELD_TEXT,
	       .doc = "Kinds of events that it is told of, or patterns"),
	F_INT(struct subscription, position, .doc = "Up to where the log was handed on to it"),
	F_INT(struct subscription, handled, .doc = "Events that it has taken, of all tenants"),
	F_INT(struct subscription, lag_events, .max = DELIVERY_LAG_MAX,
	      .doc = "The tenant's events that it has yet to be told of; 10000: so many or more"),
	F_INT(struct subscription, lag_s, .doc = "Seconds for which the oldest of them has waited"),
	F_INT(struct subscription, failing,
	      .doc = "The tenant's events that are tried again, or wait behind one that is"),
	F_INT(struct subscription, parked, .doc = "The tenant's events that were given up"),
	F_TIME(struct subscription, updated_us, .name = "updated_at",
	       .doc = "When it last moved on"),
};
const struct schema subscription_schema =
	SCHEMA(struct subscription, "Subscription", SUBSCRIPTION_FIELDS);

static const struct field DELIVERY_FIELDS[] = {
	F_INT(struct delivery, id, .doc = "Number of the delivery"),
	F_TEXT(struct delivery, subscription, .doc = "The subscription that could not take it"),
	F_INT(struct delivery, position, .doc = "Place of the event in the log"),
	F_TEXT(struct delivery, kind, .doc = "What happened"),
	F_INT(struct delivery, version, .doc = "Version of the payload's schema"),
	F_INT(struct delivery, project_id, .zero_is_null = true, .nullable = true,
	      .doc = "The project that it is about"),
	F_JSON(struct delivery, payload, .doc = "What is told"),
	F_TEXT(struct delivery, actor, .doc = "Who did it"),
	F_TEXT(struct delivery, request_id, .nullable = true,
	       .doc = "Id of the request or job in which it happened"),
	F_TIME(struct delivery, created_us, .name = "created_at", .doc = "When it happened"),
	F_TEXT(struct delivery, state, .one_of = STATES,
	       .doc = "waiting: is tried again; behind: after another of its project; parked: given up"),
	F_INT(struct delivery, attempt, .doc = "Times that it was handed on"),
	F_TEXT(struct delivery, error_type, .nullable = true,
	       .doc = "Last part of the problem type of the last failure"),
	F_TEXT(struct delivery, error_message, .nullable = true, .doc = "Why it failed"),
	F_TIME(struct delivery, failed_us, .nullable = true, .name = "failed_at",
	       .doc = "When it last failed"),
	F_TIME(struct delivery, retry_us, .nullable = true, .name = "retry_at",
	       .doc = "When it is tried again"),
};
const struct schema delivery_schema = SCHEMA(struct delivery, "EventDelivery", DELIVERY_FIELDS);

static const struct field CHOICE_FIELDS[] = {
	F_TEXT(struct delivery_choice, subscription, .nullable = true, .min = 1,
	       .max = SUBSCRIPTION_NAME_MAX,
	       .doc = "Only those of this subscription; null: of all"),
};
const struct schema delivery_choice_schema =
	SCHEMA(struct delivery_choice, "EventDeliveryChoice", CHOICE_FIELDS);

static enum err note(struct ctx *cx, const char *action, int64_t id)
{
	const struct audit_act act = {
		.action = action,
		.target = arena_printf(cx->arena, "event_delivery:%" PRId64, id),
	};

	return audit_note(cx, &act);
}

enum err subscription_list(struct ctx *cx, struct list *ret)
{
	return delivery_repo_subscriptions(cx, ret);
}

enum err delivery_list(struct ctx *cx, const struct delivery_filter *filter, struct list *ret)
{
	assert(filter->limit >= 1 && filter->limit <= DELIVERY_PAGE_MAX + 1);
	return delivery_repo_list(cx, filter, ret);
}

static enum err get(struct ctx *cx, int64_t id, struct delivery *ret)
{
	enum err e = delivery_repo_get(cx, id, ret);

	if (e == ERR_NOT_FOUND)
		return err_set(cx, ERR_NOT_FOUND, "there is no delivery %" PRId64, id);
	return e;
}

enum err delivery_redeliver(struct ctx *cx, int64_t id, struct delivery *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct delivery found;

	TRY(db_begin(cx, &tx));
	TRY(get(cx, id, &found));
	if (strcmp(found.state, "behind") == 0) {
		err_set(cx, ERR_STATE, "the event waits for an earlier one of its project");
		err_fix(cx, "hand on the one that is in state waiting, or wait");
		return ERR_STATE;
	}
	TRY(delivery_repo_again(cx, id, &found));
	TRY(note(cx, "event_delivery.redelivered", id));
	TRY(db_commit(&tx));
	cx->bells |= BELL_EVENTS;
	*ret = found;
	return ERR_OK;
}

enum err delivery_discard(struct ctx *cx, int64_t id)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct delivery found;

	TRY(db_begin(cx, &tx));
	TRY(get(cx, id, &found));
	if (strcmp(found.state, "parked") != 0) {
		err_set(cx, ERR_STATE, "the event is %s: it is still to be handed on", found.state);
		err_fix(cx, "only a parked event can be discarded");
		return ERR_STATE;
	}
	TRY(delivery_repo_delete(cx, id));
	TRY(note(cx, "event_delivery.discarded", id));
	return db_commit(&tx);
}

enum err delivery_redeliver_all(struct ctx *cx, const struct delivery_choice *choice, int64_t *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const struct audit_act act = {
		.action = "event_delivery.redelivered",
		.schema = &delivery_choice_schema,
		.detail = choice,
	};
	int64_t n = 0;

	TRY(db_begin(cx, &tx));
	TRY(delivery_repo_again_all(cx, choice->subscription, &n));
	TRY(audit_note(cx, &act));
	TRY(db_commit(&tx));
	cx->bells |= BELL_EVENTS;
	*ret = n;
	return ERR_OK;
}
