#!/bin/sh
# The indexed map's part of make bench: how soon a question is answered at a million edges and symbols.
#
# On a PostgreSQL of its own that waits for the disk, as in production.
#
#   BENCH_EDGES=1000000  BENCH_SYMBOLS=1000000
set -eu
ROOT=$(cd "${0%/*}/../.." && pwd -P)
export PG_DURABLE=1 VARIANT="${VARIANT:-release}"
# The program reads the settings file alone.
"$ROOT/tests/pg.sh" env -u PORTOLAN_TEST_DB_URL -u PORTOLAN_TEST_OWNER_URL -u PORTOLAN_TEST_RUNNER_URL \
	-u PORTOLAN_TEST_GATE_URL -u PORTOLAN_TEST_SUPER_URL "$ROOT/build/$VARIANT/tests/bench/map_graph_tool"
