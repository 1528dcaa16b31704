/* SQL of handing on. */
#include "events/subscription_repo.h"

static const struct db_stmt REGISTER = {
	.name = "subscription_register",
	.nparams = 3,
	.any_tenant = true,
	.sql = "INSERT INTO app.event_subscription AS s (name, kinds, doc) VALUES ($1, $2, $3)"
	       " ON CONFLICT (name) DO UPDATE SET kinds = excluded.kinds, doc = excluded.doc"
	       " WHERE s.kinds <> excluded.kinds OR s.doc <> excluded.doc",
};

enum err subscription_repo_register(struct ctx *cx, const char *name, const char *kinds,
                                    const char *doc)
{
	return db_run(cx, &REGISTER, DB_ARGS(DB_TEXT(name), DB_TEXT(kinds), DB_TEXT(doc)), NULL);
}

/*
 * What is moved by it is seen by the next statement only; then there is work in any case.  A maximum is
 * found from the end of the index; whether something exists might be looked for from the beginning.
 */
static const struct field LOOK_FIELDS[] = {
	F_INT(struct subscription_look, moved),
	F_BOOL(struct subscription_look, work),
	F_INT(struct subscription_look, wait_ms),
};
static const struct schema LOOK = SCHEMA(struct subscription_look, "SubscriptionLook", LOOK_FIELDS);

static const struct db_stmt LOOK_FOR_WORK = {
	.name = "subscription_look",
	.nparams = 1,
	.any_tenant = true,
	.sql = "SELECT app.event_sequence(1000, false) AS moved,"
	       " coalesce((SELECT max(position) FROM app.event) > s.position, false)"
	       " OR coalesce(s.wait_ms <= 0, false) AS work,"
	       " CASE WHEN s.wait_ms IS NULL THEN -1 ELSE greatest(s.wait_ms, 0) END AS wait_ms"
	       " FROM (SELECT min(o.position) AS position,"
	       " ceil(date_part('epoch', min(o.retry_at) - clock_timestamp()) * 1000)::bigint AS wait_ms"
	       " FROM (SELECT position, (SELECT min(retry_at) FROM app.event_delivery d"
	       " WHERE d.subscription_id = a.id AND d.state = 'waiting' AND d.retry_at IS NOT NULL)"
	       " AS retry_at FROM app.event_subscription a WHERE name = ANY ($1::text[])) o) s",
};

enum err subscription_repo_look(struct ctx *cx, const char *names, struct subscription_look *ret)
{
	return db_get(cx, &LOOK_FOR_WORK, DB_ARGS(DB_TEXT(names)), &LOOK, ret);
}

/* Few events are looked through: beyond $2 there is work in any case. */
static const struct db_stmt WANTS = {
	.name = "subscription_wants",
	.nparams = 2,
	.any_tenant = true,
	.read = true,
	.sql = "SELECT count(*) FROM app.event_subscription s WHERE s.name = $1 AND CASE"
	       " WHEN coalesce((SELECT max(position) FROM app.event), 0) - s.position >= $2 THEN true"
	       " WHEN EXISTS (SELECT FROM app.event_delivery d WHERE d.subscription_id = s.id"
	       " AND d.state = 'waiting' AND d.retry_at <= clock_timestamp()) THEN true"
	       " ELSE EXISTS (SELECT FROM app.event e, unnest(s.kinds) k WHERE e.position > s.position"
	       " AND (k = '*' OR k = e.kind"
	       " OR (right(k, 2) = '.*' AND starts_with(e.kind, left(k, -1))))) END",
};

enum err subscription_repo_wants(struct ctx *cx, const char *name, int64_t behind, bool *ret)
{
	int64_t n = 0;

	TRY(db_get_int(cx, &WANTS, DB_ARGS(DB_TEXT(name), DB_INT(behind)), &n));
	*ret = n > 0;
	return ERR_OK;
}

static const struct field PLACE_FIELDS[] = {
	F_INT(struct subscription_place, id),
	F_INT(struct subscription_place, position),
	F_BOOL(struct subscription_place, waiting),
	F_TEXT(struct subscription_place, idle),
};
static const struct schema PLACE =
	SCHEMA(struct subscription_place, "SubscriptionPlace", PLACE_FIELDS);

