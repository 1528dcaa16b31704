#!/bin/bash
# Every reader of outside bytes fuzzed by itself, for long:  RUNS=10000000 tests/fuzz/long.sh [NAME...]
#
# One row per lexer, per manifest reader and per other reader: how often it ran, at what speed, and what was
# found.  Built with ASan and UBSan (make VARIANT=fuzz fuzz-build).  It may be stopped at any time (SIGTERM to
# its group, or Ctrl-C) and goes on from there: how often a reader ran so far stands in
# build/fuzz/long/<name>.runs, which goes to begin anew; the inputs that lead somewhere are kept in the folder
# build/fuzz/long/<name>; what was found is in build/fuzz/long/<name>-*.
#
#   RUNS=10000000   executions of each reader, counted over all the times that this ran
#   JOBS=N          readers at once; all cores unless told
#   TURN=600        seconds that one process takes: then the next one reads what the last one kept
#
# Nine tenths of the inputs are short, so that there are many; the rest may be eight times as long.  NAME (facts-Rust,
# manifest-cargo, doc, json) restricts it.  The exit status is 0 when nothing was found.
set -u
cd "$(dirname "$0")/../.." || exit 1
RUNS=${RUNS:-10000000}
JOBS=${JOBS:-$(nproc)}
TURN=${TURN:-600}
SHORT=512
LONG=4096
BIN=build/fuzz/bin
OUT=build/fuzz/long
STOPPED=72 # libFuzzer's exit status then
export RUNS TURN SHORT LONG BIN OUT STOPPED

# "name target only" of everything that reads: first what a repository holds.  Without "only", a target's first byte chooses.
rows() {
	local program target
	FUZZ_ONLY=list "$BIN/fuzz_facts" | while read -r one; do echo "facts-$one facts $one"; done
	echo 'facts facts'
	FUZZ_ONLY=list "$BIN/fuzz_manifest" | while read -r one; do echo "manifest-$one manifest $one"; done
	echo 'manifest manifest'
	for program in "$BIN"/fuzz_*; do
		target=${program#"$BIN"/fuzz_}
		case $target in facts | manifest) ;; *) echo "$target $target" ;; esac
	done
}

stat_of() { [ ! -f "$1" ] || sed -n "s/^stat::$2: *//p" "$1"; }

# turn NAME TARGET RUNS MAX: one process; its status, and what it did is added to the reader's count
turn() {
	local name=$1 target=$2 log=$OUT/$1.log status=0 did
	"$BIN/fuzz_$target" -runs="$3" -max_len="$4" -max_total_time="$TURN" -timeout=60 -rss_limit_mb=1024 \
		-reload=0 -print_final_stats=1 -verbosity=0 -artifact_prefix="$OUT/$name-" \
		"$OUT/$name" "tests/fuzz/corpus/$target" >"$log" 2>&1 || status=$?
	did=$(stat_of "$log" number_of_executed_units)
	ran=$((ran + ${did:-0}))
	echo "$ran" >"$OUT/$name.runs"
	return $status
}

one() {
	local name=$1 target=$2 ran=0 status=0 short=$((RUNS * 9 / 10)) max before took
	trap : INT TERM # the reader ends, then what it did is counted
	mkdir -p "$OUT/$name"
	[ ! -s "$OUT/$name.runs" ] || read -r ran <"$OUT/$name.runs"
	# A name that is empty would be taken for one.
	[ -z "${3:-}" ] || export FUZZ_ONLY=$3
	before=$ran took=$EPOCHSECONDS
	while [ "$ran" -lt "$RUNS" ] && [ $status = 0 ]; do
		max=$LONG
		[ "$ran" -ge $short ] || max=$SHORT
		turn "$name" "$target" $((max == SHORT ? short - ran : RUNS - ran)) $max || status=$?
	done
	took=$((EPOCHSECONDS - took))
	printf '%-28s %12s runs %8s/s  %s\n' "$name" "$ran" $(((ran - before) / (took > 0 ? took : 1))) \
		"$(case $status in 0) echo 'nothing found' ;; "$STOPPED") echo 'stopped; nothing found' ;; *) echo "FOUND: see $OUT/$name.log" ;; esac)"
	# 255 tells xargs to begin no other.
	[ $status != "$STOPPED" ] || status=255
	return $status
}
export -f one turn stat_of

mkdir -p "$OUT"
rows | while read -r name rest; do
	[ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
	echo "$name $rest"
done | xargs -P "$JOBS" -L 1 bash -c 'one "$@"' one
