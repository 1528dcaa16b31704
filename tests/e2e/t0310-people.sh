#!/bin/sh
# A1 (people sign in), A8 (passwords, back-off, load), A11 (sessions, forged requests).
test_description='People: sign in, choose a tenant, change and reset passwords, and nobody forges a request'
. "${0%/*}/lib.sh"

stack_up
ORIGIN=http://127.0.0.1:$PORT
tenant=0
version=
EMAIL=$(sed -n 's/^E-mail *//p' "$VAR/owner.txt")
PASSWORD=$(sed -n 's/^Password *//p' "$VAR/owner.txt")
LONG='a long and quiet evening'

portolan() { step_down "$BIN/portolan" "$@"; }
# body NAME VALUE...: a JSON object of texts; a number stays one.
body() {
	printf '%s\n' "$@" | jq -Rn '[[inputs] | _nwise(2) | { (.[0]): (.[1] | tonumber? // .) }] | add'
}
# login EMAIL PASSWORD [HEADER...]: sign in, and remember cookie and token.
login() {
	who=$1
	pass=$2
	shift 2
	jq -n --arg email "$who" --arg password "$pass" '{ $email, $password }' |
		call POST /api/v1/auth/login "$@"
	cookie=$(tr -d '\r' <"$WORK/reply.headers" | sed -n 's/^Set-Cookie: \([^;]*\).*/\1/Ip')
	csrf=$(jq -r '.csrf_token // ""' "$WORK/reply.body" 2>/dev/null)
}
# me METHOD PATH [HEADER...]: with the session, as a page of ours would.
me() {
	method=$1
	path=$2
	shift 2
	call "$method" "$path" "Cookie: $cookie" "X-CSRF-Token: $csrf" "Origin: $ORIGIN" "$@"
}
# change EXPECTED HEADER...: one change with the session's cookie and only these headers.
change() {
	want=$1
	shift
	body tenant_id "$tenant" | call POST /api/v1/auth/tenant "Cookie: $cookie" "$@"
	status "$want"
}
sign_out_all() { sql 'DELETE FROM app.session' >/dev/null; }
forget_attempts() { sql 'DELETE FROM app.sign_in_attempt' >/dev/null; }

check 'set-up has made the first owner, and a file that only its account can read' '
	[ "$(stat -c %a "$VAR/owner.txt")" = 600 ] && [ -n "$EMAIL" ] && [ "${#PASSWORD}" = 24 ] &&
	stack status >"$WORK/status" && grep -q "sign in *$EMAIL" "$WORK/status"
'
check 'started again, set-up keeps both' '
	cp "$VAR/owner.txt" "$WORK/owner" && stack up >/dev/null && cmp "$VAR/owner.txt" "$WORK/owner"
'
check 'the first owner signs in: cookie, token, tenant and role' '
	login "$EMAIL" "$PASSWORD" && status 200 && json .credential session && json .user.email "$EMAIL" && json .role owner &&
	keep tenant .tenant_id && json ".tenants|length" 1 && json .csrf_token && header Cache-Control no-store
'
check 'over plain http on a loopback address the cookie is not Secure, and the answer says so' '
	header Set-Cookie "portolan_$PORT=ps_*; Path=/; Max-Age=*; HttpOnly; SameSite=Lax" && json .notice && body_has "plain http"
'
check 'who am I: by session, by key, and by nothing' '
	me GET /api/v1/auth/me && status 200 && json .user.email "$EMAIL" && json .csrf_token "$csrf" && header ETag &&
	api GET /api/v1/auth/me && status 200 && json .credential key && json .user null && json .role owner &&
	call GET /api/v1/auth/me && status 401
'
check 'a session does what its role may, without a key' '
	body name Atlas repository_url https://git.test/atlas.git | me POST /api/v1/projects && status 201 &&
	me GET /api/v1/projects && json ".items[0].name" Atlas
