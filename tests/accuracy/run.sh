#!/bin/sh
# How right are maps?  REPOS=FOLDER tests/accuracy/run.sh
#
# Each repository below REPOS (bare, or with a work tree; at most two folders deep) is mapped and read again by
# independent tools, whichever are installed: see accuracy.py, which compares and prints.  Nothing is fetched but
# the npm packages of the lock file beside this script, once; without npm, what needs them is left out.  LANGUAGES=
# (as in the table, with commas) asks about those alone, SHOW= says how many differences of a kind are printed.
#
# The tools run parts of the repositories: CMake files, no more.  Use repositories that you would build.
set -eu
ROOT=$(cd "${0%/*}/../.." && pwd -P)
WORK=${ACCURACY_WORK:-$ROOT/build/accuracy}
ANALYSER=$ROOT/build/${VARIANT:-release}/bin/portolan-analyse

[ -d "${REPOS:-}" ] || { echo 'which repositories? make accuracy REPOS=<a folder that holds them>' >&2; exit 1; }
mkdir -p "$WORK/npm"
if command -v npm >/dev/null; then
	if ! cmp -s "$ROOT/tests/accuracy/package-lock.json" "$WORK/npm/done"; then
		cp "$ROOT/tests/accuracy/package.json" "$ROOT/tests/accuracy/package-lock.json" "$WORK/npm"
		(cd "$WORK/npm" && npm ci --ignore-scripts --no-audit --no-fund --silent) &&
			cp "$WORK/npm/package-lock.json" "$WORK/npm/done"
	fi
else
	echo 'npm is not here: C, C++, Rust, JavaScript, TypeScript, Kotlin, C# and SQL are not judged' >&2
fi

# What git takes for a repository: a folder with objects/ and HEAD, or with such a .git in it.
repositories() {
	for folder in "$REPOS" "$REPOS"/* "$REPOS"/*/*; do
		[ -d "$folder/objects" ] && [ -f "$folder/HEAD" ] && echo "$folder"
		[ -d "$folder/.git/objects" ] && echo "$folder"
	done | grep -v '/\.git$'
}

repositories | sort -u >"$WORK/repositories"
[ -s "$WORK/repositories" ] || { echo "no repository below $REPOS" >&2; exit 1; }
xargs -d '\n' python3 "$ROOT/tests/accuracy/accuracy.py" "$ANALYSER" "$WORK" <"$WORK/repositories" 3>/dev/null
