#!/bin/sh
# I1-I3 (files as a graph: neighbours, paths, impact), B4: what a map is asked for, and the source behind it.
test_description='A map is asked: files, symbols, references, neighbours, paths, impact, source'
. "${0%/*}/lib.sh"

# A small program in C and Python, with things in it that are no text; two commits.
odd_repo() {
	mkdir -p "$1/lib/net" "$1/app" && git init -q -b main "$1" && (
		cd "$1" &&
			printf '#ifndef A_H\n#define A_H\nint parse_request(const char *text);\n#endif\n' >lib/parse.h &&
			printf '#include "parse.h"\nint parse_request(const char *text)\n{\n\treturn text[0];\n}\n' >lib/parse.c &&
			printf '#include "../parse.h"\nint openSocket(void)\n{\n\treturn parse_request("x");\n}\n' >lib/net/http.c &&
			printf '#include "http.c"\nint main(void)\n{\n\treturn openSocket();\n}\n' >lib/net/main.c &&
			printf 'import helper\n\n\nclass RequestParser:\n    def run(self):\n        return helper.go()\n' >app/main.py &&
			printf 'def go():\n    return 1\n' >app/helper.py &&
			printf 'first\n' >notes.txt && printf 'a\0b' >blob.bin && ln -s lib/parse.c link &&
			printf 'caf\351\n' >latin.txt && printf '\377\376h\0i\0\n\0' >wide.txt &&
			printf 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n' >large.dat &&
			printf 'int odd;\n' >"$(printf 'odd\377.c')" && : >empty.txt &&
			commit one && printf 'second\nthird' >notes.txt && git rm -q app/helper.py && commit two
	)
}
commit() { git add -A . && git -c user.name=e2e -c user.email=e2e@test commit -q -m "$1"; }

odd_repo "$WORK/odd"
OLD=$(git -C "$WORK/odd" rev-parse HEAD~1)
NEW=$(git -C "$WORK/odd" rev-parse HEAD)
chmod -R a+rX "$WORK/odd"
stack_up "$WORK/odd"

id= # of the project, known once it is mapped
portolan() { PORTOLAN_API_KEY=$PORTOLAN_API_KEY PORTOLAN_URL="http://127.0.0.1:$PORT" "$BIN/portolan" "$@"; }
get() { api GET "/api/v1/projects/$id/$1"; }

check 'before there is a map nothing is known of it' '
	printf "{\"name\":\"later\",\"repository_url\":\"https://git.test/later.git\"}" | api POST /api/v1/projects &&
	keep other .id && api GET "/api/v1/projects/$other/files" && status 404 && json .type /docs/problems#not-found
'
check 'a repository is mapped' '
	portolan map "$WORK/odd" --name odd >"$WORK/summary" &&
	api GET "/api/v1/projects?q=odd" && keep id ".items[0].id"
'

# Files
check 'the root is listed: folders, then files' '
	get files && status 200 && json .commit "$NEW" && json .complete true &&
	json "[.items[] | .path] | join(\" \")" "app lib blob.bin empty.txt large.dat latin.txt link notes.txt odd\\xff.c wide.txt" &&
	json ".items[1].kind" folder && json ".items[1].files" 4 && json .next_cursor null
'
check 'a folder is listed page by page, with a slash at its end or not' '
	get "files?path=lib/&limit=2" && json "[.items[].path] | join(\" \")" "lib/net lib/parse.c" && keep cursor .next_cursor &&
	get "files?path=lib/&limit=2&cursor=$cursor" && json "[.items[].path] | join(\" \")" lib/parse.h && json .next_cursor null
'
check 'a file alone tells its language, lines and blob' '
	get "files?path=lib/parse.c" && json ".items | length" 1 && json ".items[0].language" C && json ".items[0].code" 5 &&
	json ".items[0].oid" "$(git -C "$WORK/odd" rev-parse HEAD:lib/parse.c)"
