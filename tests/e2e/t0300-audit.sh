#!/bin/sh
# Names of requirements: A12, T39.
test_description='Audit: every change and every refused access, in a chain that shows who touches it'
. "${0%/*}/lib.sh"

repos=$WORK/repos
tiny_repo "$repos/tiny"
stack_up "$repos"

portolan() { (cd "$VAR" && step_down "$ROOT/build/$VARIANT/bin/portolan" "$@" --config "$CONF"); }
sealed() { [ "$(sql 'SELECT count(*) FROM app.audit WHERE NOT EXISTS (SELECT FROM app.audit_seal s WHERE s.position = audit.position)')" = 0 ]; }
stranger_noted() { [ "$(sql "SELECT count(*) FROM app.audit WHERE tenant_id = 0 AND request_id = 'stranger'")" = 1 ]; }
anchored() { grep -h '"audit anchor"' "$VAR"/log/runner/current | grep -q '"anchor":"'; }
# verify WORD [OPTION...]: the check ends as it should and says the word.
verify() {
	word=$1
	shift
	code=0
	portolan audit verify "$@" >"$WORK/verify" 2>&1 || code=$?
	cat "$WORK/verify"
	grep -qF -- "$word" "$WORK/verify" || return 1
	[ "$word" = whole ] || [ "$code" -eq 1 ]
}

tenant=
key=
text=
check 'what set-up makes, an owner and a key that may all, is in it, with the account that ran it' '
	for action in user.created api_key.created; do
		api GET "/api/v1/audit?action=$action" && json ".items | length" 1 && jq -r ".items[0].actor" "$WORK/reply.body" | grep "^cli:" || return 1
	done
'
check 'a change leaves who, what, when, from where and by which request' '
	printf "{\"name\":\"Atlas\",\"repository_url\":\"%s\"}" "$repos/tiny" |
		api POST /api/v1/projects "X-Request-Id: create-atlas" && status 201 && keep id .id &&
		api GET "/api/v1/audit?action=project.created" && status 200 &&
		json ".items | length" 1 && json ".items[0].target" "project:$id" &&
		json ".items[0].outcome" done && json ".items[0].request_id" create-atlas &&
		json ".items[0].remote" 127.0.0.1 && json ".items[0].detail.name" Atlas &&
		json ".items[0].actor" "key:$(json ".items[0].key_id" >/dev/null; jq -r ".items[0].key_id" "$WORK/reply.body")" &&
		keep tenant ".items[0].tenant_id"
'
check 'so do a change, a wish and a deletion, in their transactions' '
	printf "{\"name\":\"Bellum\"}" | api PATCH "/api/v1/projects/$id" "If-Match: *" && status 200 &&
		printf "" | api POST "/api/v1/projects/$id/sync" && status 202 &&
		api DELETE "/api/v1/projects/$id" "If-Match: *" && status 204 &&
		for action in project.changed project.sync_requested project.deleted; do
			api GET "/api/v1/audit?action=$action&target=project:$id" && json ".items | length" 1 || return 1
		done
'
check 'what was refused for its form leaves nothing' '
	n=$(sql "SELECT count(*) FROM app.audit") &&
		printf "{\"nam\":1}" | api POST /api/v1/projects && status 400 &&
		api DELETE /api/v1/projects/99999 "If-Match: *" && status 404 &&
		[ "$(sql "SELECT count(*) FROM app.audit")" = "$n" ]
'
check 'an unknown credential is refused, and written down for the installation' '
	call GET /api/v1/projects "Authorization: Bearer pk_1_x" "X-Request-Id: stranger" && status 401 &&
		within 30 stranger_noted &&
		portolan audit list --tenant 0 --json --outcome refused >"$WORK/reply.body" && json ".items[0].request_id" stranger &&
		json ".items[0].action" access.refused && json ".items[0].detail.reason" unauthenticated &&
		json ".items[0].detail.operation" listProjects
'
guess_noted() { [ "$(sql "SELECT count(*) FROM app.audit WHERE tenant_id = 0 AND actor = 'nobody@example.org' AND outcome = 'refused'")" = 1 ]; }
check 'a wrong password is written down with the address that was tried, and without the password' '
	printf "{\"email\":\"nobody@example.org\",\"password\":\"canary-guess-77\"}" | call POST /api/v1/auth/login "Origin: http://127.0.0.1:$PORT" &&
		status 401 && within 30 guess_noted && ! sql "SELECT row_to_json(a) FROM app.audit a" | grep canary
