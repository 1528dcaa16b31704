#!/bin/sh
# C5 (failed jobs keep error details), C6 (retry through the API), C8 (dead letters), C9 and O8 (jobs in the status),
# C10 (queues, schedules), O6 (metrics), M1 (what is polled), A5 (another tenant looks in vain), A12 (audited).
test_description='The operator: looks at what failed, mends it, stops, pauses, throws away, and lets time do the rest'
. "${0%/*}/lib.sh"

repos=$WORK/repos
tiny_repo "$repos/tiny"

# A repository that takes its child long enough to be caught at it.
large_repo() {
	mkdir -p "$1" && git init -q -b main "$1" && awk 'BEGIN {
		print "commit refs/heads/main\ncommitter e2e <e2e@test> 1700000000 +0000\ndata 3\none"
		for (i = 0; i < 100000; i++) {
			text = "#include \"f" (i * 7 + 1) % 100000 ".h\"\nint f" i "(void)\n{\n\treturn " i ";\n}\n"
			printf "M 100644 inline d%d/f%d.%s\ndata %d\n%s\n", i % 200, i, i % 2 ? "c" : "h", length(text), text
		}
	}' | git -C "$1" fast-import --quiet
}
large_repo "$repos/large"
stack_up "$repos"

portolan() { (cd "$VAR" && step_down "$BIN/portolan" "$@" --config "$CONF"); }
cli() { "$BIN/portolan" "$@" --no-color; }
portolan setup --tenant rival --key-file "$VAR/rival.env" --url "http://127.0.0.1:$PORT" >/dev/null 2>&1
RIVAL_KEY=$(sed -n "s/^PORTOLAN_API_KEY='\{0,1\}\([^']*\).*/\1/p" "$VAR/rival.env")
rival() { (PORTOLAN_API_KEY=$RIVAL_KEY api "$@"); }

id=
job=
schedule=
# create NAME FOLDER: a project; keeps $id and $job, its first job.
create() {
	printf '{"name":"%s","repository_url":"%s"}' "$1" "$repos/$2" | api POST /api/v1/projects &&
		status 201 && keep id .id && keep job .job_id
}
job_is() { api GET "/api/v1/jobs/$job" && status 200 && json .status "$1"; }
project_is() { api GET "/api/v1/projects/$id" && status 200 && json .status "$1"; }
audited() { [ "$(sql "SELECT count(*) FROM app.audit WHERE action = '$1'")" -ge "${2:-1}" ]; }
post() { printf '%s' "$2" | api POST "$1"; }

# --- What failed, and why ---

check 'a job that breaks is among the dead letters, with its attempt, its error and its log' '
	create broken nowhere && within 20 job_is failed && json .error_type repository-not-found && json .attempts_kept 1 &&
	json ".waits_for | length" 0 && api GET /api/v1/jobs/dead && status 200 && json ".items | length" 1 && json ".items[0].id" "$job" &&
	api GET "/api/v1/jobs/$job/attempts" && status 200 && json ".items[0].outcome" failed && json ".items[0].error_message" &&
	json ".items[0].host" && json "[.items[0].log[].msg] | length > 0" true
'
check 'the command line shows the same, and what to do next' '
	cli jobs dead >"$WORK/out" && grep "repository_processing" "$WORK/out" | grep -q "failed" &&
	cli jobs show "$job" >"$WORK/out" && grep -q "^Attempt 1 *failed on" "$WORK/out" && grep -q "portolan jobs retry $job" "$WORK/out" &&
	cli jobs attempts "$job" --json | jq -e ".schema == \"job-attempts/1\" and (.items | length == 1)" &&
	cli jobs list --status failed --q "$job" --json | jq -e ".items | length == 1"
'
check 'arguments that its type forbids are refused by name; another project is none of its business' '
	post "/api/v1/jobs/$job/retry" "{\"arguments\":{\"project_id\":0}}" && status 400 && json ".errors[0].pointer" /arguments/project_id &&
	post "/api/v1/jobs/$job/retry" "{\"arguments\":{\"project_id\":$((id + 1))}}" && status 400 && json ".errors[0].rule" fixed &&
	post "/api/v1/jobs/$job/retry" "{\"queue\":\"nowhere\"}" && status 400 && json ".errors[0].pointer" /queue && job_is failed
'
check 'mended and retried with another priority: it is done, under its id, and what is done cannot be retried' '
	tiny_repo "$repos/nowhere" && cli jobs retry "$job" --priority 1 --arguments "{\"project_id\":$id}" --json | jq -e ".priority == 1" &&
	within 20 job_is completed && project_is ready && audited job.retried &&
	post "/api/v1/jobs/$job/retry" "" && status 409 && body_has completed && post "/api/jobs/$job/retry" "{}" && status 409 &&
	api GET "/api/v1/jobs/$job/attempts" && json ".items[-1].outcome" failed
'

# --- Stopping ---