'
check 'files are found: name before beginning before a word before a part' '
	get "files?q=parse.c" && json ".items[0] | .path + \" \" + .match" "lib/parse.c exact" &&
	get "files?q=PARSE" && json ".items[0].match" prefix && json ".items | length" 2 &&
	get "files?q=net" && json ".items[0] | .path + \" \" + .match" "lib/net/http.c word" &&
	get "files?q=ttp.c" && json ".items[0] | .path + \" \" + .match" "lib/net/http.c part" &&
	get "files?q=pasre.h" && json ".items | length" 0 && get "files?q=parsee.h" && json ".items[0] | .path + \" \" + .match" "lib/parse.h fuzzy"
'
check 'a search stays in a folder' '
	get "files?q=main" && json ".items | length" 2 && get "files?q=main&path=app" && json ".items[].path" app/main.py
'

# Symbols
check 'symbols are found by beginning, word and part, in any case' '
	get "symbols?q=parse_request" && json ".items[0] | .name + \" \" + .path + \" \" + .match" "parse_request lib/parse.c exact" &&
	json ".items[0].signature" "int parse_request(const char *text)" &&
	get "symbols?q=socket" && json ".items[0] | .name + \" \" + .match" "openSocket word" &&
	get "symbols?q=Request" && json "[.items[] | .name + \" \" + .match] | join(\", \")" "RequestParser prefix, parse_request word" &&
	get "symbols?q=rse_req" && json ".items[0].match" part &&
	get "symbols?q=parse_reqeust" && json ".items[0] | .name + \" \" + .match" "parse_request fuzzy" &&
	get "symbols?q=run" && json ".items[0].parent" RequestParser
'
check 'and by kind' '
	get "symbols?q=Request&kind=class" && json "[.items[].name] | join(\" \")" RequestParser &&
	get "symbols?q=Request&kind=classes" && status 400 && json ".errors[0].parameter" kind
'
check 'references say where a symbol is used' '
	get "references?name=parse_request" && json ".definitions[0].path" lib/parse.c &&
	json "[.items[] | .path + \":\" + (.line | tostring) + \" \" + .kind] | join(\", \")" "lib/net/http.c:4 call, lib/parse.h:3 call" &&
	get "references?name=parse_reques" && status 404
'

# Graph
check 'neighbours have line, rule and confidence' '
	get "graph/neighbours?path=lib/parse.h" && json .total 2 &&
	json "[.items[] | .from] | join(\" \")" "lib/net/http.c lib/parse.c" && json ".items[1].line" 1 &&
	json ".items[1].rule" c.same_dir && json ".items[1].confidence" 100 &&
	get "graph/neighbours?path=lib/net/http.c&direction=out" && json "[.items[] | .to] | join(\" \")" lib/parse.h &&
	get "graph/neighbours?path=lib/parse.h&direction=out" && json .total 0 &&
	get "graph/neighbours?path=lib/parse.h&kind=require" && json .total 0
'
check 'a shortest path has its evidence; where none leads, that is the answer' '
	get "graph/path?from=lib/net/main.c&to=lib/parse.h" && json .found true && json .length 2 &&
	json "[.steps[] | .from] | join(\" \")" "lib/net/main.c lib/net/http.c" &&
	get "graph/path?from=lib/parse.h&to=lib/net/main.c" && status 200 && json .found false && json .complete true &&
	get "graph/path?from=lib/parse.h&to=lib/parse.h" && json .found true && json .length 0
'
check 'impact goes to a depth, nearest first' '
	get "graph/impact?path=lib/parse.h" && json .total 3 && json ".by_depth | join(\" \")" "2 1" &&
	json ".items[2] | .path + \" by \" + .via" "lib/net/main.c by lib/net/http.c" &&
	get "graph/impact?path=lib/parse.h&depth=1" && json .total 2 &&
	get "graph/impact?path=lib/net/main.c&direction=out" && json .total 2
'

# Source
check 'source is read at the newest commit and at any other' '
	get "source?path=notes.txt" && json .text "second
third" && json .lines 2 && json .kind text && json .commit "$NEW" &&
	get "source?path=notes.txt&commit=$OLD" && json .text first && json .oid "$(git -C "$WORK/odd" rev-parse HEAD~1:notes.txt)" &&
	get "source?path=app/helper.py&commit=$OLD&from=2&to=9" && json .text "    return 1" && json .from 2 && json .to 2 &&
	get "source?path=app/helper.py" && status 404
