/*
 * Tellers: connections of their own for tests of the event log, and one kind of event.
 *
 * Several may work at the same time, each in a thread.
 */
#ifndef TESTS_TELLER_H
#define TESTS_TELLER_H

#include "fixture_db.h"

#include "events/event.h"

struct teller {
	struct db *db;
	struct arena *arena;
	struct ctx cx;
	int64_t tenant_id;
};

struct told {
	int64_t number;
	const char *text;
};
extern const struct event_kind told_kind; /* "test.told" */

/** @of its application and tenant are taken over; the runner's role has no tenant */
void teller_open(struct teller *t, const struct ctx *of, enum fixture_role role);
/** A context begun anew. */
struct ctx *teller_ctx(struct teller *t);
/** End the session and nothing else, as kill -9 does; the next statement has a new one. */
void teller_kill(struct teller *t);
void teller_close(struct teller *t);

/** Emit an event of a project. */
NODISCARD
enum err tell(struct ctx *cx, int64_t project_id, int64_t number);

/** @ret the number that an event of that kind tells */
int64_t told_number(struct ctx *cx, const struct event *event);

#endif
