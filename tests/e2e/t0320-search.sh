#!/bin/sh
# H1, H3, H4, H6, H8, R7, R8: files and documents are cut, found, explained, and kept apart.
test_description='Search: passages of code and documents, each with its place and reason'
. "${0%/*}/lib.sh"

commit() { git add -A . && git -c user.name=e2e -c user.email=e2e@test commit -q -m "$1"; }
made_repo() {
	mkdir -p "$1/lib" "$1/docs" && git init -q -b main "$1" && (
		cd "$1" &&
			printf '#include "limit.h"\n\n/* Refuses a body that is longer than the setting says. */\nint check_body_length(long bytes)\n{\n\treturn bytes <= 1024;\n}\n\nint unrelated(void)\n{\n\treturn 0;\n}\n' >lib/limit.c &&
			printf 'int check_body_length(long bytes);\n' >lib/limit.h &&
			printf 'class TokenBucket:\n    def take(self, cost):\n        self.left -= cost\n        return self.left >= 0\n' >lib/bucket.py &&
			printf '# Guide\n\nHello.\n\n## Rotating keys\n\nKeys are rotated every quarter by the on-call engineer.\n' >docs/guide.md &&
			"$ROOT/tests/fakes/pdf.py" 'Flux manual|Read this first.' 'The valve|Replace the flux valve every leap year.' >docs/manual.PDF &&
			printf '%%PDF-1.4\nno more' >docs/torn.pdf &&
			printf 'a\0b' >blob.bin && commit one
	)
}
made_repo "$WORK/app"
chmod -R a+rX "$WORK/app"
sed -i /search_maps/d "$VAR/portolan.conf"
stack_up "$WORK/app"

portolan() { PORTOLAN_API_KEY=$PORTOLAN_API_KEY PORTOLAN_URL="http://127.0.0.1:$PORT" "$BIN/portolan" "$@"; }
id= # of the project
indexed() { api GET "/api/v1/sources" && [ "$(jq -r ".items[] | select(.project_id == $id) | .complete" "$WORK/reply.body")" = true ]; }
# seek QUERY [PARAMETERS]
seek() { api GET "/api/v1/search?q=$1${2:+&$2}"; }

check 'a search before anything is there finds nothing, which is an answer' '
	seek anything && status 200 && json ".items | length" 0 && json .complete true
'
check 'a mapped repository is indexed by itself' '
	portolan map "$WORK/app" --name app >/dev/null && api GET "/api/v1/projects?q=app" && keep id ".items[0].id" && within 20 indexed
'
check 'a question finds the function, with its place, blob and reason' '
	seek "where+is+the+length+of+a+body+checked" "project=$id" && status 200 && json ".items[0].path" lib/limit.c &&
	json ".items[0] | [.start_line, .end_line] | join(\"-\")" 3-7 && json ".items[0].kind" function &&
	json ".items[0].symbols[0]" check_body_length && json ".items[0].commit" "$(git -C "$WORK/app" rev-parse HEAD)" &&
	json ".items[0].blob" "$(git -C "$WORK/app" rev-parse HEAD:lib/limit.c)" &&
	json ".items[0].why | index(\"symbol:body\") != null" true && json ".items[0].text | startswith(\"/* Refuses\")" true
'
check 'names are found in any way of writing them' '
	for q in checkBodyLength check_body_length CHECK_BODY_LENGTH "check+body+length"; do
		seek "$q" && json ".items[0].symbols[0]" check_body_length || return 1
	done
	seek tokenBucket && json ".items[0].path" lib/bucket.py
'
check 'a section of prose is found by its heading and words' '
	seek "how+are+keys+rotated" && json ".items[0] | .path + \" \" + .kind + \" \" + .symbols[0]" "docs/guide.md section Rotating keys" &&
	json ".items[0].source" doc
'
check 'a PDF in a repository is found and cited by its page' '
	seek "flux+valve" "project=$id" && json ".items[0] | [.path, .kind, .page, .source, .language] | @json" "[\"docs/manual.PDF\",\"page\",2,\"doc\",\"PDF\"]" &&
	printf "{\"prompt\":\"When is the flux valve replaced?\",\"project_id\":%s}" "$id" | api POST /api/ai/goose && status 200 &&
	json ".citations[0] | [.path, .page, .document_id] | @json" "[\"docs/manual.PDF\",2,null]" &&
	json ".citations[0].blob" "$(git -C "$WORK/app" rev-parse HEAD:docs/manual.PDF)" &&
	json ".answer | contains(\"\`docs/manual.PDF, page 2\` [1]\") and contains(\"every leap year\")" true &&
	seek "path=docs/torn.pdf&q=more" && json ".items | length" 0
