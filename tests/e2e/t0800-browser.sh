#!/bin/sh
# A1 (sessions), A4 (CORS, headers), A11 (forged requests), A13.
test_description='Browser: what a page of another origin can do with the cookie of who is signed in'
. "${0%/*}/lib.sh"

# The only story that wants a browser: its package is large and is fetched when it is missing.
if ! command -v chromedriver >/dev/null || ! command -v chromium >/dev/null; then
	timeout 240 "$ROOT/deploy/deps.sh" browser >"$WORK/deps" 2>&1 || {
		sed 's/^/# /' "$WORK/deps" | tail -n 5
		echo '1..1'
		echo 'ok 1 - a real browser # SKIP Chromium is missing and cannot be installed: deploy/deps.sh browser'
		exit 0
	}
fi

stack_up
sv -w 20 force-stop "$VAR/service/runner" >/dev/null # all that happens is somebody's request
APP=http://127.0.0.1:$PORT
EMAIL=$(sed -n 's/^E-mail *//p' "$VAR/owner.txt")
PASSWORD=$(sed -n 's/^Password *//p' "$VAR/owner.txt")
portolan() { step_down "$BIN/portolan" "$@"; }
echo 'violets in the morning' | portolan user create mallory@example.org --tenant default --role viewer --password-stdin >/dev/null

mkfifo "$WORK/browser.in"
python3 "$ROOT/tests/e2e/browser.py" "$ROOT/tests/e2e/pages" 127.0.0.1 <"$WORK/browser.in" >"$WORK/browser.out" 2>"$WORK/browser.err" &
exec 7>"$WORK/browser.in"
within 60 test -s "$WORK/browser.out" || { sed 's/^/# /' "$WORK/browser.err"; echo 'Bail out! the browser does not start'; exit 1; }
read -r control evil version <"$WORK/browser.out"
echo "# Chromium $version"
NEAR="http://127.0.0.1:$evil/evil.html?app=$APP" # another port of this host: the same site, and the cookie is sent
FAR="http://localhost:$evil/evil.html?app=$APP"  # another host: another site

# browser COMMAND [URL] [TEXT]: what it answers is kept in $WORK/seen.
browser() {
	code=$(curl -s -m 60 -o "$WORK/seen" -w '%{http_code}' --data-binary "${3:-}" \
		"http://127.0.0.1:$control/$1?at=$(printf %s "${2:-}" | jq -sRr @uri)")
	[ "$code" = 200 ] || { cat "$WORK/seen"; echo; return 1; }
}
# shellcheck disable=SC2254 # a pattern is meant
saw() { case $(cat "$WORK/seen") in $1) ;; *) echo "want to see: $1, not: $(head -c 300 "$WORK/seen")"; return 1 ;; esac; }

