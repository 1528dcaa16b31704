#!/bin/sh
# C5, C6, C8, C9, C10, D14, M1, B10.
test_description='The web pages: jobs, queues and events, as an operator and a viewer have them'
. "${0%/*}/lib.sh"
. "${0%/*}/ui.sh"
REPOS=$WORK/repos
mkdir -p "$REPOS"
tiny_repo "$REPOS/tiny"
sed -i /search_maps/d "$VAR/portolan.conf" # what a map leads to is part of the story
stack_up "$REPOS"
portolan() { (cd "$VAR" && step_down "$BIN/portolan" "$@" --config "$CONF"); }
for role in operator viewer; do
	echo 'a lighthouse at night' | portolan user create "$role@example.org" --tenant default --role "$role" --password-stdin >/dev/null
done
# What breaks an event's delivery, and mends it, is beyond what an interface may do.
cat >"$WORK/sql" <<EOF
#!/bin/sh
. '$ROOT/deploy/env.sh'
load_settings
cd '$VAR' && step_down "\$PGBIN/psql" -X -q -A -t -h '$VAR/run' -U postgres -d portolan -c "\$1"
EOF
export REPOS SQL="$WORK/sql" VAR PORT
ui jobs
