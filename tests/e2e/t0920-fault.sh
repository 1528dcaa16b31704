#!/bin/sh
# Names of requirements: C13, T5 (nothing is lost, nothing twice), C8, C11, D6.
#
# The fault test in short: a minute of it.  `make fault MINUTES=10` is the long one.  One build is
# enough: what it asks is not how memory is used.
if [ "${VARIANT:-release}" != release ]; then
	printf '1..1\nok 1 - faults # SKIP the release build alone\n'
	exit 0
fi
exec sh "${0%/*}/../fault/run.sh" 60
