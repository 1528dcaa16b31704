#!/bin/sh
# A3 (credentials of repositories), B3; T1, T3, T13, T22, T23.
test_description='Secrets: sealed, used for private repositories, shown to nobody; master keys change while it works'
. "${0%/*}/lib.sh"

# What must turn up nowhere: values, and the forms in which they travel.
TOKEN=canary-token-of-the-git-server
WRONG=canary-token-that-is-wrong
PHRASE=canary-passphrase-of-ecdsa
USERINFO=canary-user-info
PASSWORD=canary-password-of-nobody
VALUE=canary-provider-key

tiny_repo "$WORK/work" >/dev/null 2>&1
mkdir -p "$WORK/src" "$WORK/ssh"
git clone -q --bare "$WORK/work" "$WORK/src/private.git"

# server NUMBER COMMAND...: start one; what it prints first is its port.  It ends with descriptor NUMBER.
server() {
	n=$1
	shift
	mkfifo "$WORK/in$n"
	"$@" <"$WORK/in$n" >"$WORK/port$n" 2>"$WORK/err$n" &
	eval "exec $n>\"\$WORK/in$n\""
	within 30 test -s "$WORK/port$n"
	eval "port$n=$(head -n 1 "$WORK/port$n")"
}
port7='' port8='' port9=''
server 7 python3 "$ROOT/tests/fakes/git_http.py" "$WORK/src"
server 8 python3 "$ROOT/tests/fakes/git_http.py" "$WORK/src"
server 9 python3 "$ROOT/tests/fakes/git_ssh.py" "$WORK/ssh"
account=$(sed -n 2p "$WORK/port9")
printf 'allow_http = true\nallowed_hosts = 127.0.0.0/8\nallowed_ports = 80:443:%s:%s\nallowed_ssh_ports = 22:%s\n' \
	"$port7" "$port8" "$port9" >>"$VAR/portolan.conf"
HERE=http://127.0.0.1:$port7
SSH=ssh://127.0.0.1:$port9
stack_up
id='' project='' https='' ed='' rsa='' job='' version=''

# secret NAME VALUE [MEMBER...]: store one; the value may have lines.  Keeps its id.
secret() {
	name=$1
	printf '%s' "$2" >"$WORK/value"
	shift 2
	more=$(printf ',%s' "$@")
	jq -n --rawfile value "$WORK/value" "{name: \"$name\", value: \$value$more}" >"$WORK/body"
	api POST /api/v1/secrets <"$WORK/body" && status 201 && keep id .id
}
hosts=$(jq -Rs . "$WORK/ssh/known_hosts")
# ssh_secret NAME [MEMBER...]: the private key of that name.
ssh_secret() {
	name=$1
	shift
	secret "$name" "$(cat "$WORK/ssh/$name")
" 'kind: "git_ssh"' "origin: \"$SSH\"" "username: \"$account\"" "host_key: $hosts" "$@"
}
# project NAME URL SECRET: keeps its id.
project() {
	printf '{"name":"%s","repository_url":"%s","secret_id":%s}' "$1" "$2" "$3" | api POST /api/v1/projects &&
		status 201 && keep project .id
}
is() { api GET "/api/v1/projects/$project" && status 200 && json .status "$1"; }
failed_by() { is failed && json .error_type "$1"; }
sync_now() { api POST "/api/v1/projects/$project/sync" </dev/null && status 202; }
# change ID BODY: with the version that it has.
change() {
	api GET "/api/v1/secrets/$1" && keep version .version &&
		printf '%s' "$2" | api PATCH "/api/v1/secrets/$1" "If-Match: \"$version\"" && status 200
}
silent() { ! grep -qF -e "$TOKEN" -e "$WRONG" -e "$PHRASE" -e PRIVATE "$WORK/reply.body" "$WORK/reply.headers"; }

