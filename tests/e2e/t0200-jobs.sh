#!/bin/sh
# Names of requirements: C2, C3, C5, C6, C7, C11, C12, B6.
test_description='Jobs: done once, whoever is killed; failed ones say why and can be retried'
. "${0%/*}/lib.sh"

repos=$WORK/repos
tiny_repo "$repos/tiny"

# A repository that takes its child long enough to be caught at it.
large_repo() {
	mkdir -p "$1" && git init -q -b main "$1" && awk 'BEGIN {
		print "commit refs/heads/main\ncommitter e2e <e2e@test> 1700000000 +0000\ndata 3\none"
		for (i = 0; i < 30000; i++) {
			text = "#include \"f" (i * 7 + 1) % 30000 ".h\"\nint f" i "(void)\n{\n\treturn " i ";\n}\n"
			printf "M 100644 inline d%d/f%d.%s\ndata %d\n%s\n", i % 200, i, i % 2 ? "c" : "h", length(text), text
		}
	}' | git -C "$1" fast-import --quiet
}
large_repo "$repos/large"
printf 'runner_lease_ms = 10000\nrunner_heartbeat_ms = 1000\n' >>"$VAR/portolan.conf"
stack_up "$repos"

id=
job=
# create NAME FOLDER: a project; keeps $id and $job, its first job.
create() {
	printf '{"name":"%s","repository_url":"%s"}' "$1" "$repos/$2" | api POST /api/v1/projects &&
		status 201 && keep id .id && keep job .job_id
}
job_is() { api GET "/api/v1/jobs/$job" && status 200 && json .status "$1"; }
project_is() { api GET "/api/v1/projects/$id" && status 200 && json .status "$1"; }
ended() { [ "$(sql "SELECT count(*) FROM app.background_job WHERE project_id = $id")" = 0 ]; }

# A job's work is there once: one map, one word of it, one completion.
done_once() {
	job_is completed && json .progress 100 && project_is ready && json .error null &&
		[ "$(sql "SELECT count(*) FROM app.system_map WHERE project_id = $id")" = 1 ] &&
		[ "$(sql "SELECT count(*) FROM app.event_all WHERE project_id = $id AND kind = 'map.published'")" = 1 ] &&
		[ "$(sql "SELECT count(*) FROM app.event_all WHERE project_id = $id AND kind = 'job.completed'")" = 1 ]
}

