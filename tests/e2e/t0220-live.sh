#!/bin/sh
# Names of requirements: M1, M2, M3, D5, D6, D14, X10.
test_description='Live streams: SSE, WebSocket and polls that wait tell the same, lose nothing, and occupy no worker'
. "${0%/*}/lib.sh"

printf '%s\n' 'live_streams_per_credential = 220' 'live_stall_s = 3' >>"$VAR/portolan.conf"
stack_up
portolan() { (cd "$VAR" && step_down "$ROOT/build/$VARIANT/bin/portolan" "$@" --config "$CONF"); }
tenant=$(sql "SELECT min(id) FROM app.tenant")
portolan setup --tenant rival --key-file "$VAR/rival.env" >/dev/null
rival=$(sed -n "s/^.*PORTOLAN_API_KEY=['\"]\{0,1\}\([^'\"]*\).*/\1/p" "$VAR/rival.env")
rival_tenant=$(sql "SELECT id FROM app.tenant WHERE name = 'rival'")
printf '{"name":"Atlas","repository_url":"https://git.test/atlas.git"}' | api POST /api/v1/projects
keep project .id
printf '{"name":"Other","repository_url":"https://git.test/other.git"}' | api POST /api/v1/projects
keep other .id
# Its attempts at what is not there would tell of themselves in the middle of what is counted here.
sv -w 20 force-stop "$VAR/service/runner" >/dev/null
sql 'DELETE FROM app.background_job'
# What has been told so far has its position before anybody counts from the end of the log.
sql 'SELECT app.event_sequence(100000, true)' >/dev/null

# live NAME WAY PATH ARGUMENT...: a client in the background; what it prints is in $WORK/NAME.
live() {
	name=$1
	way=$2
	path=$3
	shift 3
	: >"$WORK/$name" # what an earlier one of that name printed is not this one's
	python3 "$ROOT/tests/e2e/live.py" "$PORT" "$way" "$path" --header "Authorization: Bearer ${key:-$PORTOLAN_API_KEY}" \
		"$@" >"$WORK/$name" 2>&1 &
	eval "pid_$name=$!"
}
# ends NAME: wait for it; its status.
ends() { eval "wait \$pid_$1"; }
items() { grep -v '^#' "$WORK/$1"; }
says() { grep -q "^# $2" "$WORK/$1" || { echo "want in $1: $2"; grep "^#" "$WORK/$1" | tail -n 8; return 1; }; }
opened() { for stream; do grep -q '^# open' "$WORK/$stream" || return 1; done; }
positions() { items "$1" | jq .position; }
head_of_log() { sql "SELECT coalesce(max(position), 0) FROM app.event"; }

# tell KIND PROJECT N [TENANT]: N events, each in a transaction of its own kind of writer; nobody rings.
tell() {
	sql "INSERT INTO app.event_outbox (tenant_id, kind, project_id, payload, actor)
		SELECT ${4:-$tenant}, '$1', $2, jsonb_build_object('n', n), 'job:0' FROM generate_series(1, $3) n"
}
tell_each() {
	for n in $(seq "$1"); do
		echo "INSERT INTO app.event_outbox (tenant_id, kind, payload, actor) VALUES ($tenant, 'job.completed', '{\"n\":$n}', 'job:0');"
		[ $((n % 50)) -ne 0 ] || echo "SELECT pg_sleep(0.01);"
	done >"$WORK/tell.sql"
	(cd "$VAR" && step_down "$PGBIN/psql" -X -q -A -t -h "$VAR/run" -U postgres -d portolan) <"$WORK/tell.sql" >/dev/null
}
# told_all NAME AFTER [N [KIND]]: the positions after that one, of the tenant (the first N, of a kind), each once and in order.
told_all() {
	positions "$1" >"$WORK/have"
	sql "SELECT position FROM app.event WHERE tenant_id = $tenant AND position > $2 AND kind LIKE '${4:-%}'
		ORDER BY position LIMIT ${3:-1000000}" >"$WORK/want"
	cmp "$WORK/want" "$WORK/have" || { echo "$1: $(wc -l <"$WORK/have") of $(wc -l <"$WORK/want")"; grep '^#' "$WORK/$1" | tail -n 5; return 1; }
}
all_complete() { for stream in a b c; do told_all $stream "$from" "$1" || return 1; done; }
reopened() { [ "$(grep -c '^# open' "$WORK/a")" -ge 2 ]; }
degraded() { call GET /readyz && json '.modules[] | select(.name == "live") | .status' degraded; }
relay_dies() { old=$(relay_pid) && told=$(items b | wc -l) && kill -9 "$old" && within 30 test ! -e "/proc/$old"; }
few=0
told_more() { [ "$(items b | wc -l)" -gt "$told" ]; }
closed() { grep -q "^# close" "$WORK/$1"; }
connections() { find "/proc/$(relay_pid)/fd" -lname 'socket:*' | wc -l; }
few_connections() { [ "$(connections)" -le "$few" ]; }
relay_pid() { tr -d " " <"/proc/$(pid_of live)/task/$(pid_of live)/children"; }

