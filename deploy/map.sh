#!/bin/sh
# From a built tree to a printed map:  map.sh REPO    (an address, or a path of this machine)
#
# Starts the stack where it is not running, lets it read REPO when that is a path,
# and hands over to `portolan map`, which registers the project, follows the job and
# prints the map.
ROOT=$(cd "${0%/*}/.." && pwd -P)
. "$ROOT/deploy/env.sh"
load_settings

repo=${1:-}
[ -n "$repo" ] || die "which repository? make map REPO=<git URL or path>"
set --
case $repo in
*://*) ;;
*)
	[ -e "$repo" ] || die "$repo is neither an address (https://...) nor a path of this machine"
	repo=$(realpath "$repo")
	set -- "$repo"
	# A linked worktree has its objects elsewhere.
	common=$(git -c safe.directory='*' -C "$repo" rev-parse --path-format=absolute --git-common-dir 2>/dev/null || :)
	case $common in '' | "$repo"/*) ;; *) set -- "$repo" "$common" ;; esac
	;;
esac

sh "$ROOT/deploy/stack.sh" up "$@"
. "$VAR/dev.env"
export PORTOLAN_URL PORTOLAN_API_KEY
"$BIN/portolan" map "$repo"
say
say "service  $PORTOLAN_URL"
say "key      $VAR/dev.env"
[ ! -e "$VAR/owner.txt" ] || say "sign in  with the address and password in $VAR/owner.txt"
