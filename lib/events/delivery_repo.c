/* SQL of deliveries. */
#include "events/delivery_repo.h"

/*
 * Those of the tenant's events that wait are counted up to a bound, and looked for in so many after the
 * place.
 */
static const struct db_stmt SUBSCRIPTIONS = {
	.name = "delivery_subscriptions",
	.read = true,
	.nparams = 2,
	.sql = "SELECT s.name, s.doc, to_jsonb(s.kinds) AS kinds, s.position, s.handled,"
	       " l.lag_events, l.lag_s, d.failing, d.parked, " DB_US(
		       "updated_at") " FROM app.event_subscription s, LATERAL (SELECT count(*) AS lag_events,"
				     " coalesce(greatest(date_part('epoch', clock_timestamp() - min(e.created_at)), 0), 0)::bigint"
				     " AS lag_s FROM (SELECT kind, created_at FROM app.event WHERE tenant_id = $1"
				     " AND position > s.position ORDER BY position LIMIT $2::bigint) e WHERE EXISTS (SELECT"
				     " FROM unnest(s.kinds) k WHERE k = '*' OR k = e.kind"
				     " OR (right(k, 2) = '.*' AND starts_with(e.kind, left(k, -1))))) l,"
				     " LATERAL (SELECT count(*) FILTER (WHERE state = 'waiting') AS failing,"
				     " count(*) FILTER (WHERE state = 'parked') AS parked FROM app.event_delivery"
				     " WHERE tenant_id = $1 AND subscription_id = s.id) d ORDER BY s.name",
};

enum err delivery_repo_subscriptions(struct ctx *cx, struct list *ret)
{
	return db_list(cx, &SUBSCRIPTIONS, DB_ARGS(DB_INT(DELIVERY_LAG_MAX)), &subscription_schema,
	               ret);
}

#define COLUMNS                                                                                      \
	"id, (SELECT s.name FROM app.event_subscription s WHERE s.id = subscription_id)"             \
	" AS subscription, position, kind, version, project_id, payload, actor, request_id, " DB_US( \
		"created_at") ", CASE WHEN state = 'waiting' AND retry_at IS NULL THEN 'behind' "    \
			      "ELSE state END AS state, attempt, error_type, error_message, " DB_US( \
				      "failed_at") ", " DB_US("retry_at")

static const struct db_stmt LIST = {
	.name = "delivery_list",
	.read = true,
	.nparams = 5,
	.sql = "SELECT " COLUMNS " FROM app.event_delivery WHERE tenant_id = $1"
	       " AND ($2::text IS NULL OR subscription_id = (SELECT s.id FROM app.event_subscription s"
	       " WHERE s.name = $2)) AND id < $3 AND ($4::text IS NULL OR $4 ="
	       " CASE WHEN state = 'waiting' AND retry_at IS NULL THEN 'behind' ELSE state END)"
	       " ORDER BY id DESC LIMIT $5",
};

enum err delivery_repo_list(struct ctx *cx, const struct delivery_filter *filter, struct list *ret)
{
	int64_t before = filter->before_id != 0 ? filter->before_id : INT64_MAX;

	return db_list(cx, &LIST,
	               DB_ARGS(DB_TEXT(filter->subscription), DB_INT(before),
	                       DB_TEXT(filter->state), DB_INT(filter->limit)),
	               &delivery_schema, ret);
}

static const struct db_stmt GET = {
	.name = "delivery_get",
	.nparams = 2,
	.sql = "SELECT " COLUMNS
	       " FROM app.event_delivery WHERE tenant_id = $1 AND id = $2 FOR UPDATE",
};

enum err delivery_repo_get(struct ctx *cx, int64_t id, struct delivery *ret)
{
	return db_get(cx, &GET, DB_ARGS(DB_INT(id)), &delivery_schema, ret);
}

static const struct db_stmt AGAIN = {
	.name = "delivery_again",
	.nparams = 2,
	.sql = "UPDATE app.event_delivery SET attempt = CASE WHEN state = 'parked' THEN 0"
	       " ELSE attempt END, state = 'waiting', retry_at = clock_timestamp()"
	       " WHERE tenant_id = $1 AND id = $2 RETURNING " COLUMNS,
};

enum err delivery_repo_again(struct ctx *cx, int64_t id, struct delivery *ret)
{
	return db_get(cx, &AGAIN, DB_ARGS(DB_INT(id)), &delivery_schema, ret);
}

static const struct db_stmt DELETE = {
	.name = "delivery_delete",
	.nparams = 2,
	.sql = "DELETE FROM app.event_delivery WHERE tenant_id = $1 AND id = $2",
};

enum err delivery_repo_delete(struct ctx *cx, int64_t id)
{
	return db_run(cx, &DELETE, DB_ARGS(DB_INT(id)), NULL);
}

static const struct db_stmt AGAIN_ALL = {
	.name = "delivery_again_all",
	.nparams = 2,
	.sql = "UPDATE app.event_delivery SET attempt = 0, state = 'waiting', retry_at = clock_timestamp()"
	       " WHERE tenant_id = $1 AND state = 'parked' AND ($2::text IS NULL OR subscription_id ="
	       " (SELECT s.id FROM app.event_subscription s WHERE s.name = $2))",
};

enum err delivery_repo_again_all(struct ctx *cx, const char *subscription, int64_t *ret)
{
	return db_run(cx, &AGAIN_ALL, DB_ARGS(DB_TEXT(subscription)), ret);
}

const struct db_check delivery_statements[] = {
	{ .stmt = &SUBSCRIPTIONS, .row = &subscription_schema },
	{ .stmt = &LIST, .row = &delivery_schema },
	{ .stmt = &GET, .row = &delivery_schema },
	{ .stmt = &AGAIN, .row = &delivery_schema },
	{ .stmt = &DELETE },
	{ .stmt = &AGAIN_ALL },
	{ .stmt = NULL },
};
