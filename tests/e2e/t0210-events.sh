#!/bin/sh
# Names of requirements: D5, D6, D7, D8, D12, D14, X1, X3, X10, X11.
test_description='Events: a log to follow, state that tells its changes, subscriptions and what they park'
. "${0%/*}/lib.sh"

repos=$WORK/repos
tiny_repo "$repos/tiny"
stack_up "$repos"

portolan() { (cd "$VAR" && step_down "$BIN/portolan" "$@" --config "$CONF"); }
cli() { "$BIN/portolan" "$@"; }
etag() { tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^ETag: //Ip"; }
# new_key ROLE [SCOPE]: an API key of the tenant, as $key.
new_key() {
	jq -n --arg role "$1" --arg scope "${2:-}" '{name: $role, role: $role} + (if $scope == "" then {} else {scopes: [$scope]} end)' |
		api POST /api/v1/api-keys && status 201 && keep key .key
}
# as KEY METHOD PATH [HEADER...]
as() {
	with=$1
	shift
	method=$1 path=$2
	shift 2
	call "$method" "$path" "Authorization: Bearer $with" "$@"
}
head_of_log() { api GET '/api/v1/events?limit=0' && status 200 && keep head .next_after; }
kinds() { jq -r '[.items[].kind] | join(" ")' "$WORK/reply.body"; }

project=
head=
key=
with=
check 'what is done is in the log at once: who reads it reads their own writes' '
	head_of_log && json ".items | length" 0 &&
	printf "{\"name\":\"Atlas\",\"repository_url\":\"%s\"}" "$repos/tiny" |
		api POST /api/v1/projects "X-Request-Id: make-atlas" && status 201 && keep project .id &&
	api GET "/api/v1/events?after=$head&types=project.created" && status 200 &&
	json ".items | length" 1 && json ".items[0].kind" project.created && json ".items[0].project_id" "$project" &&
	json ".items[0].payload.name" Atlas && json ".items[0].request_id" make-atlas && json ".items[0].version" 1
'
done_mapping() { api GET "/api/v1/events?after=$head&types=map.published,job.*&project=$project" && [ "$(kinds)" = "map.published job.completed" ]; }
check 'the work that follows is told too, of the project and by pattern' 'within 30 done_mapping'
check 'pages go on where the one before ended, each event once, in order' '
	: >"$WORK/positions" && after=0 && more=true && while [ "$more" = true ]; do
		api GET "/api/v1/events?after=$after&limit=2" && status 200 &&
		jq -r ".items[].position" "$WORK/reply.body" >>"$WORK/positions" &&
		after=$(jq -r .next_after "$WORK/reply.body") && more=$(jq -r .more "$WORK/reply.body") || return 1
	done && [ "$(wc -l <"$WORK/positions")" -gt 4 ] && sort -n -u "$WORK/positions" | cmp - "$WORK/positions" &&
	[ "$(sql "SELECT count(*) FROM app.event_all WHERE tenant_id = (SELECT id FROM app.tenant WHERE name = '\''default'\'')")" = "$(wc -l <"$WORK/positions")" ]
'
check 'and from its end: newest first, of one request or actor, up to a time; only what is to come is waited for' '
	api GET "/api/v1/events?order=desc&limit=1" && status 200 && keep newest ".items[0].position" && keep at ".items[0].created_at" &&
	json ".next_after" "$newest" && [ "$newest" = "$(tail -n 1 "$WORK/positions")" ] &&
	api GET "/api/v1/events?order=desc&before=$newest&limit=500" && json "[.items[].position] | . == (sort | reverse) and max < $newest" true &&
	api GET "/api/v1/events?request_id=make-atlas&since=2100-01-01T00:00:00Z" && json ".items | length" 0 &&
	api GET "/api/v1/events?since=$at" && json "[.items[].position] | index($newest) >= 0" true && api GET "/api/v1/events?request_id=make-atlas" &&
	[ "$(kinds)" = "project.created project.changed project.changed map.published project.changed job.completed" ] &&
	keep job ".items[-1].payload.job_id" && api GET "/api/v1/events?actor=job:$job&types=map.*" && [ "$(kinds)" = map.published ] &&
	api GET "/api/v1/events?until=2020-01-01T00:00:00Z" && json ".items | length" 0 && api GET "/api/v1/jobs?request_id=make-atlas" &&
	json "[.items[].id] | tostring" "[$job]" && api GET "/api/v1/events?order=desc&wait=5" && status 400 && json ".errors[0].parameter" wait
'
check 'a kind that there is not is refused with the one that was meant' '
	api GET "/api/v1/events?types=project.craeted" && status 400 && json ".errors[0].parameter" types && json ".errors[0].rule" event_kind &&
	body_has "did you mean project.created" && api GET "/api/v1/events?types=nothing.*" && status 400 &&
	api GET "/api/v1/events?after=-1" && status 400 && api GET "/api/v1/events?limit=1001" && status 400
'
check 'the kinds are listed with the schemas of what they tell' '
	api GET /api/v1/events/kinds && status 200 && header ETag &&
	[ "$(jq -r ".items[] | select(.type == \"idea.created\") | .schema.properties | keys | join(\" \")" "$WORK/reply.body")" = "actor content project_id" ] &&
	[ "$(jq -r ".items[] | select(.type == \"tasks.created\") | .schema.components.schemas | keys | join(\" \")" "$WORK/reply.body")" = "TaskOrder TaskTold" ] &&
	api GET /api/v1/events/kinds "If-None-Match: $(etag)" && status 304
'
check 'what is told of people and credentials, only administrators are shown' '
	new_key viewer && viewer=$key && api GET "/api/v1/events?types=api_key.*&after=$head" && status 200 && [ "$(kinds)" = api_key.created ] &&
	as "$viewer" GET "/api/v1/events?after=$head" && status 200 && json ".items[0].kind" project.created &&
	! grep -q api_key "$WORK/reply.body" && as "$viewer" GET "/api/v1/events?types=api_key.*" && status 200 && json ".items | length" 0 &&
	as "$viewer" GET "/api/v1/activity" && status 200 && ! grep -q api_key "$WORK/reply.body"
'
check 'a key without the scope does not read it' '
	new_key member projects:read && as "$key" GET /api/v1/events && status 403
'

# --- State ---

check 'a key is made once, and each change names the version that was read' '
	head_of_log && printf "{\"data\":{\"phase\":\"define\"}}" | api PUT "/api/v1/state/project:$project" && status 428 &&
	printf "{\"data\":{\"phase\":\"define\"}}" | api PUT "/api/v1/state/project:$project" "If-None-Match: *" && status 201 &&
	header ETag "\"1\"" && json .project_id "$project" && json .version 1 &&
	printf "{\"data\":1}" | api PUT "/api/v1/state/project:$project" "If-None-Match: *" && status 412 &&
	printf "{\"data\":{\"phase\":\"build\"}}" | api PUT "/api/v1/state/project%3A$project" "If-Match: \"1\"" && status 200 && json .version 2 &&
	printf "{\"data\":{\"phase\":\"late\"}}" | api PUT "/api/v1/state/project:$project" "If-Match: \"1\"" && status 412 && body_has "at version 2" &&
	api GET "/api/v1/state/project:$project" && status 200 && json .data.phase build && header ETag "\"2\"" &&
	api GET "/api/v1/state/project:$project" "If-None-Match: \"2\"" && status 304 &&
	api GET "/api/v1/state?prefix=project:" && json ".items | length" 1 && api GET "/api/v1/state?prefix=job:" && json ".items | length" 0
'
check 'each change is told, with the value, as the project'\''s' '
	api GET "/api/v1/events?after=$head&types=state.changed&project=$project" && json ".items | length" 2 &&
	json ".items[1].payload.key" "project:$project" && json ".items[1].payload.version" 2 && json ".items[1].payload.data.phase" build &&
	api GET "/api/v1/audit?action=state.changed" && json ".items | length" 2
'
check 'what was deleted is gone, and what is made anew goes on from there' '
	api DELETE "/api/v1/state/project:$project" "If-Match: \"1\"" && status 412 &&
	api DELETE "/api/v1/state/project:$project" "If-Match: \"2\"" && status 204 && api GET "/api/v1/state/project:$project" && status 404 &&
	printf "{\"data\":null}" | api PUT "/api/v1/state/project:$project" "If-None-Match: *" && status 201 && json .version 4 &&
	printf "{\"data\":1}" | api PUT "/api/v1/state/no%20name" "If-None-Match: *" && status 404 &&
	printf "{\"value\":1}" | api PUT "/api/v1/state/x" "If-None-Match: *" && status 400 &&
	printf "{\"data\":1}" | as "$viewer" PUT "/api/v1/state/x" "If-None-Match: *" && status 403
'

# --- Another tenant ---

portolan setup --tenant rival --key-file "$VAR/rival.env" --url "http://127.0.0.1:$PORT" >/dev/null 2>&1
RIVAL=$(sed -n "s/^PORTOLAN_API_KEY='\{0,1\}\([^']*\).*/\1/p" "$VAR/rival.env")
check 'another tenant looks in vain' '
	as "$RIVAL" GET "/api/v1/events?limit=1000" && status 200 && ! grep -q "Atlas\|define" "$WORK/reply.body" &&
	as "$RIVAL" GET "/api/v1/events?project=$project" && status 200 && json ".items | length" 0 &&
	as "$RIVAL" GET "/api/v1/state/project:$project" && status 404 && as "$RIVAL" GET /api/v1/state && json ".items | length" 0 &&
	printf "{\"data\":1}" | as "$RIVAL" PUT "/api/v1/state/project:$project" "If-Match: \"4\"" && status 404 &&
	printf "{\"data\":1}" | as "$RIVAL" PUT "/api/v1/state/project:$project" "If-None-Match: *" && status 201 && json .version 1 && json .project_id null &&
	api GET "/api/v1/state/project:$project" && json .version 4
'

# --- Subscriptions ---

counted() { api GET "/api/v1/activity?project=$project" && status 200 && [ "$(jq -r '[.items[] | select(.kind == "state.changed") | .events] | add' "$WORK/reply.body")" = "$1" ]; }
check 'events are counted by day, each once' '
	within 30 counted 4 && api GET "/api/v1/activity?from=2020-01-01" && status 400 && json ".errors[0].parameter" from &&
	as "$RIVAL" GET "/api/v1/activity?project=$project" && json ".items | length" 0
'
caught_up() { api GET /api/v1/subscriptions && status 200 && json ".items[0].name" activity && json ".items[0].lag_events" 0; }
# What the other tenant has done is told and counted too, so that nothing of its is left for the faults below.
rival_counted() { as "$RIVAL" GET /api/v1/activity && jq -r '.items[].kind' "$WORK/reply.body" | grep -q state.changed; }
check 'the operator sees how far a subscription is' '
	within 30 rival_counted && within 30 caught_up && json ".items[0].parked" 0 && json ".items[0].kinds[0]" "*" &&
	as "$viewer" GET /api/v1/subscriptions && status 403
'
# A fault in what the handler writes to, for one kind of event.
fault() { sql "ALTER TABLE app.event_activity ADD CONSTRAINT fault CHECK (kind <> 'state.changed') NOT VALID"; }
repair() { sql "ALTER TABLE app.event_activity DROP CONSTRAINT fault"; }
last_try() { sql "UPDATE app.event_delivery SET attempt = 19, retry_at = now() WHERE kind = 'state.changed'"; }
number_of() { jq -r ".items[0].$1" "$WORK/reply.body"; }
behind() { api GET /api/v1/subscriptions && status 200 && [ "$(number_of failing)" -ge "$1" ]; }
parked() { api GET /api/v1/subscriptions && status 200 && json ".items[0].failing" 0 && json ".items[0].parked" "$1"; }
set_state() { printf '{"data":%s}' "$1" | api PUT "/api/v1/state/project:$project" 'If-Match: *' && status 200; }
others_counted() { api GET "/api/v1/activity?project=$other" && jq -r '.items[].kind' "$WORK/reply.body" | grep -q map.published; }
mapped_again() { api GET "/api/v1/activity?project=$project" && jq -r '.items[] | select(.kind == "project.sync_requested") | .events' "$WORK/reply.body" | grep -q 1; }
delivery=
other=
check 'an event that fails keeps back its project, and others go on' '
	fault && set_state 1 && within 30 behind 1 && printf "" | api POST "/api/v1/projects/$project/sync" && status 202 && within 30 behind 2 &&
	printf "{\"name\":\"Bellum\",\"repository_url\":\"%s\"}" "$repos/tiny" | api POST /api/v1/projects && status 201 && keep other .id &&
	within 30 others_counted && ! mapped_again
'
check 'after its attempts it is parked, with the reason, and its project goes on' '
	last_try && within 20 parked 1 && within 30 mapped_again &&
	api GET "/api/v1/event-deliveries?subscription=activity&state=parked" && status 200 && json ".items | length" 1 &&
	json ".items[0].kind" state.changed && json ".items[0].attempt" 20 && json ".items[0].error_type" database &&
	json ".items[0].project_id" "$project" && keep delivery ".items[0].id"
'
check 'another tenant does not know of it' '
	as "$RIVAL" GET "/api/v1/event-deliveries" && status 200 && json ".items | length" 0 &&
	printf "" | as "$RIVAL" POST "/api/v1/event-deliveries/$delivery/redeliver" && status 404 &&
	printf "" | as "$RIVAL" POST "/api/v1/event-deliveries/$delivery/discard" && status 404
'
check 'handed on again after the repair it is counted, once' '
	repair && printf "" | api POST "/api/v1/event-deliveries/$delivery/redeliver" && status 200 && json .state waiting && within 30 parked 0 &&
	within 30 counted 5 && printf "" | api POST "/api/v1/event-deliveries/$delivery/redeliver" && status 404 &&
	api GET "/api/v1/audit?action=event_delivery.redelivered" && json ".items[0].target" "event_delivery:$delivery"
'
set_state_fails() { fault && set_state 2 && within 30 behind 1 && last_try && within 20 parked 1; }
check 'the command line does the same' '
	set_state_fails && cli events subscriptions | grep -q "activity" && cli events parked --json >"$WORK/reply.body" &&
	json .schema deliveries/1 && keep delivery ".items[0].id" && cli events parked | grep -q state.changed &&
	! cli events discard "$delivery" </dev/null 2>"$WORK/refused" && grep -q -- --yes "$WORK/refused" &&
	cli events discard "$delivery" --yes 2>&1 | grep -q Discarded && within 30 parked 0 &&
	set_state 3 && within 30 behind 1 && last_try && within 20 parked 1 && repair &&
	cli events redeliver --subscription activity 2>&1 | grep -q "again: 1" && within 30 parked 0 && within 30 counted 6 &&
	[ "$(cli events redeliver 999999 2>/dev/null; echo $?)" = 3 ]
'
tailed() { [ "$(jq -c "[.payload.data, .position > $head]" "$WORK/tail" | tr '\n' ' ')" = '[4,true] [5,true] ' ]; }
check 'it lists, and follows the log' '
	cli events --types "state.*" --project "$project" --json >"$WORK/reply.body" && json .schema events/1 && json ".items[0].kind" state.changed &&
	cli events kinds | grep -q "idea.created" && head_of_log &&
	{ cli events tail --types "state.*" --after "$head" --count 2 --json >"$WORK/tail" & } && set_state 4 && set_state 5 && within 30 tailed
'

# --- A runner that dies ---

n=0
runner_lives() { pid=$(pid_of runner) && [ -n "$pid" ] && [ -d "/proc/$pid" ]; }
kill_runner() { within 30 runner_lives && kill -9 "$pid"; }
# All but the one that was discarded are counted, and none twice.
counted_more() {
	[ "$(sql "SELECT sum(events) FROM app.event_activity WHERE kind = 'state.changed'")" = $((n + $1)) ] &&
		[ "$(sql "SELECT count(*) - 1 FROM app.event_all WHERE kind = 'state.changed'")" = $((n + $1)) ]
}
check 'a runner that is killed has counted nothing twice, and its successor goes on' '
	n=$(sql "SELECT count(*) - 1 FROM app.event_all WHERE kind = '\''state.changed'\''") && within 20 counted_more 0 &&
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		set_state "$i" || return 1
		[ $((i % 5)) -ne 0 ] || kill_runner || return 1
	done && within 20 counted_more 20
'
done_testing
