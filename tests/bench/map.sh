#!/bin/bash
# The analyser's part of make bench: a map without history, from nothing, from known facts, and of one changed
# commit, beside a depth-1 clone and, where they are installed, cloc and ctags, and beside codegraph, a code graph
# with symbols, which npm brings once by the lock file beside this script; and what the history costs on top,
# from nothing and of one changed commit.  One core; nothing else is fetched.
#
#   REPO=PATH         repository to map, bare or not; without one, this checkout
#   BENCH_ROUNDS=3    rounds, in which all alternate; medians are shown
set -eu
ROOT=$(cd "${0%/*}/../.." && pwd -P)
REPO=$(cd "${REPO:-$ROOT}" && pwd -P)
ROUNDS=${BENCH_ROUNDS:-3}
BIN=$ROOT/build/${VARIANT:-release}/bin
WORK=$(mktemp -d /tmp/portolan-bench.XXXXXX)
. "$ROOT/tests/bench/common.sh"
trap 'rm -rf "$WORK"' EXIT
trap 'exit 130' INT TERM
# The repository may be somebody else's; nothing of it is run.
printf '[safe]\n\tdirectory = *\n' >"$WORK/gitconfig"
export GIT_CONFIG_GLOBAL="$WORK/gitconfig" GIT_CONFIG_NOSYSTEM=1

# npm's packages, once: $peer becomes codegraph's program, or $no_peer why there is none.  The lock file knows
# the program for amd64; another machine finds its own in the same release.
install_peer() {
	local npm=$ROOT/build/bench/npm
	command -v npm >/dev/null || { no_peer='npm is not here'; return; }
	if ! cmp -s "$ROOT/tests/bench/package-lock.json" "$npm/done"; then
		mkdir -p "$npm"
		cp "$ROOT/tests/bench/package.json" "$ROOT/tests/bench/package-lock.json" "$npm"
		if ! (cd "$npm" && npm install --ignore-scripts --no-audit --no-fund >log 2>&1); then
			no_peer="npm cannot install it: $npm/log"
			return
		fi
		cp "$ROOT/tests/bench/package-lock.json" "$npm/done"
	fi
	peer=$npm/node_modules/.bin/codegraph
}

# Of one core and, where that may be asked for, without a network: it tells its maker how it is used.
peer_map() {
	local alone=
	unshare -rn true 2>/dev/null && alone='unshare -rn'
	# shellcheck disable=SC2086 # a command of two words
	HOME=$WORK DO_NOT_TRACK=1 CODEGRAPH_TELEMETRY=0 timed peer /dev/null $alone "$peer" init --yes "$WORK/tree"
}

repo_git() { git -C "$REPO" "$@"; }
middle() { median "$(cat "$WORK/$1")"; }

# timed NAME INPUT COMMAND...: on one core; seconds of the clock go to NAME.s, MiB resident to NAME.mib
timed() {
	local name=$1 input=$2
	shift 2
	python3 - "$WORK/$name" "$input" "$@" <<-'EOT'
		import os, resource, subprocess, sys, time
		name, source, argv = sys.argv[1], sys.argv[2], sys.argv[3:]
		os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
		start = time.monotonic()
		with open(source) as i, open(name + ".out", "w") as o:
		    subprocess.run(argv, stdin=i, stdout=o, stderr=subprocess.DEVNULL, check=True)
		took = time.monotonic() - start
		mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
		open(name + ".s", "a").write("%.3f\n" % took)
		open(name + ".mib", "a").write("%.0f\n" % mib)
	EOT
}

