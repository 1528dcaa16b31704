#!/bin/sh
# B5 (a project's conversations), E9 (agent/act), F1, F2, F4-F7 (conversations, their messages, goose), H6 (a source is asked).
test_description='Ask: answers cite lines that resolve, go on after a kill, stop when told, and stay in their tenant'
. "${0%/*}/lib.sh"

asked_repo() {
	mkdir -p "$1/lib/net" && git init -q -b main "$1" && (
		cd "$1" &&
			{ printf '# Wire\n\nWire reads requests from a socket and answers them.\n\n## Parsing\n\nA request is one line.\n'; seq 20; echo 'What this project does.'; } >README.md &&
			printf '#ifndef A_H\n#define A_H\nint parse_request(const char *text);\n#endif\n' >lib/parse.h &&
			printf '#include "parse.h"\n/* Turns one line into a request. */\nint parse_request(const char *text)\n{\n\treturn text[0];\n}\n' >lib/parse.c &&
			printf '#include "../parse.h"\nint open_socket(void)\n{\n\treturn parse_request("x");\n}\n' >lib/net/http.c &&
			git add . && git -c user.name=e2e -c user.email=e2e@test commit -q -m one
	)
}

mkfifo "$WORK/quit"
asked_repo "$WORK/wire"
COMMIT=$(git -C "$WORK/wire" rev-parse HEAD)
chmod -R a+rX "$WORK/wire"
python3 "$ROOT/tests/fakes/models.py" <"$WORK/quit" >"$WORK/fake" 2>&1 & # a provider of models; it ends with its input
exec 9>"$WORK/quit"
within 10 test -s "$WORK/fake"
FAKE=$(head -n 1 "$WORK/fake")
echo "model_hosts = 127.0.0.1:$FAKE" >>"$VAR/portolan.conf"
grep -q prompts_dir "$VAR/portolan.conf" || echo "prompts_dir = $ROOT/deploy/prompts" >>"$VAR/portolan.conf"
stack_up "$WORK/wire"

id='' conversation='' run='' doc='' # known once they are made
portolan() { PORTOLAN_API_KEY=$PORTOLAN_API_KEY PORTOLAN_URL="http://127.0.0.1:$PORT" "$BIN/portolan" "$@"; }
ask() { printf '{"content":"%s"}' "$1" | api POST "/api/v1/conversations/$conversation/messages${2-}"; }
ended() { api GET "/api/v1/runs/$run" && json '.status' "$1"; }
# Each citation of the last reply leads to lines of the blob that it names.
resolve() {
	jq -r '.citations[] | "\(.commit) \(.path) \(.blob) \(.start) \(.end)"' "$WORK/reply.body" >"$WORK/cited" && [ -s "$WORK/cited" ] &&
		while read -r commit path blob start end; do
			[ "$(git -C "$WORK/wire" rev-parse "$commit:$path")" = "$blob" ] &&
				[ "$(git -C "$WORK/wire" show "$commit:$path" | sed -n "${start},${end}p" | wc -l)" -eq $((end - start + 1)) ] || return 1
		done <"$WORK/cited"
}

check 'a repository is mapped, and a conversation about it begun' '
	portolan map "$WORK/wire" --name wire >"$WORK/summary" && api GET "/api/v1/projects?q=wire" && keep id ".items[0].id" &&
	printf "{\"project_id\":%s}" "$id" | api POST /api/v1/conversations && status 201 && keep conversation .id &&
	header Location "/api/v1/conversations/$conversation" && json .door conversations
'
check 'a question is answered 202 with a run, whose answer comes' '
	ask "Where is \`parse_request\` defined and who uses it?" && status 202 && keep run .id && header Location "/api/v1/runs/$run" &&
	json .status queued && within 20 ended completed && json .mode extractive && json .model null
