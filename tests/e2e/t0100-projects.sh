#!/bin/sh
# B1, B2 (create, list), B6, Q5 (older paths), D8 (stale writers lose), T14 (no existence oracle).
test_description='Projects: created, found, changed, mapped, and invisible to other tenants'
. "${0%/*}/lib.sh"

stack_up
# Nothing but this script changes a project here.
sv -w 20 force-stop "$VAR/service/runner" >/dev/null

# as KEY METHOD PATH [HEADER...]: the same as api, with another key.
as() {
	key=$1
	shift
	PORTOLAN_API_KEY=$key api "$@"
}
create() { # NAME: one project
	printf '{"name":"%s","repository_url":"https://git.test/%s.git"}' "$1" "$1" | api POST /api/v1/projects
}
# A second tenant with a key of its own.
step_down "$BIN/portolan" setup --tenant rival --key-file "$VAR/rival.env" --url "http://127.0.0.1:$PORT" >/dev/null 2>&1
RIVAL_KEY=$(sed -n "s/^PORTOLAN_API_KEY='\{0,1\}\([^']*\).*/\1/p" "$VAR/rival.env")

check 'a member creates a project: 201, Location, ETag and the job that maps it' '
	api POST /api/v1/projects <<-\EOT &&
		{ "name": "Atlas", "repository_url": "https://git.test/atlas.git" }
	EOT
	status 201 && json .name Atlas && json .status pending && json .version 1 && keep id .id && keep job .job_id &&
	header Location "/api/v1/projects/$id" && header ETag "\"1\"" && header Cache-Control no-store
'
check 'it can be read, with the version as its ETag' '
	api GET "/api/v1/projects/$id" && status 200 && json .repository_url https://git.test/atlas.git && header ETag "\"1\""
'
check 'who has that version gets 304, also when compression has weakened the tag' '
	api GET "/api/v1/projects/$id" "If-None-Match: \"1\"" && status 304 && [ ! -s "$WORK/reply.body" ] &&
	api GET "/api/v1/projects/$id" "If-None-Match: W/\"0\", W/\"1\"" && status 304 &&
	api GET "/api/v1/projects/$id" "If-None-Match: \"2\"" && status 200
'
check 'HEAD answers as GET, without the body' '
	api HEAD "/api/v1/projects/$id" && status 200 && header ETag "\"1\"" && ! body_has Atlas
'
check 'its job waits and names the request that asked' '
	api GET "/api/v1/jobs/$job" && status 200 && json .status pending && json .project_id "$id" &&
	json .job_type repository_processing && json .request_id
'
check 'the unversioned paths answer with the same bodies' '
	api GET "/api/v1/projects/$id" && cp "$WORK/reply.body" "$WORK/one" && api GET "/api/projects/$id" && cmp "$WORK/one" "$WORK/reply.body" &&
	api GET /api/projects && status 200 && json ".items[0].id" "$id" && api GET /api/jobs && status 200 &&
	api GET "/api/jobs/$job" && status 200 && api GET /api/status && status 200 && json .database_status ok
'
check 'an address is looked at before: its normal form, a name, who has it; and why it is refused' '
	echo "{\"repository_url\":\"HTTPS://git.test:443/atlas.git\"}" | api POST /api/v1/projects/check && status 200 &&
	json .repository_url https://git.test/atlas.git && json .name atlas && json .project_id "$id" && json .name_taken false &&
	for bad in ftp://git.test/a /etc http://git.test/a https://127.0.0.1/a https://u:p@git.test/a; do
		echo "{\"repository_url\":\"$bad\"}" | api POST /api/v1/projects/check && status 422 && json ".errors[0].pointer" /repository_url && json .fix || return 1
	done
	echo "{\"repository_url\":\"git@git.test:a/b.git\"}" | api POST /api/v1/projects/check && status 400 && json ".errors[0].pointer" /secret_id
'
check 'a name is taken once: 409' '
	create Atlas && status 409 && json .type /docs/problems#conflict
'
check 'a change without If-Match: 428, and the way out is told' '
	echo "{\"name\":\"Renamed\"}" | api PATCH "/api/v1/projects/$id" && status 428 &&
	json .type /docs/problems#version-required && json .fix
'
check 'a change of an old version: 412, and nothing has changed' '
	echo "{\"name\":\"Renamed\"}" | api PATCH "/api/v1/projects/$id" "If-Match: \"99\"" && status 412 &&
	api GET "/api/v1/projects/$id" && json .name Atlas
'
check 'a change of this version: 200 and a new ETag; what is not sent stays' '
	echo "{\"default_branch\":\"main\"}" | api PATCH "/api/v1/projects/$id" "If-Match: \"1\"" && status 200 &&
	json .name Atlas && json .default_branch main && json .version 2 && header ETag "\"2\"" &&
	echo "{\"default_branch\":null}" | api PATCH "/api/v1/projects/$id" "If-Match: W/\"2\"" && status 200 && json .version 3