'
check 'a name is changed by who has seen the present one' '
	me GET /api/v1/auth/me && etag=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^ETag: //Ip") &&
	body name Ada | me PATCH /api/v1/auth/me && status 428 &&
	body name Ada | me PATCH /api/v1/auth/me "If-Match: $etag" && status 200 && json .name Ada &&
	body name Eve | me PATCH /api/v1/auth/me "If-Match: $etag" && status 412
'
check 'a wrong password and an unknown address get the same answer' '
	login "$EMAIL" "not the password" && status 401 && jq "del(.request_id)" "$WORK/reply.body" >"$WORK/one" &&
	[ -z "$cookie" ] && no_header Set-Cookie &&
	login nobody@example.org "not the password" && status 401 && jq "del(.request_id)" "$WORK/reply.body" | cmp - "$WORK/one"
'
check 'after five failures 429 with Retry-After, for both; the right password does not get past it' '
	for address in "$EMAIL" unknown@example.org; do
		forget_attempts
		for i in 1 2 3 4 5; do login "$address" "wrong $i" && status 401 || return 1; done
		login "$address" "$PASSWORD" && status 429 && header Retry-After 1 && json .type /docs/problems#too-many-requests || return 1
	done
	forget_attempts
'
check 'a new sign-in ends the session that came with it' '
	login "$EMAIL" "$PASSWORD" && status 200 && first=$cookie &&
	login "$EMAIL" "$PASSWORD" "Cookie: $first" && status 200 && [ "$cookie" != "$first" ] &&
	call GET /api/v1/auth/me "Cookie: $first" && status 401 && me GET /api/v1/auth/me && status 200
'
check 'sessions are listed, and ended one by one or all others' '
	sign_out_all; login "$EMAIL" "$PASSWORD" && other=$cookie && login "$EMAIL" "$PASSWORD" &&
	me GET /api/v1/sessions && status 200 && json ".items|length" 2 && json ".items[0].current" true && keep id ".items[1].id" &&
	me DELETE "/api/v1/sessions/$id" && status 204 && call GET /api/v1/auth/me "Cookie: $other" && status 401 &&
	me DELETE "/api/v1/sessions/$id" && status 404 && login "$EMAIL" "$PASSWORD" && other=$cookie && login "$EMAIL" "$PASSWORD" &&
	me DELETE /api/v1/sessions && status 204 && call GET /api/v1/auth/me "Cookie: $other" && status 401 && me GET /api/v1/auth/me && status 200
'
check 'signing out ends the session and takes the cookie away' '
	me POST /api/v1/auth/logout </dev/null && status 204 && header Set-Cookie "portolan_$PORT=; *Max-Age=0*" && me GET /api/v1/auth/me && status 401
'
check 'the operator makes accounts, with a password from standard input' '
	echo "$LONG" | portolan user create grace@example.org --name Grace --tenant default --role member --password-stdin --json >"$WORK/made" &&
	jq -e ".email == \"grace@example.org\" and .has_password" "$WORK/made" >/dev/null &&
	! echo short | portolan user create x@example.org --password-stdin && ! echo "password2026!" | portolan user create x@example.org --password-stdin &&
	! portolan user create x@example.org </dev/null &&
	portolan user list --json >"$WORK/users" && jq -e "[.items[].email] == [\"grace@example.org\", \"$EMAIL\"]" "$WORK/users" >/dev/null
'
check 'a person without a tenant chooses one when there is one' '
	step_down "$BIN/portolan" setup --tenant second --key-file "$VAR/second.env" --url "$ORIGIN" >/dev/null 2>&1 &&
	second=$(sql "SELECT id FROM app.tenant WHERE name = '"'"'second'"'"'") && login grace@example.org "$LONG" && status 200 && json .role member &&
	body tenant_id "$second" | me POST /api/v1/auth/tenant && status 404 &&
	sql "INSERT INTO app.member (tenant_id, user_id, role, status) SELECT $second, id, 4, '"'"'active'"'"' FROM app.user_account WHERE email = '"'"'grace@example.org'"'"'" >/dev/null &&
	body tenant_id "$second" | me POST /api/v1/auth/tenant && status 200 && json .role admin &&
	cookie=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^Set-Cookie: \([^;]*\).*/\1/Ip") &&
	me GET /api/v1/projects && status 200 && json ".items|length" 0