# Stop a child of a runner as soon as it is a program of its own, and keep its number in $child.
catch_child() {
	for child in $(for pid in $runners; do cat "/proc/$pid"/task/*/children; done 2>/dev/null); do
		case $(cat "/proc/$child/comm" 2>/dev/null) in
		portolan-fetch | portolan-analys*) kill -STOP "$child" 2>/dev/null && return 0 ;;
		esac
	done
	return 1
}
# caught [RUNNER...]: of these runners, else of the stack's.
caught() {
	runners=${*:-$(pid_of runner)}
	tries=0
	until catch_child; do
		tries=$((tries + 1))
		[ "$tries" -lt 20000 ] || return 1
	done
}
is_gone() { [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }
another_runner() { new=$(pid_of runner) && [ -n "$new" ] && [ "$new" != "$1" ]; }

one_runner() { [ "$(sql "SELECT count(*) FROM app.job_runner WHERE parent_id IS NULL")" = 1 ]; }

check 'a job runs to its end and answers with its map' '
	create plain tiny && within 20 job_is completed && json .result.map_id && json .result.analysed true &&
	json .job_type repository_processing && json .attempt 1 && done_once
'
check 'the map tells of the history: who changed what, without addresses' '
	api GET "/api/v1/projects/$id/map" && status 200 && json ".content.history.commits" 2 &&
	json ".content.history.files.commits[1]" 1 && json ".content.history.authors.name[0]" e2e &&
	! body_has "@"
'
check 'the same commit again: no second analysis, the same map' '
	api POST "/api/v1/projects/$id/sync" </dev/null && status 202 &&
	keep job .job_id && within 20 job_is completed && json .result.analysed false && json .result.map_id &&
	[ "$(sql "SELECT count(*) FROM app.system_map WHERE project_id = $id")" = 1 ]
'
check 'what is done cannot be retried: 409 that says so' '
	api POST "/api/v1/jobs/$job/retry" </dev/null && status 409 && body_has completed
'
check 'a child killed in mid-job: the project says so, the job is tried again and done once' '
	create child large && caught && kill -9 "$child" &&
	within 30 job_is retrying && json .error_type child-killed && json .error_message &&
	project_is pending && json .error_type child-killed &&
	within 40 job_is completed && json .attempt 2 && done_once
'
check 'a runner killed in mid-job: its child dies with it, the job is taken over and done once' '
	create runner large && caught && old=$(pid_of runner) && kill -9 "$old" && within 3 is_gone "$child" &&
	within 30 another_runner "$old" && within 30 job_is completed && json .attempt 2 && done_once &&
	[ "$(sql "SELECT string_agg(outcome, '\'' '\'' ORDER BY token) FROM app.job_attempt WHERE job_id = $job")" = "lost completed" ] &&
	one_runner
'
check 'a runner told to stop hands its job back, and that is no attempt' '
	create handed large && caught && old=$(pid_of runner) && kill "$old" &&
	within 20 another_runner "$old" && is_gone "$child" &&
	within 30 job_is completed && json .attempt 1 && done_once
'
check 'a runner told to read its settings anew (HUP) ends, and the supervisor starts another' '
	old=$(pid_of runner) && kill -HUP "$old" && within 30 another_runner "$old" &&
	create anew tiny && within 20 job_is completed && one_runner
'
postgres_is_back() { [ "$(pid_of postgres)" != "$1" ] && sql "SELECT 1"; }
check 'a database killed in mid-job: the job goes on where it is' '
	create database large && caught && old=$(pid_of postgres) && kill -9 "$old" &&
	within 20 postgres_is_back "$old" && kill -CONT "$child" && within 30 job_is completed && json .attempt 1 && done_once
'
check 'a repository that is not there: the job fails for good, and the project says why' '
	create late nowhere && within 20 job_is failed && json .error_type repository-not-found &&
	json .error_message && json .attempt 1 && project_is failed && json .error_type repository-not-found && json .error
'
check 'the operator retries it once the repository is there' '
	tiny_repo "$repos/nowhere" && api POST "/api/v1/jobs/$job/retry" </dev/null && status 200 &&
	json .id "$job" && within 20 job_is completed && done_once
'
check 'a project that had a map keeps it when the next fetch fails' '
	mv "$repos/nowhere" "$repos/moved" && api POST "/api/v1/projects/$id/sync" </dev/null && status 202 &&
	within 20 project_is failed && json .head_commit && api GET "/api/v1/projects/$id/map" && status 200
'
check 'jobs can be listed by state and project' '
	api GET "/api/v1/jobs?status=failed" && status 200 && json ".items | length" 1 &&
	api GET "/api/v1/jobs?project=$id" && status 200 && json ".items | length" 2
'
# A runner beside the stack's, with its settings; its number in $second.
second_runner() {
	: >"$WORK/second.log" # of the one before
	(cd "$VAR" && step_down "$BIN/portolan-runner" 2>"$WORK/second.log") &
	waited=$!
	within 30 grep -q "runner started" "$WORK/second.log" &&
		second=$(sql "SELECT pid FROM app.job_runner WHERE parent_id IS NULL AND pid <> $(pid_of runner)") && [ -n "$second" ]
}
end_second() { kill "$second" && wait "$waited" && grep -q "runner ended" "$WORK/second.log"; }
all_ended() { [ "$(sql "SELECT count(*) FROM app.background_job")" = 0 ]; }
several() { for n in 1 2 3 4 5 6 7 8; do create "$1-$n" large || return 1; done; }
check 'two runners share the work, and each job is done once' '
	second_runner && several both && within 120 all_ended && grep -q "\"job ended\"" "$WORK/second.log" &&
	[ "$(sql "SELECT count(*) FROM app.background_job_history h JOIN app.project p ON p.id = h.project_id
		WHERE p.name LIKE '\''both-%'\'' AND h.attempt = 1")" = 8 ] &&
	[ "$(sql "SELECT count(*) FROM app.event_all WHERE kind = '\''job.completed'\'' GROUP BY payload->>'\''job_id'\''
		ORDER BY 1 DESC LIMIT 1")" = 1 ]
'
check 'a second runner that is told to stop leaves the first alone' 'end_second && one_runner'
check 'a runner stopped past its lease: another does the job, and the first may write nothing' '
	create frozen large && caught && old=$(pid_of runner) && kill -STOP "$old" && kill -CONT "$child" &&
	second_runner && within 30 job_is completed && json .attempt 2 && kill -CONT "$old" &&
	within 30 another_runner "$old" && done_once && grep -q "the lease is lost" "$VAR/log/runner/current" &&
	end_second && within 30 one_runner
'
no_clone() { [ ! -e "$VAR/repos/$id" ]; }
check 'deleting a project removes its clone' '
	create gone tiny && within 20 job_is completed && [ -d "$VAR/repos/$id" ] && project_is ready &&
	version=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^ETag: *//Ip") &&
	api DELETE "/api/v1/projects/$id" "If-Match: $version" && status 204 && within 20 no_clone && ended
'
check 'deleting a project while it is mapped ends its child and leaves nothing' '
	create busy large && caught && project_is "$(sql "SELECT status FROM app.project WHERE id = $id")" &&
	version=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^ETag: *//Ip") &&
	api DELETE "/api/v1/projects/$id" "If-Match: $version" && status 204 &&
	within 30 is_gone "$child" && within 20 ended && no_clone && job_is cancelled
'
check 'the log has a line per step, with job, tenant, request and duration' '
	grep "\"job step\"" "$VAR/log/runner/current" | grep "\"step\":\"analysing\"" | grep "\"tenant\":" |
		grep "\"request_id\":\"[^\"]" | grep "\"duration_ms\":" >/dev/null
'
refused() {
	printf '{"name":"%s","repository_url":"%s"}' "$1" "$2" | api POST /api/v1/projects &&
		status 201 && keep id .id && keep job .job_id && within 20 job_is failed &&
		json .error_type url-refused && json .attempt 1 && [ "$(jq -r .error_message "$WORK/reply.body" | wc -c)" -gt 40 ] &&
		project_is failed && json .error_type url-refused &&
		api POST "/api/v1/projects/$id/sync" </dev/null && status 202 && keep job .job_id && within 20 job_is failed
}
check 'an address that may not be connected to fails the job, with the rule and the setting; the project stays' '
	refused loopback https://127.0.0.1/x.git && body_has allow_private_addresses &&
	refused plain-http http://192.0.2.1/x.git && body_has allow_http &&
	refused metadata https://169.254.169.254/latest && refused decimal https://2130706433/x.git
'
done_testing
