#!/bin/sh
# A1 (tokens), A2 (roles), A3 (API keys); T16, T18.
test_description='API keys and tokens: made, narrowed, rotated, revoked; forged and copied ones are noticed'
. "${0%/*}/lib.sh"

stack_up
id='' access='' rival=''

# as CREDENTIAL METHOD PATH [HEADER...]: the same as api, with another key or token.
as() {
	who=$1
	shift
	PORTOLAN_API_KEY=$who api "$@"
}
# create BODY: one API key; keeps its number and text as $id and $key.
create() {
	printf '%s' "$1" | api POST /api/v1/api-keys && status 201 && keep id .id && keep key .key
}
# tokens KEY: a pair; keeps $access and $refresh.
tokens() { as "$1" POST /api/v1/auth/token </dev/null && status 200 && keep access .access_token && keep refresh .refresh_token; }
refresh() { printf '{"refresh_token":"%s"}' "$1" | call POST /api/v1/auth/refresh; }
# A second tenant with a key of its own.
step_down "$BIN/portolan" setup --tenant rival --key-file "$VAR/rival.env" --url "http://127.0.0.1:$PORT" >/dev/null 2>&1
RIVAL_KEY=$(sed -n "s/^PORTOLAN_API_KEY='\{0,1\}\([^']*\).*/\1/p" "$VAR/rival.env")

check 'a key is made, and its text shown this once' '
	create "{\"name\":\"build\",\"role\":\"member\",\"scopes\":[\"projects:read\",\"jobs:read\"]}" &&
	json .role member && json .status active && json .prefix "pk_${id}_" && json .last_used_at null &&
	header Location "/api/v1/api-keys/$id" && header Cache-Control no-store &&
	printf "%s" "$key" | grep -qE "^p[kr]_[1-9][0-9]{0,17}_[A-Za-z0-9_-]{43}_[0-9a-f]{8}\$" &&
	api GET "/api/v1/api-keys/$id" && status 200 && ! body_has "$key" && json ".scopes[1]" jobs:read
'
check 'it may what its scopes say, and its role' '
	as "$key" GET /api/v1/projects && status 200 && as "$key" GET /api/v1/status && status 403 && body_has status:read &&
	echo "{\"repository_url\":\"https://git.test/a.git\"}" | as "$key" POST /api/v1/projects && status 403 &&
	as "$key" GET /api/v1/api-keys && status 403 && as "$key" GET /api/v1/api-keys/current && status 200 && json .id "$id"
'
used() { api GET "/api/v1/api-keys/$id" && json .last_used_at; }
check 'its last use is noted after the answer' 'within 30 used'
check 'an unknown scope is refused with the nearest' '
	echo "{\"name\":\"x\",\"role\":\"viewer\",\"scopes\":[\"project:read\"]}" | api POST /api/v1/api-keys &&
	status 400 && body_has "did you mean projects:read"
'
check 'an answer given again for an Idempotency-Key is without the secret' '
	echo "{\"name\":\"again\",\"role\":\"viewer\"}" >"$WORK/body" &&
	api POST /api/v1/api-keys "Idempotency-Key: k1" <"$WORK/body" && status 201 && keep again .key && keep again_id .id &&
	api POST /api/v1/api-keys "Idempotency-Key: k1" <"$WORK/body" && status 201 && header Idempotency-Replayed true &&
	json .id "$again_id" && json .key null && [ "$(sql "SELECT count(*) FROM app.idempotency_key WHERE body LIKE '\''%$again%'\''")" = 0 ]
'
check 'an admin hands on no more than it has' '
	create "{\"name\":\"admin\",\"role\":\"admin\"}" && admin=$key && admin_id=$id &&
	echo "{\"name\":\"o\",\"role\":\"owner\"}" | as "$admin" POST /api/v1/api-keys && status 403 &&
	as "$PORTOLAN_API_KEY" GET /api/v1/api-keys/current && keep owner_id .id &&
	echo "{}" | as "$admin" POST "/api/v1/api-keys/$owner_id/rotate" && status 403 &&
	as "$admin" DELETE "/api/v1/api-keys/$owner_id" && status 403
