#!/bin/sh
# runit's run script of nginx: the master leads a process group of its own, which is
# recorded so that its workers can be found after a kill -9 (nginx-orphans.sh).
set -eu
. ../../stack.env
sh "$ROOT/deploy/run/nginx-orphans.sh"
cd "$VAR"
echo $$ >run/nginx.group
exec chpst -P nginx -e stderr -p "$VAR" -c "$VAR/run/nginx.conf" 2>&1