'
check 'filters keep to a project, folder, language and source' '
	seek length "path=docs" && json ".items | length" 0 && seek take "language=python" && json ".items | length" 1 &&
	seek rotated "source=code" && json ".items | length" 0 && seek rotated "source=doc&path=docs/guide.md" && json ".items | length" 1 &&
	seek rotated "project=99999" && status 404 && seek rotated "source=nothing" && status 400 && seek "%21%3F" && status 400 &&
	json ".errors[0].parameter" q && seek length top_k=1 && json ".items | length" 1
'

# Documents
doc= # of the one that is added
cat >"$WORK/handbook.json" <<-'END'
	{"name": "handbook.md", "text": "# Handbook\n\nWhat everybody knows.\n\n## Deploying\n\nWe deploy on Mondays.\n"}
END
ready() { api GET "/api/v1/documents/$doc" && json .status ready; }
check 'a document is added, cut and found' '
	api POST /api/v1/documents <"$WORK/handbook.json" &&
	status 201 && keep doc .id && json .media_type text/markdown && within 20 ready && json .chunks 2 &&
	seek "on+which+day+do+we+deploy" && json ".items[0] | .path + \" \" + .source" "handbook.md document" &&
	json ".items[0].document_id" "$doc" && json ".items[0].commit" null && seek deploy "project=$id" && json ".items | length" 0
'
goose() { printf '{"prompt":"On which day do we deploy?"}' | api POST /api/ai/goose; }
check 'an answer cites the document, by lines that were read again' '
	goose && status 200 && json .mode extractive && json ".citations[0] | [.document_id, .project_id, .commit, .path, .start, .end, .page] | @json" \
		"[$doc,null,null,\"handbook.md\",5,7,null]" &&
	json ".citations[0].blob" "$(jq -j .text "$WORK/handbook.json" | sha256sum | cut -d" " -f1)" &&
	json ".answer | contains(\"\`handbook.md:5-7\` [1]\") and contains(\"We deploy on Mondays.\")" true &&
	printf "{\"model\":\"projects\",\"messages\":[{\"role\":\"user\",\"content\":\"On which day do we deploy?\"}]}" | api POST /v1/chat/completions &&
	json ".portolan.citations[0].document_id" "$doc" && portolan ask "On which day do we deploy?" | grep -q "^\[1\] handbook.md:5-7  document $doc  section"
'
check 'one whose content is another than was indexed is dropped and counted' '
	sql "UPDATE app.document SET hash = repeat(\$\$0\$\$, 64) WHERE id = $doc" >"$WORK/said" && goose && json ".citations | length" 0 &&
	api GET "/api/v1/runs/$(jq .run_id "$WORK/reply.body")" && json .dropped_citations 1 &&
	sql "UPDATE app.document SET hash = encode(sha256(content), \$\$hex\$\$) WHERE id = $doc" >"$WORK/said"
'
pdf= # number of one that is added
# add NAME FILE
add_pdf() { jq -n --arg name "$1" --arg content "$(base64 -w 0 "$2")" '{name: $name, content: $content}' | api POST /api/v1/documents; }
is_read() { api GET "/api/v1/documents/$pdf" && json .status "$1"; }
check 'a PDF is added, read in the sandbox, and cited by its page' '
	"$ROOT/tests/fakes/pdf.py" "Cellar|Nothing here." "Attic|Lanterns hang in the attic." >"$WORK/house.pdf" &&
	add_pdf house.pdf "$WORK/house.pdf" && status 201 && json .media_type application/pdf && keep pdf .id && within 20 is_read ready &&
	json "[.pages, .chunks] | @json" "[2,2]" && seek lanterns && json ".items[0] | [.document_id, .page] | @json" "[$pdf,2]" &&
	portolan ask "Where do lanterns hang?" | grep -q "^\[1\] house.pdf, page 2  document $pdf  page"
