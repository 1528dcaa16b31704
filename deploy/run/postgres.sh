#!/bin/sh
# runit's run script of PostgreSQL: the private cluster, on a UNIX socket only.
#
# After a kill -9 the server refuses to start while old backends hold its shared
# memory; they leave by themselves, and runsv tries again every second.
set -eu
. ../../stack.env
cd "$VAR"

# A lock file outlives a kill -9 and a reboot, and its process number may since
# belong to somebody else, which the server takes for a running postmaster.
# Every process of a cluster works in its data directory: where none does, the
# lock is stale.
if [ -e pg/postmaster.pid ] && [ -e /proc/self/cwd ] &&
	[ -z "$(find /proc/[0-9]*/cwd -maxdepth 0 -lname "$VAR/pg" 2>/dev/null)" ]; then
	rm -f pg/postmaster.pid
fi
exec "$PGBIN/postgres" -D "$VAR/pg" 2>&1