check 'an event reaches all three ways within moments of its commit, with the same bytes' '
	live sse sse /api/v1/events/stream --count 1 --once && live ws ws /api/v1/events/ws --count 1 --once &&
		after=$(head_of_log) && live poll poll /api/v1/events --after "$after" --count 1 --once && within 30 opened sse ws &&
		printf "{\"name\":\"Bells\",\"repository_url\":\"https://git.test/bells.git\"}" | api POST /api/v1/projects && status 201 &&
		ends sse && ends ws && ends poll && items sse >"$WORK/1" && items ws >"$WORK/2" && items poll >"$WORK/3" &&
		[ -s "$WORK/1" ] && cmp "$WORK/1" "$WORK/2" && cmp "$WORK/1" "$WORK/3" &&
		jq -e ".kind == \"project.created\" and .payload.name == \"Bells\"" "$WORK/1" &&
		api GET "/api/v1/events?after=$after&limit=1" && [ "$(jq -c ".items[0]" "$WORK/reply.body")" = "$(jq -c . "$WORK/1")" ]
'
check 'the headers of an answer are those of every answer, and nothing in between keeps it back' '
	curl -s -m 2 -N -D "$WORK/reply.headers" -o "$WORK/reply.body" -H "Authorization: Bearer $PORTOLAN_API_KEY" \
		"http://127.0.0.1:$PORT/api/v1/events/stream?after=0" ; echo 200 >"$WORK/reply.status"
	header Content-Type "text/event-stream*" && header Cache-Control no-store && header Content-Security-Policy &&
		header X-Request-Id && header RateLimit && header Vary "*Origin*" && no_header Content-Encoding && no_header X-Accel-Redirect &&
		body_has "retry: 2000" && body_has "event: project.created"
'
check 'from the beginning, and resumed by Last-Event-ID or after: what is missing, no more' '
	live a sse /api/v1/events/stream --after 0 --seconds 2 --once && ends a; from=0 && told_all a 0 &&
		first=$(positions a | head -n 1) && live b sse /api/v1/events/stream --after "$first" --last-id --seconds 1 --once && ends b;
		told_all b "$first" && live c ws /api/v1/events/ws --after "$first" --seconds 1 --once && ends c; told_all c "$first"
'
check 'a project and kinds narrow a stream' '
	from=$(head_of_log) && live a sse "/api/v1/events/stream?project=$project" --after "$from" --count 3 --once &&
		live b ws "/ws/$project" --after "$from" --count 3 --once && live c ws "/api/v1/events/ws?types=map.published,job.failed" --after "$from" --count 4 --once &&
		within 30 opened a b c && tell job.failed "$other" 2 && tell map.published "$other" 1 && tell map.published "$project" 1 && tell job.completed "$project" 2 &&
		ends a && ends b && ends c && [ "$(items a | jq -s "map(.project_id) | unique[0]")" = "$project" ] && items a >"$WORK/1" && items b >"$WORK/2" &&
		cmp "$WORK/1" "$WORK/2" && [ "$(items c | jq -r .kind | sort -u | tr "\n" " ")" = "job.failed map.published " ]