'
check 'who has it already is told so' '
	get "source?path=notes.txt" && tag=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^[Ee][Tt]ag: //p") &&
	api GET "/api/v1/projects/$id/source?path=notes.txt" "If-None-Match: $tag" && status 304
'
check 'what a file defines is told at any commit, and of what is no text nothing' '
	get "outline?path=lib/parse.c" && status 200 && json .commit "$NEW" && json .complete true &&
	json "[.items[] | .kind + \" \" + .name + \" \" + (.line | tostring) + \"-\" + (.last_line | tostring)] | join(\", \")" "function parse_request 2-5" &&
	json ".items[0].signature" "int parse_request(const char *text)" &&
	get "outline?path=app/main.py" && json "[.items[] | .parent + \".\" + .name] | join(\" \")" ".RequestParser RequestParser.run" &&
	get "outline?path=app/helper.py&commit=$OLD" && json ".items[0].name" go && get "outline?path=app/helper.py" && status 404 &&
	get "outline?path=blob.bin" && status 200 && json ".items | length" 0 && get "outline?path=link" && json ".items | length" 0
'
check 'the whole map as a table and a graph of files; who has it already is told so' '
	for part in files graph; do
		get "map.$part.json" && status 200 && json .commit "$NEW" && keep "$part" "." &&
		tag=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^[Ee][Tt]ag: //p") &&
		api GET "/api/v1/projects/$id/map.$part.json" "If-None-Match: $tag" && status 304 || return 1
	done
	get map.files.json && json ".files.name | length" 13 && json ".folders.name | join(\" \")" " app lib net" && json ".folders.parent | join(\" \")" "0 0 0 2" &&
	get map.graph.json && json ".imports.count | add" 3 && json ".imports.to | length" 3 && json .complete true
'
check 'other encodings come as UTF-8; what is no text says what it is' '
	get "source?path=latin.txt" && json .text "café" && json .encoding latin-1 &&
	get "source?path=wide.txt" && json .text hi && json .encoding utf-16 &&
	get "source?path=blob.bin" && status 200 && json .kind binary && json .text null && json .bytes 3 &&
	get "source?path=large.dat" && json .kind lfs && json .text null &&
	get "source?path=link" && json .kind symlink && json .text lib/parse.c &&
	get "source?path=empty.txt" && json .kind text && json .text "" && json .lines 0 && json .to 0 &&
	get "source?path=odd%5Cxff.c" && json .text "int odd;"
'
check 'nothing outside of the commit can be named' '
	for path in ../notes.txt /etc/passwd lib lib/ //notes.txt ./notes.txt notes.txt/ lib/../notes.txt .git/config link/x; do
		get "source?path=$path" && status 404 || { echo "$path"; return 1; }
	done
'
check 'wrong questions are refused by name' '
	get "source?path=notes.txt&from=3" && status 400 && json ".errors[0].parameter" from && json .detail "The file has 2 lines." &&
	get "source?path=notes.txt&from=2&to=1" && status 400 && json ".errors[0].parameter" to &&
	get "source?path=notes.txt&commit=zzzzzzz" && status 400 && json ".errors[0].parameter" commit &&
	get "source?path=notes.txt&commit=0000000000000000000000000000000000000001" && status 404 &&
	get "source?path=notes.txt&commit=${OLD%?????}" && status 404 && json .fix &&
	get source && status 400 && json ".errors[0].parameter" path &&
	get "symbols?q=" && status 400 && get symbols && status 400 && get "symbols?q=%ff" && status 400 &&
	get "files?path=nowhere" && status 404 && get "files?cursor=x" && status 400 && get "files?q=a&cursor=x" && status 400 &&
	get "graph/impact?path=lib/parse.h&depth=0" && status 400 && get "graph/impact?path=lib/parse.h&depth=101" && status 400 &&
	get "graph/impact?path=lib" && status 404 && get "graph/neighbours?path=lib/parse.h&direction=up" && status 400 &&
	get "graph/path?from=lib/parse.h&to=none" && status 404 && get "files?path=lib&commit=$OLD" && status 404
