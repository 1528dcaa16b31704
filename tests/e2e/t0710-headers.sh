#!/bin/sh
# Names of requirements: A4, T33, Q4.
test_description='Headers: what every answer carries, pages of other origins, and requests by hand'
. "${0%/*}/lib.sh"

stack_up
sv -w 20 force-stop "$VAR/service/runner" >/dev/null
MINE=https://app.example.org
sql "UPDATE app.tenant SET cors_origins = '{$MINE,http://localhost:3000}'" >/dev/null
portolan() { (cd "$VAR" && step_down "$ROOT/build/$VARIANT/bin/portolan" "$@" --config "$CONF"); }
portolan setup --tenant rival --key-file "$VAR/rival.env" >/dev/null
rival=$(sed -n "s/^.*PORTOLAN_API_KEY=['\"]\{0,1\}\([^'\"]*\).*/\1/p" "$VAR/rival.env")
sql "UPDATE app.tenant SET cors_origins = '{https://rival.example}' WHERE name = 'rival'" >/dev/null

letters() { head -c "$1" /dev/zero | tr '\0' a; }

# safe STATUS: the last answer has each of the headers that every answer has, once.
safe() {
	status "$1" && header Content-Security-Policy "default-src 'none';*frame-ancestors 'none'*" && header X-Content-Type-Options nosniff &&
		header Referrer-Policy no-referrer && header X-Frame-Options DENY && header Cross-Origin-Opener-Policy same-origin &&
		header Cross-Origin-Resource-Policy same-origin && header Permissions-Policy '*camera=()*' && header X-Request-Id '[A-Za-z0-9]*' &&
		header Cache-Control && no_header X-Powered-By && header Server nginx && no_header Access-Control-Allow-Credentials &&
		no_header Access-Control-Allow-Private-Network
}
private() { safe "$1" && header Cache-Control no-store; }
post() { printf '%s' "$1" | api POST /api/v1/projects; }
project() { printf '{"name":"%s","repository_url":"https://git.test/%s.git"}' "$1" "$1"; }

check 'static files: 200, 304, 404, 405' '
	call GET / && safe 200 && call GET /style.css && safe 200 && tag=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^ETag: //p") &&
		call GET /style.css "If-None-Match: $tag" && safe 304 && call GET /nowhere && safe 404 && call DELETE /style.css && safe 405
'
check 'what anybody may read' '
	for path in /livez /readyz /api/v1/openapi.json /docs/problems; do call GET "$path" && safe 200 || return 1; done
	call GET /api/v1/openapi.json && tag=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^ETag: //p") && call GET /api/v1/openapi.json "If-None-Match: $tag" && safe 304
'
check 'answers to a credential are kept by nobody: 200, 201, 304, 204' '
	api GET /api/v1/projects && private 200 && post "$(project kept)" && private 201 && keep id .id && api GET "/api/v1/projects/$id" && private 200 &&
		api GET "/api/v1/projects/$id" "If-None-Match: \"1\"" && private 304 && api DELETE "/api/v1/projects/$id" "If-Match: *" && private 204
'
check 'problems of the workers: 400, 401, 403, 404, 405, 409, 412, 415, 422, 428' '
	api GET "/api/v1/projects?limit=0" && private 400 && call GET /api/v1/projects && private 401 && header WWW-Authenticate && api GET /api/v1/projects/999 && private 404 &&
		api GET /api/v1/nowhere && private 404 && api DELETE /api/v1/projects && private 405 && post "$(project twice)" && keep id .id && post "$(project twice)" && private 409 &&
		printf "{}" | api PATCH "/api/v1/projects/$id" "If-Match: \"99\"" && private 412 && printf "{}" | api PATCH "/api/v1/projects/$id" && private 428 &&
		printf x | api POST /api/v1/projects "Content-Type: text/plain" && private 415 &&
		post "$(project once)" && printf x | api POST /api/v1/projects "Content-Type: text/plain" && private 415 &&
		project k | api POST /api/v1/projects "Idempotency-Key: a" && project l | api POST /api/v1/projects "Idempotency-Key: a" && private 422 &&
		sql "UPDATE app.api_key SET role = 1 WHERE id = 1" >/dev/null && post "$(project never)" && private 403 && sql "UPDATE app.api_key SET role = 5 WHERE id = 1" >/dev/null
'
check 'a request for the methods, with and without an origin' '
	call OPTIONS /api/v1/projects && private 204 && call OPTIONS /api/v1/projects "Origin: $MINE" "Access-Control-Request-Method: POST" && private 204
'
check 'nginx itself: 400, 413, 414, 431' '
	call GET "/api/v1/%" && safe 400 && { printf "{\"name\":\""; letters 1100000; printf "\"}"; } | api POST /api/v1/projects && safe 413 &&
		call GET "/api/v1/projects?q=$(letters 9000)" && safe 414 && call GET /api/v1/projects "X-Long: $(letters 9000)" && safe 431 &&
		call TRACE /api/v1/projects && safe 405
