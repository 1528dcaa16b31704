#!/bin/sh
# Q4 (input validation), Q6 (good errors), P2 (error bodies), E11 (ids), T9, T10, T33, A3 (keys).
test_description='HTTP: every kind of bad request has its own problem; repeats are safe'
. "${0%/*}/lib.sh"

stack_up
sv -w 20 force-stop "$VAR/service/runner" >/dev/null

# problem STATUS SLUG: an RFC 9457 body that says so, with what older clients read.
problem() {
	status "$1" && header Content-Type "application/problem+json*" && json .status "$1" && json .type "/docs/problems#$2" &&
		json .title && json .detail && json ".errors|type" array && json ".error == .title" true && json .details &&
		header Cache-Control no-store && json .request_id
}
post() { # BODY [HEADER...]
	body=$1
	shift
	printf %s "$body" | api POST /api/v1/projects "$@"
}
unready() { call GET /readyz && status 503; }
good() { printf '{"name":"%s","repository_url":"https://git.test/%s.git"}' "$1" "$1"; }
letters() { head -c "$1" /dev/zero | tr '\0' a; }

check 'an unknown path' 'api GET /api/v1/nowhere && problem 404 unknown-path && api GET /api/nowhere && problem 404 unknown-path'
check 'a trailing slash is another path' 'api GET /api/v1/projects/ && problem 404 unknown-path'
check 'an id that is no number is another path' 'api GET /api/v1/projects/abc && problem 404 unknown-path && api GET /api/v1/projects/01 && problem 404 unknown-path'
check 'an unknown item' 'api GET /api/v1/projects/999 && problem 404 not-found'
check 'a method that the path does not take' '
	api DELETE /api/v1/projects && problem 405 method-not-allowed && header Allow "GET, HEAD, POST, OPTIONS" &&
	api OPTIONS /api/v1/projects && status 204 && header Allow "GET, HEAD, POST, OPTIONS"
'
check 'an encoded slash, a dot segment, a bad escape, a NUL' '
	api GET /api/v1/projects%2F1 && problem 400 bad-request && api GET /api/v1/./projects && problem 400 bad-request &&
	api GET /api/v1/%2e%2e/v1/projects && problem 400 bad-request && api GET "/api/v1/x/../projects" && problem 400 bad-request
'
check 'a path or query that is not UTF-8' 'api GET /api/v1/%FF && problem 400 invalid-utf-8 && api GET "/api/v1/projects?q=%C3%28" && problem 400 invalid-utf-8'
check 'an unknown parameter, by name' '
	api GET "/api/v1/projects?lmit=3" && problem 400 unknown-field && json ".errors[0].parameter" lmit
'
check 'a parameter out of range' '
	api GET "/api/v1/projects?limit=0" && problem 400 invalid-field && json ".errors[0].parameter" limit &&
	api GET "/api/v1/projects?limit=201" && problem 400 invalid-field && api GET "/api/v1/projects?limit=1&limit=2" && problem 400 invalid-field
'
check 'a cursor that is none of ours' '
	api GET "/api/v1/projects?cursor=AAAA" && problem 400 invalid-field && json ".errors[0].parameter" cursor
'
check 'a content type that is not JSON' '
	post "$(good a)" "Content-Type: text/plain" && problem 415 unsupported-media-type && json ".errors[0].header" Content-Type &&
	post "$(good a)" "Content-Type: application/json; charset=latin1" && problem 415 unsupported-media-type
'
check 'a body that is compressed' '
	good a | gzip | api POST /api/v1/projects "Content-Encoding: gzip" && problem 415 unsupported-media-type && json ".errors[0].header" Content-Encoding
'
check 'a body that is too large' '
	{ printf "{\"name\":\""; letters 1100000; printf "\"}"; } | api POST /api/v1/projects && problem 413 body-too-large
'
check 'a body that is not JSON, and where' '
	post "{\"name\":" && problem 400 malformed-json && post "" && problem 400 malformed-json &&
	post "{'"'"'name'"'"':1}" && problem 400 malformed-json && post "{\"a\":1,\"a\":2}" && problem 400 malformed-json && post "{\"a\":NaN}" && problem 400 malformed-json
'
check 'a body that is not UTF-8' 'printf "{\"name\":\"\377\"}" | api POST /api/v1/projects && problem 400 invalid-utf-8'
check 'a field that does not exist, by name' '
	post "{\"name\":\"a\",\"repository_url\":\"https://git.test/a\",\"colour\":1}" && problem 400 unknown-field && json ".errors[0].pointer" /colour
'
check 'all wrong fields in one answer' '
	post "{\"name\":\"\",\"default_branch\":7}" && problem 400 invalid-field && json ".errors|length" 3 && json ".details|length" 3
