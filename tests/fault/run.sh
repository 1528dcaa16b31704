#!/bin/sh
# The fault test of the queue: three runners, each in a network of its own, and what can happen to them.
#
#   tests/fault/run.sh SECONDS [SEED]    faults for so long; then the books are closed
#
# Runs as root, for the sake of namespaces, in a network namespace that ends with it; where that is
# impossible it says so and is skipped.  What happens is told by tests/fault/fault.py.
set -eu
ROOT=$(cd "${0%/*}/../.." && pwd -P)
VARIANT=${VARIANT:-release}
export VARIANT

skip() { printf '1..1\nok 1 - faults # SKIP %s\n' "$1"; exit 0; }

[ "$(id -u)" -eq 0 ] || skip 'only root may make network namespaces'
command -v ip >/dev/null || skip 'iproute2 is not installed'
unshare -n -u ip link add probe type bridge 2>/dev/null || skip 'network namespaces cannot be made here'
exec unshare -n -u sh "$ROOT/tests/pg.sh" python3 "$ROOT/tests/fault/fault.py" "$@"