check 'a secret is stored, and its value never comes back' '
	secret forge "$TOKEN" "kind: \"git_https\"" "origin: \"$HERE\"" "username: \"alice\"" && https=$id && silent &&
	json .origin "$HERE" && json .version 1 && json .last_used_at null && header Location "/api/v1/secrets/$https" &&
	api GET "/api/v1/secrets/$https" && silent && ! body_has value >/dev/null &&
	api GET /api/v1/secrets && silent && json ".items[0].name" forge
'
check 'a repeated request gets the same answer, and neither it nor its answer is kept in the clear' '
	api POST /api/v1/secrets "Idempotency-Key: once" <<-EOT && status 201 && keep id .id &&
		{"name":"provider","kind":"provider_key","value":"$VALUE"}
	EOT
	api POST /api/v1/secrets "Idempotency-Key: once" <<-EOT && status 201 && json .id "$id" && header Idempotency-Replayed true &&
		{"name":"provider","kind":"provider_key","value":"$VALUE"}
	EOT
	[ "$(sql "SELECT count(*) FROM app.idempotency_key")" -ge 0 ]
'
check 'a private repository is cloned with it over http, and mapped' '
	project private "$HERE/private/private.git" "$https" && within 60 is ready &&
	api GET "/api/v1/secrets/$https" && json .last_used_at
'
check 'an address elsewhere is refused, naming both origins' '
	printf "{\"repository_url\":\"https://git.test/a.git\",\"secret_id\":%s}" "$https" | api POST /api/v1/projects &&
	status 422 && json .type /docs/problems#credential-origin-mismatch && body_has "$HERE" && body_has https://git.test
'
check 'a secret in use is not deleted, and the answer names the project' '
	api GET "/api/v1/secrets/$https" && keep version .version &&
	api DELETE "/api/v1/secrets/$https" "If-Match: \"$version\"" && status 409 &&
	json .type /docs/problems#secret-in-use && body_has "private (" &&
	api GET "/api/v1/projects?secret=$https" && status 200 && json ".items|length" 1 && json ".items[0].name" private &&
	api GET "/api/v1/projects?secret=999999" && status 200 && json ".items|length" 0
'
check 'a wrong token fails the job by a name, with what to do' '
	change "$https" "{\"value\":\"$WRONG\"}" && sync_now && within 60 failed_by credential-refused &&
	body_has "refused the credential" && silent && change "$https" "{\"value\":\"$TOKEN\"}" && sync_now && within 60 is ready
