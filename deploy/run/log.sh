#!/bin/sh
# runit's run script of a service's log: VAR/log/<service>/current, ten files of 10 MB;
# on a full disk the oldest go first, two stay.
set -eu
. ../../../stack.env
service=${PWD%/log}
dir=$VAR/log/${service##*/}
mkdir -p "$dir"
printf 's10000000\nn10\nN2\n' >"$dir/config"
exec svlogd -l 8000 -b 65536 "$dir"
