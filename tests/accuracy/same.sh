#!/bin/bash
# Do two machines give the same bytes?  As root: REPOS=FOLDER [SUITE=trixie] tests/accuracy/same.sh
#
# Builds the committed tree in the bare root of another Debian, with that release's compiler and libraries, and maps
# each repository below REPOS (at most two folders deep) here and there: with its history and without, without kept
# facts, and draws it.  What differs in a byte is named.  Fetches Debian's packages once; the root stays in
# build/same.  Not for `make test`: five minutes at first, then those of the maps.
set -euo pipefail
ROOT=$(cd "${0%/*}/../.." && pwd -P)
SUITE=${SUITE:-trixie}
MIRROR=${MIRROR:-http://deb.debian.org/debian}
THERE=$ROOT/build/same/$SUITE
WORK=$ROOT/build/same/work
DRAW=build/release/tests/bench/draw_tool
PARTS='build/release/bin/portolan-analyse '$DRAW

[ -d "${REPOS:-}" ] || { echo 'which repositories? REPOS=<a folder that holds them>' >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || { echo 'a root is made and entered by root alone' >&2; exit 1; }
git -C "$ROOT" diff --quiet HEAD -- lib fcgi tests/bench Makefile ||
	{ echo 'commit first: what is compared is the committed tree' >&2; exit 1; }
command -v mmdebstrap >/dev/null || { echo 'mmdebstrap is not here' >&2; exit 1; }

# Mounts are this script's own, and end with it.
if [ -z "${SAME_INSIDE:-}" ]; then
	REPOS=$(cd "$REPOS" && pwd -P) SAME_INSIDE=1 exec unshare -m "$0"
fi

if [ ! -f "$THERE/made" ]; then
	rm -rf "$THERE"
	mkdir -p "$THERE"
	mmdebstrap --quiet --variant=apt --include=make,ca-certificates,universal-ctags,graphviz "$SUITE" "$THERE" "$MIRROR"
	touch "$THERE/made"
fi
mkdir -p "$THERE/src" "$THERE$REPOS" "$WORK"
# Only files that changed are written anew, so that the next time builds little.
git -C "$THERE/src" init -q
git -C "$THERE/src" fetch -q --depth 1 "file://$ROOT" HEAD
git -C "$THERE/src" reset -q --mixed FETCH_HEAD
git -C "$THERE/src" checkout -q -f FETCH_HEAD
mount -t proc proc "$THERE/proc"
mount --bind -o ro "$REPOS" "$THERE$REPOS"
chroot "$THERE" sh -c "cd /src && deploy/deps.sh build && make -s VARIANT=release $PARTS"
# shellcheck disable=SC2086 # a list
make -s -C "$ROOT" VARIANT=release $PARTS
for root in / "$THERE"; do
	# shellcheck disable=SC2016 # the inner shell's
	chroot "$root" sh -c '. /etc/os-release; echo "$PRETTY_NAME: $(gcc -dumpfullversion), libgit2 $(pkg-config --modversion libgit2), json-c $(pkg-config --modversion json-c)"'
done

repositories() {
	for folder in "$REPOS" "$REPOS"/* "$REPOS"/*/*; do
		[ -d "$folder/objects" ] && [ -f "$folder/HEAD" ] && echo "$folder"
		[ -d "$folder/.git/objects" ] && echo "$folder/.git"
	done | sort -u
}

# answers ROOT FOLDER NAME: the bundle and the pictures of the request, made in that root
answers() {
	local here=$2/build/release/bin/portolan-analyse
	chroot "$1" "$here" <"$WORK/request" >"$WORK/$3" 2>"$WORK/$3.err" 3>/dev/null || :
	chroot "$1" "$2/$DRAW" /tmp/portolan-same <"$WORK/$3" 2>>"$WORK/$3.err" || :
	for view in components folders treemap; do
		cat "$1/tmp/portolan-same-$view.svg" 2>/dev/null || :
		rm -f "$1/tmp/portolan-same-$view.svg"
	done >"$WORK/$3.svg"
}

same=0 differ=0
for repository in $(repositories); do
	commit=$(git -c safe.directory='*' --git-dir="$repository" rev-parse -q --verify 'HEAD^{commit}') || continue
	for history in -1 0; do
		printf '{"directory":"%s","commit":"%s","max_blob_bytes":5242880,"history_commits":%s,"max_files":200000,"max_depth":200,"max_bytes":268435456}' \
			"$repository" "$commit" "$history" >"$WORK/request"
		answers / "$ROOT" here
		answers "$THERE" /src there
		if [ -s "$WORK/here.svg" ] && cmp -s "$WORK/here" "$WORK/there" && cmp -s "$WORK/here.svg" "$WORK/there.svg"; then
			same=$((same + 1))
		else
			differ=$((differ + 1))
			echo "differs: $repository, history_commits $history"
			cmp "$WORK/here" "$WORK/there" || tail -n 2 "$WORK/here.err" "$WORK/there.err"
		fi
	done
done
echo "$same maps with their pictures are the same to the byte, $differ differ"
[ "$differ" -eq 0 ]