'
check 'a project has a socket by its name too' '
	live a ws /ws/Atlas --after 0 --count 1 --once && ends a && [ "$(items a | jq .project_id)" = "$project" ]
'
check 'a client of a WebSocket goes to another position, takes other kinds, and asks whether it lives' '
	live a ws /api/v1/events/ws --verbose --count 1 --once --send "{\"ping\":{\"a\":[1,2]}}" --send "{\"after\":0,\"types\":[\"map.published\"]}" &&
		ends a && says a "message: {\"pong\":{\"a\":\[1,2\]}}" && says a "message: {\"after\":0,\"types\":\[\"map.published\"\]}" &&
		[ "$(items a | jq -r .kind)" = map.published ]
'
check 'what it says wrongly is answered with error and correlation_id, and the stream goes on' '
	live a ws /api/v1/events/ws --verbose --seconds 2 --once --send "{bad" --send "{\"nope\":1}" --send "[]" --send "{}" --send "{\"after\":-1}" --send "{\"ping\":7}" &&
		ends a; [ "$(grep -c "^# message: {\"error\":\".*\"correlation_id\":\"[A-Za-z0-9]" "$WORK/a")" = 5 ] && says a "message: {\"pong\":7}"
'
check 'messages that no client may send end its stream, with the code that says why' '
	long=$(printf "%05000d" 1) && live a ws /api/v1/events/ws --once --send "{\"ping\":\"$long\"}" && ends a; says a "close 1009" &&
		live a ws /api/v1/events/ws --once --frame "82810000000041" && ends a; says a "close 1003" &&
		live b ws /api/v1/events/ws --once --frame "818200000000c328" && ends b; says b "close 1007" &&
		live b ws /api/v1/events/ws --once --seconds 5 --frame "b1810000000041" && ends b; says b ended &&
		live b ws /api/v1/events/ws --once --seconds 5 --frame "83ff7fffffffffffffff00000000" && ends b; says b ended && within 30 serves
'
check 'a request that is no WebSocket is told so' '
	api GET /api/v1/events/ws && status 400 && json ".errors[0].header" Upgrade && json .fix
'
check 'unknown projects, other tenants, nobody, and wrong fields are refused before' '
	api GET "/api/v1/events/stream?project=999999" && status 404 && call GET /api/v1/events/stream && status 401 &&
		api GET "/api/v1/events/stream?types=NO" && status 400 && api GET /api/v1/events/stream "Last-Event-ID: x" && status 400 &&
		api GET "/api/v1/events?wait=31" && status 400 && call GET "/api/v1/events/stream?project=$project" "Authorization: Bearer $rival" && status 404
'
check 'nobody reaches the relay by himself' '
	api GET "/.live/sse?tenant=$tenant&key=1&role=5&rid=x" && status 404
'
check 'another tenant sees nothing of it' '
	from=$(head_of_log) && key=$rival && live a sse /api/v1/events/stream --after 0 --seconds 4 --once && live b ws /api/v1/events/ws --after "$from" --seconds 4 --once &&
		live c poll /api/v1/events --after "$from" --wait 2 --once; key= ; within 30 opened a b && tell job.completed NULL 5 && tell job.completed NULL 1 "$rival_tenant" &&
		ends a; ends b; ends c; [ "$(items a | jq -r "select(.kind == \"job.completed\") | .position" | wc -l)" = 1 ] &&
		[ "$(items b | wc -l)" = 1 ] && [ "$(items c | wc -l)" = 1 ]
'
check 'a poll that waits in vain is answered in time, and may go on where it was' '
	from=$(head_of_log) && api GET "/api/v1/events?after=$from&wait=1" && status 200 && json .next_after "$from" && json ".items | length" 0
'

printf '{"name":"short","role":"viewer"}' | api POST /api/v1/api-keys
short=$(jq -r .key "$WORK/reply.body")
short_id=$(jq -r '.id // .api_key.id' "$WORK/reply.body")
check 'who may not read of people and credentials is not told of them live either' '
	key=$short && live a sse /api/v1/events/stream --after 0 --seconds 2 --once; live b ws /api/v1/events/ws --once --seconds 2 --send "{\"after\":0,\"types\":[\"api_key.*\"]}"; key=
	live c sse "/api/v1/events/stream?types=api_key.*" --after 0 --seconds 2 --once
	ends a; ends b; ends c; [ "$(items a | jq -r .kind | grep -c "^project.created")" = 3 ] && ! items a | grep -q "\"kind\":\"api_key" && ! items b | grep -q . && items c | grep -q "\"kind\":\"api_key.created"
'
check 'a key that is revoked ends its streams within seconds, and says why' '
	key=$short && live a sse /api/v1/events/stream --once --seconds 20 && live b ws /api/v1/events/ws --once --seconds 20; key= ; within 30 opened a b &&
		api DELETE "/api/v1/api-keys/$short_id" && status 204 && ends a; ends b; says a "end: {\"error\":\".*revoked" && says b "message: {\"error\":\".*revoked" && says b "close 1008"
'

credentials() { sed -n "s/^$1  *//p" "$VAR/owner.txt"; }
printf '{"email":"%s","password":"%s"}' "$(credentials E-mail)" "$(credentials Password)" |
	call POST /api/v1/auth/login "Origin: http://127.0.0.1:$PORT"
cookie=$(tr -d '\r' <"$WORK/reply.headers" | sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\).*/\1/p' | head -n 1)
csrf=$(jq -r .csrf_token "$WORK/reply.body")
socket_as() { # NAME ORIGIN-HEADER
	python3 "$ROOT/tests/e2e/live.py" "$PORT" ws /api/v1/events/ws --once --seconds "${3:-2}" --header "Cookie: $cookie" \
		--header "X-Portolan-Tenant: $tenant" ${2:+--header "$2"} >"$WORK/$1" 2>&1 || :
}
check 'a page of another origin cannot open a socket with the cookie of a person' '
	[ -n "$cookie" ] && socket_as a "Origin: https://evil.test" && says a "status 403" && socket_as a "" && says a "status 403" &&
		socket_as a "Origin: http://127.0.0.1:1" && says a "status 403" && socket_as a "Origin: http://127.0.0.1:$PORT" && says a open
'
check 'signing out ends the streams of the session' '
	: >"$WORK/a" && { socket_as a "Origin: http://127.0.0.1:$PORT" 60 & } && signed=$! && within 30 opened a && printf "{}" | call POST /api/v1/auth/logout "Cookie: $cookie" "X-CSRF-Token: $csrf" "Origin: http://127.0.0.1:$PORT" &&
		status 204 && wait "$signed"; says a "close 1008"
'

follow_all() {
	from=$(head_of_log)
	live a sse /api/v1/events/stream --after "$from" --last-id --seconds 120 --count "$1"
	live b ws /api/v1/events/ws --after "$from" --seconds 120 --count "$1"
	live c poll /api/v1/events --after "$from" --seconds 120 --count "$1"
	within 30 opened a b
}
all_end() { ends a; ends b; ends c; }
check 'the relay killed again and again: nothing is lost and nothing comes twice' '
	follow_all 1000 && { tell_each 1000 & } && teller=$! && for n in 1 2 3; do relay_dies && within 30 told_more || break; done; wait "$teller"; all_end; all_complete 1000
'
check 'the same when nginx is killed' '
	follow_all 600 && { tell_each 600 & } && teller=$! && kill -9 "$(pid_of nginx)"; wait "$teller"; within 20 serves; all_end; all_complete 600
'
check 'the same when PostgreSQL is restarted' '
	follow_all 600 && tell_each 300 && sv -w 20 restart "$VAR/service/postgres" >/dev/null && within 20 serves && tell_each 300; all_end; all_complete 600
'
check 'the same over make restart' '
	follow_all 600 && { tell_each 600 & } && teller=$! && stack restart; wait "$teller"; all_end; all_complete 600
'
check 'a relay that is told to end says so with 1012, and the next takes over' '
	live a ws /api/v1/events/ws --seconds 60 --after 0 --last-id && within 30 opened a && old=$(relay_pid) && kill -TERM "$old" && within 30 test ! -e "/proc/$old" &&
		within 30 reopened && kill "$pid_a"; says a "close 1012"
'

check 'with 200 open streams the workers still answer' '
	many=
	python3 "$ROOT/tests/e2e/live.py" "$PORT" sse /api/v1/events/stream --many 200 --seconds 90 --header "Authorization: Bearer $PORTOLAN_API_KEY" >"$WORK/many" & many=$!
	within 20 grep -q "streams: 200" "$WORK/many" && for n in 1 2 3 4 5; do
		took=$(curl -s -m 10 -o /dev/null -w "%{http_code} %{time_total}" -H "Authorization: Bearer $PORTOLAN_API_KEY" "http://127.0.0.1:$PORT/api/v1/projects") &&
			echo "$took" && case $took in "200 0."*) ;; *) return 1 ;; esac
	done
