#!/bin/bash
# Live streams: from a commit to the sockets of those who listen, and events a second.
# Sourced by run.sh, with its stack and helpers.

build_live() {
	# shellcheck disable=SC2046 # flags
	cc -O2 -D_GNU_SOURCE -o "$WORK/live" "$ROOT/tests/bench/live.c" $(pkg-config --cflags --libs libpq) -lpthread
	chmod a+rx "$WORK/live"
}
live() {
	step_down "$WORK/live" "host=$VAR/run dbname=portolan user=postgres" "$PORT" "$PORTOLAN_API_KEY" "$live_tenant" "$@"
}
live_row() { # SUBSCRIBERS RATE AIM
	local p50 p99 most
	read -r p50 p99 most < <(live latency "$1" "$SECONDS_EACH" "$2")
	row "commit -> socket, $1 subscribers" "p50 $p50 ms" "p99 $p99 ms" "" "$3; largest $most ms"
}
measure_live() {
	live_tenant=$(psql_super -c "SELECT min(id) FROM app.tenant")
	build_live
	live_row 1 50 "p99 <= 15 ms"
	live_row 100 50 "p99 <= 15 ms"
	live_row 1000 10 "p99 <= 15 ms"
	row "events/s, sequenced and at one subscriber" "$(live rate 1 50000)" "" "" ">= 10 000"
	row "events/s at each of 100 subscribers" "$(live rate 100 10000)" "" "" ""
}