'
check 'another caller who takes the same Idempotency-Key is no repetition, and is refused what is above them' '
	echo "{\"name\":\"both\",\"role\":\"owner\"}" >"$WORK/body" &&
	api POST /api/v1/api-keys "Idempotency-Key: k2" <"$WORK/body" && status 201 &&
	as "$admin" POST /api/v1/api-keys "Idempotency-Key: k2" <"$WORK/body" && status 403
'
check 'who names another tenant than that of the key is not served in that of the key' '
	as "$PORTOLAN_API_KEY" GET /api/v1/auth/me && keep tenant .tenant_id && as "$RIVAL_KEY" GET /api/v1/auth/me && keep rival .tenant_id &&
	as "$PORTOLAN_API_KEY" GET /api/v1/projects "X-Portolan-Tenant: $tenant" && status 200 &&
	as "$PORTOLAN_API_KEY" GET /api/v1/projects "X-Portolan-Tenant: $rival" && status 403 && body_has X-Portolan-Tenant &&
	as "$PORTOLAN_API_KEY" GET /api/v1/projects "X-Portolan-Tenant: 999999" && status 403 &&
	as "$PORTOLAN_API_KEY" GET /api/v1/projects "X-Portolan-Tenant: x" && status 400 &&
	as "$PORTOLAN_API_KEY" POST /api/v1/auth/token "X-Portolan-Tenant: $rival" </dev/null && status 403 &&
	tokens "$PORTOLAN_API_KEY" && as "$access" GET /api/v1/projects "X-Portolan-Tenant: $rival" && status 403
'
check 'rotated, old and new work until the overlap is over' '
	create "{\"name\":\"r\",\"role\":\"viewer\"}" && old=$key && old_id=$id &&
	echo "{}" | api POST "/api/v1/api-keys/$old_id/rotate" && status 201 && keep new .key && keep new_id .id &&
	as "$old" GET /api/v1/projects && status 200 && as "$new" GET /api/v1/projects && status 200 &&
	api GET "/api/v1/api-keys/$old_id" && json .rotated_to "$new_id" && json .expires_at &&
	echo "{\"overlap_hours\":0}" | api POST "/api/v1/api-keys/$new_id/rotate" && status 201 && keep newest .key &&
	as "$new" GET /api/v1/projects && status 401 && as "$newest" GET /api/v1/projects && status 200 &&
	echo "{}" | api POST "/api/v1/api-keys/$new_id/rotate" && status 409
'
check 'revoked, it works no more; any key can end itself' '
	api DELETE "/api/v1/api-keys/$old_id" && status 204 && as "$old" GET /api/v1/projects && status 401 &&
	as "$newest" DELETE /api/v1/api-keys/current && status 204 && as "$newest" GET /api/v1/projects && status 401 &&
	api DELETE "/api/v1/api-keys/$old_id" && status 409
'
check 'another tenant sees none of it' '
	for m in GET DELETE; do as "$RIVAL_KEY" $m "/api/v1/api-keys/$admin_id" && status 404 || return 1; done &&
	echo "{}" | as "$RIVAL_KEY" POST "/api/v1/api-keys/$admin_id/rotate" && status 404 &&
	as "$RIVAL_KEY" GET /api/v1/api-keys && status 200 && ! body_has "\"name\":\"admin\"" && as "$admin" GET /api/v1/projects && status 200
'
check 'a key is changed for tokens; the access token may what the key may' '
	tokens "$admin" && json .token_type Bearer && json .expires_in 600 && header Cache-Control no-store &&
	as "$access" GET /api/v1/api-keys && status 200 && as "$access" GET /api/v1/api-keys/current && json .id "$admin_id"
'
check 'a token cannot ask for tokens, nor can nobody' '
	as "$access" POST /api/v1/auth/token </dev/null && status 401 && call POST /api/v1/auth/token </dev/null && status 401
