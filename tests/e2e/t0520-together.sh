#!/bin/sh
# A6 (the wall holds), A5 (another tenant's id is an unknown id), P3: reads that share a round trip.
test_description='Reads of several callers in one moment: each answer is its caller'\''s own'
. "${0%/*}/lib.sh"

# One thread, so that what comes in one moment is taken together.
echo 'worker_threads = 1' >>"$VAR/portolan.conf"
WORKERS=1
export WORKERS
stack_up
sv -w 20 force-stop "$VAR/service/runner" >/dev/null
ORIGIN=http://127.0.0.1:$PORT

portolan() { step_down "$BIN/portolan" "$@"; }
portolan setup --tenant other --key-file "$VAR/other.env" --url "$ORIGIN" >/dev/null 2>&1
OTHER_KEY=$(sed -n "s/^PORTOLAN_API_KEY='\{0,1\}\([^']*\).*/\1/p" "$VAR/other.env")
canary OTHER_KEY "$OTHER_KEY" >/dev/null
# furnish TENANT NAME
furnish() {
	sql "INSERT INTO app.project (tenant_id, name, repository_url) SELECT t.id, '$2-' || n, 'https://git.test/$2-' || n
		FROM app.tenant t, generate_series(1, 30) n WHERE t.name = '$1'" >/dev/null
}
ids() { sql "SELECT json_agg(p.id) FROM app.project p JOIN app.tenant t ON t.id = p.tenant_id WHERE t.name = '$1'"; }
furnish default mine
furnish other theirs
# callers [GONE]: those of a round; GONE is a key that has been revoked
callers() {
	jq -n --arg mine "$PORTOLAN_API_KEY" --arg theirs "$OTHER_KEY" --arg gone "${1:-}" --argjson a "$(ids default)" --argjson b "$(ids other)" '
		[{key: $mine, name: "mine", mine: $a, theirs: $b}, {key: $theirs, name: "theirs", mine: $b, theirs: $a}] +
		if $gone == "" then [] else [{key: $gone, name: null, mine: $a, theirs: $b}] end'
}
together() { python3 "$ROOT/tests/e2e/together.py" "$ORIGIN" "$(callers "${2:-}")" "$1"; }
# What the sessions of the workers have committed, which they count at their end.
commits() {
	sql "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'portolan_app'" >/dev/null
	sql "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
}

check 'two tenants in turn, each read of each kind' 'together 100'
check 'they share round trips' '
	before=$(commits) && answers=$(together 100) && after=$(commits) && echo "$answers answers, $((after - before)) transactions" &&
	[ $((after - before)) -lt $((answers * 3 / 4)) ]
'
check 'a key that is revoked among them is refused, and the others are served' '
	printf "{\"name\":\"gone\",\"role\":\"viewer\"}" | api POST /api/v1/api-keys && status 201 && keep gone .key && canary GONE "$gone" >/dev/null && keep gone_id .id &&
	call GET /api/v1/projects "Authorization: Bearer $gone" && status 200 &&
	api DELETE "/api/v1/api-keys/$gone_id" "If-Match: *" && status 204 && together 60 "$gone"
'
lose() { while [ ! -e "$WORK/stop" ]; do sql "SELECT pg_terminate_backend(pid), pg_sleep(0.05) FROM pg_stat_activity WHERE usename = 'portolan_app'" >/dev/null; done; }
check 'sessions that the server ends under them cost no answer' '
	lose & together 60
	code=$? && touch "$WORK/stop" && wait && [ "$code" -eq 0 ]
'
check 'each request has its line in the log, under its own tenant' '
	mine=$(sql "SELECT id FROM app.tenant WHERE name = '"'default'"'") &&
	jq -e -n --argjson mine "$mine" "[inputs | select(.msg == \"request\" and .actor != null and (.path | startswith(\"/api/v1/projects\")))] |
		length > 1000 and ([.[] | select(.status == 200)] | group_by(.actor) | length == 3 and all(.[]; (map(.tenant) | unique | length) == 1))" \
		"$VAR/log/api/current"
'
done_testing