/* A holder that was stopped, or whose host is gone, is thrown out by the server: SUBSCRIPTION_IDLE_MS. */
static const struct db_stmt HOLD = {
	.name = "subscription_hold",
	.nparams = 1,
	.any_tenant = true,
	.sql = "SELECT s.id, s.position, EXISTS (SELECT FROM app.event_delivery d"
	       " WHERE d.subscription_id = s.id AND d.state = 'waiting'"
	       " AND d.retry_at <= clock_timestamp()) AS waiting,"
	       " set_config('idle_in_transaction_session_timeout', '5000', true) AS idle"
	       " FROM app.event_subscription s WHERE s.name = $1 FOR UPDATE OF s SKIP LOCKED",
};
static_assert(SUBSCRIPTION_IDLE_MS == 5000, "as the statement says");

enum err subscription_repo_hold(struct ctx *cx, const char *name, struct subscription_place *ret)
{
	return db_get(cx, &HOLD, DB_ARGS(DB_TEXT(name)), &PLACE, ret);
}

#define EVENT_STEP_FIELDS                                                                          \
	F_INT(struct subscription_step, event.position, .name = "position"),                       \
		F_TEXT(struct subscription_step, event.kind, .name = "kind"),                      \
		F_INT(struct subscription_step, event.version, .name = "version"),                 \
		F_INT(struct subscription_step, event.project_id, .name = "project_id"),           \
		F_JSON(struct subscription_step, event.payload, .name = "payload"),                \
		F_TEXT(struct subscription_step, event.actor, .name = "actor"),                    \
		F_TEXT(struct subscription_step, event.request_id, .name = "request_id"),          \
		F_TIME(struct subscription_step, event.created_us, .name = "created_at"),          \
		F_INT(struct subscription_step, tenant_id)

static const struct field STEP_FIELDS[] = {
	EVENT_STEP_FIELDS,
	F_BOOL(struct subscription_step, blocked),
	F_INT(struct subscription_step, delivery_id),
	F_INT(struct subscription_step, attempt),
};
static const struct schema STEP = SCHEMA(struct subscription_step, "SubscriptionStep", STEP_FIELDS);

static const struct db_stmt NEXT = {
	.name = "subscription_next",
	.nparams = 4,
	.any_tenant = true,
	.read = true,
	.sql = "SELECT " EVENT_COLUMNS ", tenant_id, EXISTS (SELECT FROM app.event_delivery d"
	       " WHERE d.subscription_id = $1 AND d.tenant_id = e.tenant_id"
	       " AND d.project_id = coalesce(e.project_id, 0) AND d.state = 'waiting') AS blocked"
	       " FROM (SELECT *, " EVENT_BYTES_BEFORE " FROM app.event WHERE position > $2"
	       " ORDER BY position LIMIT $3) e WHERE bytes_before < $4::bigint ORDER BY position",
};

enum err subscription_repo_next(struct ctx *cx, const struct subscription_place *place,
                                struct list *ret)
{
	return db_list(cx, &NEXT,
	               DB_ARGS(DB_INT(place->id), DB_INT(place->position),
	                       DB_INT(SUBSCRIPTION_BATCH), DB_INT((int64_t)EVENT_PAGE_BYTES)),
	               &STEP, ret);
}

static const struct db_stmt DUE = {
	.name = "subscription_due",
	.nparams = 3,
	.any_tenant = true,
	.read = true,
	.sql = "SELECT " EVENT_COLUMNS ", tenant_id, id AS delivery_id, attempt"
	       " FROM (SELECT *, " EVENT_BYTES_BEFORE " FROM app.event_delivery"
	       " WHERE subscription_id = $1 AND state = 'waiting' AND (tenant_id, project_id) IN"
	       " (SELECT tenant_id, project_id FROM app.event_delivery WHERE subscription_id = $1"
	       " AND state = 'waiting' AND retry_at <= clock_timestamp() ORDER BY retry_at LIMIT 100)"
	       " ORDER BY position LIMIT $2) e WHERE bytes_before < $3::bigint ORDER BY position",
};

enum err subscription_repo_due(struct ctx *cx, int64_t id, struct list *ret)
{
	return db_list(
		cx, &DUE,
		DB_ARGS(DB_INT(id), DB_INT(SUBSCRIPTION_BATCH), DB_INT((int64_t)EVENT_PAGE_BYTES)),
		&STEP, ret);
}

static const struct db_stmt TENANT_LIVES = {
	.name = "subscription_tenant",
	.nparams = 1,
	.read = true,
	.sql = "SELECT count(*) FROM app.tenant WHERE id = $1 AND status = 'active'",
};

enum err subscription_repo_tenant_lives(struct ctx *cx, bool *ret)
{
	int64_t n = 0;