'
check 'a lowered role works at the next request' '
	sql "UPDATE app.api_key SET role = 1 WHERE id = $admin_id" && as "$access" GET /api/v1/api-keys && status 403 &&
	as "$access" GET /api/v1/projects && status 200 && sql "UPDATE app.api_key SET role = 4 WHERE id = $admin_id" &&
	as "$access" GET /api/v1/api-keys && status 200
'
check 'refreshing gives the next pair; a copy used again ends them all' '
	first=$refresh && refresh "$first" && status 200 && keep second .refresh_token && keep access2 .access_token &&
	as "$access2" GET /api/v1/projects && status 200 &&
	refresh "$first" && status 401 && body_has "used before" &&
	refresh "$second" && status 401 && as "$access2" GET /api/v1/projects && status 401 && as "$access" GET /api/v1/projects && status 401 &&
	[ "$(sql "SELECT count(*) FROM app.event_all WHERE kind = '\''token.reused'\''")" = 1 ] &&
	api GET "/api/v1/audit?action=token.reused" && status 200 && json ".items[0].key_id" "$admin_id"
'
check 'given back, tokens are over; an unknown one is answered alike' '
	tokens "$admin" && printf "{\"refresh_token\":\"%s\"}" "$refresh" >"$WORK/body" &&
	call POST /api/v1/auth/revoke <"$WORK/body" && status 204 && as "$access" GET /api/v1/projects && status 401 &&
	refresh "$refresh" && status 401 && call POST /api/v1/auth/revoke <"$WORK/body" && status 204 &&
	echo "{\"refresh_token\":\"pr_1_x\"}" | call POST /api/v1/auth/revoke && status 204
'
check 'tokens end with their key' '
	create "{\"name\":\"t\",\"role\":\"viewer\"}" && tokens "$key" && as "$access" GET /api/v1/projects && status 200 &&
	api DELETE "/api/v1/api-keys/$id" && status 204 && as "$access" GET /api/v1/projects && status 401 && refresh "$refresh" && status 401
'
# Each forged token, through nginx and worker: 401 and nothing else.
forged_are_refused() {
	n=0
	python3 "$ROOT/tests/fakes/forge_jwt.py" "$VAR/master.keys" "$access" "$rival" >"$WORK/forged" || return 1
	while read -r name token; do
		as "$token" GET /api/v1/projects || return 1
		if [ "$name" = control ]; then
			status 200 || return 1
			continue
		fi
		status 401 || { echo "forged $name"; return 1; }
		body_has '#unauthenticated' || return 1
		n=$((n + 1))
	done <"$WORK/forged"
	echo "$n forged tokens"
	[ "$n" -ge 100 ]
}
check 'a hundred forged tokens are refused, each for the one thing that is wrong with it' '
	tokens "$RIVAL_KEY" && rival=$access && tokens "$PORTOLAN_API_KEY" && forged_are_refused
'
check 'the key stays good through all that' 'as "$access" GET /api/v1/projects && status 200'
cli() { step_down "$BIN/portolan" --config "$VAR/portolan.conf" --set "url=http://127.0.0.1:$PORT" --set "api_key=$PORTOLAN_API_KEY" "$@"; }
check 'the command line makes, lists, rotates and revokes' '
	made=$(cli api-keys create "from the shell" --role viewer --scopes projects:read --days 3 2>/dev/null) &&
	as "$made" GET /api/v1/projects && status 200 && made_id=${made#pk_} && made_id=${made_id%%_*} &&
	cli api-keys | grep -q "from the shell" && cli api-keys --json | jq -e ".schema" >/dev/null &&
	next=$(cli api-keys rotate "$made_id" --overlap-hours 0 2>/dev/null) && as "$made" GET /api/v1/projects && status 401 &&
	as "$next" GET /api/v1/projects && status 200 && next_id=${next#pk_} && next_id=${next_id%%_*} &&
	cli --yes api-keys revoke "$next_id" && as "$next" GET /api/v1/projects && status 401
'
check 'no key and no token is in a log' '
	for secret in "$PORTOLAN_API_KEY" "$RIVAL_KEY" "$admin" "$access" "$refresh" "$made" "$next"; do
		! grep -rqF -- "$secret" "$VAR/log" || { echo "found one"; return 1; }
	done
'
done_testing