n=0
started() { [ "$(sql "SELECT count(*) FROM app.background_job WHERE id = $job AND state = 'ready'")" = 0 ]; }
# A runner that is about to claim may not have heard of it yet: of several jobs in a row, one is not started any more.
none_starts() { n=$((n + 1)) && create "held-$n" tiny && ! within 2 started; }
check 'a paused queue starts nothing, and says since when and by whom' '
	post /api/v1/queues/heavy/pause "" && status 200 && json .paused true && json .limits.paused_at && json .limits.paused_by &&
	within 30 none_starts && held=$job && api GET /api/v1/status &&
	json ".queues[] | select(.name == \"heavy\") | [.paused, .pending] | @csv" "true,1" &&
	create held-too tiny && api GET "/api/v1/queues" && json "[.items[] | select(.name == \"heavy\")][0].pending" 2 && ! within 2 started
'
check 'one that waits is cancelled at once, and its project says so' '
	post "/api/v1/jobs/$job/cancel" "" && status 200 && json .status cancelled && project_is failed && json .error_type cancelled &&
	audited job.cancelled && post "/api/v1/jobs/$job/cancel" "" && status 409 && body_has "cancelled already"
'
check 'resumed, the queue goes on' '
	job=$held && post /api/v1/queues/heavy/resume "" && status 200 && json .paused false && within 20 job_is completed
