#!/bin/sh
# Names of requirements: U1 (one port, one command), A4 (security headers), E11 (request ids), Q6.
test_description='The stack: up, what nginx answers by itself, status, down'
. "${0%/*}/lib.sh"

stack_up

raw() { # one connection that says exactly this
	printf '%b' "$1" | timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/$0 && cat >&3 && cat <&3' "$PORT" >"$WORK/raw"
	sed '/^\r$/q' "$WORK/raw" >"$WORK/reply.headers"
	sed '1,/^\r$/d' "$WORK/raw" >"$WORK/reply.body"
	sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$WORK/raw" | tr -d '\n' >"$WORK/reply.status"
}

# The headers that every answer has, whoever made it.
secured() {
	header Content-Security-Policy "default-src 'none'; script-src 'self';*frame-ancestors 'none'*trusted-types*" &&
		header X-Content-Type-Options nosniff && header Referrer-Policy no-referrer &&
		header X-Frame-Options DENY && header Cross-Origin-Opener-Policy same-origin &&
		header Cross-Origin-Resource-Policy same-origin && header Permissions-Policy &&
		header X-Request-Id && no_header Strict-Transport-Security && header Server nginx
}

# problem STATUS SLUG: an RFC 9457 body that says so, with what older clients read.
problem() {
	status "$1" && header Content-Type 'application/problem+json*' && secured &&
		json .status "$1" && json .type "/docs/problems#$2" && json .title && json .detail &&
		json '.errors|type' array && json '.error == .title' true && json '.details == .detail' true &&
		[ "$(jq -r .request_id "$WORK/reply.body")" = "$(tr -d '\r' <"$WORK/reply.headers" | sed -n 's/^X-Request-Id: //Ip')" ]
}

letters() { head -c "$1" /dev/zero | tr '\0' a; }

check 'livez and readyz answer' '
	call GET /livez && status 200 && secured && call GET /readyz && status 200 && secured
'
check 'the start page is static, has no script of its own, and is not cached unseen' '
	call GET / && status 200 && header Content-Type "text/html*" && header Cache-Control no-cache && secured &&
	[ "$(grep -c "<script" "$WORK/reply.body")" = 1 ] && grep -q "<script type=\"module\" src=\"/assets/[^\"]*\"></script>" "$WORK/reply.body"
'
check 'each screen has an address, which leads to the same page; others lead to none' '
	call GET / && cp "$WORK/reply.body" "$WORK/page" &&
	for path in /projects /projects/3/map?view=table /jobs/7 /ask /admin/members /sign-in; do
		call GET "$path" && status 200 && cmp "$WORK/page" "$WORK/reply.body" && header Cache-Control no-cache && secured || return 1
	done
	call GET /projectsx && status 404
'
check 'what the page loads is named after what is in it, kept for good, and lies there compressed' '
	call GET / && script=$(sed -n "s/.*src=\"\(.assets[^\"]*\)\".*/\1/p" "$WORK/reply.body") &&
	call GET "$script" && status 200 && header Content-Type "application/javascript*" && header Cache-Control "*immutable*" && secured &&
	call GET "$script" "Accept-Encoding: gzip" && status 200 && header Content-Encoding gzip && call GET "$script.map" && status 404
'
check 'the style sheet and the icon have their types' '
	call GET /style.css && status 200 && header Content-Type "text/css*" && secured &&
	call GET /favicon.svg && status 200 && header Content-Type "image/svg+xml*" && secured
'
check 'a part of a file that cannot be: the whole file' '
	call GET /style.css "Range: bytes=999999-" && status 200 && secured
'
check 'a page that is not there: a page for people, 404' '
	call GET /nowhere && status 404 && header Content-Type "text/html*" && body_has "<h1>404</h1>" && secured
'
check 'a page that takes no POST: 405 with Allow' '
	call POST / </dev/null && status 405 && header Allow "GET, HEAD" && header Content-Type "text/html*" && secured
'
check 'an API path that is not there is a problem of the worker' '
	api GET /api/v1/nowhere && problem 404 unknown-path
