#!/bin/sh
# Names of requirements: A10, T19, T33.
# alone: it counts, loads or kills, and others would disturb it
test_description='Limits: per key, tenant, address and sign-in, over all workers, and no other way in'
. "${0%/*}/lib.sh"

cat >"$VAR/portolan.conf" <<-CONF
	rate_key_per_minute = 300
	tenant_requests_per_minute = 400
	rate_address_per_minute = 60
	rate_sign_in_per_minute = 10
	trusted_proxies = 127.0.0.0/8
CONF
stack_up
sv -w 20 force-stop "$VAR/service/runner" >/dev/null

portolan() { (cd "$VAR" && step_down "$ROOT/build/$VARIANT/bin/portolan" "$@" --config "$CONF"); }

# spend KEY N: N reads over two connections at once; the statuses, counted, in $WORK/spent.
spend() {
	for half in 1 2; do
		curl -s -m 60 -o /dev/null -w '%{http_code}\n' -H "Authorization: Bearer $1" \
			"http://127.0.0.1:$PORT/api/v1/projects#[1-$(($2 / 2))]" >"$WORK/spent.$half" &
		[ "$half" = 2 ] || first=$!
	done
	wait "$first" "$!"
	cat "$WORK/spent.1" "$WORK/spent.2" >"$WORK/spent"
	good=$(grep -c 200 "$WORK/spent")
	echo "$good of $2; $(sort "$WORK/spent" | uniq -c | tr '\n' ' ')"
	[ "$good" -eq "$2" ] || [ $((good + $(grep -c 429 "$WORK/spent"))) -eq "$2" ]
}
refused() { # POLICY
	status 429 && json .type /docs/problems#too-many-requests && header Content-Type "application/problem+json*" &&
		header RateLimit "\"$1\";r=*;t=*" && header RateLimit-Policy "\"$1\";q=*;w=60" && header Retry-After "[1-9]*" &&
		header Cache-Control no-store && json .fix
}
# from ADDRESS METHOD PATH: as a proxy that is trusted hands it on.
from() {
	address=$1
	shift
	call "$@" "X-Forwarded-For: $address"
}
attempt=0
sign_in() { # ADDRESS; each time another account, because one alone is slowed down before
	attempt=$((attempt + 1))
	printf '{"email":"nobody%d@example.org","password":"not the password"}' "$attempt" | from "$1" POST /api/v1/auth/login
}

printf '{"name":"second","role":"viewer"}' | api POST /api/v1/api-keys
second=$(jq -r '.key // .secret // .text // empty' "$WORK/reply.body")
portolan setup --tenant rival --key-file "$VAR/rival.env" >/dev/null
rival=$(sed -n "s/^.*PORTOLAN_API_KEY=['\"]\{0,1\}\([^'\"]*\).*/\1/p" "$VAR/rival.env")

check 'an answer says how the tightest bucket stands' '
	api GET /api/v1/projects && status 200 && header RateLimit "\"key\";r=29[0-9];t=6[0-4]" &&
		header RateLimit-Policy "\"key\";q=300;w=60"
'
check 'health and documents are not counted' '
	for path in /livez /readyz /api/v1/openapi.json /docs/problems; do
		call GET "$path" && status 200 && no_header RateLimit && no_header RateLimit-Policy || return 1
	done
'
check 'two workers together give a key what it may have, and no more' '
	spend "$PORTOLAN_API_KEY" 500 && [ "$good" -le 299 ] && [ "$good" -ge 270 ]
'
check 'then it is told when to come again' 'api GET /api/v1/projects && refused key'
check 'a flood of what is refused leaves the database alone' '
	before=$(sql "SELECT xmin FROM app.rate_bucket WHERE name LIKE '"'k%'"' ORDER BY name LIMIT 1") && spend "$PORTOLAN_API_KEY" 400 && [ "$good" -eq 0 ] &&
		[ "$(sql "SELECT xmin FROM app.rate_bucket WHERE name LIKE '"'k%'"' ORDER BY name LIMIT 1")" = "$before" ]
