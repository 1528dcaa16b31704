#!/bin/sh
# Names of requirements: B4 (the map drawn, exported and compared), B6.
test_description='Pictures, exports and comparisons of maps'
. "${0%/*}/lib.sh"

repo=$WORK/repos/shop
commit_all() { # MESSAGE
	git -C "$repo" add -A && git -C "$repo" -c user.name=e2e -c user.email=e2e@test commit -q -m "$1"
}
python_file() { # PATH IMPORT...: a file that imports, with a class named after it
	path=$repo/$1
	shift
	mkdir -p "${path%/*}" && for module; do echo "import $module"; done >"$path" &&
		printf 'class Store:\n    def open_session(self):\n        return 1\n' >>"$path"
}
mkdir -p "$repo" && git init -q -b main "$repo"
printf '{"name":"web","dependencies":{"vue":"^3.0.0","left-pad":"1.3.0"}}\n' >"$repo/package.json"
python_file core/__init__.py
python_file core/store.py core.log
python_file core/log.py
python_file api/__init__.py core.store
python_file api/server.py core.store core.log
python_file old/__init__.py
python_file old/tool.py core.log
# Names that a picture, a list or a page must not take for its own.
mkdir -p "$repo/<script>alert(1)<" && printf 'import core.log\nx = 1\n' >"$repo/<script>alert(1)</a\"b&c.py"
printf 'x = 1\n' >"$repo/$(printf 'right\342\200\256left|`tick`.py')"
printf 'x = 1\n' >"$repo/$(head -c 200 /dev/zero | tr '\0' w).py"
commit_all one
first=$(git -C "$repo" rev-parse HEAD)
stack_up "$WORK/repos"