'
check 'the answer cites the definition and its use, by lines that resolve' '
	json ".citations[0] | .path + \":\" + (.start|tostring) + \"-\" + (.end|tostring)" "lib/parse.c:3-6" &&
	json ".citations[0].commit" "$COMMIT" && json "[.citations[].path] | index(\"lib/net/http.c\") != null" true &&
	json ".answer | contains(\"lib/parse.c:3-6\` [1]\")" true && json ".answer | contains(\"int parse_request(const char *text)\")" true &&
	json .dropped_citations 0 && resolve && json "[.steps[].kind] | join(\" \")" "retrieve"
'
check 'whoever waits gets the whole answer; the question names the conversation' '
	ask "What is in lib/net/http.c?" "?wait=30" && status 200 && json .status completed && resolve &&
	json ".citations[0].path" lib/net/http.c && api GET "/api/v1/conversations/$conversation" && status 200 &&
	json "[.messages[].role] | join(\" \")" "user assistant user assistant" && json ".messages[1].mode" extractive &&
	json ".messages[1].citations[0].path" lib/parse.c && json .title "Where is \`parse_request\` defined and who uses it?" &&
	api GET "/api/v1/conversations/$conversation/messages?limit=1" && json ".items[0].role" assistant && json .next_cursor
'
rename() { printf '{"title":"%s"}' "$1" | api PATCH "/api/v1/conversations/$conversation" ${2:+"If-Match: $2"}; }
check 'a conversation is renamed, by the version that was read' '
	api GET "/api/v1/conversations/$conversation" && json .version 1 && rename "Wire" && status 428 && rename "Wire" "\"1\"" && status 200 &&
	json .title Wire && json .version 2 && header ETag "\"2\"" && rename "Wires" "\"1\"" && status 412 && rename "" "\"2\"" && status 400 &&
	api GET "/api/v1/conversations?q=wire" && json "[.items[].id] | index($conversation) != null" true
'
check 'a short question goes on with the one before' '
	ask "Where is open_socket?" "?wait=30" && json .status completed && ask "And who calls it?" "?wait=30" && json .status completed &&
	json ".citations[0].path" lib/net/http.c && resolve
'
check 'of the whole the README speaks, and the map' '
	ask "What does this project do?" "?wait=30" && json .status completed && json ".citations[0].path" README.md && resolve &&
	json ".answer | contains(\"Wire reads requests\")" true && json ".answer | contains(\"What the map of commit\")" true
'
check 'who changed something, the newest commits tell' '
	ask "Who changed parse_request last?" "?wait=30" && json .status completed && json ".citations[0].path" lib/parse.c &&
	json ".answer | contains(\"The newest commits that changed \`lib/parse.c\`\") and contains(\"e2e: one (4 files)\")" true &&
	json ".answer | contains(\"$(echo "$COMMIT" | cut -c1-12)\")" true
'
check 'a name that is like another is told, and nothing is made up' '
	ask "What does parse_reqest do?" "?wait=30" && json .status completed && json ".answer | contains(\"parse_request\")" true
'
check 'what was cited and does not resolve any more is dropped and counted' '
	sql "UPDATE app.map_file SET oid = repeat(\"0\", 40) WHERE path = \$\$lib/parse.c\$\$" 2>/dev/null
	sql "UPDATE app.map_file SET oid = repeat(\$\$0\$\$, 40) WHERE path = \$\$lib/parse.c\$\$" >"$WORK/said" &&
	ask "Where is \`parse_request\`?" "?wait=30" && json .status completed && json ".dropped_citations > 0" true &&
	json "[.citations[].path] | index(\"lib/parse.c\") == null" true
	sql "UPDATE app.map_file SET oid = \$\$$(git -C "$WORK/wire" rev-parse HEAD:lib/parse.c)\$\$ WHERE path = \$\$lib/parse.c\$\$" >"$WORK/said"
'

# Doors
check 'goose answers at once: answer, mode, citations, run, usage' '
	printf "{\"prompt\":\"Where is open_socket?\",\"project_id\":%s}" "$id" | api POST /api/ai/goose && status 200 &&
	json .mode extractive && json ".citations[0].path" lib/net/http.c && json .usage.total_tokens 0 && json .run_id && resolve