'
check 'a write is refused as well, and nothing was done' '
	printf "{\"name\":\"late\",\"repository_url\":\"https://git.test/late.git\"}" | api POST /api/v1/projects && refused key &&
		[ "$(sql "SELECT count(*) FROM app.project")" = 0 ]
'
check 'another key of the tenant has a bucket of its own, and the tenant one for both' '
	[ -n "$second" ] && spend "$second" 300 && [ "$good" -ge 60 ] && [ "$good" -le 110 ] &&
		call GET /api/v1/projects "Authorization: Bearer $second" && refused tenant
'
check 'another tenant does not notice' 'spend "$rival" 100 && [ "$good" -eq 100 ]'
check 'a limit of its own holds within seconds' '
	sql "UPDATE app.tenant SET requests_per_minute = 20 WHERE name = '"'rival'"'" >/dev/null &&
		rival_refused() { call GET /api/v1/projects "Authorization: Bearer $rival" && status 429; } && within 30 rival_refused && refused tenant &&
		header RateLimit-Policy "\"tenant\";q=20;w=60"
'
check 'who shows no credential, or a wrong one, pays by address' '
	for i in $(seq 30); do
		from 198.51.100.1 GET /api/v1/projects && status 401 && header RateLimit-Policy "\"address\";q=60;w=60" || return 1
	done
	for i in $(seq 30); do
		from 198.51.100.1 GET /api/v1/projects "Authorization: Bearer pk_1_x" && status 401 || return 1
	done
	from 198.51.100.1 GET /api/v1/projects && refused address && from 198.51.100.2 GET /api/v1/projects && status 401
'
check 'a good key is served at an address that is used up, once a worker knows it' '
	sql "UPDATE app.tenant SET requests_per_minute = 0 WHERE name = '"'rival'"'" >/dev/null &&
		rival_served() { from 198.51.100.1 GET /api/v1/projects "Authorization: Bearer $rival" && status 200; } && within 30 rival_served
'
check 'IPv6 counts by networks of 64 bits' '
	for i in $(seq 60); do from "2001:db8::$i" GET /api/v1/projects && status 401 || return 1; done
	from 2001:db8::ffff GET /api/v1/projects && refused address && from 2001:db8:0:1::1 GET /api/v1/projects && status 401
'
check 'of several forwarded addresses the last counts that is no proxy of ours' '
	from "203.0.113.9, 2001:db8::7" GET /api/v1/projects && refused address &&
		from "2001:db8::7, 203.0.113.7" GET /api/v1/projects && status 401 &&
		from "2001:db8::7, 127.0.0.9" GET /api/v1/projects && refused address
'
check 'attempts to sign in are counted apart, by address' '
	for i in $(seq 10); do sign_in 192.0.2.1 && status 401 && header RateLimit-Policy "\"sign-in\";q=10;w=60" || return 1; done
	sign_in 192.0.2.1 && refused sign-in && sign_in 192.0.2.2 && status 401 && from 192.0.2.1 GET /api/v1/projects && status 401
'

printf '%s\n' 'rate_address_per_minute = 60' 'trusted_proxies = 192.0.2.0/24' >"$VAR/portolan.conf"
stack up >"$WORK/up" 2>&1
check 'a peer that is no proxy of ours is taken for what it is, whatever it says' '
	sql "DELETE FROM app.rate_bucket" >/dev/null
	for i in $(seq 60); do
		call GET /api/v1/projects "X-Forwarded-For: 10.1.1.$i" "X-Real-IP: 10.1.2.$i" "Forwarded: for=10.1.3.$i" "True-Client-IP: 10.1.4.$i" "Remote-Addr: 10.1.5.$i" &&
			status 401 || return 1
	done
	call GET /api/v1/projects "X-Forwarded-For: 10.9.9.9" "X-Request-Id: spoofed" && refused address &&
		spoofed() { grep -h "\"request_id\":\"spoofed\"" "$VAR/log/api/current" | grep -q "\"remote\":\"127.0.0.1\""; } && within 30 spoofed
'
check 'settings that name no proxy are refused before anything is touched' '
	echo "trusted_proxies = 10.0.0.1/8" >"$VAR/portolan.conf" && ! stack up >"$WORK/up" 2>&1 && grep -q trusted_proxies "$WORK/up"
'
done_testing
