#!/bin/bash
# The event log's part of make bench: how many events a second, and how soon a handler begins.
#
# On a PostgreSQL of its own that waits for the disk, as in production.
#
#   BENCH_SECONDS=4   of each load
set -eu
ROOT=$(cd "${0%/*}/../.." && pwd -P)
export VARIANT="${VARIANT:-release}"
. "$ROOT/tests/bench/common.sh"
in_database events_tool
