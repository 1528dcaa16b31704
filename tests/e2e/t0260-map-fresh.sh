#!/bin/sh
# B3, B4 (maps of any commit, fresh ones), C5, C7 (a killed analysis goes on), C12 (schedules), X11.
test_description='Maps stay fresh: changed files alone are read, a killed analysis goes on, any commit is mapped'
. "${0%/*}/lib.sh"

repo=$WORK/repos/tiny
id='' job=''
tiny_repo "$repo"
stack_up "$WORK/repos"

# commit MESSAGE: everything as it lies in the repository.
commit() { git -C "$repo" add -A && git -C "$repo" -c user.name=e2e -c user.email=e2e@test commit -q -m "$1"; }
head_of() { git -C "$repo" rev-parse "${1:-HEAD}"; }

ended() { api GET "/api/v1/jobs/$job" && jq -e '.status | IN("completed", "failed", "dead")' "$WORK/reply.body" >/dev/null; }
sync_project() { api POST "/api/v1/projects/$id/sync" </dev/null && status 202 && keep job .job_id && within 60 ended; }
# ask NAME: the map of a commit.
ask() { printf '{"commit":"%s"}' "$1" | api POST "/api/v1/projects/$id/maps"; }
# newest COMMIT: that is what the project shows, as its head and as its map.
newest() {
	api GET "/api/v1/projects/$id/map" && status 200 && json .commit "$1" && json .requested false &&
		api GET "/api/v1/projects/$id" && json .head_commit "$1"
}

check 'the first map reads every file' '
	first=$(head_of) &&
	printf "{\"name\":\"fresh\",\"repository_url\":\"%s\"}" "$repo" | api POST /api/v1/projects && status 201 &&
	keep id .id && keep job .job_id && within 60 ended && json .status completed &&
	json .result.blobs_read 4 && json .result.blobs_cached 0 && newest "$first"
'
check 'a sync that finds the same commit analyses nothing' '
	sync_project && json .result.analysed false && json .result.commit "$first"
'
check 'a new commit: only the changed file is read' '
	printf "#include \"a.h\"\nint f(void)\n{\n\treturn 1;\n}\n" >"$repo/a.c" && commit three && second=$(head_of) &&
	sync_project && json .status completed && json .result.analysed true &&
	json .result.blobs_read 1 && json .result.blobs_cached 3 && newest "$second"
'
check 'its map is the same to the byte as one that reads everything' '
	api GET "/api/v1/projects/$id/map" && jq -c .content "$WORK/reply.body" >"$WORK/warm" &&
	rm "$VAR/repos/$id/facts" "$VAR/repos/$id/history" && sql "DELETE FROM app.system_map WHERE project_id = $id" >/dev/null &&
	sync_project && json .result.blobs_read 4 && json .result.blobs_cached 0 &&
	api GET "/api/v1/projects/$id/map" && jq -c .content "$WORK/reply.body" | cmp - "$WORK/warm"
'
check 'facts and a history that are torn or of no sense are made anew, and no job fails of it' '
	printf x >>"$repo/main.c" && commit four && truncate -s -1 "$VAR/repos/$id/facts" "$VAR/repos/$id/history" &&
	sync_project && json .status completed && json .result.blobs_read 4 &&
	printf x >>"$repo/main.c" && commit five && head -c 5000 /dev/urandom | tee "$VAR/repos/$id/history" >"$VAR/repos/$id/facts" &&
	sync_project && json .status completed && json .result.blobs_read 4 &&
	printf x >>"$repo/main.c" && commit six && fifth=$(head_of) && sync_project && json .result.blobs_read 1 && newest "$fifth" &&
	api GET "/api/v1/projects/$id/map" && json .content.history.commits "$(git -C "$repo" rev-list --count HEAD)" &&
	[ "$(head -c 8 "$VAR/repos/$id/history")" = "PTL SEG1" ]
'

check 'an old commit is mapped on request, and the newest map stays what it is' '
	ask "$first" && status 202 && keep job .job_id && header Location "/api/v1/jobs/$job" && within 60 ended &&
	json .status completed && json .result.commit "$first" && json .result.analysed true && keep map .result.map_id &&
	api GET "/api/v1/maps/$map" && json .commit "$first" && json .requested true && newest "$fifth" &&
	api GET "/api/v1/projects/$id/map?commit=$first" && json .id "$map"
'
check 'asked again it is there: 200, and no job' '
	ask "$first" && status 200 && json .map_id "$map" && json .job_id null && header Location "/api/v1/maps/$map" &&
	ask "$(printf %.9s "$first")" && status 200 && json .map_id "$map"
'
check 'a tag and a branch will do' '
	git -C "$repo" tag v1 "$second" && git -C "$repo" branch side "$second" &&
	ask v1 && status 202 && keep job .job_id && within 60 ended && json .result.commit "$second" && json .result.ref v1 &&
	ask side && status 202 && keep job .job_id && within 60 ended && json .result.commit "$second" && json .result.analysed false &&
	newest "$fifth"