	TRY(db_get_int(cx, &TENANT_LIVES, DB_NO_ARGS, &n));
	*ret = n > 0;
	return ERR_OK;
}

/* --- What was not taken --- */

#define COPIED                                                                                     \
	"tenant_id, position, project_id, kind, version, payload, actor, request_id, created_at"
#define COPY                                                                                       \
	"tenant_id, position, coalesce(project_id, 0), kind, version, payload, actor, request_id," \
	" created_at"

/* Somebody may have set the place back by hand: what lies here already stays as it is. */
#define ONCE " ON CONFLICT (subscription_id, position) DO NOTHING"

static const struct db_stmt FAIL = {
	.name = "subscription_fail",
	.nparams = 6,
	.sql = "INSERT INTO app.event_delivery (" COPIED ", subscription_id, state, attempt,"
	       " retry_at, error_type, error_message, failed_at)"
	       " SELECT " COPY
	       ", $2::bigint, CASE WHEN $4::bigint < 0 THEN 'parked' ELSE 'waiting' END, 1,"
	       " CASE WHEN $4 >= 0 THEN clock_timestamp() + $4 * interval '1 ms' END, $5::text,"
	       " left($6::text, 2000), clock_timestamp()"
	       " FROM app.event WHERE tenant_id = $1 AND position = $3" ONCE,
};

enum err subscription_repo_fail(struct ctx *cx, int64_t id, int64_t position,
                                const struct subscription_failure *why, bool *ret_new)
{
	int64_t rows = 0;

	TRY(db_run(cx, &FAIL,
	           DB_ARGS(DB_INT(id), DB_INT(position), DB_INT(why->wait_ms), DB_TEXT(why->type),
	                   DB_TEXT(why->message)),
	           &rows));
	*ret_new = rows > 0;
	return ERR_OK;
}

static const struct db_stmt DEFER = {
	.name = "subscription_defer",
	.nparams = 3,
	.sql = "INSERT INTO app.event_delivery (" COPIED ", subscription_id, state)"
	       " SELECT " COPY ", $2::bigint, 'waiting' FROM app.event"
	       " WHERE tenant_id = $1 AND position = ANY ($3::bigint[])" ONCE,
};

enum err subscription_repo_defer(struct ctx *cx, int64_t id, const char *positions)
{
	return db_run(cx, &DEFER, DB_ARGS(DB_INT(id), DB_TEXT(positions)), NULL);
}

/* The lowest of those that wait behind w; its change is not seen by the statement that makes it. */
#define WAKE_NEXT                                                                                  \
	"UPDATE app.event_delivery SET retry_at = clock_timestamp() WHERE id = (SELECT n.id"       \
	" FROM app.event_delivery n, w WHERE n.subscription_id = w.subscription_id"                \
	" AND n.tenant_id = w.tenant_id AND n.project_id = w.project_id AND n.state = 'waiting'"   \
	" AND n.id <> w.id ORDER BY n.position LIMIT 1) AND retry_at IS NULL"

static const struct db_stmt TAKEN = {
	.name = "subscription_taken",
	.nparams = 1,
	.any_tenant = true,
	.sql = "WITH w AS (DELETE FROM app.event_delivery WHERE id = $1"
	       " RETURNING id, subscription_id, tenant_id, project_id) " WAKE_NEXT,
};

enum err subscription_repo_taken(struct ctx *cx, const struct subscription_step *step)
{
	return db_run(cx, &TAKEN, DB_ARGS(DB_INT(step->delivery_id)), NULL);
}

static const struct db_stmt AGAIN = {
	.name = "subscription_again",
	.nparams = 4,
	.any_tenant = true,
	.sql = "UPDATE app.event_delivery SET attempt = attempt + 1,"
	       " retry_at = clock_timestamp() + $2::bigint * interval '1 ms', error_type = $3,"
	       " error_message = left($4::text, 2000), failed_at = clock_timestamp() WHERE id = $1",
};

enum err subscription_repo_again(struct ctx *cx, const struct subscription_step *step,
                                 const struct subscription_failure *why)
{
	return db_run(cx, &AGAIN,
	              DB_ARGS(DB_INT(step->delivery_id), DB_INT(why->wait_ms), DB_TEXT(why->type),
	                      DB_TEXT(why->message)),
	              NULL);
}