# All rows of all tables but those that tell of attempts and of the time of the last use; of events, which
# go on into the log by themselves, their number.
state() {
	sql "SELECT relname, md5(coalesce(xpath('//row', query_to_xml(format(
			'SELECT (to_jsonb(t) - ''{last_seen_at,last_used_at}''::text[])::text AS j FROM app.%I t ORDER BY 1', relname),
			true, false, ''))::text, ''))
		FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'r'
			AND relname !~ '^(audit|rate_bucket|sign_in_attempt|job_runner|event_)' ORDER BY 1;
		SELECT 'events', count(*) FROM app.event_all"
}
requests() { grep -h '"msg":"request"' "$VAR/log/api/current" "$VAR/log/nginx/current" 2>/dev/null | jq -r '"\(.status) \(.method) \(.path) \(.actor // "-")"'; }
# attack URL EXPRESSION: as a page of that origin; what came of it is in $WORK/seen and $WORK/wire.
attack() {
	state >"$WORK/before"
	requests | sort >"$WORK/requests"
	browser run "$1" "$2"
}
since() { requests | sort | comm -13 "$WORK/requests" - >"$WORK/wire"; grep -qxE "$1" "$WORK/wire"; }
# met PATTERN: the server got a request whose status, method, path and actor are such.
met() { within 30 since "$1" || { echo "want on the wire: $1"; cat "$WORK/wire"; return 1; }; }
unchanged() { state >"$WORK/after"; diff "$WORK/before" "$WORK/after" >"$WORK/diff" || { echo "changed:"; cat "$WORK/diff"; return 1; }; }
changed() { ! unchanged >/dev/null; }
# foiled PATTERN: the request came, was refused like that, and changed nothing.
foiled() { met "$1" && unchanged; }
nobody_else() { browser run "$APP/" "fetch('/api/v1/auth/me').then(a => a.json()).then(m => m.user.email)" && saw "$EMAIL"; }
sign_in() { # ORIGIN
	browser run "$1/" "fetch('/api/v1/auth/login', { method: 'POST', headers: { 'Content-Type': 'application/json' },
		body: JSON.stringify({ email: '$EMAIL', password: '$PASSWORD' }) }).then(a => a.json()).then(m => m.csrf_token)"
	csrf=$(cat "$WORK/seen")
}
NEW='{ name: "Forged", repository_url: "https://git.test/forged.git" }'
JSON="JSON.stringify($NEW)"
ME='fetch("/api/v1/auth/me").then(a => a.json())'

# --- The page that may ---

sign_in "$APP"
check 'the page of the application signs in, and the cookie is hidden from scripts' '
	[ "${#csrf}" = 43 ] && browser run "" "document.cookie + \"|\" + location.origin" && saw "|$APP" && nobody_else