'
check 'dot segments out of the API are a problem, not a page' '
	api GET /api/../nowhere && problem 404 unknown-path
'
check 'TRACE is refused with a problem' '
	api TRACE /api/v1/projects && problem 405 method-not-allowed && header Allow
'
check 'a body beyond the limit: 413' '
	head -c 1200000 /dev/zero | tr "\0" " " | api POST /api/v1/projects && problem 413 body-too-large
'
check 'an address beyond the limit: 414' '
	call GET "/api/v1/$(letters 9000)" && problem 414 uri-too-long
'
check 'a header field beyond the limit: 431' '
	call GET /api/v1/projects "X-Long: $(letters 9000)" && problem 431 headers-too-large
'
check 'what is not HTTP: 400' '
	raw "nonsense\r\n\r\n" && problem 400 bad-request
'
check 'an unknown transfer coding: 400' '
	raw "POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: strange\r\nConnection: close\r\n\r\n" &&
	problem 400 bad-request
'
check 'an HTTP version that does not exist: 400' '
	raw "GET /api/v1/projects HTTP/7.3\r\nHost: x\r\n\r\n" && problem 400 bad-request
'
check 'a request id of the client comes back' '
	call GET /livez "X-Request-Id: abc-1.2:3_4" && header X-Request-Id abc-1.2:3_4 &&
	call GET /nowhere "X-Request-Id: abc-1.2:3_4" && header X-Request-Id abc-1.2:3_4 && body_has abc-1.2:3_4
'
check 'a request id that could forge a log line is replaced' '
	call GET /livez "X-Request-Id: a\"b" && header X-Request-Id "????????????????????????????????" &&
	call GET /livez "X-Request-Id: $(letters 65)" && header X-Request-Id "????????????????????????????????"
'
check 'long JSON is compressed for who asks' '
	call GET /api/v1/openapi.json "Accept-Encoding: gzip" && status 200 &&
	header Content-Encoding gzip && header Vary "*Accept-Encoding*" &&
	call GET /api/v1/openapi.json && status 200 && no_header Content-Encoding
