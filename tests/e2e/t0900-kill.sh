#!/bin/sh
# Names of requirements: C7 (operations resume), P6 (uptime), B6, S-4.
# alone: it counts, loads or kills, and others would disturb it
test_description='Kill -9 of every kind of process, while projects are created and read'
. "${0%/*}/lib.sh"

repo=$WORK/tiny
tiny_repo "$repo"
stack_up "$repo"

acknowledged=$WORK/acknowledged
: >"$acknowledged"

# A client as it should be: one key per project, and the same request again until it is
# answered.  Writes `id name` of each project that was acknowledged, then reads it.
client() {
	WORK=$WORK/client
	mkdir "$WORK"
	n=0
	while [ ! -e "$WORK/../stop" ] && [ "$n" -lt 400 ]; do
		n=$((n + 1))
		printf '{"name":"kill-%s","repository_url":"%s"}' "$n" "$repo" >"$WORK/body"
		until api POST /api/v1/projects "Idempotency-Key: kill-$n" <"$WORK/body" && status 201 >/dev/null; do
			case $(cat "$WORK/reply.status") in
			000 | 409 | 429 | 5??) ;;
			*) cat "$WORK/reply.status" "$WORK/reply.body" >>"$WORK/../refused" ;;
			esac
			[ ! -e "$WORK/../stop" ] || return 0
			sleep 0.1
		done
		keep id .id && echo "${id:?} kill-$n" >>"$acknowledged"
		api GET "/api/v1/projects/$id" || :
		# Enough load to be hit by each kill, not so much that the maps queue for minutes.
		sleep 0.2
	done
}
client &
client_pid=$!

count() { wc -l <"$acknowledged"; }
more_than() { [ "$(count)" -gt "$1" ]; }
another_pid() { [ -n "$(pid_of "$1")" ] && [ "$(pid_of "$1")" != "$2" ]; }

# heals: it serves again, and the client gets on.
heals() {
	within 30 serves && so_far=$(count) && within 30 more_than $((so_far + 2))
}

check 'the client gets on before anything is killed' 'within 30 more_than 3'

check 'a worker' '
	set -- $(worker_pids) && kill -9 "$1" && within 30 lacks_worker "$1" && heals
'
check 'every worker at once' 'kill -9 $(worker_pids) && heals'
check 'the parent of the pool' '
	old=$(pid_of api) && kill -9 "$old" && within 30 another_pid api "$old" && heals
'
check 'the master of nginx' '
	old=$(pid_of nginx) && kill -9 "$old" && within 30 another_pid nginx "$old" && heals
'
check 'the runner' '
	old=$(pid_of runner) && kill -9 "$old" && within 30 another_pid runner "$old" && heals
'
check 'PostgreSQL' '
	old=$(pid_of postgres) && kill -9 "$old" && within 20 another_pid postgres "$old" && heals
'
check 'a backend of PostgreSQL' '
	backend=$(sql "SELECT pid FROM pg_stat_activity WHERE usename = '\''portolan_app'\'' LIMIT 1") &&
	[ -n "$backend" ] && kill -9 "$backend" && heals
'
check 'the supervisor itself, which no service depends on' '
	kill -9 "$(cat "$VAR/run/runsvdir.pid")" && heals && stack up && heals
'
touch "$WORK/stop"
wait "$client_pid"

echo "# $(count) projects were acknowledged"
check 'no request was refused that should not have been' '
	[ ! -e "$WORK/refused" ] || { cat "$WORK/refused"; false; }
'
check 'no acknowledged project is lost' '
	lost=0
	while read -r id name; do
		api GET "/api/v1/projects/$id" && status 200 && json .name "$name" || { echo "lost: $id $name"; lost=1; }
	done <"$acknowledged"
	[ "$lost" -eq 0 ]
'
check 'no project exists twice' '
	[ "$(sql "SELECT count(*) = count(DISTINCT name) FROM app.project")" = t ]
'
unfinished() { sql "SELECT count(*) FROM app.background_job"; }
idle() { [ "$(unfinished)" = 0 ]; }
check 'no job is stuck' 'within 120 idle || { echo "unfinished: $(unfinished)"; false; }'
check 'every project has its map' '
	[ "$(sql "SELECT count(*) FROM app.project WHERE status <> '\''ready'\''")" = 0 ] ||
		{ sql "SELECT status, error_type, count(*) FROM app.project GROUP BY 1, 2"; false; }
'
check 'down leaves nothing, whatever was killed' '
	stack down &&
	[ -z "$(find /proc/[0-9]*/cwd -maxdepth 0 \( -lname "$VAR" -o -lname "$VAR/*" \) 2>/dev/null)" ]
'
done_testing
