#!/bin/sh
# A5 (another tenant's id is an unknown id), A6 (the wall holds in every operation); T12, T14.
test_description='The wall: every operation of the document, two tenants, each other'\''s ids'
. "${0%/*}/lib.sh"

tiny_repo "$WORK/canary-repo"
tiny_repo "$WORK/repo"
stack_up "$WORK"
ORIGIN=http://127.0.0.1:$PORT
project='' conversation='' run=''
LONG='a long and quiet evening'

portolan() { step_down "$BIN/portolan" "$@"; }
# credentials FILE EMAIL KEY
credentials() { jq -n '{ email: $ARGS.positional[0], password: $ARGS.positional[1], key: $ARGS.positional[2] }' --args "$2" "$LONG" "$3" >"$1"; }
crawl() { python3 "$ROOT/tests/e2e/crawl.py" "$ORIGIN" "$WORK/mine.json" "$WORK/theirs.json" "$1"; }

# Two tenants alike, and in one of them every name says that it is that one's.
portolan setup --tenant canary --key-file "$VAR/canary.env" --url "$ORIGIN" >/dev/null 2>&1
THEIR_KEY=$(sed -n "s/^PORTOLAN_API_KEY='\{0,1\}\([^']*\).*/\1/p" "$VAR/canary.env")
echo "$LONG" | portolan user create me@example.org --tenant default --role owner --password-stdin >/dev/null
echo "$LONG" | portolan user create canary@example.org --name canary --tenant canary --role owner --password-stdin >/dev/null
credentials "$WORK/mine.json" me@example.org "$PORTOLAN_API_KEY"
credentials "$WORK/theirs.json" canary@example.org "$THEIR_KEY"

# furnish KEY NAME REPOSITORY: one thing of each kind, and a project that is mapped.
furnish() {
	PORTOLAN_API_KEY=$1
	printf '{"name":"%s","repository_url":"%s"}' "$2" "$3" | api POST /api/v1/projects && status 201 && keep project .id &&
		printf '{"name":"%s","kind":"git_https","origin":"https://%s.test","username":"x","value":"%s-value"}' "$2" "$2" "$2" |
		api POST /api/v1/secrets && status 201 &&
		printf '{"name":"%s","role":"viewer"}' "$2" | api POST /api/v1/api-keys && status 201 &&
		printf '{"data":"%s"}' "$2" | api PUT "/api/v1/state/key-of-$project" 'If-None-Match: *' && status 201 &&
		park "$2" && models "$2" &&
		printf '{"email":"guest-%s@example.org","role":"viewer"}' "$2" | api POST /api/v1/members && status 201 &&
		printf '{"name":"%s","cron":"@yearly","job_type":"repository_processing","project_id":%s}' "$2" "$project" |
		api POST /api/v1/schedules && status 201 &&
		within 30 mapped && document "$2" && conversation "$2"
}
# document NAME: one of the tenant's own.
document() { printf '{"name":"%s.md","text":"# %s"}' "$1" "$1" | api POST /api/v1/documents && status 201; }
# conversation NAME: with a question, and its answer.
conversation() {
	printf '{"title":"%s","project_id":%s}' "$1" "$project" | api POST /api/v1/conversations && status 201 && keep conversation .id &&
		printf '{"content":"%s?"}' "$1" | api POST "/api/v1/conversations/$conversation/messages" && keep run .id && within 40 answered
}
answered() { api GET "/api/v1/runs/$run" && json .status completed; }
# models NAME: a provider, a model, a budget.  Their own names may show: those who ask for them say them.
models() {
	printf '{"kind":"compatible","base_url":"https://%s.test/v1"}' "$1" |
		api PUT "/api/v1/ai/providers/of-$project" 'If-None-Match: *' && status 201 &&
		printf '{"provider":"of-%s","kind":"chat","remote_name":"%s"}' "$project" "$1" |
		api PUT "/api/v1/ai/models/of-$project" 'If-None-Match: *' && status 201 &&
		printf '{"period":"day","limit_tokens":9}' | api PUT "/api/v1/ai/budgets/key:$project" 'If-None-Match: *' && status 201
}
# park NAME: an event of the project's tenant that a subscription could not take.
park() {
	sql "INSERT INTO app.event_delivery (tenant_id, subscription_id, position, project_id, kind, version, payload, actor, created_at, state)
		SELECT p.tenant_id, s.id, -p.id, p.id, 'test.told', 1, '\"$1\"', '$1', now(), 'parked' FROM app.project p, app.event_subscription s
		WHERE p.id = $project AND s.name = 'activity'"
}
mapped() { api GET "/api/v1/projects/$project/map" && status 200; }
failed_job() { PORTOLAN_API_KEY=$1; printf '{"name":"%s-broken","repository_url":"%s/canary-nowhere"}' "$2" "$WORK" | api POST /api/v1/projects; }

check 'both have things of every kind' '
	(furnish "$PORTOLAN_API_KEY" me "$WORK/repo") && (furnish "$THEIR_KEY" canary "$WORK/canary-repo") && (failed_job "$THEIR_KEY" canary) && crawl state
'
check 'another tenant'\''s id is an unknown id: same status, same words, in every operation' '
	crawl ids >"$WORK/ids" || { cat "$WORK/ids"; false; }
'
sed -n '/^#/p' "$WORK/ids"
check 'no answer and no list holds anything of the other tenant' 'crawl lists'
check 'what is the other tenant'\''s is as it was' 'crawl intact'
crawl time
check 'the crawl has eyes: its own ids are no unknown ones' '
	cp "$WORK/mine.json" "$WORK/theirs.json" && ! crawl ids >"$WORK/ids" && grep -q "getProject (session): 200 where 404" "$WORK/ids" &&
	grep -q "deleteProject (session): 204 where 404" "$WORK/ids"
'
done_testing
