#!/bin/sh
# B10.
test_description='The web pages: signing in, going about'
. "${0%/*}/lib.sh"
. "${0%/*}/ui.sh"
stack_up
ui shell