'
check 'an address that is refused without asking the network' 'post "{\"repository_url\":\"ftp://git.test/a\"}" && [ "$(cat "$WORK/reply.status")" -ge 400 ] && [ "$(cat "$WORK/reply.status")" -lt 500 ]'

check 'no key, a malformed one, one of another secret: one answer' '
	call GET /api/v1/projects && problem 401 unauthenticated && header WWW-Authenticate "Bearer*" && jq "del(.request_id)" "$WORK/reply.body" >"$WORK/first" &&
	for key in "Basic eA==" Bearer "Bearer x" "Bearer ${PORTOLAN_API_KEY%?}" "Bearer pk_1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_00000000"; do
		call GET /api/v1/projects "Authorization: $key" && problem 401 unauthenticated && jq "del(.request_id)" "$WORK/reply.body" | cmp - "$WORK/first" || return 1
	done
'
check 'a key that was revoked is refused at once, in every worker, also where it was known' '
	api GET /api/v1/projects && status 200 && sql "UPDATE app.api_key SET revoked_at = now()" >/dev/null &&
	for i in 1 2 3 4 5 6 7 8; do
		api GET /api/v1/projects && problem 401 unauthenticated && post "$(good never)" && problem 401 unauthenticated &&
			api GET "/api/v1/projects?what=1" && problem 401 unauthenticated || return 1
	done
	sql "UPDATE app.api_key SET revoked_at = NULL" >/dev/null && api GET "/api/v1/projects?q=never" && json ".items|length" 0
'
check 'a role that is too low: 403' '
	sql "UPDATE app.api_key SET role = 1" >/dev/null && post "$(good never)" && problem 403 forbidden && api GET /api/v1/projects && status 200 &&
	sql "UPDATE app.api_key SET role = 2" >/dev/null && api POST /api/v1/jobs/1/retry </dev/null && problem 403 forbidden &&
	sql "UPDATE app.api_key SET role = 5" >/dev/null
'
check 'a header that decides something comes once' '
	api GET /api/v1/projects/1 "If-None-Match: \"1\"" "Authorization: Bearer x" && problem 400 bad-request
'

check 'a repeated POST with the same key gets the same answer, once stored' '
	post "$(good Once)" "Idempotency-Key: k1" && status 201 && no_header Idempotency-Replayed && cp "$WORK/reply.body" "$WORK/one" && keep id .id &&
	post "$(good Once)" "Idempotency-Key: k1" && status 201 && header Idempotency-Replayed true && cmp "$WORK/one" "$WORK/reply.body" &&
	header Location "/api/v1/projects/$id" && header ETag "\"1\"" && api GET "/api/v1/projects?q=Once" && json ".items|length" 1
'
check 'the same key with another body, query or path: 422' '
	post "$(good Other)" "Idempotency-Key: k1" && problem 422 idempotency-key-reused &&
	api POST "/api/v1/projects/$id/sync" "Idempotency-Key: k1" </dev/null && problem 422 idempotency-key-reused
'
check 'a refusal that would come again is stored as well' '
	post "$(good Once)" "Idempotency-Key: k2" && problem 409 conflict && no_header Idempotency-Replayed &&
	post "$(good Once)" "Idempotency-Key: k2" && status 409 && header Idempotency-Replayed true
'
check 'a body that was refused unread leaves the key free' '
	post "{" "Idempotency-Key: k3" && problem 400 malformed-json && post "$(good Third)" "Idempotency-Key: k3" && status 201 && no_header Idempotency-Replayed
'
check 'a key that is not well-formed' '
	post "$(good Fourth)" "Idempotency-Key: $(letters 256)" && problem 400 invalid-field && json ".errors[0].header" Idempotency-Key
'
check 'of twenty at once with one key, one creates; the others are told to wait or get its answer' '
	for i in $(seq 20); do
		good Race | curl -s -m 30 -o /dev/null -w "%{http_code}\n" -H "Authorization: Bearer $PORTOLAN_API_KEY" -H "Content-Type: application/json" \
			-H "Idempotency-Key: race" --data-binary @- "http://127.0.0.1:$PORT/api/v1/projects" &
	done >"$WORK/codes"
	wait
	[ "$(grep -c "201\|409" "$WORK/codes")" = 20 ] && grep -q 201 "$WORK/codes" && api GET "/api/v1/projects?q=Race" && json ".items|length" 1 || { sort "$WORK/codes" | uniq -c; false; }
'

