#!/bin/sh
# End the workers that a killed nginx master left behind: they keep its port.
#
# They are all in the process group that the master led, whose number is on
# record.  They are asked to finish what they serve, and after two seconds are
# ended.  Run before nginx starts and after it was stopped, in VAR/service/nginx.
# (As runit's finish script it would cost a second more of outage.)
set -eu
. ../../stack.env

# Processes called nginx in process group $1; a number that has since gone to somebody else has none.
# One that is dead and only not yet reaped keeps no port: in a container without an init it stays so.
members() {
	for stat in /proc/[0-9]*/stat; do
		sed -n "s/^\([0-9]*\) (nginx) [A-WY] [0-9]* $1 .*/\1/p" "$stat" 2>/dev/null || :
	done
}

[ -s "$VAR/run/nginx.group" ] || exit 0
group=$(cat "$VAR/run/nginx.group")
tries=0
while left=$(members "$group") && [ -n "$left" ]; do
	signal=QUIT
	[ "$tries" -lt 20 ] || signal=KILL
	# shellcheck disable=SC2086 # a list of process numbers
	kill -s "$signal" $left 2>/dev/null || :
	tries=$((tries + 1))
	sleep 0.1
done
rm -f "$VAR/run/nginx.group"
