#!/bin/bash
# Every reader of outside bytes fuzzed by itself, for long:  RUNS=10000000 tests/fuzz/long.sh [NAME...]
#
# One row per lexer, per manifest reader and per other reader: how often it ran, at what speed, and what was
# found.  Built with ASan and UBSan (make VARIANT=fuzz fuzz-build).  The inputs that lead somewhere stay in
# build/fuzz/long/<name> and are where the next run begins; what was found is in build/fuzz/long/<name>-*.
# NAME (facts-Rust, manifest-cargo, doc, json) restricts it.  Exit status 1 when anything was found.
set -u
cd "$(dirname "$0")/../.." || exit 1
RUNS=${RUNS:-10000000}
JOBS=${JOBS:-$(nproc)}
BIN=build/fuzz/bin
OUT=build/fuzz/long
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1} RUNS BIN OUT

# "name target only" of everything that reads: first what a repository holds.
rows() {
	local program target
	FUZZ_ONLY=list "$BIN/fuzz_facts" | while read -r one; do echo "facts-$one facts $one"; done
	FUZZ_ONLY=list "$BIN/fuzz_manifest" | while read -r one; do echo "manifest-$one manifest $one"; done
	for program in "$BIN"/fuzz_*; do
		target=${program#"$BIN"/fuzz_}
		case $target in facts | manifest) ;; *) echo "$target $target" ;; esac
	done
}

one() {
	local name=$1 target=$2 log=$OUT/$1.log status=0
	mkdir -p "$OUT/$name"
	# A name that is empty would be taken for one.
	[ -z "${3:-}" ] || export FUZZ_ONLY=$3
	"$BIN/fuzz_$target" -runs="$RUNS" -timeout=60 -rss_limit_mb=1024 -max_len=4096 -print_final_stats=1 -verbosity=0 \
		-artifact_prefix="$OUT/$name-" "$OUT/$name" "tests/fuzz/corpus/$target" >"$log" 2>&1 || status=$?
	printf '%-28s %12s runs %8s/s  %s\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
		"$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")" "$([ $status = 0 ] && echo 'nothing found' || echo "FOUND: see $log")"
	return $status
}
export -f one

mkdir -p "$OUT"
rows | while read -r name rest; do
	[ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
	echo "$name $rest"
done | xargs -P "$JOBS" -L 1 bash -c 'one "$@"' one
