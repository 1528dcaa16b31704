#!/bin/sh
# C9, A1, A2, A3.
test_description='The web pages: administration, one'\''s own account, and where invitations lead'
. "${0%/*}/lib.sh"
. "${0%/*}/ui.sh"
stack_up
echo 'charts for everybody' | step_down "$BIN/portolan" user create steward@example.org --tenant default --role admin --password-stdin >/dev/null &&
	step_down "$BIN/portolan" user promote steward@example.org >/dev/null || exit 1
ui admin
