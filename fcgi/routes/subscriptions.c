/* How far subscriptions are, and what they could not hand on, over HTTP. */
#include "page.h"
#include "reply.h"
#include "routes/tables.h"

#include "events/delivery.h"
#include "events/subscription.h"

struct subscription_page {
	struct list items;
};
static const struct field SUBSCRIPTIONS_FIELDS[] = {
	F_LIST(struct subscription_page, items, .of = &subscription_schema,
	       .doc = "Every subscription, by name"),
};
static const struct schema SUBSCRIPTIONS =
	SCHEMA(struct subscription_page, "SubscriptionPage", SUBSCRIPTIONS_FIELDS);

struct list_query {
	const char *subscription, *state, *cursor;
	int64_t limit;
};
static const char *const STATES[] = { "waiting", "behind", "parked", NULL };
static const struct field LIST_FIELDS[] = {
	F_TEXT(struct list_query, subscription, .min = 1, .max = SUBSCRIPTION_NAME_MAX,
	       .doc = "Only those of this subscription"),
	F_TEXT(struct list_query, state, .one_of = STATES, .doc = "Only those in this state"),
	PAGE_FIELDS(struct list_query),
};
static const struct schema LIST_QUERY = SCHEMA(struct list_query, "DeliveryListQuery", LIST_FIELDS);

struct redelivered {
	int64_t redelivered;
};
static const struct field REDELIVERED_FIELDS[] = {
	F_INT(struct redelivered, redelivered, .doc = "How many events are handed on again"),
};
static const struct schema REDELIVERED =
	SCHEMA(struct redelivered, "Redelivered", REDELIVERED_FIELDS);

static enum err list_subscriptions(struct ctx *cx, UNUSED const struct request *rq,
                                   struct reply *rp)
{
	struct subscription_page page;

	TRY(subscription_list(cx, &page.items));
	return reply_json(rp, &SUBSCRIPTIONS, &page);
}

static enum err list_deliveries(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	struct delivery_filter filter = { .subscription = query->subscription,
		                          .state = query->state,
		                          .limit = query->limit + 1 };
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &filter.before_id));
	TRY(delivery_list(cx, &filter, &list));
	return page_reply(cx, rq, rp, &delivery_schema, &list, query->limit,
	                  offsetof(struct delivery, id));
}

static enum err redeliver_all(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct redelivered done;

	TRY(delivery_redeliver_all(cx, request_body(rq, &delivery_choice_schema),
	                           &done.redelivered));
	return reply_json(rp, &REDELIVERED, &done);
}

static enum err redeliver(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct delivery delivery;

	TRY(delivery_redeliver(cx, rq->ids[0], &delivery));
	return reply_json(rp, &delivery_schema, &delivery);
}

static enum err discard(struct ctx *cx, const struct request *rq, UNUSED struct reply *rp)
{
	return delivery_discard(cx, rq->ids[0]);
}

#define CALLER .tag = "Subscriptions", .auth = AUTH_ANY, .role = ROLE_OPERATOR, .area = AREA_EVENTS
#define READS  .method = HTTP_GET, CALLER, .rate = RATE_READ, .status = 200
#define WRITES .method = HTTP_POST, CALLER, .rate = RATE_WRITE

const struct route subscription_routes[] = {
	{
		READS,
		.path = "/api/v1/subscriptions",
		.op = "listSubscriptions",
		.reply = &SUBSCRIPTIONS,
		.run = list_subscriptions,
		.doc = "List the parts of the program that are told of events, and how far they are.",
	},
	{
		READS,
		.path = "/api/v1/event-deliveries",
		.op = "listDeliveries",
		.query = &LIST_QUERY,
		.form = ROUTE_PAGE,
		.reply = &delivery_schema,
		.run = list_deliveries,
		.doc = "List the tenant's events that a subscription could not take, newest first.",
	},
	{
		WRITES,
		.path = "/api/v1/event-deliveries/redeliver",
		.op = "redeliverAll",
		.body = &delivery_choice_schema,
		.status = 200,
		.reply = &REDELIVERED,
		.audit = "event_delivery.redelivered",
		.run = redeliver_all,
		.doc = "Hand on all parked events of a subscription again, or of all.",
	},
	{
		WRITES,
		.path = "/api/v1/event-deliveries/{id}/redeliver",
		.op = "redeliverEvent",
		.status = 200,
		.reply = &delivery_schema,
		.fails = { ERR_NOT_FOUND, ERR_STATE },
		.audit = "event_delivery.redelivered",
		.run = redeliver,
		.doc = "Hand on a parked event again, or one that waits at once.",
	},
	{
		WRITES,
		.path = "/api/v1/event-deliveries/{id}/discard",
		.op = "discardEvent",
		.status = 204,
		.fails = { ERR_NOT_FOUND, ERR_STATE },
		.audit = "event_delivery.discarded",
		.run = discard,
		.doc = "Give up a parked event for good.",
	},
	ROUTES_END,
};
