#!/bin/sh
# A throw-away PostgreSQL for one command:  tests/pg.sh COMMAND [ARGUMENT...]
#
# The cluster is made as the stack makes its own (deploy/setup.sh), in a temporary
# folder, on a UNIX socket only, migrated by `portolan migrate`; it ends with the
# command, whose exit status is ours.  The command finds in its environment:
#
#   PORTOLAN_TEST_DB_URL     as the application's role, which row security binds
#   PORTOLAN_TEST_OWNER_URL  as the owner of the schema
#   PORTOLAN_TEST_RUNNER_URL, PORTOLAN_TEST_GATE_URL  as the job runner, as the gate
#   PORTOLAN_TEST_SUPER_URL  as the superuser, whom no row security binds
#   PORTOLAN_CONFIG          the settings file with both
#
# With PG_DURABLE in its environment it waits for the disk, for measurements.
ROOT=$(cd "${0%/*}/.." && pwd -P)
. "$ROOT/deploy/env.sh"
. "$ROOT/deploy/setup.sh"

start() {
	make_folders
	make_cluster
	render_postgres
	# Tests kill processes, never the machine: waiting for the disk proves nothing here.
	[ -n "${durable:-}" ] || printf 'fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n' >postgresql.local.conf
	write_conf "$ROOT"
	"$PGBIN/pg_ctl" -D "$VAR/pg" -l "$VAR/log/postgres/current" -s -w start ||
		{ cat "$VAR/log/postgres/current" >&2; die "PostgreSQL does not start"; }
	make_database
	make_master_keys
	# Tests make tables of their own, which no migration knows.
	"$PGBIN/psql" -X -q -h "$VAR/run" -U postgres -d portolan -c 'GRANT TEMPORARY ON DATABASE portolan TO portolan_app'
}

stop() { "$PGBIN/pg_ctl" -D "$VAR/pg" -s -m immediate stop; }

finish() {
	code=$?
	trap '' INT TERM
	[ ! -s "$VAR/pg/postmaster.pid" ] || (cd "$VAR" && step_down sh "$ROOT/tests/pg.sh" --account stop) || :
	rm -rf "$VAR"
	exit "$code"
}

if [ "${1:-}" = --account ]; then
	durable=${3:-}
	load_settings
	cd "$VAR"
	"$2"
	exit
fi

VAR=$(mktemp -d /tmp/portolan-db.XXXXXX)
trap finish EXIT
trap 'exit 130' INT TERM
load_settings
[ "$(id -u)" -ne 0 ] || chown "$STACK_USER:" "$VAR"
[ -x "$BIN/portolan" ] || die "$BIN/portolan is missing: run make first"
open_build
find_caps "$ROOT/deploy/env.sh" "$BIN/portolan"
(cd "$VAR" && step_down sh "$ROOT/tests/pg.sh" --account start ${PG_DURABLE:+durable})
export PORTOLAN_TEST_DB_URL="host=$VAR/run dbname=portolan user=portolan_app"
export PORTOLAN_TEST_OWNER_URL="host=$VAR/run dbname=portolan user=portolan_owner"
export PORTOLAN_TEST_RUNNER_URL="host=$VAR/run dbname=portolan user=portolan_runner"
export PORTOLAN_TEST_GATE_URL="host=$VAR/run dbname=portolan user=portolan_gate"
export PORTOLAN_TEST_SUPER_URL="host=$VAR/run dbname=portolan user=postgres"
export PORTOLAN_CONFIG="$CONF"
"$@"