'
check 'questions of odd characters find nothing, and break nothing' '
	for q in "%27" "%25%25%25" "%5C" "%22%7B%7D" "__" "%E2%98%83%E2%98%83" "%09%09%09" "%7B1,2%7D" "////"; do
		get "symbols?q=$q" && status 200 && get "files?q=$q" && status 200 || return 1
	done
'
check 'another tenant sees none of it' '
	step_down "$BIN/portolan" setup --tenant rival --key-file "$VAR/rival.env" --url "http://127.0.0.1:$PORT" >/dev/null 2>&1
	rival=$(sed -n "s/^PORTOLAN_API_KEY='"'"'\{0,1\}\([^'"'"']*\).*/\1/p" "$VAR/rival.env")
	for what in files "symbols?q=parse" "references?name=parse_request" "graph/impact?path=lib/parse.h" "source?path=notes.txt" "outline?path=notes.txt" map.files.json map.graph.json; do
		call GET "/api/v1/projects/$id/$what" "Authorization: Bearer $rival" && status 404 || return 1
	done
'

# The command line
check 'the command line asks the same' '
	portolan map files "$id" lib | grep -q "lib/net/ *2 files" && portolan map files "$id" --q http --json | jq -e ".schema == \"map-files/1\"" &&
	portolan map symbols "$id" Socket | grep -q "openSocket.*lib/net/http.c:2" &&
	portolan map references "$id" parse_request | grep -q "lib/net/http.c:4" &&
	portolan map neighbours "$id" lib/parse.h --direction in | grep -q "c.same_dir 100 %" &&
	portolan map path "$id" lib/net/main.c lib/parse.h | grep -q "line 1 include lib/net/http.c" &&
	portolan map path "$id" lib/parse.h lib/net/main.c | grep -q "No imports" &&
	portolan map impact "$id" lib/parse.h --json | jq -e ".total == 3" &&
	[ "$(portolan map source "$id" notes.txt --to 1)" = second ]
'
check 'its failures have their exit codes' '
	portolan map source "$id" none; [ $? -eq 3 ] && portolan map symbols "$id"; [ $? -eq 2 ]
'

# One index goes when a newer one replaces it
check 'older maps can be read, but not asked, beyond those that are kept' '
	for n in 1 2 3; do
		(cd "$WORK/odd" && echo "$n" >notes.txt && commit "n$n") && portolan map "$WORK/odd" >/dev/null || return 1
	done
	get files && status 200 && get "files?commit=$NEW" && status 409 && json .fix &&
	get "map?commit=$NEW" && status 200 &&
	[ "$(sql "SELECT count(*) FROM app.map_index")" = 2 ] &&
	[ "$(sql "SELECT count(DISTINCT index_id) FROM app.map_symbol")" = 2 ]
'
check 'an index that would go becomes that of the next commit: what was renamed is found by its new name alone' '
	before=$(sql "SELECT max(id) FROM app.map_index") &&
	(cd "$WORK/odd" && sed -i "s/openSocket/closeSocket/" lib/net/http.c && commit renamed) &&
	portolan map "$WORK/odd" >/dev/null && [ "$(sql "SELECT max(id) FROM app.map_index")" = "$before" ] &&
	get "symbols?q=closeSocket" && json .commit "$(git -C "$WORK/odd" rev-parse HEAD)" &&
	json ".items[0] | .name + \" \" + .match" "closeSocket exact" && get "symbols?q=socket" && json ".items | length" 1 &&
	get "references?name=parse_request" && json ".items[0].path" lib/net/http.c &&
	get "references?name=openSocket" && status 404
'
swept() { [ "$(sql "SELECT (SELECT count(*) FROM app.map_index) + (SELECT count(*) FROM app.map_gram)")" = 0 ]; }
check 'a deleted project leaves no rows behind' '
	api GET "/api/v1/projects/$id" && tag=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^[Ee][Tt]ag: //p") &&
	api DELETE "/api/v1/projects/$id" "If-Match: $tag" && status 204 && within 20 swept
'
done_testing
