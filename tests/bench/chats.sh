#!/bin/bash
# A hundred chats at once: answers that stream from a model at the pace of people's models, while the list of projects
# is asked for at a fixed rate.  Is the list as quick as without them, and is every answer whole?
#
#   BENCH_CHATS=100   at a time      BENCH_SECONDS=12  of the list's load    BENCH_ROUNDS=3   of each
#   BENCH_RATE=200    requests a second for the list
#
# Chats, their provider and what asks for the list run beside the service, on the same processors.
set -eu
ROOT=$(cd "${0%/*}/../.." && pwd -P)
. "$ROOT/deploy/env.sh"
. "$ROOT/tests/bench/common.sh"
WORK=$(mktemp -d /tmp/portolan-bench.XXXXXX)
chmod 755 "$WORK"
VAR=$WORK/var
export VAR VARIANT=${VARIANT:-release}
CHATS=${BENCH_CHATS:-100}
SECONDS_EACH=${BENCH_SECONDS:-12}
ROUNDS=${BENCH_ROUNDS:-3}
RATE=${BENCH_RATE:-200}
PACE=50 # ms between two pieces of a dozen characters: about sixty tokens a second
fake=

leave() {
	code=$?
	trap '' EXIT INT TERM
	exec 9>&-
	PORT=$PORT sh "$ROOT/deploy/stack.sh" down >/dev/null 2>&1 || :
	rm -rf "$WORK"
	exit "$code"
}
trap leave EXIT
trap 'exit 130' INT TERM

api() { curl -sf -m 40 -X "$1" -H "Authorization: Bearer $PORTOLAN_API_KEY" -H 'Content-Type: application/json' "${@:3}" "$PORTOLAN_URL$2"; }

start() {
	mkfifo "$WORK/quit"
	python3 "$ROOT/tests/fakes/models.py" <"$WORK/quit" >"$WORK/port" 2>/dev/null &
	exec 9>"$WORK/quit"
	for _ in $(seq 100); do [ -s "$WORK/port" ] && break; sleep 0.05; done
	fake=127.0.0.1:$(cat "$WORK/port")
	PORT=$(free_port)
	export PORT
	mkdir -p "$VAR"
	printf '%s\n' 'rate_key_per_minute = 1000000000' 'tenant_requests_per_minute = 1000000000' 'rate_address_per_minute = 0' \
		'live_streams_per_credential = 2000' 'answer_cache_s = 0' "model_hosts = $fake" >"$VAR/portolan.conf"
	mkdir -p "$WORK/repo" && (cd "$WORK/repo" && git init -q -b main && for n in $(seq 50); do
		echo "int where_$n(int it) { return it + $n; }" >"file$n.c"
	done && git add . && git -c user.name=bench -c user.email=bench@test commit -qm one)
	chmod -R a+rX "$WORK/repo"
	PORT=$PORT sh "$ROOT/deploy/stack.sh" up "$WORK/repo" >/dev/null
	load_settings
	. "$VAR/dev.env"
	export PORTOLAN_URL PORTOLAN_API_KEY
	api PUT /api/v1/ai/providers/fake -H 'If-None-Match: *' -d "{\"kind\":\"compatible\",\"base_url\":\"http://$fake/local/v1\"}" >/dev/null
	api PUT /api/v1/ai/models/fake -H 'If-None-Match: *' -d '{"provider":"fake","kind":"chat","remote_name":"fake-1","preferred":true}' >/dev/null
	"$BIN/portolan" map "$WORK/repo" --name bench >/dev/null
	project=$(api GET '/api/v1/projects?q=bench' | jq '.items[0].id')
}

# p99 of the list in ms, at RATE requests a second, by h2load's own log of every request.
list_p99() {
	rm -f "$WORK/h2load.log"
	h2load --h1 -t1 -c2 --rps="$((RATE / 2))" -D "$SECONDS_EACH" --log-file="$WORK/h2load.log" \
		-H "Authorization: Bearer $PORTOLAN_API_KEY" "$PORTOLAN_URL/api/v1/projects?limit=20" >/dev/null 2>&1
	awk '$2 == 200 { print $3 } $2 != 200 { bad = 1 } END { if (bad) print 999999999 }' "$WORK/h2load.log" | sort -n |
		awk '{ v[NR] = $1 } END { printf "%.3f\n", v[int(NR * 0.99)] / 1000 }'
}

runner_kib() { awk '/^Rss:/ { print $2 }' "/proc/$(cat "$VAR/service/runner/supervise/pid")/smaps_rollup"; }

# One round: chats for as long as the list is asked for, and some more, so that all of them stream meanwhile.
with_chats() {
	python3 "$ROOT/tests/bench/chats_ask.py" "$PORTOLAN_URL" "$PORTOLAN_API_KEY" "project/$project" "$CHATS" \
		$(((SECONDS_EACH + 6) * 1000 / PACE)) "$PACE" >"$WORK/chats" 2>"$WORK/said" &
	local chats=$!
	sleep 4
	list_p99 >"$WORK/p99"
	runner_kib >"$WORK/rss"
	wait "$chats" || :
	cat "$WORK/said" >&2
}

start
before=$(runner_kib)
alone='' beside='' first='' gap='' whole=$CHATS at_once=$CHATS
for _ in $(seq "$ROUNDS"); do
	alone="$alone $(list_p99)"
	with_chats
	beside="$beside $(cat "$WORK/p99")"
	read -r good most first50 first99 gap50 gap99 _ <"$WORK/chats"
	first="$first $first99"
	gap="$gap $gap99"
	[ "$good" -ge "$whole" ] || whole=$good
	[ "$most" -ge "$at_once" ] || at_once=$most
done
alone=$(median "$alone")
beside=$(median "$beside")
echo "$(nproc) cores, $CHATS chats at $((1000 / PACE)) pieces a second each, medians of $ROUNDS rounds"
row "" "with chats" "without" "ratio" "aim"
row "p99 of the list at $RATE requests/s" "$beside ms" "$alone ms" "$(awk -v a="$beside" -v b="$alone" 'BEGIN { printf "%.2f x", a / b }')" "< 2 x"
row "answers that are whole and as they were sent" "$whole" "" "" "$CHATS"
row "of them streaming at the same time" "$at_once" "" "" "$CHATS"
row "time to the first token, p50 / p99" "$first50 ms" "$(median "$first") ms" "" ""
row "longest silence in an answer, p50 / p99" "$gap50 ms" "$(median "$gap") ms" "" ""
row "RSS of the runner" "$(cat "$WORK/rss") KiB" "$before KiB" "" ""
