#!/bin/sh
# G8, H1-H4, H6, H8, R7: passages get vectors, what means the same is found, and without the provider words still are.
test_description='Search by meaning: vectors follow the index, join the ranking, and are never missed'
. "${0%/*}/lib.sh"

mkfifo "$WORK/in"
python3 "$ROOT/tests/fakes/models.py" <"$WORK/in" >"$WORK/port" 2>"$WORK/fake" &
exec 7>"$WORK/in"
within 30 test -s "$WORK/port"
FAKE=127.0.0.1:$(cat "$WORK/port")

commit() { git add -A . && git -c user.name=e2e -c user.email=e2e@test commit -q -m "$1"; }
mkdir -p "$WORK/app" && git init -q -b main "$WORK/app" && (
	cd "$WORK/app" &&
		printf 'int park_car(int place)\n{\n\treturn place;\n}\n' >park.c &&
		printf 'def buy_bread(shop):\n    return shop\n' >shop.py && commit one
)
chmod -R a+rX "$WORK/app"
printf 'model_hosts = %s\nmodel_retries = 0\nsearch_embed_ms = 5000\n' "$FAKE" >>"$VAR/portolan.conf"
sed -i /search_maps/d "$VAR/portolan.conf"
stack_up "$WORK/app"

id='' # of the project
portolan() { PORTOLAN_API_KEY=$PORTOLAN_API_KEY PORTOLAN_URL="http://127.0.0.1:$PORT" "$BIN/portolan" "$@"; }
prefer() { printf '%s' "$2" | api PUT "/api/v1/ai/$1" "If-None-Match: *" && status 201; }
seek() { api GET "/api/v1/search?q=$1${2:+&$2}" && status 200; }
source_of() { api GET /api/v1/sources && json ".items[0] | .embedded, .chunks, .model" "$1"; }
charged() { curl -s "http://$FAKE/journal" | jq -r .charged; }

check 'without an embedding model words are all, and nobody is asked' '
	portolan map "$WORK/app" --name app >/dev/null && api GET "/api/v1/projects?q=app" && keep id ".items[0].id" &&
	indexed() { seek park_car && json ".items | length" 1; } && within 20 indexed &&
	json .meaning off && json ".items[0].why | map(startswith(\"meaning\")) | any" false &&
	seek automobile && json ".items | length" 0 && [ "$(charged)" = 0 ]
'
check 'status says what vectors are compared by' '
	api GET /api/v1/status && status 200 && has=$(sql "SELECT count(*) FROM pg_extension WHERE extname = '"'"'vector'"'"'") &&
	json ".vectors.extension != null" "$([ "$has" = 1 ] && echo true || echo false)" && portolan status | grep -q "^Vectors"
'
check 'once a model is preferred, what is there gets its vectors' '
	prefer providers/local "{\"kind\":\"compatible\",\"base_url\":\"http://$FAKE/local/v1\"}" &&
	prefer models/vectors "{\"provider\":\"local\",\"kind\":\"embedding\",\"remote_name\":\"fake-meaning\",\"preferred\":true,\"price_input\":1000000}" &&
	within 20 source_of "2
2
vectors" && portolan rag discover-sources | grep -q "app.* all .*complete"
'
check 'what means the same is found, says so, and obeys the filters' '
	seek automobile "project=$id" && json .meaning used && json ".items | length" 1 && json ".items[0].path" park.c &&
	json ".items[0].why[0] | test(\"^meaning:0[.][0-9][0-9]$\")" true && json ".items[0].commit" "$(git -C "$WORK/app" rev-parse HEAD)" &&
	seek purchase "language=Python" && json ".items[0].path" shop.py && seek purchase "language=C" && json ".items | length" 0 &&
	seek "vehicle+park" && json ".items[0].why | join(\" \") | test(\"^meaning:[0-9.]+ symbol:park\")" true &&
	seek zebra && json ".items | length" 0 && json .meaning used
'
check 'a commit costs what it says that is new' '
	before=$(charged) && (cd "$WORK/app" && mkdir lot && git mv park.c lot/park.c && commit moved) && portolan map "$WORK/app" >/dev/null &&
	moved() { seek automobile && json ".items[0].path" lot/park.c; } && within 20 moved && within 20 source_of "2
2
vectors" && [ "$(sql "SELECT count(*) FROM app.llm_call WHERE kind = '"'"'embedding'"'"' AND job_id IS NOT NULL")" = 1 ]
'
check 'another tenant finds none of it, and nobody is asked for it' '
	step_down "$BIN/portolan" setup --tenant rival --key-file "$VAR/rival.env" --url "http://127.0.0.1:$PORT" >/dev/null 2>&1
	rival=$(sed -n "s/^PORTOLAN_API_KEY='"'"'\{0,1\}\([^'"'"']*\).*/\1/p" "$VAR/rival.env")
	call GET "/api/v1/search?q=automobile" "Authorization: Bearer $rival" && status 200 && json ".items | length" 0 && json .meaning off
'
check 'clients of OpenAI ask for vectors: numbers and base64 are the same, in order, and counted' '
	echo "{\"model\":\"vectors\",\"input\":[\"car\",\"bread\"]}" | api POST /v1/embeddings && status 200 && json .object list &&
	json "[.data[].index] | join(\",\")" 0,1 && json ".data[0].embedding | length" 256 && json .model vectors && json .usage.prompt_tokens 3 &&
	jq -c ".data[].embedding" "$WORK/reply.body" >"$WORK/numbers" &&
	echo "{\"model\":\"vectors\",\"input\":[\"car\",\"bread\"],\"encoding_format\":\"base64\"}" | api POST /v1/embeddings && status 200 &&
	python3 -c "
import base64, json, struct, sys
a = [json.loads(line) for line in open(sys.argv[1])]
b = [struct.unpack(\"<256f\", base64.b64decode(d[\"embedding\"])) for d in json.load(open(sys.argv[2]))[\"data\"]]
sys.exit(any(list(x) != list(y) for x, y in zip(a, b)) or len(b) != 2)" "$WORK/numbers" "$WORK/reply.body" &&
	echo "{\"model\":\"vectors\",\"input\":\"car\",\"dimensions\":16}" | api POST /v1/embeddings && json ".data[0].embedding | length" 16
'
check 'what it cannot embed is refused in OpenAI'"'"'s form' '
	echo "{\"model\":\"vectors\",\"input\":[[1,2]]}" | api POST /v1/embeddings && status 400 && json .error.param input/0 &&
	echo "{\"model\":\"vectors\",\"input\":[]}" | api POST /v1/embeddings && status 400 &&
	echo "{\"model\":\"vectors\",\"input\":\"\"}" | api POST /v1/embeddings && status 400 &&
	echo "{\"model\":\"nobody\",\"input\":\"x\"}" | api POST /v1/embeddings && status 422 && json ".error.code" no-model
'
exec 7>&-
gone() { ! curl -s -o "$WORK/gone" "http://$FAKE/health"; }
check 'when the provider is away, words are looked for, and the answer says so' '
	within 10 gone && seek park_car && json ".items[0].path" lot/park.c && json .meaning unavailable && json ".meaning_problem | length > 0" true &&
	portolan search park_car 2>&1 | grep -q "By words alone"
'
empty() { [ "$(sql "SELECT count(*) FROM app.search_vector")" = 0 ]; }
check 'vectors go with their project' '
	api GET "/api/v1/projects/$id" && tag=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^[Ee][Tt]ag: //p") &&
	api DELETE "/api/v1/projects/$id" "If-Match: $tag" && status 204 && within 20 empty
'
done_testing