'
goose_again() { printf '{"prompt":"Where is open_socket?","project_id":%s}' "$id" | api POST /api/ai/goose; }
check 'who asks the same soon after is given the same answer again, and told so' '
	goose_again && keep run .run_id && jq .answer "$WORK/reply.body" >"$WORK/first" && api GET "/api/v1/runs/$run" && json "[.steps[].name]|@json" "[\"cached\"]" &&
	first=$(jq .cached_from "$WORK/reply.body") && [ "$first" -gt 0 ] && resolve && api GET "/api/v1/runs/$first" && json .cached_from null &&
	jq .answer "$WORK/reply.body" | cmp - "$WORK/first"
'
check 'agent/act goes on in a conversation, or begins one' '
	printf "{\"prompt\":\"Where is open_socket?\",\"conversation_id\":%s}" "$conversation" | api POST "/api/v1/agent/act?wait=30" &&
	status 200 && json .conversation_id "$conversation" && json .status completed &&
	printf "{\"prompt\":\"Where is open_socket?\",\"project_id\":%s}" "$id" | api POST /api/v1/agent/act && status 202 && json .conversation_id
'

# Of OpenAI's form
chat() { printf '{"model":"%s","messages":[{"role":"system","content":"Be short."},{"role":"user","content":[{"type":"text","text":"Where is open_socket?"}]}],"temperature":0%s}' "$1" "$2" | api POST /v1/chat/completions; }
check 'a client of OpenAI'"'"'s form lists projects and talks to one' '
	api GET /v1/models && status 200 && json .object list && json "[.data[].id] | index(\"project/$id\") != null" true &&
	api GET "/v1/models/project/$id" && json .owned_by wire &&
	chat "project/$id" "" && status 200 && json .object chat.completion && json ".choices[0].finish_reason" stop && json .model "project/$id" &&
	json ".choices[0].message.content | contains(\"lib/net/http.c:2-5\")" true && json ".portolan.citations[0].path" lib/net/http.c &&
	chat project/wire "" && status 200 && chat projects "" && status 200