'
check 'a credential has its limit of streams, and is told when to come again' '
	python3 "$ROOT/tests/e2e/live.py" "$PORT" sse /api/v1/events/stream --many 30 --seconds 60 --header "Authorization: Bearer $PORTOLAN_API_KEY" >"$WORK/more" & more=$!
	within 20 grep -q "streams: 20" "$WORK/more" && api GET "/api/v1/events/stream" && status 429 && json .type "/docs/problems#too-many-requests" &&
		header Retry-After && header Content-Type "application/problem+json*" && live a ws /api/v1/events/ws --once && ends a; says a "close 1013"
'
# shellcheck disable=SC2154 # set in the checks
kill "$many" "$more"

memory_of() { awk '/^VmRSS:/ { print $2 }' "/proc/$(relay_pid)/status"; }
check 'readers that take nothing disturb nobody and take no memory' '
	few=$(connections) && from=$(head_of_log) && stalled= && for n in 1 2 3 4 5 6 7 8; do live "stall$n" sse /api/v1/events/stream --after "$from" --stall --seconds 60; eval "stalled=\"\$stalled \$pid_stall$n\""; done
	within 30 opened stall1 stall8 && live a sse /api/v1/events/stream --after "$from" --count 3000 --once --seconds 60 && within 30 opened a && before=$(memory_of) &&
		sql "INSERT INTO app.event_outbox (tenant_id, kind, payload, actor) SELECT $tenant, '"'job.completed'"', jsonb_build_object('"'n'"', n, '"'s'"', repeat('"'x'"', 10000)), '"'job:0'"' FROM generate_series(1, 3000) n" &&
		ends a && told_all a "$from" && now=$(memory_of) && echo "$before kB before, $now kB now" && within 20 few_connections && kill $stalled; few_connections && { [ "$VARIANT" = san ] || [ $((now - before)) -lt 60000 ]; }
