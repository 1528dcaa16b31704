#!/bin/sh
# runit's run script of the worker pool.
#
# spawn-fcgi opens the socket and becomes multiwatch, which holds it as its
# standard input and hands it to every worker: the listener outlives them, so
# that a request waits for the next worker instead of being refused.  multiwatch
# starts a worker again as soon as it ends, however often.
set -eu
. ../../stack.env
cd "$VAR"
exec spawn-fcgi -n -s "$VAR/run/api.sock" -M 0660 -b 1024 -- "$(command -v multiwatch)" \
	-r 1000000000 -f "$WORKERS" -s TERM -- "$BIN/portolan-worker" 2>&1