id=
job=
project_is() { api GET "/api/v1/projects/$id" && status 200 && json .status "$1"; }
synced() { # the job of the last reply is done
	api GET "/api/v1/jobs/$job" && status 200 && json .status completed
}
sound_xml() { python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$WORK/reply.body"; }
picture() { # VIEW
	api GET "/api/v1/projects/$id/map.svg?view=$1" && status 200 && header Content-Type 'image/svg+xml*' && sound_xml &&
		header Content-Security-Policy "default-src 'none'; style-src 'unsafe-inline'; sandbox*" &&
		! grep -q '<script' "$WORK/reply.body"
}

check 'mapping from the command line leaves the picture in a file' '
	"$BIN/portolan" map "$repo" --name shop --svg "$WORK/map.svg" --view folders >"$WORK/said" 2>&1 || { cat "$WORK/said"; false; } &&
	grep -q "prefers-color-scheme:dark" "$WORK/map.svg" && grep -q ">core<" "$WORK/map.svg" &&
	api GET "/api/v1/projects?q=shop" && keep id ".items[0].id"
'
check 'components, folders and the treemap are well-formed pictures without scripts' '
	picture components && body_has core && picture folders && body_has "&lt;script&gt;" && picture treemap && body_has "store.py"
'
check 'no character that turns or hides others comes through' '
	picture treemap && ! grep -q "$(printf "\342\200\256")" "$WORK/reply.body"
'
check 'a picture is sent once: who has it gets 304' '
	picture components && etag=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^ETag: //Ip") &&
	api GET "/api/v1/projects/$id/map.svg" "If-None-Match: $etag" && status 304
'
check 'a view that there is none of, a field that there is none of: 400 by name' '
	api GET "/api/v1/projects/$id/map.svg?view=galaxy" && status 400 && json ".errors[0].parameter" view &&
	api GET "/api/v1/projects/$id/map.svg?colour=red" && status 400 && api GET "/api/v1/projects/$id/map.dot?view=treemap" && status 400
'
check 'of a map only the members that are asked for are sent, once; another one: 400 by name' '
	api GET "/api/v1/projects/$id/map?members=summary,meta" && status 200 && json ".content | keys | join(\"+\")" meta+summary &&
	tag=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^ETag: //p") &&
	api GET "/api/v1/projects/$id/map?members=summary,meta" "If-None-Match: $tag" && status 304 &&
	api GET "/api/v1/projects/$id/map?members=summary,secrets" && status 400 && json ".errors[0].parameter" members
'
check 'a commit without a map: 404, and how to get one' '
	api GET "/api/v1/projects/$id/map.svg?commit=abcdef0123" && status 404 && json .fix && body_has "/api/v1/projects/$id/maps" &&
	api GET "/api/v1/projects/$id/map.svg?commit=no-such-branch" && status 404 &&
	for path in map.svg map diff?from=main; do
		api GET "/api/v1/projects/999999/$path" && status 404 && json .type /docs/problems#not-found &&
			body_has "there is no project 999999" && ! body_has "no map" || return 1
	done
'
check 'a map is found by commit, by its first digits and by branch' '
	for which in "$first" "$(printf %.8s "$first")" main; do
		api GET "/api/v1/projects/$id/map.json?commit=$which" && status 200 && json .meta.commit "$first" || return 1
	done
'
check 'the coordinates name every box and every file' '
	api GET "/api/v1/projects/$id/map.layout.json" && status 200 && json ".nodes.key|length > 2" true &&
	json "(.nodes.x|length) == (.nodes.key|length)" true &&
	api GET "/api/v1/projects/$id/map.layout.json?view=treemap" && status 200 && cp "$WORK/reply.body" "$WORK/layout" &&
	api GET "/api/v1/projects/$id/map.json" && [ "$(jq ".files.path|length" "$WORK/reply.body")" = "$(jq ".files.x|length" "$WORK/layout")" ]
'
check 'DOT is what dot reads, GraphML what an XML reader reads' '
	api GET "/api/v1/projects/$id/map.dot" && status 200 && header Content-Type "text/vnd.graphviz*" && dot -Tplain "$WORK/reply.body" >/dev/null &&
	api GET "/api/v1/projects/$id/map.graphml" && status 200 && header Content-Type "application/graphml+xml*" && sound_xml && body_has "core/store.py"
'
check 'Mermaid has no markup but its own' '
	api GET "/api/v1/projects/$id/map.mmd?view=folders" && status 200 && body_has "flowchart TD" && ! grep -q "<script" "$WORK/reply.body"
'
check 'CycloneDX: each package with its package URL, and a version where it is one' '
	api GET "/api/v1/projects/$id/map.cdx.json" && status 200 && header Content-Type "application/vnd.cyclonedx+json*" &&
	json .bomFormat CycloneDX && json .specVersion 1.5 && json ".components|length" 2 &&
	json ".components[]|select(.name==\"left-pad\").purl" "pkg:npm/left-pad@1.3.0" &&
	json ".components[]|select(.name==\"vue\")|.version == null" true
'
check 'text for a model stays within its tokens, and answers a question first' '
	api GET "/api/v1/projects/$id/map.md?tokens=300" && status 200 && [ "$(wc -c <"$WORK/reply.body")" -le 1200 ] && body_has "# Map of shop" &&
	api GET "/api/v1/projects/$id/map.md?q=api%20server" && status 200 && grep -m 1 "^### " "$WORK/reply.body" | grep -q api/server.py &&
	api GET "/api/v1/projects/$id/map.md?tokens=5" && status 400 && json ".errors[0].parameter" tokens
'

# The second commit: a cycle and a package come, a component goes, a file moves, another package changes.
rm -r "$repo/old"
python_file core/log.py core.store
git -C "$repo" mv api/server.py api/main.py
printf '{"name":"web","dependencies":{"vue":"^3.5.0","express":"5.0.0"}}\n' >"$repo/package.json"
commit_all two
second=$(git -C "$repo" rev-parse HEAD)

check 'the next commit is mapped, and the earlier map is still drawn' '
	api POST "/api/v1/projects/$id/sync" </dev/null && status 202 && keep job .job_id && within 30 synced &&
	api GET "/api/v1/projects/$id/map.svg?commit=$first" && status 200 && body_has ">old<" &&
	api GET "/api/v1/projects/$id/map.svg" && status 200 && ! body_has ">old<"
'
diff_of() { api GET "/api/v1/projects/$id/diff?from=$first&to=$second$1" && status 200; }
check 'the comparison tells what came and went' '
	diff_of "" && json ".summary.cycles.added" 1 && json ".cycles.added[0].to|length" 2 &&
	json ".externals.added[0].name" express && json ".externals.removed[0].name" left-pad && json ".externals.changed[0].name" vue &&
	json ".components.removed|map(.path)|index(\"old\") != null" true && json ".summary.files.removed" 2 &&
	json ".imports.added[]|select(.from==\"core/log.py\").to" core/store.py
'
check 'a file with the same blob at another path has moved' '
	diff_of "" && json ".summary.files.moved" 1 &&
	json ".files.changed[]|select(.moved_from==\"api/server.py\").path" api/main.py
'
check 'asked the other way round it tells the opposite; of one map with itself nothing' '
	api GET "/api/v1/projects/$id/diff?from=$second&to=$first" && json ".summary.cycles.removed" 1 && json ".externals.added[0].name" left-pad &&
	api GET "/api/v1/projects/$id/diff?from=$first&to=$first&format=md" && status 200 && body_has "Nothing of the structure changed"
'
check 'as Markdown it is short, folded, and holds no markup of names' '
	diff_of "&format=md" && header Content-Type "text/markdown*" && body_has "<details>" && body_has express &&
	[ "$(wc -c <"$WORK/reply.body")" -lt 6000 ] && ! grep -q "<script" "$WORK/reply.body"
'
check 'drawn it marks what came and went, not by colour alone' '
	diff_of "&format=svg" && sound_xml && body_has ">old<" && body_has "class=\"b2\"" && grep -q ">$(printf "\342\210\222")<" "$WORK/reply.body" &&
	header Content-Security-Policy "*sandbox*"
'
check 'a comparison is kept, and goes with its maps' '
	diff_of "" && cp "$WORK/reply.body" "$WORK/one" && diff_of "" && cmp "$WORK/one" "$WORK/reply.body" &&
	[ "$(sql "SELECT count(*) FROM app.map_diff WHERE format = '"'"'json'"'"'")" -ge 2 ]
'
check 'bad ends: a missing from, an unknown commit, an odd format' '
	api GET "/api/v1/projects/$id/diff" && status 400 && json ".errors[0].parameter" from &&
	api GET "/api/v1/projects/$id/diff?from=$first&to=0123456789" && status 404 && json .fix &&
	api GET "/api/v1/projects/$id/diff?from=$first&format=pdf" && status 400
'
check 'the command line exports and compares' '
	"$BIN/portolan" map export "$id" --format dot | grep -q digraph && "$BIN/portolan" map export "$id" --format cdx | jq -e .bomFormat >/dev/null &&
	"$BIN/portolan" diff "$first" "$second" --project "$id" | grep -q express &&
	(cd "$repo" && "$BIN/portolan" diff "$first" --format svg --output "$WORK/diff.svg") && grep -q "<svg" "$WORK/diff.svg" &&
	! "$BIN/portolan" map export "$id" --format pdf 2>"$WORK/said" && grep -q "one of svg" "$WORK/said"
'
check 'another tenant cannot tell that any of it exists' '
	step_down "$BIN/portolan" setup --tenant rival --key-file "$VAR/rival.env" --url "http://127.0.0.1:$PORT" >/dev/null 2>&1
	rival=$(sed -n "s/^PORTOLAN_API_KEY='"'"'\{0,1\}\([^'"'"']*\).*/\1/p" "$VAR/rival.env")
	for path in map.svg map.md map.cdx.json "diff?from=$first"; do
		call GET "/api/v1/projects/$id/$path" "Authorization: Bearer $rival" && status 404 || return 1
	done
'
check 'without dot there is a map, and the picture says why it is missing' '
	echo "dot_program = $WORK/no-such-program" >>"$VAR/portolan.conf" && stack restart >"$WORK/said" 2>&1 &&
	echo "y = 2" >>"$repo/core/log.py" && commit_all three && api POST "/api/v1/projects/$id/sync" </dev/null && keep job .job_id && within 30 synced &&
	project_is ready && api GET "/api/v1/projects/$id/map.svg" && status 404 && body_has "no picture of its components" &&
	api GET "/api/v1/projects/$id/map.svg?view=treemap" && status 200 && api GET "/api/v1/projects/$id/map.mmd" && status 200
'
check 'deleted with the project' '
	api GET "/api/v1/projects/$id" && keep version .version && api DELETE "/api/v1/projects/$id" "If-Match: \"$version\"" && status 204 &&
	[ "$(sql "SELECT (SELECT count(*) FROM app.map_part) + (SELECT count(*) FROM app.map_diff)")" = 0 ]
'
done_testing