'

check 'a stream shows that it lives, says where it stands, and ends when it is old; its client goes on' '
	printf "%s\n" "live_heartbeat_s = 1" "live_age_s = 3" >>"$VAR/portolan.conf" && old=$(relay_pid) && kill -TERM "$old" && within 30 test ! -e "/proc/$old" && from=$(head_of_log) &&
		live a sse "/api/v1/events/stream?types=job.failed" --after "$from" --verbose --seconds 100 && live b ws "/api/v1/events/ws?types=job.completed" --after "$from" --verbose --seconds 60 --count 2 && within 30 opened a b &&
		tell job.completed NULL 1 && within 30 closed b && tell job.completed NULL 1 && ends b && says b ping && says b "close 1001" && told_all b "$from" 2 job.completed &&
		within 30 says a "id: $(head_of_log)" && kill "$pid_a"
'
check 'the module live is reported, and its absence is no reason to take nobody in' '
	call GET /readyz && status 200 && json ".modules[] | select(.name == \"live\") | .status" ok &&
		sv -w 20 force-stop "$VAR/service/live" >/dev/null && sql "UPDATE app.event_reader SET heartbeat_at = now() - interval '"'1 minute'"'" && within 30 degraded && status 200 &&
		api GET "/api/v1/events/stream" && status 502 && api GET "/api/v1/events?after=0" && status 200
'
done_testing