'
check 'a flood of them leaves a row for each process, not one for each' '
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		call GET /api/v1/projects || return 1
	done
	status 401 && [ "$(sql "SELECT count(*) FROM app.audit WHERE tenant_id = 0")" -le 6 ]
'
viewer_noted() {
	api GET "/api/v1/audit?outcome=refused&action=access" && json ".items | length" 1 && json ".items[0].key_id" "$key" &&
		json ".items[0].actor" "key:$key" && json ".items[0].detail.reason" forbidden && json ".items[0].detail.operation" listAudit
}
check 'a known one that may not is refused, and its tenant can read of it' '
	printf "{\"name\":\"looker\",\"role\":\"viewer\"}" | api POST /api/v1/api-keys && status 201 && keep key .id && keep text .key &&
		call GET /api/v1/audit "Authorization: Bearer $text" && status 403 && ! body_has "key:$key" && within 30 viewer_noted
'
check 'nothing of a key but its number is in the log' '
	! sql "SELECT row_to_json(a) FROM app.audit a" | grep -F -e "$(echo "${text#pk_*_}" | cut -c 1-20)"
'
check 'nobody sees the log of the installation through the service' '
	api GET "/api/v1/audit?outcome=refused" && json ".items | length" 1
'
check 'the export is the whole of it, page by page, and says where to go on' '
	api GET "/api/v1/audit/export?limit=2" && status 200 && header Content-Type "application/x-ndjson*" && header Next-Cursor &&
		[ "$(wc -l <"$WORK/reply.body")" -eq 2 ] &&
		PORTOLAN_API_KEY=$PORTOLAN_API_KEY "$ROOT/build/$VARIANT/bin/portolan" audit export --url "http://127.0.0.1:$PORT" >"$WORK/all" &&
		[ "$(jq -s "length" "$WORK/all")" = "$(sql "SELECT count(*) FROM app.audit WHERE tenant_id = $tenant")" ] &&
		[ "$(jq -s "map(.position) == (map(.position) | sort)" "$WORK/all")" = true ] &&
		portolan audit export --tenant "$tenant" >"$WORK/direct" &&
		[ "$(jq -s "map(.position)" "$WORK/all")" = "$(jq -s "map(.position)" "$WORK/direct")" ]
'
check 'filters: by actor, target, outcome, time' '
	api GET "/api/v1/audit?actor=nobody" && json ".items | length" 0 &&
		api GET "/api/v1/audit?action=project&limit=1" && json ".items | length" 1 && json .next_cursor && keep next .next_cursor &&
		api GET "/api/v1/audit?action=project&limit=1&cursor=$next" && json ".items | length" 1 &&
		api GET "/api/v1/audit?until=2020-01-01T00:00:00Z" && json ".items | length" 0 &&
		api GET "/api/v1/audit?outcome=perhaps" && status 400
'
check 'rows are sealed within seconds, and the chains are whole' 'within 30 sealed && verify whole'
check 'the runner has logged the ends of the chains' '
	within 30 anchored
'

# An anchor of now; everything after this point is tampering, undone each time.
anchor=$(sql "SELECT tenant_id || ':' || seq || ':' || encode(hash, 'hex') FROM app.audit_chain WHERE tenant_id = $tenant")
row=$(sql "SELECT position FROM app.audit_seal WHERE tenant_id = $tenant AND seq = 2")
check 'an anchor that is right' 'verify whole --anchor "$anchor"'
check 'a row that was changed is named' '
	sql "UPDATE app.audit SET actor = '"'somebody else'"' WHERE position = $row" && verify "row $row is not what was sealed" &&
		verify "\"broken_position\":$row" --json --tenant "$tenant"
'
check 'the application may do none of that' '
	for what in "UPDATE app.audit SET actor = 1::text" "DELETE FROM app.audit" "TRUNCATE app.audit" "DELETE FROM app.audit_seal" \
		"UPDATE app.audit_chain SET seq = 0"; do
		! (cd "$VAR" && step_down "$PGBIN/psql" -X -q -h "$VAR/run" -U portolan_app -d portolan -c "$what") || return 1
	done
'
done_testing
