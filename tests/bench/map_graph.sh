#!/bin/bash
# The indexed map's part of make bench: how soon a question is answered at a million edges and symbols.
#
# On a PostgreSQL of its own that waits for the disk, as in production.
#
#   BENCH_EDGES=1000000  BENCH_SYMBOLS=1000000
set -eu
ROOT=$(cd "${0%/*}/../.." && pwd -P)
export VARIANT="${VARIANT:-release}"
. "$ROOT/tests/bench/common.sh"
in_database map_graph_tool
