#!/bin/bash
# The search's part of make bench: how soon a question is answered over a million passages, and how good the
# answers are, beside PostgreSQL's own ts_rank on the same passages.
#
#   BENCH_CHUNKS=1000000   passages of the first part; 0: leave it out
#   BENCH_VECTORS=40000    vectors of the second, which compares the index with all of them; 0: leave it out
#   REPOS="PATH..."        repositories that tasks are made of, bare or not; without one, this checkout
#
# doc2func: a comment is taken out of the tree and asked for, its function is to be found.  commit2file:
# the subject of a commit that the index does not know is asked for, the files it changed are to be found.
set -eu
ROOT=$(cd "${0%/*}/../.." && pwd -P)
export VARIANT="${VARIANT:-release}"
. "$ROOT/deploy/env.sh"
. "$ROOT/tests/bench/common.sh"
[ "${BENCH_CHUNKS:-1000000}" -eq 0 ] || in_database retrieval_tool
[ "${BENCH_VECTORS:-40000}" -eq 0 ] || in_database vector_tool

WORK=$(mktemp -d /tmp/portolan-bench.XXXXXX)
chmod 755 "$WORK"
VAR=$WORK/var
export VAR
trap 'PORT=$PORT sh "$ROOT/deploy/stack.sh" down >/dev/null 2>&1 || :; rm -rf "$WORK"' EXIT
trap 'exit 130' INT TERM
PORT=$(free_port)
export PORT

waiting() {
	psql_super -c "SELECT count(*) FROM app.project p WHERE NOT EXISTS (SELECT FROM app.search_state s
		WHERE s.project_id = p.id AND s.complete AND s.commit = p.head_commit)"
}

# What tasks can be made of stands in $WORK/tasks/<kind>-<repository>: repo, tasks.jsonl.
mkdir -p "$WORK/tasks" "$VAR"
for repo in ${REPOS:-$ROOT}; do
	git_dir=$(cd "$repo" && cd "$(git -c safe.directory='*' rev-parse --git-common-dir)" && pwd -P)
	name=$(basename "$(dirname "$git_dir")")
	for kind in doc2func commit2file; do
		"$ROOT/tests/bench/retrieval_tasks.py" "$kind" "$git_dir" "$WORK/tasks/$kind-$name" || rm -rf "$WORK/tasks/$kind-$name"
	done
done
chmod -R a+rX "$WORK/tasks"
printf '%s\n' 'rate_key_per_minute = 1000000000' 'tenant_requests_per_minute = 1000000000' >"$VAR/portolan.conf"
sh "$ROOT/deploy/stack.sh" up "$WORK/tasks" >/dev/null
load_settings
. "$VAR/dev.env"
export PORTOLAN_URL PORTOLAN_API_KEY
doc2func="" commit2file=""
for folder in "$WORK"/tasks/*; do
	[ -s "$folder/tasks.jsonl" ] || continue
	name=$(basename "$folder" | tr -c 'A-Za-z0-9\n' '-')
	"$BIN/portolan" map "$folder/repo" --name "$name" >/dev/null 2>"$WORK/map.err" || { cat "$WORK/map.err"; exit 1; }
	case $name in
	doc2func-*) doc2func="$doc2func $name=$folder/tasks.jsonl" ;;
	*) commit2file="$commit2file $name=$folder/tasks.jsonl" ;;
	esac
done
until [ "$(waiting)" = 0 ]; do sleep 1; done
psql=$(declare -p PGBIN STACK_USER 2>/dev/null; declare -f step_down; echo "step_down '$PGBIN/psql' -X -q -A -t -h '$VAR/run' -U postgres -d portolan")
printf '%-28s %s\n' "" "MRR@10 nDCG@10 recall@1 @5 @10 @20 queries"
for kind in doc2func commit2file; do
	[ -n "${!kind}" ] || continue
	# shellcheck disable=SC2086 # several arguments are meant
	printf '%-28s %s\n' "$kind, search" "$("$ROOT/tests/bench/retrieval_ask.py" "$kind" "$PORTOLAN_URL" "$PORTOLAN_API_KEY" ${!kind})"
	# shellcheck disable=SC2086
	printf '%-28s %s\n' "$kind, ts_rank" "$("$ROOT/tests/bench/retrieval_ask.py" "$kind" ts_rank "$psql" ${!kind})"
done
