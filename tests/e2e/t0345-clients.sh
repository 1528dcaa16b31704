#!/bin/sh
# F7 (chat completions, models), G1-G3.
test_description='Clients: the official ones of OpenAI and Anthropic accept the fake providers, and Portolan as a model'
. "${0%/*}/lib.sh"

skip() {
	echo '1..1'
	echo "ok 1 - the official clients # SKIP $1"
	exit 0
}

# npm's packages, once, by the lock file.
NPM=$ROOT/build/sdk
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	timeout 240 "$ROOT/deploy/deps.sh" node >"$WORK/deps" 2>&1 || skip 'Node.js is missing and cannot be installed: deploy/deps.sh node'
fi
if ! cmp -s "$ROOT/tests/sdk/package-lock.json" "$NPM/done"; then
	mkdir -p "$NPM"
	cp "$ROOT/tests/sdk/package.json" "$ROOT/tests/sdk/package-lock.json" "$NPM"
	(cd "$NPM" && timeout 240 npm ci --ignore-scripts --no-audit --no-fund >log 2>&1) || skip "npm cannot install them: build/sdk/log"
	cp "$ROOT/tests/sdk/package-lock.json" "$NPM/done"
fi
cp "$ROOT/tests/sdk/clients.mjs" "$NPM"

mkfifo "$WORK/quit"
python3 "$ROOT/tests/fakes/models.py" <"$WORK/quit" >"$WORK/port" 2>"$WORK/fake" &
exec 9>"$WORK/quit"
within 10 test -s "$WORK/port"
FAKE=127.0.0.1:$(cat "$WORK/port")
mkdir -p "$WORK/wire/lib" && printf 'int parse_request(const char *text)\n{\n\treturn text[0];\n}\nint a;\nint b;\n' >"$WORK/wire/lib/parse.c" && (
	cd "$WORK/wire" && git init -q -b main && git add . && git -c user.name=e2e -c user.email=e2e@test commit -q -m one
)
chmod -R a+rX "$WORK/wire"
echo "model_hosts = $FAKE" >>"$VAR/portolan.conf"
stack_up "$WORK/wire"
id='' viewer='' # known once they are made

# clients WHICH: run them; what they say is in $WORK/said-WHICH.
clients() {
	jq -n --arg fake "http://$FAKE" --arg url "http://127.0.0.1:$PORT" --arg key "$PORTOLAN_API_KEY" --arg viewer "$viewer" \
		--argjson project "${id:-0}" '$ARGS.named' | timeout 60 node "$NPM/clients.mjs" "$1" >"$WORK/said-$1" 2>&1
}
# passed WHICH PATTERN: so named checks were made, and all of them are well.
passed() { grep -q "^ok $2\$" "$WORK/said-$1" && ! grep -E "^not ok $2:|^[^no]" "$WORK/said-$1"; }

# That the fake is true on the wire: what the program's own gateway is tested against.
check 'the clients are run against the fake' 'clients fake && grep -c "^ok" "$WORK/said-fake"'
for name in openai anthropic; do
	check "$name: texts and calls of tools, split at every byte, with comments and other ends of lines" '
		passed fake "$name-text-.*" && passed fake "$name-tools-.*" && [ "$(grep -cE "^ok $name-(text|tools)-" "$WORK/said-fake")" = 6 ] &&
		passed fake "$name-finish-.*" && passed fake "$name-round"
	'
	check "$name: errors are of the client's own classes, also in mid-stream; it waits as the headers say" '
		passed fake "$name-errors" && passed fake "$name-mid-stream-error" && passed fake "$name-dies-in-mid-stream" &&
		passed fake "$name-retry-after.*" && passed fake "$name-not-again"
	'
	check "$name: models are listed" 'passed fake "$name-models"'
done

# And Portolan, to a client of OpenAI's.
check 'a project is mapped, and a model configured' '
	portolan() { PORTOLAN_API_KEY=$PORTOLAN_API_KEY PORTOLAN_URL="http://127.0.0.1:$PORT" "$BIN/portolan" "$@"; }
	portolan map "$WORK/wire" --name wire >"$WORK/summary" && api GET "/api/v1/projects?q=wire" && keep id ".items[0].id" &&
	echo "{\"kind\":\"compatible\",\"base_url\":\"http://$FAKE/local/v1\"}" | api PUT /api/v1/ai/providers/fake "If-None-Match: *" && status 201 &&
	echo "{\"provider\":\"fake\",\"kind\":\"chat\",\"remote_name\":\"fake-1\",\"preferred\":true,\"tools\":\"yes\"}" |
		api PUT /api/v1/ai/models/fake "If-None-Match: *" && status 201 &&
	echo "{\"name\":\"viewer\",\"role\":\"viewer\"}" | api POST /api/v1/api-keys && status 201 && keep viewer .key
'
check 'the client of OpenAI is run against Portolan' 'clients portolan && cat "$WORK/said-portolan" && ! grep -v "^ok " "$WORK/said-portolan"'
check 'it lists the projects as models, and reads one' 'passed portolan lists && passed portolan retrieves'
check 'it gets whole answers and streamed ones, with what they cost' 'passed portolan whole && passed portolan streamed && passed portolan without-usage'
check 'errors are of its own classes, also in a stream' 'passed portolan errors && passed portolan error-in-the-stream'
check 'it may go away in mid-stream, and nothing else is harmed' 'passed portolan abort'
stopped() { [ "$(sql "SELECT count(*) FROM app.chat_run r JOIN app.llm_call c USING (tenant_id, job_id) WHERE r.status = 'cancelled' AND c.status = 'cancelled' AND r.answer LIKE 'word0 %'")" -ge 1 ]; }
check 'what it did not wait for is stopped at the provider, too' 'within 10 stopped'
exec 9>&-
done_testing
