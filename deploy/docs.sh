#!/bin/sh
# Write what the program itself knows into the documents: docs.sh [--check]
#
#   README.md                  the table of settings, between its marks
#   deploy/app.env.example     every setting with its default
#   tests/golden/openapi.json  the HTTP interface
#
# --check changes nothing and fails when a document differs: after a change of a
# table, run `make docs` and read the difference as a user would.
set -eu
ROOT=$(cd "${0%/*}/.." && pwd -P)
. "$ROOT/deploy/env.sh"
load_settings
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
stale=

# put FILE: the new form of FILE is $new/doc.
put() {
	cmp -s "$new/doc" "$ROOT/$1" && return
	if [ "$check" = 1 ]; then
		stale="$stale $1"
		diff -u "$ROOT/$1" "$new/doc" | head -n 40 || :
	else
		cp "$new/doc" "$ROOT/$1"
		say "written: $1"
	fi
}

check=0
[ "${1:-}" != --check ] || check=1

"$BIN/portolan" config docs >"$new/settings"
awk -v settings="$new/settings" '
	/^<!-- settings:/ { print; while ((getline line < settings) > 0) print line; skip = 1; next }
	/^<!-- end of settings/ { skip = 0 }
	!skip { print }' "$ROOT/README.md" >"$new/doc"
put README.md
"$BIN/portolan" config docs --example >"$new/doc"
put deploy/app.env.example
"$BIN/portolan" openapi >"$new/doc"
put tests/golden/openapi.json
[ -z "$stale" ] || die "not what the program says (make docs renews them):$stale"