'
check 'and gets it in chunks, the usage last when asked for' '
	chat "project/$id" ",\"stream\":true,\"stream_options\":{\"include_usage\":true}" && status 200 && header Content-Type "text/event-stream*" &&
	tail -n 3 "$WORK/reply.body" | grep -qx "data: \[DONE\]" && sed -n "s/^data: //p" "$WORK/reply.body" | grep -v DONE >"$WORK/chunks" &&
	[ "$(jq -rs ".[0].choices[0].delta.role" "$WORK/chunks")" = assistant ] &&
	jq -js "[.[].choices[]?.delta.content // empty] | join(\"\")" "$WORK/chunks" | grep -q "lib/net/http.c:2-5" &&
	[ "$(jq -rs "[.[].choices[]?.finish_reason // empty] | join(\",\")" "$WORK/chunks")" = stop ] &&
	[ "$(jq -rs ".[-1] | (.choices|length|tostring) + \" \" + (.usage.total_tokens|tostring)" "$WORK/chunks")" = "0 0" ]
'
check 'its errors are in that form' '
	chat gpt-9 "" && status 400 && json .error.param model && json .error.type invalid_request_error &&
	chat "project/999999" "" && status 404 && json .error.code not-found && chat "project/$id" ",\"tools\":[{}]" && status 400 && json .error.param tools &&
	call GET /v1/models && status 401 && json .error.type authentication_error && api GET /v1/nothing && status 404 && json .error.message
'

# The command line
check 'portolan ask prints the answer with its places' '
	portolan ask "Where is open_socket?" --project "$id" >"$WORK/asked" && grep -q "^\[1\] lib/net/http.c:2-5  $(echo "$COMMIT" | cut -c1-12)" "$WORK/asked" &&
	grep -q "int open_socket(void)" "$WORK/asked" && (cd "$WORK/wire" && portolan ask "Where is open_socket?" --json) | jq -e ".project_id == $id and .schema == \"run/1\"" &&
	! portolan ask "x" --project 999999
'

# Watching
stream() { curl -s -N -m 20 -H "Authorization: Bearer $PORTOLAN_API_KEY" "http://127.0.0.1:$PORT/api/v1/runs/$run/stream"; }
text_of() { sed -n "s/^data: //p" "$1" | jq -rs '[.[] | select(.kind == "run.delta") | .payload.text] | join("")'; }
# Nobody can write an answer's end while this lasts.
hold() {
	sql "BEGIN; LOCK TABLE app.chat_citation IN SHARE MODE; SELECT pg_sleep(60)" >"$WORK/held" 2>&1 &
	within 10 is_held
}
is_held() { [ "$(sql "SELECT count(*) FROM pg_locks WHERE relation = \$\$app.chat_citation\$\$::regclass AND mode = \$\$ShareLock\$\$ AND granted")" = 1 ]; }
let_go() { sql "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = \$\$app.chat_citation\$\$::regclass AND mode = \$\$ShareLock\$\$" >"$WORK/said"; }
check 'watchers of a run get every piece, and its end; a late one gets it all' '
	hold && ask "Where is \`parse_request\`?" && keep run .id || return 1
	stream >"$WORK/early" & early=$!
	stream >"$WORK/other" & other=$!
	within 20 grep -q "^event: run.delta" "$WORK/early" && ! grep -q "^event: run.ended" "$WORK/early" && let_go && wait "$early" "$other" &&
	ended completed && jq -r .answer "$WORK/reply.body" >"$WORK/answer" &&
	text_of "$WORK/early" | cmp - "$WORK/answer" && text_of "$WORK/other" | cmp - "$WORK/answer" &&
	grep -q "^event: run.ended" "$WORK/early" && grep -q "^event: run.step" "$WORK/early" &&
	stream >"$WORK/late" && text_of "$WORK/late" | cmp - "$WORK/answer" && grep -q "^event: run.ended" "$WORK/late"
'

# Faults
runner_works() { [ "$(sql "SELECT status FROM app.chat_run WHERE id = $run")" = running ] && [ "$(sql "SELECT count(*) FROM app.chat_step WHERE run_id = $run")" -gt 0 ]; }
another_pid() { new=$(pid_of runner) && [ -n "$new" ] && [ "$new" != "$1" ]; }
check 'kill -9 of the runner half way: nothing is done twice, and the answer comes' '
	hold && ask "Where is \`parse_request\`?" && keep run .id && within 20 runner_works &&
	old=$(pid_of runner) && kill -9 "$old" && within 30 another_pid "$old" && let_go &&
	within 60 ended completed && resolve && json "[.steps[].kind] | join(\" \")" retrieve &&
	[ "$(sql "SELECT count(*) FROM app.chat_message WHERE run_id = $run AND role = \$\$assistant\$\$")" = 1 ]
'
check 'a run that waits is cancelled at once, and is not answered' '
	api POST /api/v1/queues/chats/pause </dev/null && ask "Where is \`parse_request\`?" && keep run .id &&
	api POST "/api/v1/runs/$run/cancel" </dev/null && status 202 && ended cancelled &&
	api POST "/api/v1/runs/$run/cancel" </dev/null && status 409 && api POST /api/v1/queues/chats/resume </dev/null
'
check 'one that works ends soon when told, and keeps what there is' '
	hold && ask "Where is \`parse_request\`?" && keep run .id && within 20 runner_works &&
	api POST "/api/v1/runs/$run/cancel" </dev/null && status 202 && within 30 ended cancelled && let_go &&
	json ".answer | contains(\"lib/parse.c\")" true && json ".citations | length" 0
	let_go
'

# With a model
has_text() { [ -n "$(sql "SELECT answer FROM app.chat_run WHERE id = $run")" ]; }
has_called() { [ "$(sql "SELECT count(*) FROM app.chat_step WHERE run_id = $run AND kind = \$\$call\$\$")" = 1 ]; }
say() { jq -nc --arg q "$1" --argjson s "$2" '{content: ($q + " fake:" + ({key: (now | tostring), steps: $s} | tojson))}' |
	api POST "/api/v1/conversations/$conversation/messages${3-?wait=40}"; }
charged() { curl -s "http://127.0.0.1:$FAKE/journal" | jq .charged; }
calls() { sql "SELECT count(*) FROM app.llm_call WHERE status <> \$\$cached\$\$"; }
check 'with a model configured, it writes the answer, and its places are looked up' '
	sql "INSERT INTO app.llm_provider (tenant_id, name, kind, base_url) SELECT tenant_id, \$\$fake\$\$, \$\$compatible\$\$, \$\$http://127.0.0.1:$FAKE/local/v1\$\$ FROM app.project WHERE id = $id" >"$WORK/said" &&
	sql "INSERT INTO app.llm_model (tenant_id, provider_id, name, kind, remote_name, preferred, tools, context_tokens) SELECT tenant_id, id, \$\$fake\$\$, \$\$chat\$\$, \$\$fake-1\$\$, true, \$\$yes\$\$, 32000 FROM app.llm_provider" >"$WORK/said" &&
	say "Where is it?" "[{\"text\":\"In [lib/parse.c:3-6], not in [lib/none.c:1-2] nor [7].\"}]" && status 200 && json .status completed &&
	json .mode model && json .model fake && json .answer "In \`lib/parse.c:3-6\` [1], not in  nor ." && json .dropped_citations 2 && resolve &&
	json ".input_tokens > 0 and .output_tokens > 0" true
'
check 'it uses tools, which read alone; what they find comes as data' '
	say "Who calls it?" "[{\"tools\":[{\"id\":\"a\",\"name\":\"references\",\"arguments\":\"{\\\"name\\\":\\\"parse_request\\\"}\"},{\"id\":\"b\",\"name\":\"delete_all\",\"arguments\":\"{}\"}]},{\"text\":\"[lib/net/http.c:4]\"}]" &&
	status 200 && json .answer "\`lib/net/http.c:4\` [1]" && json "[.steps[].kind] | join(\" \")" "retrieve call tool tool call" &&
	json ".steps[3].detail | contains(\"failed\")" true && keep run .id &&
	[ "$(sql "SELECT output->>\$\$text\$\$ FROM app.chat_step WHERE run_id = $run AND number = 3" | grep -c lib/net/http.c:4)" = 1 ]
'
check 'in a conversation about everything it reads a document of the tenant'"'"'s own, and cites it; about a project it does not' '
	printf "# Rules\n\nWe deploy on Mondays.\n" | api POST "/api/v1/documents?name=rules.md" "Content-Type: text/markdown" && status 201 && keep doc .id && about=$conversation &&
	echo "{}" | api POST /api/v1/conversations && status 201 && keep conversation .id &&
	say "When?" "[{\"tools\":[{\"id\":\"a\",\"name\":\"read_file\",\"arguments\":\"{\\\"path\\\":\\\"rules.md\\\"}\"}]},{\"text\":\"On Mondays [document/$doc:3].\"}]" &&
	json .answer "On Mondays \`rules.md:3\` [1]." && json ".citations[0] | [.document_id, .project_id, .start] | @json" "[$doc,null,3]" && conversation=$about &&
	say "When?" "[{\"tools\":[{\"id\":\"a\",\"name\":\"read_file\",\"arguments\":\"{\\\"path\\\":\\\"rules.md\\\"}\"}]},{\"text\":\"On Mondays [document/$doc:3].\"}]" &&
	json .answer "On Mondays ." && json ".steps[2].detail | contains(\"failed\")" true
'
check 'killed behind a call, the next attempt does not pay for it again' '
	before=$(charged) && hold && say "Slowly?" "[{\"text\":\"In [lib/parse.c:3].\"}]" "" && keep run .id && within 20 runner_works &&
	within 20 has_called && old=$(pid_of runner) && kill -9 "$old" && within 30 another_pid "$old" && let_go && within 60 ended completed &&
	json .answer "In \`lib/parse.c:3\` [1]." && [ "$(charged)" -eq $((before + 1)) ] && [ "$(charged)" -eq "$(calls)" ]
'
check 'killed in the midst of a call, it is made again at once; the run and the ledger tell what was lost' '
	say "Cut?" "[{\"text\":\"one two three four five\",\"hold\":3},{\"text\":\"In [lib/parse.c:3].\"}]" "" && keep run .id && within 20 has_text &&
	old=$(pid_of runner) && kill -9 "$old" && within 30 another_pid "$old" && within 60 ended completed &&
	json .answer "In \`lib/parse.c:3\` [1]." && json .lost_calls 1 && json ".output_tokens > 0" true && [ "$(charged)" -eq "$(calls)" ] &&
	[ "$(sql "SELECT string_agg(status, \$\$ \$\$ ORDER BY id) FROM app.llm_call WHERE job_id = (SELECT job_id FROM app.chat_run WHERE id = $run)")" = "lost done" ]
'
check 'cancel ends the call, and keeps what there was' '
	say "Long?" "[{\"text\":\"one two three four five six seven\",\"hold\":3}]" "" && keep run .id && within 20 has_text &&
	api POST "/api/v1/runs/$run/cancel" </dev/null && status 202 && within 20 ended cancelled && json ".answer | startswith(\"one two\")" true &&
	[ "$(sql "SELECT status FROM app.llm_call ORDER BY id DESC LIMIT 1")" = cancelled ]
'
check 'what was said before is put in short once it does not fit' '
	sql "UPDATE app.llm_model SET context_tokens = 3000" >"$WORK/said" && say "And now?" "[{\"text\":\"Done.\"}]" && json .status completed && json .answer Done. &&
	json "[.steps[].name | select(. != \"\")] | join(\" \")" "compact answer" &&
	[ "$(sql "SELECT summarized > 0 AND summary <> \$\$\$\$ FROM app.conversation WHERE id = $conversation")" = t ] &&
	sql "UPDATE app.llm_model SET context_tokens = 32000" >"$WORK/said"
'
check 'a model that cannot be asked leaves the question not without an answer' '
	say "Where is \`parse_request\`?" "[{\"status\":401,\"error\":{\"type\":\"x\",\"message\":\"no\"}}]" && json .status completed && json .mode extractive &&
	json ".answer | startswith(\"*(No model could be asked\")" true && json ".citations[0].path" lib/parse.c &&
	printf "{\"content\":\"x\",\"model\":\"none\"}" | api POST "/api/v1/conversations/$conversation/messages?wait=30" && json .status failed && json .error_type no-model
'

# The wall
check 'another tenant sees none of it' '
	step_down "$BIN/portolan" setup --tenant rival --key-file "$VAR/rival.env" --url "http://127.0.0.1:$PORT" >/dev/null 2>&1
	OTHER=$(sed -n "s/^PORTOLAN_API_KEY='"'"'\{0,1\}\([^'"'"']*\).*/\1/p" "$VAR/rival.env") && [ -n "$OTHER" ] || return 1
	for path in "conversations/$conversation" "conversations/$conversation/messages" "runs/$run" "runs/$run/stream"; do
		call GET "/api/v1/$path" "Authorization: Bearer $OTHER" && status 404 || return 1
	done
	call GET /api/v1/conversations "Authorization: Bearer $OTHER" && json ".items|length" 0 &&
	printf "{\"prompt\":\"x\",\"project_id\":%s}" "$id" | call POST /api/v1/ai/goose "Authorization: Bearer $OTHER" && status 404
'
check 'a conversation goes with all that was said in it' '
	api DELETE "/api/v1/conversations/$conversation" && status 204 && api GET "/api/v1/runs/$run" && status 404 &&
	api GET "/api/v1/conversations/$conversation" && status 404
'

exec 9>&-
done_testing