'
children() { cat /proc/"$(pid_of runner)"/task/*/children 2>/dev/null | tr ' ' '\n' | while read -r pid; do cat "/proc/$pid/comm"; done 2>/dev/null; }
child_of_runner() { children | grep -q "^portolan-fetch\|^portolan-analys"; }
no_child() { ! child_of_runner; }
check 'one that runs is asked to stop, stops within a second, and its child with it' '
	create busy large && within 20 child_of_runner && post "/api/v1/jobs/$job/cancel" "" && status 202 && json .status running &&
	within 2 job_is cancelled && within 2 no_child && audited job.cancel_requested && project_is failed && json .error_type cancelled
'

# --- Many at once ---

several() { for n in 1 2 3 4 5; do create "many-$n" "many-$n" || return 1; done; }
all_failed() { [ "$(sql "SELECT count(*) FROM app.background_job_dead WHERE status = 'failed'")" = 5 ]; }
none_left() { [ "$(sql "SELECT count(*) FROM app.background_job")" = 0 ]; }
check 'many that failed alike are retried by what they have in common; a filter that names none must say all' '
	several && within 30 all_failed && post /api/v1/jobs/retry "{}" && status 400 && json ".errors[0].pointer" /all &&
	api GET "/api/v1/jobs/count?act=retry&q=repository-not-found" && status 200 && json .matched 5 && json .more false &&
	api GET /api/v1/jobs/count && status 400 && json ".errors[0].parameter" act &&
	api GET "/api/v1/jobs/stats?queue=heavy" && json ".items | length" 60 && json "[.items[].failed] | add >= 5" true &&
	for n in 1 2 3 4 5; do tiny_repo "$repos/many-$n"; done &&
	cli jobs retry --status failed --q repository-not-found --yes --json | jq -e ".done == 5 and .matched == 5" &&
	within 30 none_left && audited jobs.retried && audited job.retried 6
'
check 'what cannot be done is told for each, and the rest is done' '
	post /api/v1/jobs/discard "{\"ids\":[$job,$held,999999999999]}" && status 200 && json .matched 3 && json .done 0 &&
	json ".skipped | length" 3 && body_has "is completed" && body_has "there is no job"
'
check 'what nobody needs is thrown away: by number, and by filter' '
	api GET "/api/v1/jobs/dead?status=cancelled" && keep job ".items[0].id" && api DELETE "/api/v1/jobs/$job" && status 204 &&
	api GET "/api/v1/jobs/$job" && status 404 && cli jobs discard --status cancelled --yes 2>"$WORK/out" && grep -q "jobs discarded" "$WORK/out" &&
	api GET "/api/v1/jobs/dead?status=cancelled" && json ".items | length" 0 && audited job.discarded 2 &&
	api DELETE "/api/v1/jobs/$held" && status 409
'
check 'without --yes and without a terminal nothing is done' '
	! cli jobs cancel --all 2>"$WORK/out" && grep -q "no job was" "$WORK/out"
'

# --- Limits ---

check 'a tenant limits its queue; the operator limits it for all, and the tenant sees that' '
	printf "{\"concurrency\":1,\"rate_limit\":100,\"rate_period_s\":60}" | api PATCH /api/v1/queues/heavy "If-Match: *" && status 200 &&
	json .limits.concurrency 1 && header ETag && keep version .version &&
	printf "{\"concurrency\":2}" | api PATCH /api/v1/queues/heavy "If-Match: \"$((version - 1))\"" && status 412 &&
	portolan queues set heavy --concurrency 3 --per-runner 2 --json | jq -e ".limits.concurrency == 3" &&
	api GET /api/v1/queues/heavy && json .installation.concurrency 3 && json .limits.concurrency 1 &&
	portolan queues pause heavy >/dev/null && api GET /api/v1/queues/heavy && json .paused true && json .limits.paused false &&
	portolan queues resume heavy >/dev/null && portolan queues list | grep -q "^heavy *open" &&
	portolan queues set heavy --concurrency none --per-runner none >/dev/null && portolan audit list --tenant 0 --json |
		jq -e "[.items[] | select(.target == \"queue:heavy\")] | length == 4"
'
check 'a queue that is not there is none' '
	api GET /api/v1/queues/nowhere && status 404 && body_has "no queue" && ! portolan queues pause nowhere
'

# --- Time ---

fired() { api GET "/api/v1/schedules/$schedule" && json .last_job_id && keep job .last_job_id && job_is completed; }
check 'a schedule says which field of its pattern is wrong, and which zone there is not' '
	post /api/v1/schedules "{\"name\":\"x\",\"cron\":\"61 * * * *\",\"job_type\":\"repository_processing\",\"project_id\":$id}" && status 400 &&
	json ".errors[0].pointer" /cron && body_has "minute (1st of 5" && json .fix &&
	! cli schedules create x --cron @daily --project "$id" --zone Mars/Olympus 2>"$WORK/out" && grep -q "no time zone" "$WORK/out"
'
check 'a schedule fires when its time has come, once, and the job is done' '
	tiny_repo "$repos/tiny-2" && create timed tiny-2 && within 20 job_is completed &&
	cli schedules create Nightly --cron "30 3 * * *" --zone Europe/Berlin --project "$id" --json >"$WORK/out" &&
	schedule=$(jq .id "$WORK/out") && jq -e ".next_at" "$WORK/out" &&
	sql "UPDATE app.job_schedule SET next_at = now() WHERE id = $schedule" && within 20 fired &&
	json .request_id "schedule:$schedule" && json .project_id "$id" &&
	[ "$(sql "SELECT count(*) FROM app.background_job_history WHERE request_id = '\''schedule:$schedule'\''")" = 1 ]
'
check 'paused it does not fire, resumed it waits for its next time; it is changed by who has seen it' '
	cli schedules pause "$schedule" | grep -q "paused" && api GET "/api/v1/schedules/$schedule" && json .enabled false && header ETag &&
	printf "{\"cron\":\"@hourly\"}" | api PATCH "/api/v1/schedules/$schedule" "If-Match: \"1\"" && status 412 &&
	cli schedules resume "$schedule" --json | jq -e ".enabled and (.next_at != null)" && cli schedules list | grep -q Nightly
'

# --- Watching ---

check 'a monitor of this machine reads the numbers; others show who they are; nothing tells whose they are' '
	call GET /metrics && status 200 && grep -q "^portolan_jobs_ended_5m{queue=\"heavy\",type=\"repository_processing\",outcome=\"completed\"}" "$WORK/reply.body" &&
	grep -q "^portolan_runners 1$" "$WORK/reply.body" && grep -q "^portolan_event_position [0-9]" "$WORK/reply.body" &&
	! grep -q "tenant=" "$WORK/reply.body" && call GET /metrics "X-Forwarded-For: 192.0.2.7" && status 401 &&
	api GET /metrics "X-Forwarded-For: 192.0.2.7" && status 200 && call GET /metrics "Authorization: Bearer pk_1_wrong" && status 401
'
check 'one picture of it all, for people and programs' '
	cli jobs top --once >"$WORK/out" && grep -q "^heavy" "$WORK/out" && grep -q "^NEWEST FAILURES" "$WORK/out" &&
	! grep -q "$(printf "\033")" "$WORK/out" && ! awk "length > 80" "$WORK/out" | grep -q . &&
	cli jobs top --json | jq -e ".schema == \"top/1\" and (.queues.items | length >= 2) and .status.jobs.runners == 1"
'
check 'another tenant sees none of it and can do nothing about it' '
	rival GET "/api/v1/jobs/$job" && status 404 && rival GET "/api/v1/jobs/$job/attempts" && status 404 &&
	rival DELETE "/api/v1/jobs/$job" && status 404 && printf "" | rival POST "/api/v1/jobs/$job/cancel" && status 404 &&
	printf "{\"ids\":[%s]}" "$job" | rival POST /api/v1/jobs/discard && status 200 && json .done 0 && body_has "there is no job" &&
	rival GET "/api/v1/schedules/$schedule" && status 404 && rival GET /api/v1/schedules && json ".items | length" 0 &&
	rival GET /api/v1/queues/heavy && json .limits.concurrency null && json .completed.h1 0 && json .dead 0
'
check 'deleted, the schedule is gone; its jobs stay' '
	cli schedules delete "$schedule" --yes && api GET "/api/v1/schedules/$schedule" && status 404 && audited schedule.deleted && job_is completed
'
done_testing
