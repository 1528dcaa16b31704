/*
 * ceiling_tool: the most that this PostgreSQL gives to anybody who claims and completes jobs in batches.
 *
 * The product's statement without all that the product needs: no fencing token, no heartbeat, one queue, one
 * priority, no row security, no partitions, no unique key; rows are asked for and not looked at but for
 * their ids.  As many connections as the runner has lanes, whose commits do not wait for the disk either.
 *
 *     ceiling_tool CONNINFO THREADS BATCH     drains bench.job; prints jobs and seconds
 */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS_MAX 16
#define TEXT_MAX    (32 * 1024)

static const char SQL[] =
	"WITH d AS (DELETE FROM bench.job WHERE id = ANY ($1::bigint[]) RETURNING *),"
	" h AS (INSERT INTO bench.history (id, tenant_id, queue, job_type, priority, attempt,"
	" max_attempts, arguments, run_at, created_at, started_at) SELECT id, tenant_id, queue, job_type,"
	" priority, attempt, max_attempts, arguments, run_at, created_at, started_at FROM d)"
	" UPDATE bench.job SET state = 'running', attempt = attempt + 1, started_at = now()"
	" WHERE ctid = ANY (ARRAY(SELECT ctid FROM bench.job WHERE queue = 'ledger_light'"
	" AND priority = 2 AND run_at <= now() AND (run_at, id) >= ($2::timestamptz, $3::bigint)"
	" AND state = 'ready' ORDER BY run_at, id LIMIT $4 FOR UPDATE SKIP LOCKED))"
	" RETURNING id, run_at";

struct drain {
	const char *conninfo, *batch;
	long done;
};

static void *drain(void *arg)
{
	struct drain *d = arg;
	PGconn *conn = PQconnectdb(d->conninfo);
	char ids[TEXT_MAX] = "{}", run_at[64] = "-infinity", id[32] = "0";
	int misses = 0;

	PQclear(PQexec(conn,
	               "SET synchronous_commit = off; SET plan_cache_mode = force_generic_plan"));
	PQclear(PQprepare(conn, "s", SQL, 0, NULL));
	while (misses < 2) {
		const char *const values[] = { ids, run_at, id, d->batch };
		PGresult *res = PQexecPrepared(conn, "s", 4, values, NULL, NULL, 0);
		int n = PQntuples(res);
		size_t len = 1;

		if (PQresultStatus(res) != PGRES_TUPLES_OK) {
			fprintf(stderr, "%s", PQerrorMessage(conn));
			exit(1);
		}
		for (int i = 0; i < n; i++)
			len += (size_t)snprintf(ids + len, sizeof(ids) - len, "%s%s",
			                        i > 0 ? "," : "", PQgetvalue(res, i, 0));
		snprintf(ids + len, sizeof(ids) - len, "}");
		misses = n > 0 ? 0 : misses + 1;
		snprintf(run_at, sizeof(run_at), "%s",
		         n > 0 ? PQgetvalue(res, n - 1, 1) : "-infinity");
		snprintf(id, sizeof(id), "%s", n > 0 ? PQgetvalue(res, n - 1, 0) : "0");
		d->done += n;
		PQclear(res);
	}
	PQfinish(conn);
	return NULL;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct drain drains[THREADS_MAX];
	pthread_t threads[THREADS_MAX];
	int n = argc == 4 ? atoi(argv[2]) : 0;
	double since = now();
	long done = 0;

	if (n < 1 || n > THREADS_MAX)
		return 2;
	for (int i = 0; i < n; i++) {
		drains[i] = (struct drain){ argv[1], argv[3], 0 };
		pthread_create(&threads[i], NULL, drain, &drains[i]);
	}
	for (int i = 0; i < n; i++) {
		pthread_join(threads[i], NULL);
		done += drains[i].done;
	}
	printf("%ld %.3f\n", done, now() - since);
	return 0;
}