'
check 'one that cannot be read fails with its reason; what is none is refused' '
	printf "%%PDF-1.4 torn" >"$WORK/torn.pdf" && add_pdf torn.pdf "$WORK/torn.pdf" && status 201 && keep pdf .id && within 20 is_read failed &&
	json .error_type invalid-field && json ".error_message | contains(\"damaged\")" true && seek lanterns && json ".complete" true &&
	printf "Dear reader" >"$WORK/none.pdf" && add_pdf none.pdf "$WORK/none.pdf" && status 400 && json ".errors[0].pointer" /content &&
	printf "{\"name\":\"a.pdf\",\"text\":\"x\"}" | api POST /api/v1/documents && status 400 && json ".errors[0].pointer" /text
'
# send FILE TYPE NAME [HEADER]: its bytes as they are.
send() { api POST "/api/v1/documents?name=$3" "Content-Type: $2" ${4:+"$4"} <"$1"; }
peak_kb() { for pid in $(worker_pids); do sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$pid/status"; done | awk '{ n += $1 } END { print n }'; }
"$ROOT/tests/fakes/pdf.py" --pad=12000000 "Harbour|Ferries leave at noon." "Mole|Gulls sleep on the mole." >"$WORK/harbour.pdf"
check 'a large one is sent as it is, once, and no worker holds it in memory' '
	send "$WORK/house.pdf" application/pdf warm.pdf && status 201 && before=$(peak_kb) &&
	send "$WORK/harbour.pdf" application/pdf harbour.pdf "Idempotency-Key: harbour" && status 201 && keep pdf .id &&
	json .bytes "$(wc -c <"$WORK/harbour.pdf")" && json .hash "$(sha256sum <"$WORK/harbour.pdf" | cut -d" " -f1)" && header Location "/api/v1/documents/$pdf" &&
	send "$WORK/harbour.pdf" application/pdf harbour.pdf "Idempotency-Key: harbour" && status 201 && json .id "$pdf" && header Idempotency-Replayed true &&
	send "$WORK/house.pdf" application/pdf harbour.pdf "Idempotency-Key: harbour" && status 422 &&
	send "$WORK/harbour.pdf" application/pdf harbour.pdf && status 409 &&
	[ "$(sql "SELECT count(*) FROM app.upload_piece")" = 0 ] && within 20 is_read ready && seek gulls && json ".items[0] | [.document_id, .page] | @json" "[$pdf,2]" &&
	{ [ "$VARIANT" = san ] || [ $(($(peak_kb) - before)) -lt 4000 ] || { echo "from $before to $(peak_kb) kB"; false; }; }
'
check 'what is too large, of another type, empty or locked is refused by name' '
	head -c 17000000 /dev/zero >"$WORK/zeroes" && send "$WORK/zeroes" application/pdf zeroes.pdf && status 413 && body_has 16777216 &&
	head -c 34000000 /dev/zero >"$WORK/zeroes" && send "$WORK/zeroes" application/pdf zeroes.pdf && status 413 && body_has 33554432 &&
	send "$WORK/house.pdf" image/png house.png && status 415 && body_has text/markdown && echo "Ebb follows flood." >"$WORK/tide.txt" &&
	send "$WORK/tide.txt" "text/plain; charset=utf-8" tide.txt && status 201 && json .media_type text/plain &&
	send /dev/null application/pdf empty.pdf && status 400 && json ".errors[0].rule" min_bytes &&
	send "$WORK/none.pdf" application/pdf none.pdf && status 400 && json ".errors[0].rule" pdf && printf "\377" >"$WORK/none.txt" &&
	send "$WORK/none.txt" text/plain none.txt && status 400 && json ".errors[0].rule" utf8 &&
	api POST /api/v1/documents "Content-Type: application/pdf" <"$WORK/house.pdf" && status 400 && json ".errors[0].parameter" name &&
	call POST "/api/v1/documents?name=x.pdf" "Content-Type: application/pdf" "Authorization: Bearer pk_1_x" <"$WORK/harbour.pdf" && status 401 &&
	"$ROOT/tests/fakes/pdf.py" --locked "Vault|Not for you." >"$WORK/locked.pdf" && send "$WORK/locked.pdf" application/pdf locked.pdf && status 201 &&
	keep pdf .id && within 20 is_read failed && json ".error_message | contains(\"password\")" true
'
check 'what is no document is refused by name' '
	printf "{\"name\":\"handbook.md\",\"text\":\"x\"}" | api POST /api/v1/documents && status 409 &&
	printf "{\"name\":\"a\"}" | api POST /api/v1/documents && status 400 && json ".errors[0].pointer" /text &&
	printf "{\"name\":\"a\",\"content\":\"***\"}" | api POST /api/v1/documents && status 400 && json ".errors[0].pointer" /content &&
	printf "{\"name\":\"a\",\"content\":\"/w==\"}" | api POST /api/v1/documents && status 400
'
check 'another tenant finds none of it' '
	step_down "$BIN/portolan" setup --tenant rival --key-file "$VAR/rival.env" --url "http://127.0.0.1:$PORT" >/dev/null 2>&1
	rival=$(sed -n "s/^PORTOLAN_API_KEY='"'"'\{0,1\}\([^'"'"']*\).*/\1/p" "$VAR/rival.env")
	call GET "/api/v1/search?q=check_body_length" "Authorization: Bearer $rival" && status 200 && json ".items | length" 0 &&
	call GET "/api/v1/search?q=deploy&project=$id" "Authorization: Bearer $rival" && status 404 &&
	call GET "/api/v1/documents/$doc" "Authorization: Bearer $rival" && status 404 &&
	call GET /api/v1/sources "Authorization: Bearer $rival" && json ".items | length" 0
'
check 'the monitor is told of searches, and not whose they are' '
	call GET /metrics && status 200 && grep -q "^portolan_searches_5m{outcome=\"found\"} [1-9]" "$WORK/reply.body" &&
	grep -q "^portolan_search_seconds_5m_bucket{le=\"+Inf\"} [1-9]" "$WORK/reply.body" && ! grep -q tenant= "$WORK/reply.body"
'
check 'the command line searches, lists sources and documents' '
	portolan search "length of a body" --project "$id" | grep -q "lib/limit.c:3-7.*check_body_length.*symbol:body" &&
	portolan rag query documents "which day" --json | jq -e ".schema == \"search/1\"" &&
	portolan rag query "$id" "rotated keys" | grep -q docs/guide.md && portolan rag discover-sources | grep -q "app .*complete" &&
	portolan documents add "$WORK/house.pdf" --name copy.pdf | grep -q copy.pdf && portolan documents add "$WORK/harbour.pdf" --name port.pdf | grep -q port.pdf && portolan documents list | grep -q handbook.md && portolan search zzzzqqqq | grep -q "Nothing is like that"
'
check 'a deleted document is not found from then on, and leaves nothing' '
	api DELETE "/api/v1/documents/$doc" && status 204 && seek deploy && json ".items | length" 0 && api GET "/api/v1/documents/$doc" && status 404
'

# A commit costs what it changed
check 'after a commit only the file that changed was cut anew' '
	kept=$(sql "SELECT max(id) FROM app.search_file WHERE live AND project_id IS NOT NULL")
	(cd "$WORK/app" && printf "class TokenBucket:\n    def refill(self):\n        self.left = 10\n" >lib/bucket.py && git rm -q docs/guide.md && commit "Heal after the outage") &&
	portolan map "$WORK/app" >/dev/null && within 20 indexed &&
	[ "$(sql "SELECT string_agg(path, '"','"') FROM app.search_file WHERE project_id IS NOT NULL AND id > $kept")" = lib/bucket.py ] &&
	seek refill && json ".items[0].path" lib/bucket.py && json ".items[0].commit" "$(git -C "$WORK/app" rev-parse HEAD)" &&
	seek "take+cost" && json "[.items[] | select(.path == \"lib/bucket.py\" and (.text | contains(\"cost\")))] | length" 0 &&
	seek "rotated" "project=$id" && json ".items | length" 0
'
check 'a file is found by what a commit said of it' '
	seek "outage+heal" && json ".items[0].path" lib/bucket.py && json ".items[0].why | join(\" \")" "commits:heal commits:outage"
'
gone() { [ "$(sql "SELECT (SELECT count(*) FROM app.search_file WHERE project_id IS NOT NULL OR segment_id IN (SELECT id FROM app.search_segment WHERE NOT documents)) + (SELECT count(*) FROM app.search_segment WHERE NOT documents)")" = 0 ]; }
check 'a deleted project is not found, and its rows go' '
	api GET "/api/v1/projects/$id" && tag=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^[Ee][Tt]ag: //p") &&
	api DELETE "/api/v1/projects/$id" "If-Match: $tag" && status 204 && seek check_body_length && json ".items | length" 0 && within 20 gone
'
done_testing
