/*
 * Connections that several threads share, a few at a time.
 *
 * A place is a connection with what is prepared on it.  Who takes one moves both into its own object, and
 * back when it rests; so all else of this layer sees a connection of the object's own.
 */
#include "base/db_conn.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WAIT_MS 10000 /* for a place, where no statement_timeout says how long one may be held */

struct db_place {
	PGconn *conn; /* NULL: none yet, or lost */
	const struct db_stmt **prepared;
	int nprepared;
	bool taken;
};

struct db_pool {
	pthread_mutex_t lock;
	pthread_cond_t freed;
	int n;
	struct db_place *places;
};

struct db_pool *db_pool_new(int most)
{
	struct db_pool *pool = calloc(1, sizeof(*pool));
	pthread_condattr_t attr;

	assert(most > 0);
	if (pool == NULL)
		abort();
	pool->n = most;
	pool->places = calloc((size_t)most, sizeof(*pool->places));
	if (pool->places == NULL)
		abort();
	pthread_mutex_init(&pool->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->freed, &attr);
	pthread_condattr_destroy(&attr);
	return pool;
}

void db_pool_free(struct db_pool *pool)
{
	if (pool == NULL)
		return;
	for (int i = 0; i < pool->n; i++) {
		assert(!pool->places[i].taken);
		if (pool->places[i].conn != NULL)
			PQfinish(pool->places[i].conn);
		free(pool->places[i].prepared);
	}
	pthread_cond_destroy(&pool->freed);
	pthread_mutex_destroy(&pool->lock);
	free(pool->places);
	free(pool);
}

int db_pool_open(struct db_pool *pool)
{
	int n = 0;

	pthread_mutex_lock(&pool->lock);
	for (int i = 0; i < pool->n; i++)
		n += pool->places[i].taken || pool->places[i].conn != NULL;
	pthread_mutex_unlock(&pool->lock);
	return n;
}

/* One that is connected sooner than one that is not. */
static struct db_place *free_place(struct db_pool *pool)
{
	struct db_place *ret = NULL;

	for (int i = 0; i < pool->n; i++) {
		struct db_place *place = &pool->places[i];

		if (!place->taken && (ret == NULL || (ret->conn == NULL && place->conn != NULL)))
			ret = place;
	}
	return ret;
}

static struct timespec after_ms(int ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

bool db_pool_take(struct db *db)
{
	struct db_pool *pool = db->pool;
	int wait_ms = db->statement_timeout_ms > 0 ? db->statement_timeout_ms : WAIT_MS;
	struct timespec until = after_ms(wait_ms);
	struct db_place *place;

	pthread_mutex_lock(&pool->lock);
	while ((place = free_place(pool)) == NULL) {
		if (pthread_cond_timedwait(&pool->freed, &pool->lock, &until) != 0)
			break;
	}
	if (place != NULL)
		place->taken = true;
	pthread_mutex_unlock(&pool->lock);
	if (place == NULL) {
		snprintf(db->trouble, sizeof(db->trouble),
		         "none of the %d shared connections became free in %d ms", pool->n,
		         wait_ms);
		return false;
	}
	if (place->prepared == NULL)
		place->prepared = calloc(DB_PREPARED_SLOTS, sizeof(place->prepared[0]));
	if (place->prepared == NULL)
		abort();
	db->place = place;
	db->conn = place->conn;
	db->prepared = place->prepared;
	db->nprepared = place->nprepared;
	db->gave_up = db->gave_up && db->conn == NULL;
	return true;
}

void db_pool_rest(struct db *db)
{
	struct db_place *place = db->place;

	if (place == NULL || db->depth > 0)
		return;
	assert(db->opened == 0);
	pthread_mutex_lock(&db->pool->lock);
	place->conn = db->conn;
	place->nprepared = db->nprepared;
	place->taken = false;
	pthread_cond_signal(&db->pool->freed);
	pthread_mutex_unlock(&db->pool->lock);
	db->place = NULL;
	db->conn = NULL;
	db->prepared = NULL;
	db->nprepared = 0;
	db->told = 0;
}