static const struct db_stmt PARK = {
	.name = "subscription_park",
	.nparams = 3,
	.any_tenant = true,
	.sql = "WITH w AS (UPDATE app.event_delivery SET state = 'parked', attempt = attempt + 1,"
	       " retry_at = NULL, error_type = $2, error_message = left($3::text, 2000),"
	       " failed_at = clock_timestamp() WHERE id = $1"
	       " RETURNING id, subscription_id, tenant_id, project_id) " WAKE_NEXT,
};

enum err subscription_repo_park(struct ctx *cx, const struct subscription_step *step,
                                const struct subscription_failure *why)
{
	return db_run(cx, &PARK,
	              DB_ARGS(DB_INT(step->delivery_id), DB_TEXT(why->type), DB_TEXT(why->message)),
	              NULL);
}

static const struct db_stmt ADVANCE = {
	.name = "subscription_advance",
	.nparams = 4,
	.any_tenant = true,
	.sql = "WITH u AS (UPDATE app.event_subscription SET position = $2, handled = handled + $3,"
	       " updated_at = now() WHERE id = $1 RETURNING 1)"
	       " SELECT set_config('synchronous_commit', 'off', true) FROM u WHERE $4",
};

enum err subscription_repo_advance(struct ctx *cx, const struct subscription_place *place,
                                   int64_t handled, bool lazy)
{
	return db_run(
		cx, &ADVANCE,
		DB_ARGS(DB_INT(place->id), DB_INT(place->position), DB_INT(handled), DB_BOOL(lazy)),
		NULL);
}

/* --- Retention --- */

static const struct db_stmt TIDY = {
	.name = "subscription_tidy",
	.nparams = 3,
	.any_tenant = true,
	.sql = "WITH d AS (DELETE FROM app.event_delivery WHERE id = ANY (ARRAY(SELECT id"
	       " FROM app.event_delivery WHERE state = 'parked'"
	       " AND failed_at < now() - $1::bigint * interval '1 day' LIMIT 5000)) RETURNING 1),"
	       " s AS (DELETE FROM app.state WHERE id = ANY (ARRAY(SELECT id FROM app.state"
	       " WHERE data IS NULL AND updated_at < now() - $1 * interval '1 day' LIMIT 5000))"
	       " RETURNING 1),"
	       " a AS (DELETE FROM app.event_activity WHERE ctid = ANY (ARRAY(SELECT ctid"
	       " FROM app.event_activity WHERE day < current_date - $2::integer LIMIT 5000))"
	       " RETURNING 1),"
	       " p AS (DELETE FROM app.event WHERE kind = 'run.delta' AND (position, sequenced_at) IN"
	       " (SELECT position, sequenced_at FROM app.event WHERE kind = 'run.delta'"
	       " AND sequenced_at < now() - $3::bigint * interval '1 hour'"
	       " ORDER BY sequenced_at LIMIT 5000) RETURNING 1)"
	       " SELECT (SELECT count(*) FROM d) + (SELECT count(*) FROM s) + (SELECT count(*) FROM a)"
	       " + (SELECT count(*) FROM p)",
};

enum err subscription_repo_tidy(struct ctx *cx, int64_t event_days, int64_t activity_days,
                                int64_t piece_hours, int64_t *ret)
{
	return db_get_int(cx, &TIDY,
	                  DB_ARGS(DB_INT(event_days), DB_INT(activity_days), DB_INT(piece_hours)),
	                  ret);
}

const struct db_check subscription_statements[] = {
	{ .stmt = &REGISTER, .as = DB_AS_RUNNER },
	{ .stmt = &LOOK_FOR_WORK, .row = &LOOK, .as = DB_AS_RUNNER },
	{ .stmt = &WANTS, .as = DB_AS_RUNNER },
	{ .stmt = &HOLD, .row = &PLACE, .as = DB_AS_RUNNER },
	{ .stmt = &NEXT, .row = &STEP, .partial = true, .as = DB_AS_RUNNER },
	{ .stmt = &DUE, .row = &STEP, .partial = true, .as = DB_AS_RUNNER },
	{ .stmt = &TENANT_LIVES, .as = DB_AS_RUNNER },
	{ .stmt = &FAIL, .as = DB_AS_RUNNER },
	{ .stmt = &DEFER, .as = DB_AS_RUNNER },
	{ .stmt = &TAKEN, .as = DB_AS_RUNNER },
	{ .stmt = &AGAIN, .as = DB_AS_RUNNER },
	{ .stmt = &PARK, .as = DB_AS_RUNNER },
	{ .stmt = &ADVANCE, .as = DB_AS_RUNNER },
	{ .stmt = &TIDY, .as = DB_AS_RUNNER },
	{ .stmt = NULL },
};
