#!/bin/sh
# G1-G7, G10, P1, P4; R2, R5, R6.
test_description='Models: providers are set, models probed, asked, paid for and listed'
. "${0%/*}/lib.sh"

KEY=canary-key-of-the-provider
mkfifo "$WORK/in"
python3 "$ROOT/tests/fakes/models.py" <"$WORK/in" >"$WORK/port" 2>"$WORK/fake" &
exec 7>"$WORK/in"
within 30 test -s "$WORK/port"
FAKE=127.0.0.1:$(cat "$WORK/port")
printf 'model_hosts = %s, 127.0.0.1:1\nmodel_retries = 1\nmodel_breaker_s = 2\n' "$FAKE" >>"$VAR/portolan.conf"
stack_up
secret='' job='' version='' csrf='' borrower=''

# put PATH BODY [MATCH]: make what is not there, or with MATCH change it.
put() { printf '%s' "$2" | api PUT "/api/v1/ai/$1" "${3:-If-None-Match: *}"; }
provider() { put "providers/$1" "{\"kind\":\"$2\",\"base_url\":\"http://$FAKE$3\",\"secret_id\":${4:-$secret}}" && status 201; }
model() { put "models/$1" "{\"provider\":\"$1\",\"kind\":\"chat\",\"remote_name\":\"fake-1\",\"price_input\":1000000,\"price_output\":2000000$2}" && status 201; }
done_job() { api GET "/api/v1/jobs/$job" && status 200 && json .status "${1:-completed}"; }
# ask MODEL SCRIPT [MEMBERS]: a call whose message is the script of the fake; waits for its end.
ask() {
	jq -n --arg text "fake:$2" "{model: \"$1\", messages: [{role: \"user\", content: \$text}]${3:-}}" >"$WORK/body"
	api POST /api/v1/ai/calls <"$WORK/body" && status 202 && keep job .job_id && within 30 done_job "${4:-completed}"
}
portolan() { PORTOLAN_API_KEY=$PORTOLAN_API_KEY PORTOLAN_URL="http://127.0.0.1:$PORT" "$BIN/portolan" "$@"; }
charged() { curl -s "http://$FAKE/journal" | jq -r "$1"; }

check 'without a model the list is empty, and a call says what is missing' '
	api GET /api/ai/models && status 200 && json ".items | length" 0 &&
	echo "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}" | api POST /api/v1/ai/calls && status 422 &&
	json .type /docs/problems#no-model
'
check 'an address that the operator has not named is refused' '
	put providers/inside "{\"kind\":\"compatible\",\"base_url\":\"http://127.0.0.1:2/v1\"}" && status 422 &&
	json .type /docs/problems#url-refused && body_has model_hosts &&
	put providers/meta "{\"kind\":\"compatible\",\"base_url\":\"https://169.254.169.254/v1\"}" && status 422
'
check 'providers of four kinds and their models are set; keys are secrets' '
	printf "{\"name\":\"p\",\"kind\":\"provider_key\",\"value\":\"$KEY\"}" | api POST /api/v1/secrets && status 201 &&
	keep secret .id && provider openai openai /v1 && provider azure azure "" && provider anthropic anthropic "" &&
	provider local compatible /local/v1 null &&
	model openai ",\"preferred\":true,\"fallback\":\"anthropic\"" && model azure "" && model anthropic "" && model local "" &&
	put models/vectors "{\"provider\":\"openai\",\"kind\":\"embedding\",\"remote_name\":\"fake-embed\"}" && status 201 &&
	api GET /api/v1/ai/models && json ".items | length" 5 && json ".items[] | select(.name == \"local\") | .tools" null &&
	api GET /api/v1/ai/providers && ! body_has "$KEY" >/dev/null
'
check 'a stale change is refused' '
	put models/local "{\"provider\":\"local\",\"kind\":\"chat\",\"remote_name\":\"x\"}" "If-Match: \"7\"" && status 412
'
check 'a secret that a provider uses is not deleted' '
	api GET "/api/v1/secrets/$secret" && keep version .version &&
	api DELETE "/api/v1/secrets/$secret" "If-Match: \"$version\"" && status 409 && body_has "openai"
'
check 'a probe finds out what a model can do, and says so' '
	api POST /api/v1/ai/models/local/probe </dev/null && status 202 && keep job .job_id && within 30 done_job &&
	api GET /api/v1/ai/models/local && json .context_tokens 32768 && json .tools no && json .stream_usage yes &&
	json ".found | join(\" \")" "context_tokens tools stream_usage" && json .probed_at &&
	api POST /api/v1/ai/models/vectors/probe </dev/null && keep job .job_id && within 30 done_job &&
	api GET /api/v1/ai/models/vectors && json .dimensions 8
'
for name in openai azure anthropic local; do
	check "a call of $name is answered, split at every byte, and costs what the provider says" '
		ask "$name" "{\"key\":\"$name\",\"steps\":[{\"text\":\"Grüße\",\"split\":1,\"input\":100}]}" &&
		json .result.text Grüße && json .result.finish stop && json .result.usage.input_tokens 100 &&
		json .result.usage.cost_micro 106 && json .result.usage.estimated false
	'
