#!/bin/bash
# What the scripts of the bench have in common.  Sourced after deploy/env.sh.

free_port() {
	local port
	while :; do
		port=$((10000 + $(od -An -N2 -tu2 /dev/urandom) % 20000))
		port_taken "$port" || break
	done
	echo "$port"
}

# median WORD...: of the numbers in its words
median() { tr ' ' '\n' <<<"$*" | grep . | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f x", (b > 0 ? a / b : 0) }'; }
row() { printf '%-44s %12s %12s %9s   %s\n' "$@"; }

# As the superuser: what is made and looked up here is behind the wall.
psql_super() { step_down "$PGBIN/psql" -X -q -A -t -h "$VAR/run" -U postgres -d "${DB:-portolan}" -v ON_ERROR_STOP=1 "$@"; }

# in_database PROGRAM: on a PostgreSQL of its own that waits for the disk, as in production.  The program reads the
# settings file alone.
in_database() {
	PG_DURABLE=1 "$ROOT/tests/pg.sh" env -u PORTOLAN_TEST_DB_URL -u PORTOLAN_TEST_OWNER_URL -u PORTOLAN_TEST_RUNNER_URL \
		-u PORTOLAN_TEST_GATE_URL -u PORTOLAN_TEST_SUPER_URL "$ROOT/build/$VARIANT/tests/bench/$1"
}