'
check 'X-Portolan-Tenant chooses for one request; of a tenant that is not theirs there is nothing' '
	me GET /api/v1/projects "X-Portolan-Tenant: $tenant" && status 200 && json ".items|length" 1 &&
	me GET /api/v1/projects "X-Portolan-Tenant: 999" && status 403 && me GET /api/v1/projects "X-Portolan-Tenant: x" && status 400 &&
	me GET /api/v1/projects && json ".items|length" 0
'
check 'the password is changed: other sessions end, this one has a new cookie' '
	login grace@example.org "$LONG" && other=$cookie && login grace@example.org "$LONG" && before=$cookie &&
	body old_password wrong new_password "an even longer evening" | me POST /api/v1/auth/password && status 400 && json ".errors[0].pointer" /old_password &&
	body old_password "$LONG" new_password short | me POST /api/v1/auth/password && status 400 && json ".errors[0].rule" min_length &&
	body old_password "$LONG" new_password "an even longer evening" | me POST /api/v1/auth/password && status 200 && json .csrf_token &&
	cookie=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^Set-Cookie: \([^;]*\).*/\1/Ip") &&
	call GET /api/v1/auth/me "Cookie: $other" && status 401 && call GET /api/v1/auth/me "Cookie: $before" && status 401 &&
	me GET /api/v1/auth/me && status 200 && login grace@example.org "$LONG" && status 401
'
check 'an administrator hands out a reset, good once' '
	echo "$LONG" | portolan user create bob@example.org --tenant default --role viewer --password-stdin >/dev/null &&
	member=$(sql "SELECT m.id FROM app.member m JOIN app.user_account u ON u.id = m.user_id WHERE u.email = '"'"'bob@example.org'"'"'") &&
	api POST "/api/v1/members/$member/reset" </dev/null && status 201 && keep token .token && json .email bob@example.org &&
	json .url "$ORIGIN/welcome#reset=$token" &&
	body token "$token" password short | call POST /api/v1/auth/accept && status 400 && json ".errors[0].pointer" /password &&
	body token "$token" password "bob and his bicycle" | call POST /api/v1/auth/accept && status 200 && json .kind reset &&
	body token "$token" password "bob and his bicycle" | call POST /api/v1/auth/accept && status 400 && json ".errors[0].pointer" /token &&
	login bob@example.org "bob and his bicycle" && status 200
'
check 'who belongs to another tenant too is not reset by a key of this one' '
	member=$(sql "SELECT m.id FROM app.member m JOIN app.user_account u ON u.id = m.user_id WHERE u.email = '"'"'grace@example.org'"'"' AND m.tenant_id = $tenant") &&
	api POST "/api/v1/members/$member/reset" </dev/null && status 403 && json .fix && body_has "portolan user passwd grace@example.org" &&
	api POST /api/v1/members/99999/reset </dev/null && status 404
'
# put_status MEMBER STATUS [CALL...]: of a member of the tenant of the key, as it is now.
put_status() {
	api GET "/api/v1/members/$1" && keep version .version &&
	body status "$2" | api PATCH "/api/v1/members/$1" "If-Match: \"$version\""
}
check 'who is disabled is out of this tenant with the next request of the same session, and only of this one' '
	login grace@example.org "an even longer evening" && me GET /api/v1/projects "X-Portolan-Tenant: $tenant" && status 200 &&
	put_status "$member" disabled && status 200 && json .status disabled && json .name Grace &&
	me GET /api/v1/projects "X-Portolan-Tenant: $tenant" && status 403 && me GET /api/v1/projects "X-Portolan-Tenant: $second" && status 200 &&
	me GET /api/v1/auth/me && json ".tenants|length" 1 && body tenant_id "$tenant" | me POST /api/v1/auth/tenant && status 404 &&
	body email grace@example.org role member | api POST /api/v1/members && status 409 && api POST "/api/v1/members/$member/reset" </dev/null && status 403 &&
	api GET "/api/v1/members?status=disabled" && json ".items[0].id" "$member" &&
	api GET "/api/v1/events?types=member.changed" && json ".items[-1].payload.status" disabled && api GET "/api/v1/audit?action=member.changed" && json ".items[0].action" member.changed
