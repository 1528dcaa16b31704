#!/bin/sh
# C9, A1, A2, A3.
test_description='The web pages: administration, one'\''s own account, and where invitations lead'
. "${0%/*}/lib.sh"
. "${0%/*}/ui.sh"
stack_up
ui admin
