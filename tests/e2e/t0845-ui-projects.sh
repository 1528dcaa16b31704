#!/bin/sh
# B2, B6, B10.
test_description='The web pages: projects'
. "${0%/*}/lib.sh"
. "${0%/*}/ui.sh"
REPO=$WORK/repos/harbour
mkdir -p "$REPO/lib"
printf 'import lib.a\nfrom lib import b\n\n\ndef main():\n    return lib.a.go(b)\n' >"$REPO/main.py"
printf 'def go(b):\n    return b\n' >"$REPO/lib/a.py"
printf 'from lib import a\n' >"$REPO/lib/b.py"
: >"$REPO/lib/__init__.py"
git -C "$REPO" init -q -b main
git -C "$REPO" add -A
git -C "$REPO" -c user.name=a -c user.email=a@b.c commit -qm first
[ "$(id -u)" -ne 0 ] || chown -R "$STACK_USER" "$WORK/repos"
export REPO
stack_up "$WORK/repos"
ui projects