'
check 'and changes something, which is seen in the state' '
	attack "$APP/" "fetch(\"/api/v1/projects\", { method: \"POST\", headers: { \"Content-Type\": \"application/json\", \"X-CSRF-Token\": \"$csrf\" },
		body: JSON.stringify({ name: \"Atlas\", repository_url: \"https://git.test/atlas.git\" }) }).then(a => a.status)" &&
	saw 201 && met "201 POST /api/v1/projects $EMAIL" && changed && api GET /api/v1/projects && keep project ".items[0].id"
'
check 'but not without the token' '
	attack "$APP/" "fetch(\"/api/v1/projects\", { method: \"POST\", headers: { \"Content-Type\": \"application/json\" }, body: $JSON }).then(a => a.status)" &&
	saw 403 && foiled "403 POST /api/v1/projects.*"
'
check 'the page of the application is drawn under its own policy: a picture of it is kept' '
	browser shot && head -c 4 "$WORK/seen" | grep -q PNG && mkdir -p "$ROOT/build/$VARIANT/e2e" && cp "$WORK/seen" "$ROOT/build/$VARIANT/e2e/page.png" &&
	browser run "" "getComputedStyle(document.body).fontFamily !== \"\" && document.styleSheets.length" && saw "[1-9]"
'

# --- Forms ---

for type in application/x-www-form-urlencoded multipart/form-data text/plain; do
	check "another port, the cookie is sent: a form of $type" '
		attack "$NEAR" "form(\"/api/v1/projects\", \"$type\", $NEW)" && foiled "403 POST /api/v1/projects.*"
	'
	check "another site, the cookie is not: a form of $type" '
		attack "$FAR" "form(\"/api/v1/projects\", \"$type\", $NEW)" && foiled "401 POST /api/v1/projects.*"
	'
done
check 'JSON in a form of text/plain' '
	attack "$NEAR" "json_form(\"/api/v1/projects\", $NEW)" && foiled "403 POST /api/v1/projects.*"
'
check 'a form that takes the window along, from either' '
	attack "$NEAR" "leave(\"/api/v1/projects\", \"text/plain\", $NEW)" && foiled "403 POST /api/v1/projects.*" &&
	attack "$FAR" "leave(\"/api/v1/projects\", \"text/plain\", $NEW)" && foiled "401 POST /api/v1/projects.*"
'
check 'a window of the application as the target of a form: it is out of reach' '
	attack "$NEAR" "popup(\"/api/v1/projects\", \"text/plain\", $NEW)" && unchanged && saw "severed"
'
check 'another method, claimed by a member, a header or the query' '
	attack "$NEAR" "form(\"/api/v1/projects/$project?_method=DELETE\", \"application/x-www-form-urlencoded\", { _method: \"DELETE\" })" &&
	foiled "40[35] POST /api/v1/projects/$project.*" &&
	attack "$NEAR" "call(\"POST\", \"/api/v1/projects/$project\", { credentials: \"include\", headers: { \"X-HTTP-Method-Override\": \"DELETE\" } })" &&
	saw refused && unchanged
'

# --- Scripts.  Cross-Origin-Resource-Policy hides even that there was an answer: "refused" where it would be "opaque". ---

check 'fetch without credentials' '
	attack "$NEAR" "call(\"POST\", \"/api/v1/projects\", { mode: \"no-cors\", credentials: \"omit\", body: $JSON })" && saw refused && foiled "401 POST /api/v1/projects.*"
'
check 'fetch with credentials, JSON as text/plain: sent, refused, and the answer is hidden' '
	attack "$NEAR" "call(\"POST\", \"/api/v1/projects\", { mode: \"no-cors\", credentials: \"include\", body: $JSON })" && saw refused && foiled "403 POST /api/v1/projects.*" &&
	attack "$FAR" "call(\"POST\", \"/api/v1/projects\", { mode: \"no-cors\", credentials: \"include\", body: $JSON })" && saw refused && foiled "401 POST /api/v1/projects.*"
'
check 'fetch that asks to read the answer to a change' '
	attack "$NEAR" "call(\"POST\", \"/api/v1/projects\", { credentials: \"include\", body: $JSON })" && saw refused && foiled "403 POST /api/v1/projects.*"
'
check 'own headers: asked for before, and never sent; even with the right token' '
	for page in "$NEAR" "$FAR"; do
		attack "$page" "call(\"POST\", \"/api/v1/projects\", { credentials: \"include\", body: $JSON,
			headers: { \"Content-Type\": \"application/json\", \"X-CSRF-Token\": \"$csrf\" } })" &&
		saw refused && met "204 OPTIONS /api/v1/projects .*" && unchanged && ! grep POST "$WORK/wire" || return 1
	done
'
check 'PUT, PATCH and DELETE are asked for before, and never sent' '
	for method in PUT PATCH DELETE; do
		attack "$NEAR" "call(\"$method\", \"/api/v1/projects/$project\", { credentials: \"include\" })" &&
		saw refused && met "204 OPTIONS .*" && unchanged && ! grep -q "$method" "$WORK/wire" || return 1
	done
'
check 'a beacon' '
	attack "$NEAR" "beacon(\"/api/v1/projects\", $JSON, \"text/plain\")" && saw sent && foiled "403 POST /api/v1/projects.*" &&
	attack "$NEAR" "beacon(\"/api/v1/projects\", $JSON, \"application/json\")" && met "204 OPTIONS .*" && unchanged
'
check 'a socket, and a stream of events' '
	attack "$NEAR" "socket(\"/api/v1/projects\")" && saw refused && unchanged &&
	attack "$NEAR" "stream(\"/api/v1/projects\")" && saw refused && met "200 GET /api/v1/projects .*" && unchanged
'

# --- What changes nothing and shows nothing ---

check 'nothing is done by GET: images, scripts, styles and the address bar' '
	for path in auth/logout auth/login "projects/$project/sync" "projects/$project?_method=DELETE" "projects/$project/delete" auth/tenant sessions/1; do
		attack "$NEAR" "elements(\"/api/v1/$path\")" && saw "error error error error" && unchanged &&
		browser open "$APP/api/v1/$path" && unchanged || return 1
	done
	nobody_else
'
check 'answers are not read: not by fetch, with or without credentials' '
	for page in "$NEAR" "$FAR"; do
		attack "$page" "call(\"GET\", \"/api/v1/auth/me\", { credentials: \"include\" })" && saw refused && unchanged &&
		attack "$page" "call(\"GET\", \"/api/v1/auth/me\")" && saw refused &&
		attack "$page" "call(\"GET\", \"/api/v1/auth/me\", { credentials: \"include\", mode: \"no-cors\" })" && saw refused || return 1
	done
	browser run "$NEAR" "call(\"GET\", \"/api/v1/auth/me\", { credentials: \"include\" })" && met "200 GET /api/v1/auth/me $EMAIL"
'
check 'nor as scripts, styles or images, whatever they contain' '
	attack "$NEAR" "elements(\"/api/v1/projects\")" && saw "error error error error" &&
	attack "$FAR" "elements(\"/api/v1/openapi.json\")" && saw "error error error error" && attack "$FAR" "element(\"img\", \"src\", \"/favicon.svg\")" && saw error
'
check 'no page of the application is shown in a frame' '
	for page in / /docs/problems /api/v1/auth/me /nowhere; do
		browser frame "http://127.0.0.1:$evil/frame.html?app=$APP$page" && saw "chrome-error:*" &&
		browser frame "http://localhost:$evil/frame.html?app=$APP$page" && saw "chrome-error:*" || return 1
	done
'
check 'a window that is opened tells its opener nothing' '
	browser run "$FAR" "(async () => { const w = window.open(APP + \"/\"); await new Promise(r => setTimeout(r, 1000)); return w.closed + \" \" + w.length; })()" && saw "true 0"
'

# --- Origin "null" ---

check 'a sandboxed frame: form and script' '
	attack "$NEAR" "form_from_sandbox(\"/api/v1/projects\", { name: \"x\" })" && foiled "40[13] POST /api/v1/projects.*" &&
	attack "$NEAR" "from_frame({ path: \"/api/v1/projects\", options: { method: \"POST\", mode: \"no-cors\", credentials: \"include\", body: $JSON } })" &&
	saw "null refused" && foiled "40[13] POST /api/v1/projects.*" &&
	attack "$NEAR" "from_frame({ path: \"/api/v1/auth/me\", options: { credentials: \"include\" } })" && saw "null refused"
'
check 'a frame of a data: address' '
	attack "$NEAR" "from_frame({ path: \"/api/v1/projects\", options: { method: \"POST\", mode: \"no-cors\", credentials: \"include\", body: $JSON } }, \"data\")" &&
	saw "null refused" && foiled "40[13] POST /api/v1/projects.*" &&
	attack "$FAR" "from_frame({ path: \"/api/v1/auth/me\", options: { credentials: \"include\" } }, \"data\")" && saw "null refused" && unchanged
'

# --- The session itself ---

BAIT_JSON='{"email":"mallory@example.org","password":"violets in the morning"}'
BAIT='{ email: "mallory@example.org", password: "violets in the morning" }'
check 'nobody is signed in as somebody else' '
	for page in "$NEAR" "$FAR"; do
		attack "$page" "json_form(\"/api/v1/auth/login\", $BAIT)" && foiled "415 POST /api/v1/auth/login.*" &&
		attack "$page" "form(\"/api/v1/auth/login\", \"application/x-www-form-urlencoded\", $BAIT)" && foiled "415 POST /api/v1/auth/login.*" &&
		attack "$page" "call(\"POST\", \"/api/v1/auth/login\", { mode: \"no-cors\", credentials: \"include\", body: JSON.stringify($BAIT) })" &&
		foiled "415 POST /api/v1/auth/login.*" &&
		attack "$page" "leave(\"/api/v1/auth/login\", \"text/plain\", $BAIT)" && foiled "415 POST /api/v1/auth/login.*" || return 1
	done
	nobody_else
'
check 'nobody is signed out' '
	for page in "$NEAR" "$FAR"; do
		attack "$page" "form(\"/api/v1/auth/logout\", \"text/plain\", {})" && foiled "40[13] POST /api/v1/auth/logout.*" &&
		attack "$page" "call(\"POST\", \"/api/v1/auth/logout\", { mode: \"no-cors\", credentials: \"include\" })" && foiled "40[13] POST /api/v1/auth/logout.*" &&
		attack "$page" "beacon(\"/api/v1/auth/logout\", \"\", \"text/plain\")" && foiled "40[13] POST /api/v1/auth/logout.*" || return 1
	done
	nobody_else
'
check 'a cookie of the same name from another port: neither of the two is believed' '
	echo "$BAIT_JSON" | call POST /api/v1/auth/login && status 200 &&
	bait=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^Set-Cookie: \([^;]*\).*/\1/Ip") &&
	browser run "http://127.0.0.1:$evil/evil.html?app=$APP&cookie=$(printf %s "$bait; Path=/api" | jq -sRr @uri)" 1 &&
	browser run "$APP/" "$ME.then(m => m.status)" && saw 401 &&
	browser run "http://127.0.0.1:$evil/evil.html?app=$APP&cookie=$(printf %s "portolan_$PORT=; Path=/api; Max-Age=0" | jq -sRr @uri)" 1 && nobody_else
'

# --- CORS: origins that the tenant lists, with a key ---

KEY="headers: { Authorization: \"Bearer $PORTOLAN_API_KEY\" }"
check 'an origin that nobody lists: a key does not help it' '
	attack "$FAR" "call(\"GET\", \"/api/v1/projects\", { $KEY })" && saw refused && met "204 OPTIONS .*" && ! grep -q GET "$WORK/wire"
'
sql "UPDATE app.tenant SET cors_origins = '{http://localhost:$evil,http://127.0.0.1:$evil}'" >/dev/null
listed() { browser run "$FAR" "call(\"GET\", \"/api/v1/projects\", { $KEY })" && saw '200 *'; }
check 'a listed one reads with a key' 'within 30 listed && saw "*Atlas*"'
check 'and changes with it, headers of its own included' '
	attack "$FAR" "call(\"PATCH\", \"/api/v1/projects/$project\", { body: JSON.stringify({ name: \"Atlas of a page\" }),
		headers: { Authorization: \"Bearer $PORTOLAN_API_KEY\", \"Content-Type\": \"application/json\", \"If-Match\": \"*\" } })" &&
	saw "200 *" && met "204 OPTIONS .*" && met "200 PATCH .*" && changed
'
three_gets() { since '.*'; [ "$(grep -c 'GET /api/v1/jobs' "$WORK/wire")" = 3 ]; }
check 'what is asked before is asked once: the answer is kept' '
	attack "$FAR" "(async () => { for (let i = 0; i < 3; i++) await call(\"GET\", \"/api/v1/jobs\", { cache: \"default\", $KEY }); return \"sent\"; })()" &&
	within 30 three_gets && [ "$(grep -c "OPTIONS /api/v1/jobs" "$WORK/wire")" = 1 ]
'
check 'also a listed one does nothing with the cookie, and reads nothing with it' '
	for page in "$NEAR" "$FAR"; do
		attack "$page" "call(\"GET\", \"/api/v1/auth/me\", { credentials: \"include\" })" && saw refused &&
		attack "$page" "call(\"POST\", \"/api/v1/projects\", { credentials: \"include\", body: $JSON,
			headers: { \"Content-Type\": \"application/json\" } })" && saw refused && unchanged || return 1
	done
	attack "$NEAR" "call(\"POST\", \"/api/v1/projects\", { credentials: \"include\", mode: \"no-cors\", body: $JSON })" && foiled "403 POST /api/v1/projects.*"
'
sql "UPDATE app.tenant SET cors_origins = '{}'" >/dev/null
closed() { browser run "$FAR" "call(\"GET\", \"/api/v1/projects\", { $KEY })" && saw refused; }
check 'taken off the list it reads nothing more, whatever the browser has kept' 'within 30 closed'

# --- https ---

# The same workers behind a second nginx that has a certificate.
first=$PORT
free_port
TLS=$PORT PORT=$first
mkdir -p "$WORK/tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$WORK/tls/key" -out "$WORK/tls/cert" 2>/dev/null
sed -e "s|^\( *listen \)[^ ]*|\1127.0.0.1:$TLS ssl|" -e "s|^pid .*|pid $WORK/tls/pid;|" -e "s|^daemon off|daemon on|" -e "s|/dev/stderr|$WORK/tls/log|" \
	-e "s|^ *server_name _;|ssl_certificate $WORK/tls/cert; ssl_certificate_key $WORK/tls/key;|" \
	"$VAR/run/nginx.conf" >"$WORK/tls/conf"
[ "$(id -u)" -ne 0 ] || chown -R "$STACK_USER" "$WORK/tls"
step_down nginx -p "$VAR" -e stderr -c "$WORK/tls/conf" 2>"$WORK/tls.err" || sed 's/^/# /' "$WORK/tls.err"
SAFE=https://127.0.0.1:$TLS
browser forget
sign_in "$SAFE"
check 'over https: the cookie is Secure and named __Host-, and it works' '
	[ "${#csrf}" = 43 ] && browser run "" "$ME.then(m => m.user.email + \" \" + m.notice)" && saw "$EMAIL null" &&
	echo "$BAIT_JSON" | curl -sk -D "$WORK/reply.headers" -o "$WORK/reply.body" -H "Content-Type: application/json" --data-binary @- "$SAFE/api/v1/auth/login" &&
	header Set-Cookie "__Host-portolan=ps_*; Path=/; *HttpOnly; SameSite=Lax; Secure" && header Strict-Transport-Security "max-age=*"
'
check 'over https: the page of the application changes something' '
	attack "$SAFE/" "fetch(\"/api/v1/projects\", { method: \"POST\", headers: { \"Content-Type\": \"application/json\", \"X-CSRF-Token\": \"$csrf\" },
		body: JSON.stringify({ name: \"Safe\", repository_url: \"https://git.test/safe.git\" }) }).then(a => a.status)" && saw 201 && changed
'
check 'over https: pages of plain http are another site, with the token even' '
	for page in "http://127.0.0.1:$evil/evil.html?app=$SAFE" "http://localhost:$evil/evil.html?app=$SAFE"; do
		attack "$page" "form(\"/api/v1/projects\", \"text/plain\", $NEW)" && foiled "401 POST /api/v1/projects.*" &&
		attack "$page" "call(\"POST\", \"/api/v1/projects\", { mode: \"no-cors\", credentials: \"include\", body: $JSON })" && foiled "401 POST /api/v1/projects.*" || return 1
	done
'
check 'over https: a page of plain http cannot plant the cookie' '
	browser run "http://127.0.0.1:$evil/evil.html?app=$SAFE&cookie=$(printf %s "__Host-$bait; Path=/" | jq -sRr @uri)" 1 &&
	browser run "$SAFE/" "$ME.then(m => m.user.email)" && saw "$EMAIL"
'
check 'over https: the cookie of plain http is not taken' '
	curl -sk -o "$WORK/reply.body" -w "%{http_code}" -H "Cookie: $bait" "$SAFE/api/v1/auth/me" >"$WORK/reply.status" && status 401
'
[ ! -s "$WORK/tls/pid" ] || kill "$(cat "$WORK/tls/pid")"
exec 7>&-
wait
done_testing
