/* Readiness, looked at once a second at most. */
#include "health.h"

#include "base/migrate.h"
#include "events/follow.h"

#include <pthread.h>
#include <string.h>

#define KEEP_US ((int64_t)1000 * 1000)

struct health {
	pthread_mutex_t lock; /* of all below; not held while looking */
	bool looking;         /* a thread is: the others tell what was seen before */
	int64_t looked_us;    /* monotonic; 0: never */
	enum err database;
	int64_t schema_version;
	bool live; /* a relay of live streams is there */
};

static const struct field MODULE_FIELDS[] = {
	F_TEXT(struct health_module, name, .required = true, .doc = "Part of the program"),
	F_TEXT(struct health_module, status, .required = true, .doc = "ok, degraded or failing"),
	F_TEXT(struct health_module, detail, .nullable = true, .doc = "What is wrong"),
};
const struct schema health_module_schema =
	SCHEMA(struct health_module, "HealthModule", MODULE_FIELDS);

static const struct field REPORT_FIELDS[] = {
	F_TEXT(struct health_report, status, .required = true,
	       .doc = "failing when a module is; ok otherwise"),
	F_LIST(struct health_report, modules, .required = true, .of = &health_module_schema,
	       .doc = "Each part on its own"),
	F_INT(struct health_report, schema_version, .required = true,
	      .doc = "Version of the database schema; 0 when unknown"),
};
const struct schema health_report_schema =
	SCHEMA(struct health_report, "HealthReport", REPORT_FIELDS);

struct health *health_new(struct arena *arena)
{
	struct health *health = arena_alloc(arena, sizeof(*health));

	pthread_mutex_init(&health->lock, NULL);
	return health;
}

/* Take the turn to look, when it is time.  With the lock held. */
static bool is_due(struct health *health, int64_t now_us)
{
	if (health->looked_us == 0)
		return true; /* nothing is known: even if another looks */
	return !health->looking && now_us - health->looked_us >= KEEP_US;
}

static void look(struct ctx *cx, struct health *health)
{
	const struct clock *clock = cx->app->clock;
	int64_t version = 0;
	enum err database;
	bool due, live = false;

	pthread_mutex_lock(&health->lock);
	due = is_due(health, clock->mono_us(clock));
	health->looking = health->looking || due;
	pthread_mutex_unlock(&health->lock);
	if (!due)
		return;
	database = migrate_version(cx, &version);
	if (database == ERR_OK && version >= MIGRATE_NEWEST &&
	    event_is_followed(cx, "live", &live) != ERR_OK)
		live = false;
	err_clear(cx);
	pthread_mutex_lock(&health->lock);
	health->database = database;
	health->live = live;
	health->schema_version = version;
	health->looked_us = clock->mono_us(clock);
	health->looking = false;
	pthread_mutex_unlock(&health->lock);
}

bool health_is_ok(const struct health_report *report)
{
	const struct health_module *modules = report->modules.items;

	for (size_t i = 0; i < report->modules.n; i++) {
		if (strcmp(modules[i].status, "failing") == 0)
			return false;
	}
	return true;
}

void health_look(struct ctx *cx, struct health *health, struct health_report *ret)
{
	struct health_module *modules = arena_array(cx->arena, HEALTH_MODULES, sizeof(*modules));
	enum err database;
	const char *old = NULL;
	bool live;

	look(cx, health);
	pthread_mutex_lock(&health->lock);
	database = health->database;
	ret->schema_version = health->schema_version;
	live = health->live;
	pthread_mutex_unlock(&health->lock);

	if (database != ERR_OK)
		old = "Unknown while the database is away.";
	else if (ret->schema_version < MIGRATE_NEWEST)
		old = "The schema is older than this program.";
	modules[HEALTH_DATABASE] =
		(struct health_module){ "database", database == ERR_OK ? "ok" : "failing",
		                        database == ERR_OK ? NULL : err_info(database)->title };
	modules[HEALTH_SCHEMA] =
		(struct health_module){ "schema", old == NULL ? "ok" : "failing", old };
	/* Without it programs poll; no reason to send the requests elsewhere. */
	modules[HEALTH_LIVE] = (struct health_module){
		"live",
		live ? "ok" : "degraded",
		live ? NULL : "No relay of live streams is running.",
	};
	ret->modules = (struct list){ modules, HEALTH_MODULES };
	ret->status = health_is_ok(ret) ? "ok" : "failing";
}
