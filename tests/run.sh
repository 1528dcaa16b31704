#!/bin/bash
# Run tests and count:  tests/run.sh PART...   where PART is VARIANT:KIND
#
#   VARIANT  release, debug, san, cov (built before by `make tests-build VARIANT=`)
#   KIND     unit  programs of tests/unit, two at a time
#            db    programs of tests/db, DB_AT_ONCE at a time, each such row of them on one throw-away PostgreSQL
#            e2e   stories of tests/e2e, each with a stack of its own, STORIES_AT_ONCE at a time
#            fuzz  each fuzz target over its corpus and then briefly on, as many at a time as there are processors
#
# Every program speaks TAP; what it said is kept in build/<variant>/tap/.  One that
# crashes, exits non-zero or runs fewer tests than it planned counts as a failure.  What failed is
# heard again by itself, after all others of its kind, and the summary names it.
# The last line is `N passed, N failed`; exit status 1 when anything failed.
set -u
cd "$(dirname "$0")/.." || exit 1
SELF=tests/run.sh
STORIES_AT_ONCE=${STORIES_AT_ONCE:-$(($(nproc) + 1))}
DB_AT_ONCE=${DB_AT_ONCE:-$(nproc)}
FUZZ_SECONDS=${FUZZ_SECONDS:-10}
FUZZ_RUNS=${FUZZ_RUNS:-20000}
FUZZ_SEED=${FUZZ_SEED:-0} # 0: another one each time
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

passed=0
failed=0
broken=()
again=()
skipped=()

# run_tap NAME SECONDS COMMAND...: run, keep the output, count later.
run_tap() {
	local out=$TAP/$1.tap from=$SECONDS
	mkdir -p "$(dirname "$out")"
	CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 10 "$2" "${@:3}" >"$out" 2>&1 </dev/null
	echo "exit $? after $((SECONDS - from)) s" >>"$out"
}

# judge NAME: what its output says, in ok, bad, left (skipped), plan, code and took (seconds).
judge() {
	local out=$TAP/$1.tap
	mkdir -p "$(dirname "$out")"
	[ -f "$out" ] || echo "it was not run" >"$out"
	ok=$(grep -cE '^ok [0-9]' "$out")
	left=$(grep -cE '^(not )?ok [0-9]+.* # SKIP' "$out") # cmocka says "not ok" of what it skipped
	ok=$((ok - $(grep -cE '^ok [0-9]+.* # SKIP' "$out")))
	bad=$(grep -E '^not ok [0-9]' "$out" | grep -cvE ' # SKIP')
	plan=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$out" | awk '{ n += $1 } END { print n + 0 }')
	read -r code took <<<"$(sed -n '$s/^exit \([0-9]*\) after \([0-9]*\) s$/\1 \2/p' "$out")"
	if [ "$bad" -eq 0 ] && { [ "$code" != 0 ] || [ $((ok + left)) -ne "$plan" ] || [ $((ok + left)) -eq 0 ]; }; then
		bad=1
	fi
}

count() {
	local name=$1 out=$TAP/$1.tap ok bad left plan code took
	judge "$name"
	passed=$((passed + ok))
	failed=$((failed + bad))
	[ "$left" -eq 0 ] || skipped+=("$VARIANT $name: $left")
	if [ "$bad" -gt 0 ]; then
		broken+=("$VARIANT $name")
		printf 'FAIL %-52s %s (exit %s)\n' "$VARIANT $name" "$ok passed, $bad failed of $plan" "$code"
		grep -vE '^ok [0-9]' "$out" | tail -n 60 | sed 's/^/     /'
	else
		printf 'ok   %-52s %4s %5s s\n' "$VARIANT $name" "$ok" "$took"
	fi
}

