#!/bin/sh
# Names of requirements: P6 (99.9 % uptime), U3.
# alone: it counts, loads or kills, and others would disturb it
test_description='Rolling restarts under load fail no request'
. "${0%/*}/lib.sh"

printf 'projects_max = 1000000\njobs_max = 1000000\n' >>"$VAR/portolan.conf"
stack_up

# Four clients that read and one that creates, each request's status on a line.
reader() {
	while [ ! -e "$WORK/stop" ]; do
		# One curl makes many requests on one connection, as a browser does.
		curl -s -m 30 -o /dev/null -w '%{http_code}\n' -H "Authorization: Bearer $PORTOLAN_API_KEY" \
			"http://127.0.0.1:$PORT/api/v1/projects?limit=[1-40]"
	done >"$WORK/reader.$1"
}
writer() {
	n=0
	while [ ! -e "$WORK/stop" ]; do
		n=$((n + 1))
		curl -s -m 30 -o /dev/null -w '%{http_code}\n' -H "Authorization: Bearer $PORTOLAN_API_KEY" \
			-H 'Content-Type: application/json' -H "Idempotency-Key: roll-$n" \
			-d "{\"name\":\"roll-$n\",\"repository_url\":\"https://git.invalid/$n.git\"}" \
			"http://127.0.0.1:$PORT/api/v1/projects"
	done >"$WORK/writer"
}
for i in 1 2 3 4; do
	reader "$i" &
done
writer &

answered() { cat "$WORK"/reader.* "$WORK/writer" 2>/dev/null | wc -l; }
busy() { [ "$(answered)" -gt "$1" ]; }
check 'there is load' 'within 30 busy 200'

before='' runner=''
say_unless() { # SENTENCE COMMAND...: a failure says what was wanted
	sentence=$1
	shift
	"$@" || { echo "want $sentence: workers before: $before, now: $(worker_pids); runner before: $runner, now: $(pid_of runner)"; return 1; }
}
for round in 1 2 3; do
	check "rolling restart $round replaces every worker and the runner" '
		before=$(worker_pids) runner=$(pid_of runner) pool=$(pid_of api) && say_unless "a restart" stack restart &&
		say_unless "the same pool" [ "$pool" = "$(pid_of api)" ] &&
		say_unless "another runner" [ "$runner" != "$(pid_of runner)" ] &&
		say_unless "other workers" all_replaced $before &&
		so_far=$(answered) && say_unless "100 more answers" within 30 busy $((so_far + 100))
	'
done
touch "$WORK/stop"
wait

echo "# $(answered) requests"
check 'every read was answered with 200' '
	! cat "$WORK"/reader.* | grep -vx 200 | sort | uniq -c | grep .
'
check 'every creation was answered with 201' '
	[ -s "$WORK/writer" ] && ! grep -vx 201 "$WORK/writer" | sort | uniq -c | grep .
'
done_testing