# request COMMIT NAME [HISTORY [BASE]]: what the runner would ask; without a history, or with 0 for the usual one
request() {
	printf '{"directory":"%s","commit":"%s","cache":"%s","history":"%s","max_cache_bytes":134217728,"max_blob_bytes":5242880,"history_commits":%s,' \
		"$git_dir" "$1" "$WORK/facts" "$WORK/history" "${3:--1}" >"$WORK/$2.json"
	printf '"max_files":200000,"max_depth":200,"max_bytes":67108864,"base":%s}' "${4:-null}" >>"$WORK/$2.json"
}
# base COMMIT NAME: what the runner says of a commit whose tables it has, by the line that they end with
base() {
	tail -c 4096 "$WORK/$2.out" | grep -a -A1 '^index ' | tail -n 1 |
		awk -F '\t' -v commit="$1" '{ printf "{\"commit\":\"%s\",\"print\":\"%s\",\"edges\":\"%s\"}", commit, $8, $9 }'
}
bytes() { wc -c <"$WORK/$1.out" | awk '{ printf "%.1f MB", $1 / 1e6 }'; }
# With the environment that the runner gives it.
map() { timed "$1" "$WORK/$2.json" env -i LANG=C.UTF-8 GLIBC_TUNABLES=glibc.malloc.hugetlb=1 "$BIN/portolan-analyse"; }
reads() { grep -a '^{"read":' "$WORK/$1.out" | sed 's/[^0-9,]//g; s/,/ read, /; s/$/ known/'; }

# show TITLE OURS PEER AIM
show() {
	row "$1" "$(middle "$2.s") s" "$(middle "$3.s") s" \
		"$(ratio "$(middle "$2.s")" "$(middle "$3.s")")" "$4"
}

git_dir=$(cd "$REPO" && cd "$(git rev-parse --git-common-dir)" && pwd -P)
new=$(repo_git rev-parse 'HEAD^{commit}')
old=$(repo_git rev-parse -q --verify 'HEAD~1^{commit}' || echo "$new")
request "$new" new
request "$old" old
request "$new" past 0
request "$old" past_old 0
mkdir "$WORK/tree"
repo_git archive "$new" | tar -x -C "$WORK/tree"

for _ in $(seq "$ROUNDS"); do
	rm -f "$WORK/facts"
	map cold new
	map warm new
	rm -f "$WORK/facts"
	map before old
	request "$new" onward -1 "$(base "$old" before)"
	map changed onward
	rm -f "$WORK/history"
	map past past
	rm -f "$WORK/history"
	map past_before past_old
	map warm_again new
	map past_changed past
	rm -rf "$WORK/shallow"
	timed clone /dev/null git clone -q --depth 1 --no-local "file://$git_dir" "$WORK/shallow"
done

echo "map of $(basename "$REPO"): $(repo_git ls-tree -r --name-only "$new" | wc -l) files, one core, without history, medians of $ROUNDS rounds"
row "" "Portolan" "peer" "ratio" "aim"
show "map from nothing / git clone --depth 1" cold clone "<= 1 s for a million lines"
show "map from known facts / from nothing" warm cold "$(reads warm)"
show "map of one changed commit / from nothing" changed cold "<= 0.1 s for a million lines; $(reads changed)"
row "what it tells, of one changed commit / all" "$(bytes changed)" "$(bytes cold)" "" ""
show "map of known facts with history / without" past warm "$(repo_git rev-list --count "$new") commits; <= 4 s for 80 000"
show "the same, history of one changed commit" past_changed warm_again "$(repo_git rev-list --count "$old..$new") new, the others kept"
row "resident, from nothing / from known facts" "$(middle "cold.mib") MiB" "$(middle "warm.mib") MiB" "" "<= 100 MiB"
if command -v cloc >/dev/null; then
	timed cloc /dev/null cloc --quiet --skip-uniqueness "$WORK/tree"
	show "map from nothing / cloc" cold cloc ""
fi
if command -v ctags >/dev/null; then
	timed ctags /dev/null ctags -R -f "$WORK/tags" "$WORK/tree"
	show "map from nothing / ctags" cold ctags ""
fi
peer='' no_peer=''
install_peer
if [ -n "$peer" ] && peer_map; then
	show "map from nothing / codegraph (npm)" cold peer "<= 0.0125 x"
	row "resident, Portolan / codegraph" "$(middle "cold.mib") MiB" "$(middle "peer.mib") MiB" "" ""
else
	echo "without codegraph: ${no_peer:-it failed}"
fi