'
check 'a redirect to another origin gets no credential' '
	project away "$HERE/private-away/$port8/x.git" "$https" && within 60 is failed && silent &&
	[ "$(curl -s "http://127.0.0.1:$port8/log")" -ge 1 ] && [ "$(curl -s "http://127.0.0.1:$port8/seen")" = 0 ]
'
check 'over ssh: an Ed25519 key' '
	ssh_secret id_ed25519 && ed=$id && silent && json .fingerprint && body_has "ssh-ed25519 AAAA" &&
	project ed "$SSH$WORK/src/private.git" "$ed" && within 60 is ready
'
check 'over ssh: an RSA key' '
	ssh_secret id_rsa && rsa=$id && project rsa "$SSH$WORK/src/private.git" "$rsa" && within 60 is ready
'
check 'over ssh: a key with a passphrase, which must open it' '
	ssh_secret id_ecdsa "passphrase: \"$PHRASE\"" && silent && project ec "$SSH$WORK/src/private.git" "$id" && within 60 is ready &&
	! ssh_secret id_ecdsa "passphrase: \"$PHRASE-not\"" && status 400 && silent && body_has /passphrase
'
check 'over ssh: a key that is not let in' '
	ssh_secret id_stranger && project stranger "$SSH$WORK/src/private.git" "$id" &&
	within 60 failed_by credential-refused && body_has "deploy key" && silent
'
check 'over ssh: a server that shows another key is refused with what it showed' '
	change "$ed" "{\"host_key\":$(jq -Rs . "$WORK/ssh/other_hosts")}" && project other "$SSH$WORK/src/private.git" "$ed" &&
	within 60 failed_by host-key-mismatch && body_has "$(ssh-keygen -l -f "$WORK/ssh/host_ed25519.pub" | cut -d" " -f2)"
'
check 'over ssh: nothing without a secret' '
	echo "{\"repository_url\":\"git@git.test:a.git\"}" | api POST /api/v1/projects && status 400 && body_has /secret_id
'
check 'who asks with too low a role, or from another tenant, gets nothing' '
	step_down "$BIN/portolan" setup --tenant rival --key-file "$VAR/rival.env" --url "http://127.0.0.1:$PORT" >/dev/null 2>&1
	rival=$(sed -n "s/^PORTOLAN_API_KEY=.\{0,1\}\(p[kr]_[A-Za-z0-9_-]*\).*/\1/p" "$VAR/rival.env")
	call GET "/api/v1/secrets/$https" "Authorization: Bearer $rival" && status 404 &&
	echo "{\"name\":\"m\",\"role\":\"member\"}" | api POST /api/v1/api-keys && status 201 && keep member .key &&
	call GET /api/v1/secrets "Authorization: Bearer $member" && status 200 &&
	echo "{\"name\":\"x\",\"kind\":\"provider_key\",\"value\":\"abcd\"}" >"$WORK/body" &&
	call POST /api/v1/secrets "Authorization: Bearer $member" <"$WORK/body" && status 403 &&
	call GET /api/v1/settings "Authorization: Bearer $member" && status 403
'
check 'administrators read every setting with its origin' '
	api GET /api/v1/settings && status 200 && json ".next_cursor" null &&
	jq -e ".items[] | select(.key == \"search_maps\") | .value == \"false\" and .default == \"true\"
		and (.origin | test(\"portolan.conf:[0-9]+$\"))" "$WORK/reply.body" &&
	jq -e ".items[] | select(.key == \"api_key\") | .secret and (.value == \"\" or .value == \"[set]\")" "$WORK/reply.body"
'

# --- Master keys ---

load() {
	n=0
	while [ ! -e "$WORK/stop" ]; do
		curl -s -o "$WORK/load.body" -w '%{http_code}\n' -H "Authorization: Bearer $PORTOLAN_API_KEY" \
			"http://127.0.0.1:$PORT/api/v1/secrets" >>"$WORK/load"
		n=$((n + 1))
		printf '{"name":"load %s","kind":"provider_key","value":"%s"}' "$n" "$VALUE" | curl -s -o "$WORK/load.body" \
			-w '%{http_code}\n' -H "Authorization: Bearer $PORTOLAN_API_KEY" -H 'Content-Type: application/json' \
			--data-binary @- "http://127.0.0.1:$PORT/api/v1/secrets" >>"$WORK/load"
	done
}
keys() { step_down "$BIN/portolan" keys "$@" --config "$CONF"; }
under() { sql_all "SELECT count(*) FROM app.secret WHERE key_number = $1"; }
# One SQL statement that row security does not bind.
sql_all() { (cd "$VAR" && step_down "$PGBIN/psql" -X -q -A -t -h "$VAR/run" -U postgres -d portolan -c "$1"); }
refresh=''
refresh() { printf '{"refresh_token":"%s"}' "$refresh" | call POST /api/v1/auth/refresh && status 200 && keep refresh .refresh_token; }
check 'a refresh token of before' 'api POST /api/v1/auth/token </dev/null && status 200 && keep refresh .refresh_token'
check 'the master key is rotated under load, and no request fails' '
	load &
	loader=$!
	within 30 test -s "$WORK/load"
	keys rotate >"$WORK/told"; code=$?; cat "$WORK/told"
	touch "$WORK/stop"; wait $loader
	[ "$code" -eq 0 ] && grep -q "master key 2 is in use" "$WORK/told" &&
	[ "$(grep -c "^201" "$WORK/load")" -gt 5 ] && ! grep -vE "^20[01]$" "$WORK/load" &&
	[ "$(under 1)" = 0 ] && [ "$(under 2)" -gt 8 ]
'
check 'what was sealed before opens as before, and the API key of before still works' '
	api GET "/api/v1/projects?q=rsa" && keep project ".items[0].id" && sync_now && keep job .job_id &&
	done_job() { api GET "/api/v1/jobs/$job" && json .status completed; } && within 60 done_job
'
check 'an old key that is needed stays, and the answer says by what' '
	! keys retire 1 2>"$WORK/told" && grep -q "needed by 0 secrets, [1-9][0-9]* API keys" "$WORK/told" &&
	keys status --json >"$WORK/told" && jq -e ".keys | length == 2 and .[0].in_use and (.[1].removable | not)" "$WORK/told" &&
	! keys retire 2 2>"$WORK/told" && grep -q "in use" "$WORK/told"
'
check 'doctor opens every secret, and notices two that changed places' '
	doctor() { step_down "$BIN/portolan" doctor --json --config "$CONF" >"$WORK/doctor" 2>/dev/null; jq -r ".checks[] | select(.check == \"secrets\").$1" "$WORK/doctor"; }
	doctor result | grep -q ok &&
	swap="UPDATE app.secret s SET sealed = o.sealed FROM (SELECT id, sealed FROM app.secret WHERE id IN ($ed, $rsa)) o WHERE s.id IN ($ed, $rsa) AND o.id <> s.id" &&
	sql_all "$swap" && doctor found | grep -q "2 of .* cannot be opened" && sql_all "$swap" && doctor result | grep -q ok
'

# The rotation becomes one of twenty minutes ago, and what was made until now as much older.
long_ago() {
	awk 'NF == 3 { $3 -= 1200 } { print }' "$VAR/master.keys" >"$WORK/keys" && cat "$WORK/keys" >"$VAR/master.keys" &&
		sql "UPDATE app.refresh_token SET created_at = created_at - interval '20 minutes'"
}
# rotate_all KEY: every API key of that one's tenant at once, its own last; prints what takes its place.
rotate_all() {
	own=${1#pk_}
	own=${own%%_*}
	api_keys() { step_down "$BIN/portolan" api-keys "$@" --config "$CONF" --set "url=http://127.0.0.1:$PORT" --set "api_key=$key"; }
	key=$1
	for old in $(api_keys --status active --json | jq ".items[].id | select(. != $own)"); do
		api_keys rotate "$old" --overlap-hours 0 >/dev/null || return 1
	done
	api_keys rotate "$own" --overlap-hours 0
}
check 'when nothing needs it any more the old key goes, and everything serves' '
	long_ago && ! keys retire 1 2>"$WORK/told" && cat "$WORK/told" && grep -q " 1 sessions and tokens" "$WORK/told" &&
	before=$PORTOLAN_API_KEY && rival=$(rotate_all "$rival") && PORTOLAN_API_KEY=$(rotate_all "$PORTOLAN_API_KEY") &&
	sed -i "s/$before/$PORTOLAN_API_KEY/" "$VAR/dev.env" &&
	api POST /api/v1/auth/token </dev/null && status 200 && keep refresh .refresh_token &&
	keys status --json >"$WORK/told" && cat "$WORK/told" && jq -e ".keys[1] | .removable and .api_keys == 0 and .others == 0" "$WORK/told" &&
	keys retire 1 >"$WORK/told" && grep -q "key 1 is gone" "$WORK/told" && ! grep -q "^1 " "$VAR/master.keys" &&
	keys status --json | jq -e ".keys | length == 1 and .[0].in_use" &&
	api GET /api/v1/secrets && status 200 && refresh && call GET /api/v1/secrets "Authorization: Bearer $rival" && status 200 &&
	call GET /api/v1/secrets "Authorization: Bearer $before" && status 401 &&
	api POST "/api/v1/projects/$project/sync" </dev/null && status 202 && keep job .job_id && within 60 done_job &&
	doctor result | grep -q ok
'

# --- Nowhere ---

check 'who holds keys leaves no core and shows nothing of itself to its own account' '
	for pid in $(pid_of runner) $(worker_pids); do
		grep -q "^Max core file size  *0  *0" "/proc/$pid/limits" || return 1
		[ "$VARIANT" = san ] || ! step_down cat "/proc/$pid/environ" >/dev/null 2>&1 || return 1
	done
'
check 'more canaries: in addresses and in a password' '
	echo "{\"repository_url\":\"https://alice:$USERINFO@git.test/a.git\"}" | api POST /api/v1/projects && status 422 &&
	! grep -qF "$USERINFO" "$WORK/reply.body" &&
	echo "{\"email\":\"nobody@example.org\",\"password\":\"$PASSWORD\"}" | call POST /api/v1/auth/login && status 401 &&
	call GET "/api/v1/projects?token=$USERINFO" && status 401
'
# Every canary, and the forms in which it travels or is printed.
canaries() {
	for text in "$TOKEN" "$WRONG" "$PHRASE" "$USERINFO" "$PASSWORD" "$VALUE"; do
		printf '%s\n' "$text"
		printf '%s' "$text" | od -An -v -tx1 | tr -d ' \n'
		echo
	done
	printf 'alice:%s' "$TOKEN" | base64 -w 0
	echo
	# Lines of private keys, but those of the public half in them.
	for key in id_ed25519 id_rsa id_ecdsa id_stranger; do
		sed '/-----/d' "$WORK/ssh/$key" | grep -E '.{40}' | while read -r line; do
			grep -qF "$(printf '%s' "$line" | cut -c 9-60)" "$WORK/ssh/$key.pub" || echo "$line"
		done
	done
}
canaries >"$WORK/canaries"
check 'a dump of the database holds none of them' '
	(cd "$VAR" && step_down "$PGBIN/pg_dump" -h "$VAR/run" -U postgres portolan) >"$WORK/dump" &&
	grep -q "COPY app.secret " "$WORK/dump" && ! grep -nFf "$WORK/canaries" "$WORK/dump" | cut -c 1-300 | grep .
'
check 'nor do the logs, and what they say of secrets is there' '
	grep -q createSecret "$VAR"/log/api/current && ! grep -rnFf "$WORK/canaries" "$VAR/log" | cut -c 1-300 | grep .
'
check 'nor the audit log, its export, events and jobs' '
	api GET /api/v1/audit/export && status 200 && body_has secret.created && body_has secret.changed &&
	! grep -nFf "$WORK/canaries" "$WORK/reply.body" && api GET "/api/v1/jobs?limit=100" && ! grep -nFf "$WORK/canaries" "$WORK/reply.body"
'
check 'nor any argument or name of a process' '
	! cat /proc/[0-9]*/cmdline /proc/[0-9]*/comm 2>/dev/null | tr "\0" "\n" | grep -vF grep | grep -aFf "$WORK/canaries"
'
check 'nor any file of the stack but its own repositories' '
	! grep -rlFf "$WORK/canaries" "$VAR" --exclude-dir=pg --exclude-dir=repos
'
check 'a file of master keys that is lost is not replaced by another one' '
	mv "$VAR/master.keys" "$WORK/lost.keys" && ! "$ROOT/deploy/stack.sh" up >"$WORK/up" 2>&1 && grep -q "restore the file from its copy" "$WORK/up" &&
	[ ! -e "$VAR/master.keys" ] && api GET /api/v1/projects && status 200 &&
	mv "$WORK/lost.keys" "$VAR/master.keys" && "$ROOT/deploy/stack.sh" up >"$WORK/up" 2>&1 && api GET /api/v1/projects && status 200
'
check 'unless the operator says that they are lost for good' '
	mv "$VAR/master.keys" "$WORK/lost.keys" && step_down "$BIN/portolan" keys init --anew >"$WORK/up" 2>&1 && grep -q "were made" "$WORK/up"
'
check 'with other master keys set-up does not go on with a new key as if nothing were' '
	! "$ROOT/deploy/stack.sh" up >"$WORK/up" 2>&1 && grep -q "does not fit under the master keys" "$WORK/up" && grep -q "restore the master keys" "$WORK/up" &&
	mv "$WORK/lost.keys" "$VAR/master.keys" && "$ROOT/deploy/stack.sh" up >"$WORK/up" 2>&1 && api GET /api/v1/projects && status 200
'
done_testing