'
check 'requests are logged as JSON with their id' '
	call GET /nowhere?secret=1 "X-Request-Id: log-me-1" &&
	within 30 grep -q log-me-1 "$VAR/log/nginx/current" &&
	[ "$(grep log-me-1 "$VAR/log/nginx/current" | jq -r "[.status,.path,.method]|join(\" \")")" = "404 /nowhere GET" ]
'
check 'what a worker answers is logged once, by the worker; a healthy livez not at all' '
	call GET /livez "X-Request-Id: livez-1" && call GET /api/v1/nowhere "X-Request-Id: worker-1" &&
	call GET /nowhere "X-Request-Id: after-livez" &&
	within 30 grep -q after-livez "$VAR/log/nginx/current" && within 30 grep -q worker-1 "$VAR/log/api/current" &&
	! grep -qE "livez-1|worker-1" "$VAR/log/nginx/current" && ! grep -q livez-1 "$VAR/log/api/current"
'
check 'without workers: 502 or 503, Retry-After, and it heals' '
	sv -w 30 stop "$VAR/service/api" && api GET /api/v1/projects && header Retry-After &&
	{ problem 502 bad-gateway || problem 503 unavailable; }
	stopped=$?
	sv -w 10 start "$VAR/service/api" && within 20 serves && [ "$stopped" -eq 0 ]
'
check 'status shows five services and says ready' '
	stack status >"$WORK/status" && [ "$(grep -c " run " "$WORK/status")" -eq 5 ] && grep -q "ready *yes" "$WORK/status"
'
check 'a second up changes nothing' '
	before=$(pid_of nginx),$(pid_of api),$(pid_of postgres),$(pid_of live),$(pid_of runner),$PORTOLAN_API_KEY &&
	stack up && . "$VAR/dev.env" &&
	[ "$before" = "$(pid_of nginx),$(pid_of api),$(pid_of postgres),$(pid_of live),$(pid_of runner),$PORTOLAN_API_KEY" ]
'
check 'an up after a build replaces the workers and the runner' '
	before=$(worker_pids) && runner=$(pid_of runner) &&
	for program in worker runner; do
		cp -p "$BIN/portolan-$program" "$BIN/portolan-$program.new" && mv -f "$BIN/portolan-$program.new" "$BIN/portolan-$program" || return 1
	done
	stack up && all_replaced $before && [ "$runner" != "$(pid_of runner)" ] && api GET /api/v1/projects && status 200
'
check 'the key file is for its owner alone' '
	[ "$(stat -c %a "$VAR/dev.env")" = 600 ] && [ "$PORTOLAN_URL" = "http://127.0.0.1:$PORT" ]
'
check 'what the operator wrote into the settings stays, and overrules' '
	mine="log_level = debug" && printf "%s\n" "$mine" >"$WORK/conf" && cat "$VAR/portolan.conf" >>"$WORK/conf" &&
	cat "$WORK/conf" >"$VAR/portolan.conf" && stack up && grep -qxF "$mine" "$VAR/portolan.conf" &&
	[ "$(grep -c "^database_url" "$VAR/portolan.conf")" -eq 1 ]
'
check 'a second stack on the same port is refused, and told how to go on' '
	! VAR=$WORK/other stack up 2>"$WORK/said-other" && grep -q "PORT=" "$WORK/said-other"
'
check 'another address on the same port: the stack moves there' '
	listens() { grep -q " $1:$(printf %04X "$PORT") 00000000:0000 0A" /proc/net/tcp; }
	LISTEN=0.0.0.0:$PORT PORT=$PORT sh "$ROOT/deploy/stack.sh" up && listens 00000000 &&
	LISTEN=127.0.0.1:$PORT PORT=$PORT sh "$ROOT/deploy/stack.sh" up && listens 0100007F
'
check 'what cannot be a number of workers or a port is refused at once' '
	for bad in 0 abc 65 99999999999999999999; do
		! WORKERS=$bad stack up 2>"$WORK/said" && grep -q "WORKERS is a number" "$WORK/said" || return 1
	done
	! PORT=70000 stack up 2>"$WORK/said" && ! PORT=99999999999999999999 sh "$ROOT/deploy/stack.sh" up 2>"$WORK/said" && grep -qx "error: PORT is a number.*" "$WORK/said"
'
check 'an address with a quote in it reaches no shell' '
	! make -s -C "$ROOT" map REPO="it'"'"'s" 2>"$WORK/said-map" && grep -qF "it'"'"'s is neither an address" "$WORK/said-map"
'
check 'a killed supervisor: status says so, up mends it' '
	kill -9 "$(cat "$VAR/run/runsvdir.pid")" && ! stack status >"$WORK/status" 2>&1 && grep -q "supervisor was killed" "$WORK/status" &&
	stack up && stack status >/dev/null
'
check 'everything runs without root' '
	[ "$(stat -c %u "/proc/$(pid_of nginx)")" -ne 0 ] && [ "$(stat -c %u "/proc/$(pid_of api)")" -ne 0 ] &&
	[ "$(stat -c %u "/proc/$(pid_of postgres)")" -ne 0 ] && ! grep -q "^Uid:.*\b0\b" "/proc/$(pid_of runner)/status"
'
left_behind() { find /proc/[0-9]*/cwd -maxdepth 0 \( -lname "$VAR" -o -lname "$VAR/*" \) 2>/dev/null; }
check 'down leaves neither process nor socket' '
	[ -n "$(left_behind)" ] && stack down && [ -z "$(left_behind)" ] && [ -z "$(find "$VAR" -type s)" ] &&
	! port_taken "$PORT"
'
check 'down again, and status of a stopped stack' '
	stack down && { stack status; [ $? -eq 3 ]; }
'
check 'lock files of a machine that lost power do not keep it down' '
	printf "%s\n%s\n" $$ "$VAR/pg" >"$VAR/pg/postmaster.pid" && chmod 666 "$VAR/pg/postmaster.pid" &&
	echo $$ >"$VAR/run/runsvdir.pid" && stack up && call GET /readyz && status 200
'
done_testing