'
check 'a person whose membership elsewhere is disabled is not reset by a key of this tenant either' '
	put_status "$member" active && status 200 && me GET /api/v1/projects "X-Portolan-Tenant: $tenant" && status 200 &&
	sql "UPDATE app.member SET status = '"'"'disabled'"'"' WHERE tenant_id = $second AND role = 4" >/dev/null &&
	api POST "/api/v1/members/$member/reset" </dev/null && status 403 &&
	sql "UPDATE app.member SET status = '"'"'active'"'"' WHERE tenant_id = $second AND role = 4" >/dev/null
'
check 'the operator can: a token, another password, disable and enable' '
	token=$(portolan user passwd grace@example.org --token --set public_url=https://p.example.org 2>"$WORK/told") &&
	grep -qF "opens https://p.example.org/welcome#reset=$token;" "$WORK/told" && body token "$token" password "$LONG" | call POST /api/v1/auth/accept && status 200 &&
	echo "another bright morning" | portolan user passwd grace@example.org --stdin >/dev/null && login grace@example.org "another bright morning" && status 200 &&
	portolan user disable grace@example.org >/dev/null && me GET /api/v1/auth/me && status 401 &&
	login grace@example.org "another bright morning" && status 401 && portolan user enable grace@example.org >/dev/null &&
	login grace@example.org "another bright morning" && status 200
'
check 'idle or old sessions have ended' '
	login "$EMAIL" "$PASSWORD" && sql "UPDATE app.session SET last_seen_at = now() - interval '"'"'13 hours'"'"'" && me GET /api/v1/auth/me && status 401 &&
	login "$EMAIL" "$PASSWORD" && sql "UPDATE app.session SET expires_at = now()" && me GET /api/v1/auth/me && status 401
'

forget_attempts
login "$EMAIL" "$PASSWORD"
theirs=$csrf
login "$EMAIL" "$PASSWORD"
T="X-CSRF-Token: $csrf"
check 'forged: neither token nor origin' 'change 403 && body_has "must name the origin"'
check 'forged: the token without an origin' 'change 403 "$T" && json ".errors[0].header" Origin'
check 'forged: another origin' 'change 403 "$T" "Origin: http://evil.example"'
check 'forged: the origin null, of a sandboxed frame' 'change 403 "$T" "Origin: null"'
check 'forged: another port of this host' 'change 403 "$T" "Origin: http://127.0.0.1:1"'
check 'forged: our host by another scheme' 'change 403 "$T" "Origin: https://127.0.0.1:$PORT"'
check 'forged: a name that begins like ours' 'change 403 "$T" "Origin: $ORIGIN.evil.example"'
check 'forged: a page of another site, without an origin' 'change 403 "$T" "Sec-Fetch-Site: cross-site"'
check 'forged: a page of a sibling host' 'change 403 "$T" "Sec-Fetch-Site: same-site"'
check 'forged: our origin, but the browser says cross-site' 'change 403 "$T" "Origin: $ORIGIN" "Sec-Fetch-Site: cross-site"'
check 'forged: our origin without the token' 'change 403 "Origin: $ORIGIN" && json ".errors[0].header" X-CSRF-Token'
check 'forged: a wrong token' 'change 403 "X-CSRF-Token: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" "Origin: $ORIGIN"'
check 'forged: the token of another session' 'change 403 "X-CSRF-Token: $theirs" "Origin: $ORIGIN"'
check 'forged: a form cannot say that it is JSON' 'change 415 "$T" "Origin: $ORIGIN" "Content-Type: text/plain"'
check 'forged: sign-in by a page of another origin' 'login "$EMAIL" "$PASSWORD" "Origin: http://evil.example" && status 403 && no_header Set-Cookie'
check 'ours: token and origin' 'login "$EMAIL" "$PASSWORD" && T="X-CSRF-Token: $csrf" && change 200 "$T" "Origin: $ORIGIN"'
check 'ours: the browser says same-origin' 'change 200 "$T" "Sec-Fetch-Site: same-origin"'
check 'ours: reading needs neither' 'call GET /api/v1/auth/me "Cookie: $cookie" && status 200 && call HEAD /api/v1/auth/me "Cookie: $cookie" && status 200'
check 'a header that names a credential is not helped by a cookie' '
	call GET /api/v1/auth/me "Cookie: $cookie" "Authorization: Bearer pk_1_no" && status 401 && call GET /api/v1/auth/me "Cookie: $cookie; $cookie" && status 401
'
check 'passwords are not taken over plain http from afar' '
	login "$EMAIL" "$PASSWORD" "Host: portolan.example" && status 403 && json .fix && no_header Set-Cookie
'

# 200 at once: each would take 64 MiB.
storm() {
	for i in $(seq 200); do
		body email "storm-$i@example.org" password "wrong password" |
			curl -s -m 60 -o /dev/null -w '%{http_code}\n' -H 'Content-Type: application/json' --data-binary @- "$ORIGIN/api/v1/auth/login" &
	done >"$WORK/codes"
	: >"$WORK/served"
	for i in $(seq 20); do api GET /api/v1/projects && cat "$WORK/reply.status" >>"$WORK/served" && echo >>"$WORK/served"; done
	wait
}
check 'of 200 who sign in at once some are judged, the others told to come back; nobody else waits for them' '
	storm &&
	[ "$(grep -cvE "^(401|429|503)$" "$WORK/codes")" = 0 ] && [ "$(wc -l <"$WORK/codes")" = 200 ] && grep -q 401 "$WORK/codes" &&
	[ "$(grep -c 200 "$WORK/served")" = 20 ]
'
echo "# answers:$(sort "$WORK/codes" | uniq -c | tr -s '\n ' ' ')"
peak_kb() { for pid in $(worker_pids); do sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$pid/status"; done | awk '{ n += $1 } END { print n }'; }
[ "$VARIANT" = san ] || check 'and memory stays within two hashes: 128 MiB, and what the workers need otherwise' '
	[ "$(peak_kb)" -lt 400000 ] || { peak_kb; false; }
'

echo "# peak of all workers: $(peak_kb) kB"

# How long an answer takes must not tell either; printed, because a busy machine proves nothing.
timed() {
	forget_attempts
	body email "$1" password "wrong password" | curl -s -o /dev/null -w '%{time_total}\n' -H 'Content-Type: application/json' --data-binary @- "$ORIGIN/api/v1/auth/login" >>"$WORK/$2"
}
for i in $(seq 15); do
	timed "$EMAIL" known
	timed nobody@example.org unknown
done
echo "# median of fifteen, in turns: known $(sort -n "$WORK/known" | sed -n 8p) s, unknown $(sort -n "$WORK/unknown" | sed -n 8p) s"

login "$EMAIL" "$PASSWORD"
check 'no password, cookie or token is in a log' '
	for secret in "$PASSWORD" "$LONG" "bob and his bicycle" "${cookie#*=}" "$csrf" "$token"; do
		! grep -rqF -- "$secret" "$VAR/log" || { echo "found: $secret"; return 1; }
	done
'
check 'nothing that was changed is missing in the audit log' '! grep -h "is not in the audit log" "$VAR"/log/api/current'
done_testing