# The test programs of one kind, as built.
programs() { find "build/$VARIANT/tests/$1" -type f -name 'test_*' -perm -u+x ! -name '*.o' 2>/dev/null | sort; }
name_of() { local name=${1#build/*/tests/}; echo "${name%.sh}"; }

# What failed is heard again by itself: only then is it the product that failed, and not the company (of
# other tests, and of the lint that takes what they leave).  What it said the first time is printed all the same.
hear_again() {
	local ok bad left plan code took
	judge "$1"
	[ "$bad" -gt 0 ] || return 0
	again+=("$VARIANT $1")
	printf 'AGAIN %-51s %s (exit %s)\n' "$VARIANT $1" "$ok passed, $bad failed of $plan" "$code"
	grep -vE '^ok [0-9]' "$TAP/$1.tap" | tail -n 60 | sed 's/^/     /'
	run_tap "$@"
}

# at_once N: wait until fewer than N of those started are left.
at_once() {
	while [ "$(jobs -pr | wc -l)" -ge "$1" ]; do
		wait -n
	done
}

run_unit() {
	local program
	for program in $(programs unit); do
		at_once 2
		run_tap "$(name_of "$program")" 600 "$program" &
	done
	wait
	for program in $(programs unit); do
		hear_again "$(name_of "$program")" 600 "$program"
		count "$(name_of "$program")"
	done
}

# What is left in the list, one at a time; others take from it too.
run_db_row() {
	local program
	while program=$(flock "$1.lock" sed -n -i -e '1w /dev/stdout' -e '1!p' "$1") && [ -n "$program" ]; do
		run_tap "$(name_of "$program")" 600 "$program"
	done
}

run_db() {
	local program row list
	list=$(mktemp)
	programs db >"$list"
	if [ -n "${PORTOLAN_TEST_DB_URL:-}" ]; then
		run_db_row "$list"
	else
		for ((row = 0; row < DB_AT_ONCE; row++)); do
			tests/pg.sh "$SELF" --db-row "$list" &
		done
		wait
	fi
	rm -f "$list" "$list.lock"
	for program in $(programs db); do
		[ -n "${PORTOLAN_TEST_DB_URL:-}" ] ||
			hear_again "$(name_of "$program")" 600 tests/pg.sh "$program"
		count "$(name_of "$program")"
	done
}

# Several at a time, since stories mostly wait; those that measure or overload come by themselves after that
# (a line "# alone" in the story says so).
run_e2e() {
	local story
	for story in tests/e2e/t[0-9]*.sh; do
		! grep -q '^# alone' "$story" || continue
		at_once "$STORIES_AT_ONCE"
		run_tap "e2e/$(basename "$story" .sh)" 600 sh "$story" &
	done
	wait
	for story in tests/e2e/t[0-9]*.sh; do
		grep -q '^# alone' "$story" || continue
		run_tap "e2e/$(basename "$story" .sh)" 600 sh "$story"
	done
	for story in tests/e2e/t[0-9]*.sh; do
		hear_again "e2e/$(basename "$story" .sh)" 600 sh "$story"
		count "e2e/$(basename "$story" .sh)"
	done
}

run_fuzz() {
	local targets target name corpora
	corpora=$(mktemp -d)
	targets=$(find build/fuzz/bin -type f -name 'fuzz_*' -perm -u+x 2>/dev/null | sort)
	for target in $targets; do
		at_once "$(nproc)"
		name=${target##*/fuzz_}
		mkdir "$corpora/$name"
		run_tap "fuzz/$name" $((FUZZ_SECONDS * 6 + 60)) "$SELF" --fuzz-one "$target" "$name" "$corpora/$name" &
	done
	wait
	rm -rf "$corpora"
	for target in $targets; do
		count "fuzz/${target##*/fuzz_}"
	done
}

if [ "${1:-}" = --fuzz-one ]; then
	seeds=tests/fuzz/corpus/$3
	echo 1..2
	if [ -n "$(ls "$seeds" 2>/dev/null)" ] && "$2" -runs=0 "$seeds"; then
		echo "ok 1 - the kept corpus"
	else
		echo "not ok 1 - the kept corpus"
	fi
	if "$2" -seed="$FUZZ_SEED" -runs="$FUZZ_RUNS" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=1024 \
		-artifact_prefix="$TAP/fuzz-$3-" "$4" "$seeds"; then
		echo "ok 2 - and what it leads to"
	else
		echo "not ok 2 - and what it leads to"
	fi
	exit 0
fi

if [ "${1:-}" = --db-row ]; then
	run_db_row "$2"
	exit 0
fi

for part; do
	export VARIANT=${part%%:*}
	export TAP=build/$VARIANT/tap
	kind=${part#*:}
	rm -rf "${TAP:?}/$kind"
	"run_$kind"
done
if [ "${#broken[@]}" -gt 0 ]; then
	printf 'failed: %s\n' "${broken[@]}"
fi
if [ "${#again[@]}" -gt 0 ]; then
	printf 'heard again: %s\n' "${again[@]}"
fi
if [ "${#skipped[@]}" -gt 0 ]; then
	printf 'skipped: %s\n' "${skipped[@]}"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
