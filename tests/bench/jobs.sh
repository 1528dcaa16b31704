#!/bin/bash
# The queue: drain, start, idle and WAL, beside a ceiling and what others run on PostgreSQL.
#
#   tests/bench/jobs.sh          all of it, on a PostgreSQL of its own that waits for its disk
#   tests/bench/jobs.sh soak     a million light jobs; does the hot table or an index grow?
#
#   BENCH_JOBS=300000   in each drain       BENCH_ROUNDS=3    rounds of each comparison
#   SOAK_JOBS=1000000   BENCH_PART=latency: that part alone
set -eu
ROOT=$(cd "${0%/*}/../.." && pwd -P)
export VARIANT=${VARIANT:-release}
if [ -z "${PORTOLAN_TEST_SUPER_URL:-}" ]; then
	PG_DURABLE=1 exec "$ROOT/tests/pg.sh" bash "$ROOT/tests/bench/jobs.sh" "$@"
fi
VAR=${PORTOLAN_CONFIG%/*}
export VAR
. "$ROOT/deploy/env.sh"
. "$ROOT/tests/bench/common.sh"
load_settings
JOBS=${BENCH_JOBS:-300000}
ROUNDS=${BENCH_ROUNDS:-3}
SOAK=${SOAK_JOBS:-1000000}
BUILD=$ROOT/build/$VARIANT/tests
LANES=2
runner=
holder=
peers=

leave() {
	code=$?
	trap '' EXIT INT TERM
	[ -z "$runner" ] || stop_runner || :
	[ -z "$holder" ] || let_go || :
	[ -z "$peers" ] || rm -rf "$peers"
	wait
	exit "$code"
}
trap leave EXIT
trap 'exit 130' INT TERM

# Seldom, and first by the job that comes last: each look is a process, and takes time from what is measured.
wait_until_done() {
	local last
	last=$(psql_super -c 'SELECT max(id) FROM app.background_job')
	while [ "$(psql_super -c "SELECT EXISTS (SELECT FROM app.background_job WHERE id = ${last:-0})")" = t ]; do sleep 0.5; done
	while ! empty; do sleep 0.1; done
}

empty() { [ "$(psql_super -c 'SELECT NOT EXISTS (SELECT FROM app.background_job)')" = t ]; }

start_runner_now() {
	step_down env TENANT="$tenant" "$BUILD/fault/ledger_runner" 2>"$VAR/log/bench-runner.log" &
	runner=$!
}

start_runner() {
	start_runner_now
	for _ in $(seq 200); do
		[ "$(psql_super -c 'SELECT count(*) FROM app.job_runner WHERE parent_id IS NULL AND light_asleep')" = 1 ] && return
		sleep 0.05
	done
	die 'the runner does not start'
}

stop_runner() {
	kill -TERM "$(psql_super -c 'SELECT pid FROM app.job_runner WHERE parent_id IS NULL')"
	wait "$runner" || :
	runner=
}

tool() { step_down env TENANT="$tenant" "$BUILD/fault/ledger_tool" "$@"; }

# light jobs that do nothing, so many
fill() {
	psql_super -c "INSERT INTO app.background_job (tenant_id, queue, job_type, arguments)
		SELECT $tenant, 'ledger_light', 'ledger.light', '{\"ms\":0,\"times\":0,\"quiet\":true}' FROM generate_series(1, $1)"
}

tidy() {
	psql_super -c 'TRUNCATE app.background_job_history' -c 'VACUUM ANALYZE app.background_job' -c 'CHECKPOINT'
}

# From the first claim to the last completion, on the server's clock.
drain_ours() {
	local before
	tidy
	fill "$JOBS"
	psql_super -c 'VACUUM ANALYZE app.background_job'
	before=$(psql_super -c 'SELECT pg_current_wal_insert_lsn()')
	start_runner_now
	wait_until_done
	psql_super -c "SELECT ((pg_current_wal_insert_lsn() - '$before') / $JOBS)::integer" >"$VAR/run/wal"
	stop_runner
	psql_super -c "SELECT ($JOBS / extract(epoch FROM max(finished_at) - min(started_at)))::integer FROM app.background_job_history"
}

drain_ceiling() {
	psql_super -c 'DROP SCHEMA IF EXISTS bench CASCADE' -c 'CREATE SCHEMA bench' \
		-c 'CREATE TABLE bench.job (LIKE app.background_job INCLUDING DEFAULTS INCLUDING IDENTITY)
			WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0)' \
		-c 'ALTER TABLE bench.job ADD PRIMARY KEY (id)' \
		-c 'CREATE INDEX ON bench.job (queue, priority, run_at, id)' \
		-c 'CREATE TABLE bench.history (LIKE app.background_job_history INCLUDING DEFAULTS)' \
		-c 'ALTER TABLE bench.history ADD PRIMARY KEY (tenant_id, id)' \
		-c "INSERT INTO bench.job (tenant_id, queue, job_type, arguments)
			SELECT $tenant, 'ledger_light', 'ledger.light', '{\"ms\":0,\"times\":0,\"quiet\":true}' FROM generate_series(1, $JOBS)" \
		2>/dev/null
	psql_super -c 'VACUUM ANALYZE bench.job' -c 'CHECKPOINT'
	step_down "$BUILD/bench/ceiling_tool" "host=$VAR/run dbname=portolan user=postgres" "$LANES" 100 |
		awk '{ printf "%.0f\n", $1 / $2 }'
}

drain_peer() {
	psql_super -c 'CHECKPOINT'
	(cd "$peers" && step_down node peers.mjs "$1" "$2" "postgresql:///peers?host=$VAR/run&user=postgres" 2>"$VAR/log/peer.log" | tail -n 1) || echo 0
}

# Another session holds a snapshot for the whole run, in each database.
hold_snapshot() {
	local db n=0
	for db in portolan ${peers:+peers}; do
		printf '%s\n' 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class;' 'SELECT pg_sleep(3600);' |
			step_down "$PGBIN/psql" -X -q -h "$VAR/run" -U postgres -d "$db" -f - >/dev/null 2>&1 &
		holder="$holder $!"
		n=$((n + 1))
	done
	for _ in $(seq 100); do
		[ "$(psql_super -c "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(3600);'")" = "$n" ] && return
		sleep 0.05
	done
	die 'no snapshot is held'
}

let_go() {
	psql_super -c "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(3600);'" >/dev/null
	# shellcheck disable=SC2086 # numbers
	wait $holder || :
	holder=
}

set_up() {
	psql_super -f "$ROOT/tests/fault/ledger.sql"
	tenant=$(psql_super -c "INSERT INTO app.tenant (name, jobs_max) VALUES ('bench', 1000000) RETURNING id")
	printf 'runner_light_threads = %d\n' "$LANES" >>"$PORTOLAN_CONFIG"
}

install_peers() {
	command -v npm >/dev/null || { echo 'npm is not here: no graphile-worker, no pg-boss'; return; }
	peers=$(mktemp -d /tmp/portolan-peers.XXXXXX)
	cp "$ROOT/tests/bench/peers.mjs" "$peers"
	if ! (cd "$peers" && npm install --no-audit --no-fund --silent graphile-worker@0.17.3 pg-boss@12.38.0 pg@8 >npm.log 2>&1); then
		echo 'npm cannot install graphile-worker and pg-boss: without them'
		peers=
		return
	fi
	chmod -R a+rX "$peers"
	psql_super -c 'CREATE DATABASE peers'
}

# The drains, round by round.
compare() {
	local held=$1 ours="" ceiling="" batched="" boss="" single=""
	for _ in $(seq "$ROUNDS"); do
		ceiling="$ceiling $(drain_ceiling)"
		ours="$ours $(drain_ours)"
		[ -z "$peers" ] || batched="$batched $(drain_peer graphile-batched "$JOBS")"
		[ -z "$peers" ] || boss="$boss $(drain_peer pg-boss $((JOBS / 3)))"
		[ -z "$peers" ] || [ -n "$held" ] || single="$single $(drain_peer graphile $((JOBS / 20)))"
	done
	for name in ours ceiling batched boss single; do
		eval "$name=\$(median \"\$$name\")"
	done
	row "jobs/s${held:+, $held} / ceiling" "$ours/s" "$ceiling/s" "$(ratio "$ours" "$ceiling")" ">= 0.75 x"
	if [ -n "$peers" ]; then
		row "jobs/s${held:+, $held} / graphile-worker batched" "$ours/s" "$batched/s" "$(ratio "$ours" "$batched")" ">= 1.5 x"
		row "jobs/s${held:+, $held} / pg-boss" "$ours/s" "$boss/s" "$(ratio "$ours" "$boss")" ">= 3 x"
		[ -n "$held" ] || row "jobs/s / graphile-worker" "$ours/s" "$single/s" "$(ratio "$ours" "$single")" ""
	fi
	rate=$ours
}

latency() {
	local p50 p99 before after kind
	start_runner
	for kind in light heavy; do
		read -r p50 p99 <<<"$(tool latency 500 ledger.$kind 15)"
		row "from commit to start, $kind, p50 / p99" "$p50 us" "$p99 us" "" "<= 1200 / 4000 us"
	done
	# Vacuum counts as well.
	psql_super -c 'ALTER SYSTEM SET autovacuum = off' -c 'SELECT pg_reload_conf()' >/dev/null
	sleep 12 # sessions tell of what they have done within ten seconds
	before=$(psql_super -c 'SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()')
	sleep 20
	after=$(psql_super -c 'SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()')
	row 'queries/s of an idle runner' "$(awk -v n="$((after - before - 1))" 'BEGIN { printf "%.1f", n / 20 }')" "" "" "<= 2"
	stop_runner
}

bench() {
	local free
	if [ "${BENCH_PART:-}" = latency ]; then
		latency
		return
	fi
	install_peers
	echo "$(nproc) cores, $JOBS jobs, $LANES connections, batches of 100, medians of $ROUNDS rounds"
	row "" "Portolan" "peer" "ratio" "aim"
	compare ""
	free=$rate
	row 'WAL of a job' "$(cat "$VAR/run/wal") bytes" "" "" "<= 700"
	hold_snapshot
	compare 'a snapshot held'
	row 'jobs/s, a snapshot held / without' "$rate/s" "$free/s" "$(ratio "$rate" "$free")" ">= 0.9 x"
	let_go
	latency
}

# --- The soak ---

sizes() {
	psql_super -F' ' -c "SELECT c.relname, pg_relation_size(c.oid) / 8192 FROM pg_class c WHERE c.oid = 'app.background_job'::regclass
		OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'app.background_job'::regclass) ORDER BY 1"
}

# Light jobs by portions that a busy installation would have waiting, so many in all.
soak() {
	local done=0 first half last grown
	start_runner
	while [ "$done" -lt "$SOAK" ]; do
		psql_super -c "INSERT INTO app.background_job (tenant_id, queue, job_type, priority, unique_key, order_key, arguments)
			SELECT $tenant, 'ledger_light', 'ledger.light', 1 + n % 4, CASE WHEN n % 10 = 0 THEN 'u$done-' || n END,
			       CASE WHEN n % 20 = 0 THEN 'o' || n % 100 END, '{\"ms\":0,\"times\":0,\"quiet\":true}'
			  FROM generate_series(1, 5000) n"
		while [ "$(psql_super -c 'SELECT count(*) FROM app.background_job')" -gt 5000 ]; do sleep 0.05; done
		done=$((done + 5000))
		if [ $((done % 100000)) -eq 0 ]; then
			[ "$done" -gt 100000 ] || first=$(sizes)
			[ "$done" -gt $((SOAK / 2)) ] || half=$(sizes)
			echo "after $done, pages: $(sizes | tr '\n' ' ')"
		fi
	done
	while ! empty; do sleep 0.1; done
	last=$(sizes)
	echo "at the end, pages: $(sizes | tr '\n' ' ')"
	psql_super -F' ' -c "SELECT 'dead rows', n_dead_tup, 'of', n_tup_upd, 'updates HOT:', round(100.0 * n_tup_hot_upd / greatest(n_tup_upd, 1), 1) || ' %'
		FROM pg_stat_user_tables WHERE relid = 'app.background_job'::regclass"
	psql_super -F' ' -c "SELECT 'completed', count(*) FROM app.background_job_history"
	stop_runner
	echo "against the first 100 000: $(paste -d' ' <(echo "$first") <(echo "$last") | awk '{ printf "%s %.2f x  ", $1, $4 / $2 }')"
	# What one round of vacuum leaves is the size at which they stay, and when it comes is chance: a tenth,
	# and 32 pages (a quarter of a megabyte), over the second half is no growth.
	grown=$(paste -d' ' <(echo "$half") <(echo "$last") | awk '$4 > $2 * 1.1 + 32 { print $1 }')
	[ -z "$grown" ] || { echo "grown in the second half: $grown"; return 1; }
	echo 'nothing has grown in the second half'
}

set_up
case ${1:-bench} in
soak) soak ;;
*) bench ;;
esac