'

# --- Pages of other origins: what is asked, by whom, and whether the page may read it ---

vary() { tr -d '\r' <"$WORK/reply.headers" | grep -qi '^Vary:.*Origin'; }
readable() { # ORIGIN
	header Access-Control-Allow-Origin "$1" && vary && header Access-Control-Expose-Headers "*RateLimit*X-Request-Id*" && no_header Access-Control-Allow-Credentials
}
closed() { no_header "Access-Control-[A-Za-z-]*" && vary; }

check 'a page that the tenant lists reads answers' '
	api GET /api/v1/projects "Origin: $MINE" && status 200 && readable "$MINE" && api GET /api/v1/projects "Origin: http://localhost:3000" && readable http://localhost:3000
'
check 'and changes, versions, problems' '
	project cors | api POST /api/v1/projects "Origin: $MINE" && status 201 && readable "$MINE" && keep id .id &&
		api GET "/api/v1/projects/$id" "Origin: $MINE" "If-None-Match: \"1\"" && status 304 && readable "$MINE" &&
		api GET /api/v1/projects/999 "Origin: $MINE" && status 404 && readable "$MINE" && api GET "/api/v1/projects?x=1" "Origin: $MINE" && status 400 && readable "$MINE"
'
check 'also that its credential is missing or wrong' '
	call GET /api/v1/projects "Origin: $MINE" && status 401 && readable "$MINE" && call GET /api/v1/projects "Origin: $MINE" "Authorization: Bearer pk_1_x" && status 401 && readable "$MINE"
'
check 'a page that only another tenant lists does not' 'api GET /api/v1/projects "Origin: https://rival.example" && status 200 && closed'
check 'nor one that nobody lists' '
	for origin in https://evil.example null "*" "$MINE." "$MINE:444" "https://app.example.org.evil.example" "http://app.example.org" "HTTPS://APP.EXAMPLE.ORG" "$MINE/" "https://evil.example $MINE"; do
		api GET /api/v1/projects "Origin: $origin" && status 200 && closed || { echo "$origin"; return 1; }
	done
'
check 'each tenant has its own list' '
	call GET /api/v1/projects "Authorization: Bearer $rival" "Origin: https://rival.example" && status 200 && readable https://rival.example &&
		call GET /api/v1/projects "Authorization: Bearer $rival" "Origin: $MINE" && status 200 && closed
'
check 'without an origin nothing is said but that it matters' 'api GET /api/v1/projects && closed'
check 'pre-flight: the real methods, the headers, for ten minutes' '
	call OPTIONS /api/v1/projects "Origin: $MINE" "Access-Control-Request-Method: POST" "Access-Control-Request-Headers: authorization,content-type" && status 204 && readable "$MINE" &&
		header Access-Control-Allow-Methods "GET, HEAD, POST, OPTIONS" && header Access-Control-Allow-Headers "*Authorization*Content-Type*If-Match*Idempotency-Key*" &&
		header Access-Control-Max-Age 600 && call OPTIONS "/api/v1/projects/$id" "Origin: https://rival.example" "Access-Control-Request-Method: DELETE" &&
		readable https://rival.example && header Access-Control-Allow-Methods "*PATCH*DELETE*"
'
check 'pre-flight of a page that nobody lists, or for a path that is none' '
	call OPTIONS /api/v1/projects "Origin: https://evil.example" "Access-Control-Request-Method: POST" && status 204 && closed &&
		call OPTIONS /api/v1/nowhere "Origin: $MINE" "Access-Control-Request-Method: GET" && status 404 && closed
'
check 'nobody is let into a private network' '
	call OPTIONS /api/v1/projects "Origin: $MINE" "Access-Control-Request-Method: POST" "Access-Control-Request-Private-Network: true" && status 204 && no_header Access-Control-Allow-Private-Network
'
check 'an origin that is taken off the list is closed out within seconds' '
	sql "UPDATE app.tenant SET cors_origins = '"'{}'"' WHERE name <> '"'rival'"'" >/dev/null && gone() { api GET /api/v1/projects "Origin: $MINE" && closed; } && within 30 gone
'

check 'requests by hand: one answer to each, and none that is smuggled' 'python3 "$ROOT/tests/e2e/raw.py" "$PORT" "$PORTOLAN_API_KEY"'

# --- Workers that are stuck or gone; a page of another origin sees nginx's own answers as none ---

check 'no answer in time: 504' '
	kill -STOP $(worker_pids) && api GET /api/v1/projects "Origin: $MINE"
	kill -CONT $(worker_pids)
	safe 504 && header Content-Type "application/problem+json*" && no_header Access-Control-Allow-Origin
'
check 'no worker: 502, for programs and for people' '
	sv -w 20 force-stop "$VAR/service/api" >/dev/null && api GET /api/v1/projects && safe 502 && header Retry-After 1 && json .status 502 &&
		call GET /docs/problems && safe 502
'
done_testing