done
check 'a provider that is away is gone around, and left alone after five failures' '
	put providers/gone "{\"kind\":\"compatible\",\"base_url\":\"http://127.0.0.1:1/v1\"}" && status 201 &&
	put models/gone "{\"provider\":\"gone\",\"kind\":\"chat\",\"remote_name\":\"x\",\"fallback\":\"openai\"}" && status 201 &&
	for n in 1 2 3; do ask gone "{\"key\":\"g$n\",\"steps\":[{}]}" && json .result.model openai || return 1; done &&
	api GET /api/v1/ai/providers/gone && json .failures 5 &&
	[ "$(sql "SELECT count(*) FROM app.llm_call WHERE model = '"'gone'"'")" = 5 ]
'
check 'what was asked a moment ago costs nothing where the cache may answer' '
	ask openai "{\"key\":\"c\",\"steps\":[{\"text\":\"once\"},{\"text\":\"twice\"}]}" ", cache: true" && json .result.cached false &&
	ask openai "{\"key\":\"c\",\"steps\":[{\"text\":\"once\"},{\"text\":\"twice\"}]}" ", cache: true" && json .result.cached true &&
	json .result.text once && json .result.usage.cost_micro 0
'
check 'a budget that is used up refuses, naming itself, and says until when' '
	put budgets/tenant "{\"period\":\"day\",\"limit_tokens\":10}" && status 201 &&
	ask openai "{\"key\":\"b\",\"steps\":[{}]}" "" failed && json .error_type budget-exhausted && body_has "budget of tenant" &&
	api DELETE /api/v1/ai/budgets/tenant "If-Match: *" && status 204
'
check 'the ledger agrees with what the providers charged' '
	api GET "/api/v1/ai/usage?by=provider" && status 200 &&
	json "[.items[].input_tokens] | add" "$(charged .input)" && json "[.items[].output_tokens] | add" "$(charged .output)" &&
	api GET "/api/v1/ai/calls?status=cached" && json ".items | length" 1 &&
	api GET "/api/v1/ai/calls?model=local&limit=1" && json ".items[0].status" done && json ".items[0].remote_id" && json ".items[0].key_id"
'
check 'who may not administer sees models, and neither costs nor changes' '
	echo "{\"name\":\"viewer\",\"role\":\"viewer\"}" | api POST /api/v1/api-keys && keep viewer .key &&
	call GET /api/v1/ai/models "Authorization: Bearer $viewer" && status 200 &&
	call GET /api/v1/ai/calls "Authorization: Bearer $viewer" && status 403 &&
	echo "{}" | call PUT /api/v1/ai/models/x "Authorization: Bearer $viewer" "If-None-Match: *" && status 403
'
check 'the command line lists models and asks them, with and without tools' '
	portolan config list-models | grep -q "openai \*" &&
	[ "$(portolan llm call openai "fake:{\"key\":\"cli\",\"steps\":[{\"text\":\"From the line.\"}]}" 2>/dev/null)" = "From the line." ] &&
	echo "[{\"name\":\"look\",\"description\":\"Looks\",\"parameters\":{\"type\":\"object\"}}]" >"$WORK/tools" &&
	portolan llm call-with-tools anthropic "fake:{\"steps\":[{\"tools\":[{\"name\":\"look\",\"arguments\":\"{}\"}]}]}" \
		--tools "$WORK/tools" --json 2>/dev/null | jq -e ".tool_calls[0].name == \"look\" and .finish == \"tool_calls\""
'
operator() { (cd "$VAR" && step_down "$BIN/portolan" "$@" --config "$CONF"); }
check 'what the operator has one tenant lend is asked by all, who pay for it themselves and change nothing of it' '
	owner=$(sed -n "s/^E-mail *//p" "$VAR/owner.txt") && password=$(sed -n "s/^Password *//p" "$VAR/owner.txt") &&
	operator tenant create Borrower --owner "$owner" --json >"$WORK/tenant" && tenant=$(jq .id "$WORK/tenant") &&
	jq -n "{email: \"$owner\", password: \"$password\"}" | call POST /api/v1/auth/login && status 200 && keep csrf .csrf_token &&
	cookie=$(tr -d "\r" <"$WORK/reply.headers" | sed -n "s/^Set-Cookie: \([^;]*\).*/\1/Ip") &&
	echo "{\"name\":\"borrower\",\"role\":\"owner\"}" | call POST /api/v1/api-keys "Cookie: $cookie" "X-CSRF-Token: $csrf" \
		"Origin: http://127.0.0.1:$PORT" "X-Portolan-Tenant: $tenant" && status 201 && keep borrower .key &&
	PORTOLAN_API_KEY=$borrower && api GET /api/v1/ai/models && json ".items | length" 0 &&
	operator tenant models default --lend yes | grep -q "to all tenants" && ! operator tenant models Borrower --lend yes &&
	api GET /api/v1/ai/models/openai && json .owner installation && json .preferred true &&
	api GET /api/v1/ai/providers/openai && json .owner installation && json .secret_id null &&
	api GET "/api/v1/secrets/$secret" && status 404 && api DELETE /api/v1/ai/providers/openai "If-Match: *" && status 404 &&
	ask openai "{\"key\":\"lent\",\"steps\":[{\"text\":\"Lent.\",\"input\":100}]}" && json .result.text Lent. &&
	portolan config list-models | grep -q "installation" &&
	api GET "/api/v1/ai/usage?by=model" && json ".items[0].cost_micro" 104 &&
	operator tenant models Borrower --borrow no && api GET /api/v1/ai/models && json ".items | length" 0
'
exec 7>&-
done_testing
