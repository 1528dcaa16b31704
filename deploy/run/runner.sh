#!/bin/sh
# runit's run script of the job runner.
set -eu
. ../../stack.env
cd "$VAR"
exec "$BIN/portolan-runner" 2>&1