check 'a request id and a trace go through answer, log, job and event' '
	post "$(good Traced)" "X-Request-Id: trace.me-1" "Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" && status 201 && keep id .id && keep job .job_id &&
	header X-Request-Id trace.me-1 && header Traceparent "00-4bf92f3577b34da6a3ce929d0e0e4736-*-01" && ! grep -q 00f067aa0ba902b7 "$WORK/reply.headers" &&
	api GET "/api/v1/jobs/$job" && json .request_id trace.me-1 &&
	[ "$(sql "SELECT request_id FROM app.event_all WHERE project_id = $id")" = trace.me-1 ] &&
	[ "$(sql "SELECT left(traceparent, 35) FROM app.background_job WHERE id = $job")" = 00-4bf92f3577b34da6a3ce929d0e0e4736 ] &&
	within 30 grep -q "\"request_id\":\"trace.me-1\".*\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\".*\"route\":\"createProject\"" "$VAR/log/api/current"
'
check 'no key of anybody is in a log' '
	! grep -rqF "$PORTOLAN_API_KEY" "$VAR/log"
'
check 'the description of the API is there for all, with an ETag' '
	call GET /api/v1/openapi.json && status 200 && json .openapi 3.1.0 && json ".paths[\"/api/v1/projects\"].post.operationId" createProject &&
	etag=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^ETag: //Ip") && call GET /api/v1/openapi.json "If-None-Match: $etag" && status 304 &&
	call GET /api/v1/openapi.json && cmp "$WORK/reply.body" "$ROOT/tests/golden/openapi.json"
'
check 'each problem leads to its explanation' '
	call GET /docs/problems && status 200 && header Content-Type "text/html*" && body_has "id=\"unknown-field\"" && ! grep -qi "<script\|style=" "$WORK/reply.body"
'

# raw_fcgi BYTES: what a stray peer of the socket says, and what it hears.
raw_fcgi() {
	printf %b "$1" | perl -MIO::Socket::UNIX -e '
		alarm 12;
		my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "no connection";
		local $/; print $s scalar <STDIN>; $s->flush; shutdown $s, 1; print scalar <$s>;
	' "$VAR/run/api.sock" >"$WORK/raw" 2>/dev/null
}
check 'absurd FastCGI records end in a closed connection, and the workers live' '
	worker_pids >"$WORK/before" &&
	raw_fcgi "\0001\0001\0000\0001\0000\0010\0000\0000\0000\0001\0001\0000\0000\0000\0000\0000\0001\0004\0000\0001\0000\0011\0000\0000\0377\0377\0377\0377\0377\0377\0377\0377a" && [ ! -s "$WORK/raw" ] &&
	raw_fcgi "\0001\0004\0000\0001\0377\0377\0000\0000aaaa" && [ ! -s "$WORK/raw" ] &&
	raw_fcgi "\0001\0001\0000\0001\0000\0010\0000\0000\0000\0001\0001" && raw_fcgi nonsense &&
	worker_pids | cmp - "$WORK/before" && api GET /api/v1/projects && status 200
'
check 'half a FastCGI head holds a thread for five seconds at most, and no other request' '
	printf "\001\001\000\001\000\010\000\000\000\001" >"$WORK/half" &&
	for i in 1 2 3 4 5 6 7 8 9 10; do
		perl -MIO::Socket::UNIX -e "my \$s = IO::Socket::UNIX->new(Peer => \$ARGV[0]); open(my \$f, q(<), \$ARGV[1]); print \$s <\$f>; \$s->flush; sysread \$s, my \$b, 1;" \
			"$VAR/run/api.sock" "$WORK/half" &
	done
	within 30 serves && wait && api GET /api/v1/projects && status 200
'
check 'without the database: 503 with Retry-After, readyz names the module, livez is fine; then it heals' '
	sv -w 25 force-stop "$VAR/service/postgres" >/dev/null
	api GET /api/v1/projects && problem 503 unavailable && header Retry-After 1 && post "$(good Down)" && problem 503 unavailable &&
	call GET /livez && status 200 && within 30 unready && json ".modules[0].name" database && json ".modules[0].status" failing && header Retry-After
	down=$?
	sv -w 20 start "$VAR/service/postgres" >/dev/null
	within 20 serves && api GET "/api/v1/projects?q=Down" && status 200 && json ".items|length" 0 && [ "$down" -eq 0 ]
'
check 'a worker does not start on a bad configuration, and tells every mistake' '
	printf "worker_threads = many\nno_such_key = 1\n" >"$WORK/bad.conf" &&
	! "$BIN/portolan-worker" --config "$WORK/bad.conf" </dev/null 2>"$WORK/mistakes" &&
	grep -q "\"key\":\"worker_threads\"" "$WORK/mistakes" && grep -q "\"key\":\"no_such_key\"" "$WORK/mistakes"
'
check 'nor without a listening socket' '
	! "$BIN/portolan-worker" --config "$CONF" </dev/null 2>"$WORK/mistakes" && grep -q "no listening socket" "$WORK/mistakes"
'
done_testing
