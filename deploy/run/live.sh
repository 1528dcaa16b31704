#!/bin/sh
# runit's run script of the relay of live streams.
#
# As with the workers, spawn-fcgi opens the socket and multiwatch holds it: what connects while a relay
# is replaced waits for the next one.
set -eu
. ../../stack.env
cd "$VAR"
exec spawn-fcgi -n -s "$VAR/run/live.sock" -M 0660 -b 1024 -- "$(command -v multiwatch)" \
	-r 1000000000 -f 1 -s TERM -- "$BIN/portolan-live" 2>&1
