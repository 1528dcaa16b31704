#!/bin/sh
# A5 (tenants, quotas), A6 (isolation), A7 (lists of one's own), C7 (a killed runner's work goes on).
test_description='Tenants: people are invited, get roles and leave; limits hold; a deleted tenant leaves nothing'
. "${0%/*}/lib.sh"

repos=$WORK/repos
tiny_repo "$repos/tiny"
stack_up "$repos"
ORIGIN=http://127.0.0.1:$PORT
OWNER=$(sed -n 's/^E-mail *//p' "$VAR/owner.txt")
PASSWORD=$(sed -n 's/^Password *//p' "$VAR/owner.txt")
LONG='a long and quiet evening'

portolan() { (cd "$VAR" && step_down "$BIN/portolan" "$@" --config "$CONF"); }
cli() { "$BIN/portolan" "$@"; }
body() {
	printf '%s\n' "$@" | jq -Rn '[[inputs] | _nwise(2) | { (.[0]): (.[1] | tonumber? // .) }] | add'
}
# sign_in NAME EMAIL PASSWORD: NAME has a session from now on.
sign_in() {
	body email "$2" password "$3" | call POST /api/v1/auth/login && status 200 || return 1
	eval "cookie_$1=\$(tr -d '\r' <\"\$WORK/reply.headers\" | sed -n 's/^Set-Cookie: \([^;]*\).*/\1/Ip')"
	eval "csrf_$1=\$(jq -r .csrf_token \"\$WORK/reply.body\")"
}
job=
cookie=
csrf=
atlas=
# as NAME METHOD PATH [HEADER...]: as a page would, in the tenant $in.
as() {
	eval "cookie=\$cookie_$1 csrf=\$csrf_$1"
	method=$2
	path=$3
	shift 3
	call "$method" "$path" "Cookie: $cookie" "X-CSRF-Token: $csrf" "Origin: $ORIGIN" "X-Portolan-Tenant: $in" "$@"
}
etag() { tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^ETag: //Ip"; }
# without ids, times and tokens
form() { jq -S '[paths(scalars) as $p | [$p, (getpath($p) | type)]]' "$WORK/reply.body"; }
accept_token() { body token "$1" password "$2" | call POST /api/v1/auth/accept; }

sign_in ada "$OWNER" "$PASSWORD"
in=$(sql "SELECT id FROM app.tenant WHERE name = 'default'")
home=$in

check 'an owner invites: a token and an address, once' '
	body email Bob@example.org role admin | as ada POST /api/v1/members "Idempotency-Key: invite-bob" && status 201 &&
	json .member.email bob@example.org && json .member.status invited && json .member.name null && json .expires_at &&
	keep bob_token .token && keep bob .member.id && json .url "$ORIGIN/welcome#invitation=$bob_token" && form >"$WORK/one" &&
	body email Bob@example.org role admin | as ada POST /api/v1/members "Idempotency-Key: invite-bob" && status 201 &&
	header Idempotency-Replayed true && json .token null && json .url null &&
	[ "$(sql "SELECT count(*) FROM app.idempotency_key WHERE body LIKE '\''%$bob_token%'\''")" = 0 ]
'
check 'the answer has the same form for who has an account already' '
	echo "$LONG" | portolan user create eve@example.org --name Eve --password-stdin >/dev/null &&
	body email eve@example.org role member | as ada POST /api/v1/members && status 201 && keep eve .member.id && keep eve_token .token &&
	form | cmp - "$WORK/one" && json .member.name null
'
check 'before they accept, the invitation counts for nothing; a wrong password does not accept it' '
	sign_in eve eve@example.org "$LONG" && as eve GET /api/v1/projects && status 403 &&
	as eve GET /api/v1/tenants && json ".items|length" 0 &&
	accept_token "$eve_token" "not that password" && status 401 && as eve GET /api/v1/projects && status 403
'
check 'they accept: one by a new password, one by the one they have' '
	accept_token "$bob_token" "$LONG" && status 200 && sign_in bob bob@example.org "$LONG" &&
	accept_token "$eve_token" "$LONG" && status 200 && sign_in eve eve@example.org "$LONG" &&
	as bob GET /api/v1/members && status 200 && json ".items|length" 3 && json ".items[0].status" active && json ".items[0].name" Eve &&
	as eve GET /api/v1/tenants && json ".items[0].id" "$home" && json ".items[0].role" member &&
	accept_token "$bob_token" "$LONG" && status 400
'
check 'nobody grants above their own role, or touches who is above' '
	body email x@example.org role owner | as bob POST /api/v1/members && status 403 && json .fix &&
	body email x@example.org role viewer | as eve POST /api/v1/members && status 403 &&
	as bob GET "/api/v1/members?role=owner" && keep owner ".items[0].id" &&
	body role viewer | as bob PATCH "/api/v1/members/$owner" "If-Match: *" && status 403 &&
	as bob DELETE "/api/v1/members/$owner" "If-Match: *" && status 403 &&
	body role owner | as bob PATCH "/api/v1/members/$bob" "If-Match: *" && status 403
'
check 'a change names the version it is made to' '
	body role operator | as ada PATCH "/api/v1/members/$eve" && status 428 &&
	body role operator | as ada PATCH "/api/v1/members/$eve" "If-Match: \"99\"" && status 412 &&
	as ada GET "/api/v1/members/$eve" && tag=$(etag) && body role operator | as ada PATCH "/api/v1/members/$eve" "If-Match: $tag" &&
	status 200 && json .role operator && as ada GET "/api/v1/members/$eve" "If-None-Match: $tag" && status 200
'
check 'a role that is taken is gone with the next request of the same session' '
	body name Atlas repository_url "$repos/tiny" | as bob POST /api/v1/projects && status 201 && keep atlas .id &&
	body role viewer | as ada PATCH "/api/v1/members/$bob" "If-Match: *" && status 200 &&
	body name Bellum repository_url "$repos/tiny" | as bob POST /api/v1/projects && status 403 &&
	as bob GET /api/v1/projects && status 200
'
check 'the last owner neither leaves nor steps down' '
	as ada DELETE "/api/v1/members/$owner" "If-Match: *" && status 409 && json .type /docs/problems#wrong-state && body_has "last active owner" &&
	body role admin | as ada PATCH "/api/v1/members/$owner" "If-Match: *" && status 409
'
check 'everybody else may leave, and is out at once' '
	as bob DELETE "/api/v1/members/$eve" "If-Match: *" && status 403 &&
	as bob DELETE "/api/v1/members/$bob" "If-Match: *" && status 204 && as bob GET /api/v1/projects && status 403 &&
	as bob GET /api/v1/auth/me && status 200 && as bob GET /api/v1/tenants && json ".items|length" 0
'
check 'the command line lists, invites, changes and removes' '
	cli members invite carol@example.org --role viewer --json >"$WORK/said" && jq -e .token "$WORK/said" >/dev/null &&
	carol=$(jq -r .member.id "$WORK/said") && cli members role "$carol" member | grep -q "role member" &&
	cli members --q carol --json | jq -e ".items[0].role == \"member\"" >/dev/null &&
	! cli members remove "$carol" </dev/null 2>/dev/null && cli members remove "$carol" --yes >/dev/null &&
	cli members --status invited | grep -q "No members"
'

beta=
check 'a person creates a tenant and owns it; a taken name says no more' '
	body name Beta | as ada POST /api/v1/tenants && status 201 && keep beta .id && json .role owner && json .status active &&
	header Location "/api/v1/tenants/$beta" && body name Beta | as eve POST /api/v1/tenants && status 409 && json .detail "the name is taken" &&
	echo "{\"name\":\"Be\\u200bta\"}" | as eve POST /api/v1/tenants && status 400 && body_has one_line &&
	body name Beta | api POST /api/v1/tenants && status 401 &&
	as ada GET /api/v1/tenants && json ".items|length" 2 && api GET /api/v1/tenants && json ".items|length" 1 && json ".items[0].id" "$home"
'
check 'who does not belong to it cannot tell that it exists' '
	as eve GET "/api/v1/tenants/$beta" && status 404 && jq "del(.request_id)|tostring|gsub(\"[0-9]+\";\"N\")" "$WORK/reply.body" >"$WORK/theirs" &&
	as eve GET /api/v1/tenants/999999 && status 404 && jq "del(.request_id)|tostring|gsub(\"[0-9]+\";\"N\")" "$WORK/reply.body" | cmp - "$WORK/theirs" &&
	as eve GET "/api/v1/tenants/$beta/usage" && status 404 && as eve GET "/api/v1/tenants/$beta/removal" && status 404 &&
	body name Mine | api PATCH "/api/v1/tenants/$beta" "If-Match: *" && status 404
'
check 'it is changed where it is chosen, under its version; limits are not its own to change' '
	body name Gamma | as ada PATCH "/api/v1/tenants/$beta" "If-Match: *" && status 404 && body_has X-Portolan-Tenant &&
	in=$beta && as ada GET "/api/v1/tenants/$beta" && tag=$(etag) &&
	echo "{\"cors_origins\":[\"https://app.example.org\"]}" | as ada PATCH "/api/v1/tenants/$beta" "If-Match: $tag" && status 200 &&
	json ".cors_origins[0]" https://app.example.org && json .name Beta &&
	echo "{\"cors_origins\":[\"*\"]}" | as ada PATCH "/api/v1/tenants/$beta" "If-Match: *" && status 400 && body_has /cors_origins/0 &&
	echo "{\"projects_max\":9}" | as ada PATCH "/api/v1/tenants/$beta" "If-Match: *" && status 400 && json .type /docs/problems#unknown-field
'
# map NAME: a project of it in the chosen tenant; keeps $id.
map() { body name "$1" repository_url "$repos/tiny" | as ada POST /api/v1/projects && status 201 && keep id .id; }
project_is() { as ada GET "/api/v1/projects/$id" && status 200 && json .status "$1"; }
job_is() { as ada GET "/api/v1/jobs/$job" && status 200 && json .status "$1"; }
check 'what it stores is weighed when it is mapped, and shown against its limits' '
	in=$beta && map One && one=$id && within 20 project_is ready && json .storage_bytes && [ "$(jq .storage_bytes "$WORK/reply.body")" -gt 1000 ] &&
	as ada GET "/api/v1/tenants/$beta/usage" && status 200 && json .projects 1 && json .projects_max 1000 &&
	[ "$(jq .storage_bytes "$WORK/reply.body")" -gt 1000 ] && json .jobs 0
'
check 'the operator limits projects: 422 with the number and the way out' '
	in=$beta && portolan tenant quota Beta --projects 1 --json | jq -e ".projects_max == 1" >/dev/null &&
	body name Two repository_url "$repos/tiny" | as ada POST /api/v1/projects && status 422 && json .type /docs/problems#limit-reached &&
	body_has "1 of at most 1 projects" && json .fix && portolan tenant quota Beta --projects default >/dev/null
'
check 'unfinished jobs' '
	in=$beta && portolan tenant quota Beta --jobs 0 >/dev/null && as ada POST "/api/v1/projects/$one/sync" </dev/null && status 422 &&
	body_has jobs_max && portolan tenant quota Beta --jobs default >/dev/null
'
check 'and storage: the job fails with the number, and no clone stays' '
	in=$beta && portolan tenant quota Beta --storage 1 >/dev/null && map Full && within 20 project_is failed &&
	json .error_type limit-reached && body_has storage_max_bytes && [ ! -e "$VAR/repos/$id" ] &&
	used=$(sql "SELECT sum(clone_bytes + map_bytes) FROM app.project WHERE tenant_id = $beta") &&
	portolan tenant quota Beta --storage $((used + 500)) >/dev/null && as ada POST "/api/v1/projects/$id/sync" </dev/null && status 202 &&
	keep job .job_id && within 20 job_is failed && json .error_type limit-reached && [ ! -e "$VAR/repos/$id" ] && [ -d "$VAR/repos/$one" ] &&
	portolan tenant quota Beta --storage 20GiB | grep -q "21.5 GB" &&
	as ada POST "/api/v1/projects/$id/sync" </dev/null && within 20 project_is ready && [ -d "$VAR/repos/$id" ]
'

# What the other tenant has: its rows, and its clone.
theirs() {
	sql "SELECT (SELECT count(*) FROM app.project WHERE tenant_id = $home), (SELECT count(*) FROM app.system_map WHERE tenant_id = $home),
		(SELECT count(*) FROM app.member WHERE tenant_id = $home), (SELECT count(*) FROM app.api_key WHERE tenant_id = $home)"
	find "$VAR/repos/$atlas" -type f | wc -l
}
atlas_ready() { in=$home && id=$atlas && project_is ready; }
check 'a tenant is deleted by an owner alone, who names the version' '
	within 20 atlas_ready && theirs >"$WORK/before" && in=$beta &&
	body email eve@example.org role admin | as ada POST /api/v1/members && status 201 && keep token .token &&
	accept_token "$token" "$LONG" && status 200 && sign_in eve eve@example.org "$LONG" &&
	as eve DELETE "/api/v1/tenants/$beta" "If-Match: *" && status 403 && as ada DELETE "/api/v1/tenants/$beta" && status 428 &&
	as ada DELETE "/api/v1/tenants/$beta" "If-Match: \"999\"" && status 412
'
portolan_key() { sed -n "s/^PORTOLAN_API_KEY='\{0,1\}\([^']*\).*/\1/p" "$1"; }
sql "INSERT INTO app.event (tenant_id, kind, payload, actor) SELECT $beta, 'test', '{}', 'test' FROM generate_series(1, 400000)" >/dev/null
step_down "$BIN/portolan" setup --tenant Beta --key-file "$VAR/beta.env" --url "$ORIGIN" >/dev/null 2>&1
BETA_KEY=$(portolan_key "$VAR/beta.env")
removal_is() { as ada GET "/api/v1/tenants/$beta/removal" && status 200 && json .status "$1"; }
some_swept() { [ "$(sql "SELECT count(*) FROM app.event_all WHERE tenant_id = $beta")" -lt 395000 ]; }
another_runner() { new=$(pid_of runner) && [ -n "$new" ] && [ "$new" != "$1" ]; }
check 'from that moment none of its credentials is admitted, but who deleted it sees the job' '
	in=$beta && call GET /api/v1/projects "Authorization: Bearer $BETA_KEY" && status 200 &&
	as ada DELETE "/api/v1/tenants/$beta" "If-Match: *" && status 202 && json .status deleting && keep job .removal_job_id &&
	header Location "/api/v1/tenants/$beta/removal" &&
	call GET /api/v1/projects "Authorization: Bearer $BETA_KEY" && status 401 && as ada GET /api/v1/projects && status 403 &&
	as eve GET /api/v1/projects && status 403 && as ada GET "/api/v1/tenants/$beta/removal" && status 200 && json .id "$job" &&
	in=$home && as ada GET /api/v1/projects && status 200
'
check 'its runner is killed in mid-deletion, and another completes it once' '
	within 60 some_swept && old=$(pid_of runner) && kill -9 "$old" && within 30 another_runner "$old" &&
	removal_is retrying || removal_is running || removal_is pending && within 240 removal_is completed && json .attempt 2 &&
	[ "$(sql "SELECT count(*) FROM app.background_job_history WHERE tenant_id = $beta")" = 1 ]
'
check 'nothing is left: no clone, and no row but the tombstone, the job and the audit log' '
	[ ! -e "$VAR/repos/$one" ] && [ -d "$VAR/repos/$atlas" ] &&
	tables=$(sql "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relkind IN ('\''r'\'', '\''p'\'')
		AND c.relnamespace = '\''app'\''::regnamespace AND a.attname = '\''tenant_id'\''
		AND c.relname NOT IN ('\''audit'\'', '\''audit_seal'\'', '\''audit_chain'\'', '\''background_job_history'\'')") &&
	for table in $tables; do
		[ "$(sql "SELECT count(*) FROM app.$table WHERE tenant_id = $beta")" = 0 ] || { echo "rows in $table"; return 1; }
	done &&
	as ada GET "/api/v1/tenants/$beta" && status 200 && json .status deleted && json .role null && json .name "deleted:$beta"
'
check 'another tenant is untouched, and people keep their accounts' '
	theirs | cmp - "$WORK/before" && as eve GET /api/v1/auth/me && status 200 && as eve GET "/api/v1/tenants/$beta" && status 404
'
check 'the name is free, and lists do not show what is gone' '
	as ada GET /api/v1/tenants && json ".items|length" 1 && body name Beta | as eve POST /api/v1/tenants && status 201 && keep again .id
'
check 'the operator lists, creates and deletes tenants' '
	portolan tenant create Delta --owner "$OWNER" --json | jq -e ".name == \"Delta\"" >/dev/null &&
	! portolan tenant create Delta --owner "$OWNER" && ! portolan tenant create Epsilon --owner nobody@example.org &&
	portolan tenant list --json | jq -e "[.items[] | select(.status == \"active\") | .name] | index(\"Delta\")" >/dev/null &&
	portolan tenant delete Beta --yes | grep -q "job" && in=$home && beta=$again && gone() {
		[ "$(sql "SELECT status FROM app.tenant WHERE id = $again")" = deleted ]
	} && within 30 gone
'
done_testing