'
check 'a commit that is not there: the job says so, and the project does not suffer' '
	ask 0123456789abcdef && status 202 && keep job .job_id && within 60 ended && json .status failed &&
	json .error_type ref-not-found && json ".error_message | contains(\"git ls-remote\")" true &&
	api GET "/api/v1/projects/$id" && json .status ready
'
check 'words that name nothing are refused at once' '
	for words in "" "-x" "a..b" "a b" "x~1" "HEAD^" "a\\\\b"; do
		ask "$words" && status 400 && json ".errors[0].pointer" /commit || return 1
	done
	echo "{}" | api POST "/api/v1/projects/$id/maps" && status 400 &&
	echo "{\"commit\":\"v1\"}" | api POST /api/v1/projects/999999/maps && status 404
'
check 'when the branch comes back to a commit that was asked for, that is the newest' '
	git -C "$repo" reset -q --hard "$first" && sync_project && json .result.blobs_read 0 && json .result.blobs_cached 4 &&
	newest "$first" && git -C "$repo" reset -q --hard "$fifth" && sync_project && newest "$fifth"
'

check 'the command line maps a commit and leaves the newest alone' '
	"$BIN/portolan" map "$repo" --commit "$second" --json >"$WORK/one" && [ "$(jq -r .commit "$WORK/one")" = "$second" ] &&
	"$BIN/portolan" map "$repo" --commit no-such-branch >"$WORK/one" 2>&1; [ $? -ne 0 ] && grep -q "no branch, tag or commit no-such-branch" "$WORK/one" &&
	newest "$fifth"
'
check 'a schedule of its own syncs the project' '
	api GET "/api/v1/projects/$id" && keep version .version &&
	echo "{\"sync_schedule\":\"* * * * *\",\"sync_time_zone\":\"Europe/Berlin\"}" | api PATCH "/api/v1/projects/$id" "If-Match: \"$version\"" &&
	status 200 && keep schedule .sync_schedule_id && api GET "/api/v1/schedules/$schedule" && json .project_id "$id" &&
	json .job_type repository_processing && json .time_zone Europe/Berlin && json .enabled true &&
	sql "UPDATE app.job_schedule SET next_at = now() WHERE id = $schedule" >/dev/null &&
	fired() { api GET "/api/v1/schedules/$schedule" && json .last_job_id; } && within 20 fired && keep job .last_job_id &&
	within 60 ended && json .status completed && json .result.analysed false
'
check 'the command line sets it and takes it away; a pattern that is none is refused' '
	"$BIN/portolan" projects schedule "$id" "@daily" | grep -q "schedule $schedule" && api GET "/api/v1/schedules/$schedule" && json .cron @daily &&
	! "$BIN/portolan" projects schedule "$id" "every day" && "$BIN/portolan" projects schedule "$id" none &&
	api GET "/api/v1/schedules/$schedule" && status 404 && api GET "/api/v1/projects/$id" && json .sync_schedule_id null
'

# A repository that takes a second to read: kill the analyser when it has written down some of it.
large() {
	mkdir "$WORK/repos/large" && git -C "$WORK/repos/large" init -q -b main . && awk 'BEGIN {
		print "commit refs/heads/main\ncommitter e2e <e2e@test> 1700000000 +0000\ndata 3\none"
		for (f = 0; f < 3000; f++) {
			text = ""
			for (i = 0; i < 400; i++) text = text "int function_" f "_" i "(int a, char *b)\n{\n\treturn a + *b + " f ";\n}\n"
			print "M 644 inline dir" f % 40 "/f" f ".c\ndata " length(text)
			print text
		}
	}' | git -C "$WORK/repos/large" fast-import --quiet --force
}
# More than two segments: the first is whole even when the kill comes in the middle of a write.  No sleep:
# what is waited for is over in a second.
some_read() {
	tries=0
	until [ "$(stat -c %s "$VAR/repos/$id/facts" 2>/dev/null || echo 0)" -gt 700000 ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 100000 ] || return 1
	done
}
# The analyser among the children of the runner.
kill_analyser() {
	for child in $(for pid in $(pid_of runner); do cat "/proc/$pid"/task/*/children; done 2>/dev/null); do
		case $(cat "/proc/$child/comm" 2>/dev/null) in portolan-analys*) kill -9 "$child" && return 0 ;; esac
	done
	return 1
}
check 'kill -9 of an analyser half way: the next attempt goes on where it was' '
	large && printf "{\"name\":\"large\",\"repository_url\":\"%s\"}" "$WORK/repos/large" | api POST /api/v1/projects && status 201 && keep id .id && keep job .job_id &&
	some_read && kill_analyser && within 90 ended &&
	json .status completed && json .attempt 2 && jq .result "$WORK/reply.body" &&
	json ".result.blobs_cached > 0" true && json ".result.blobs_read > 0" true && json ".result.blobs_read + .result.blobs_cached" 3000
'
done_testing