'
check 'of ten who change the same version at once, one wins' '
	for i in 1 2 3 4 5 6 7 8 9 10; do
		curl -s -o /dev/null -w "%{http_code}\n" -X PATCH -H "Authorization: Bearer $PORTOLAN_API_KEY" \
			-H "If-Match: \"3\"" -H "Content-Type: application/json" -d "{\"name\":\"N$i\"}" \
			"http://127.0.0.1:$PORT/api/v1/projects/$id" &
	done >"$WORK/codes"
	wait
	[ "$(grep -c 200 "$WORK/codes")" = 1 ] && [ "$(grep -c 412 "$WORK/codes")" = 9 ] || { cat "$WORK/codes"; false; }
'
check 'sync answers 202 with the job; one that waits already serves it' '
	api POST "/api/v1/projects/$id/sync" </dev/null && status 202 && json .job_id "$job" && header Location "/api/v1/jobs/$job" &&
	api POST "/api/projects/$id/sync" </dev/null && status 404
'
check 'pages: newest first, all once, none after the last' '
	for i in 1 2 3 4 5 6; do create "P$i" || return 1; done
	api GET "/api/v1/projects?limit=3" && json ".items|length" 3 && json ".items[0].name" P6 && keep cursor .next_cursor &&
	api GET "/api/v1/projects?limit=3&cursor=$cursor" && json ".items[0].name" P3 && keep cursor .next_cursor &&
	api GET "/api/v1/projects?limit=3&cursor=$cursor" && json ".items|length" 1 && json ".items[0].id" "$id" && json .next_cursor null
'
check 'a page that ends with the list has no next' '
	api GET "/api/v1/projects?limit=7" && json ".items|length" 7 && json .next_cursor null
'
check 'filters: text and state; a percent sign is no wildcard' '
	api GET "/api/v1/projects?q=p4" && json ".items|length" 1 && api GET "/api/v1/projects?q=%25" && json ".items|length" 0 &&
	api GET "/api/v1/projects?status=ready" && json ".items|length" 0 && api GET "/api/v1/projects?status=odd" && status 400
'
check 'before the first map there is none: 404, and an empty list' '
	api GET "/api/v1/projects/$id/map" && status 404 && api GET "/api/v1/projects/$id/maps" && status 200 && json ".items|length" 0 &&
	api GET /api/v1/projects/999999/maps && status 404 && json .type /docs/problems#not-found
'
check 'a map is read with its content, by project, by commit and by id' '
	commit=$(printf %040d 7) &&
	sql "INSERT INTO app.system_map (tenant_id, project_id, commit, ref, analyser, content)
		SELECT tenant_id, id, '"'"'$commit'"'"', '"'"'main'"'"', '"'"'test'"'"', '"'"'{\"files\": [1, 2]}'"'"' FROM app.project WHERE id = $id" >/dev/null &&
	api GET "/api/v1/projects/$id/map" && status 200 && json ".content.files[1]" 2 && keep map .id && json .commit "$commit" &&
	etag=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^ETag: //Ip") && api GET "/api/v1/maps/$map" && status 200 && json .ref main &&
	api GET "/api/v1/maps/$map" "If-None-Match: $etag" && status 304 &&
	api GET "/api/v1/projects/$id/map?commit=0000000" && status 200 &&
	api GET "/api/v1/projects/$id/map?commit=abcdef0" && status 404 &&
	api GET "/api/v1/projects/$id/map?commit=zzz" && status 400 &&
	api GET "/api/v1/projects/$id/maps" && json ".items[0].id" "$map" && json ".items[0]|has(\"content\")" false
'
check 'a map of many megabytes arrives whole' '
	sql "UPDATE app.system_map SET content = json_build_object('"'"'text'"'"', repeat('"'"'0123456789'"'"', 2000000)) WHERE id = $map" >/dev/null &&
	api GET "/api/v1/maps/$map" && status 200 && [ "$(jq -r ".content.text|length" "$WORK/reply.body")" = 20000000 ]
'
check 'another tenant cannot tell that any of it exists' '
	as "$RIVAL_KEY" GET "/api/v1/projects/$id" && status 404 && jq "del(.request_id)|tostring|gsub(\"[0-9]+\";\"N\")" "$WORK/reply.body" >"$WORK/theirs" &&
	as "$RIVAL_KEY" GET /api/v1/projects/999999 && status 404 && jq "del(.request_id)|tostring|gsub(\"[0-9]+\";\"N\")" "$WORK/reply.body" | cmp - "$WORK/theirs" &&
	as "$RIVAL_KEY" GET /api/v1/projects && json ".items|length" 0 && as "$RIVAL_KEY" GET "/api/v1/maps/$map" && status 404 &&
	as "$RIVAL_KEY" GET "/api/v1/jobs/$job" && status 404 && as "$RIVAL_KEY" DELETE "/api/v1/projects/$id" "If-Match: *" && status 404 &&
	as "$RIVAL_KEY" GET "/api/v1/projects?limit=3&cursor=$cursor" && status 400
'
check 'a delete needs the version too; then it is gone, with its maps' '
	api DELETE "/api/v1/projects/$id" && status 428 && api DELETE "/api/v1/projects/$id" "If-Match: \"1\"" && status 412 &&
	api DELETE "/api/v1/projects/$id" "If-Match: \"4\"" && status 204 && [ ! -s "$WORK/reply.body" ] &&
	api GET "/api/v1/projects/$id" && status 404 && api GET "/api/v1/maps/$map" && status 404
'
done_testing
