#!/bin/sh
test_description='Documents: what the tables print is what the repository says'
. "${0%/*}/lib.sh"

check 'settings, their example and the HTTP interface are up to date (make docs)' '
	"$ROOT/deploy/docs.sh" --check
'
check 'help shows examples first, for the program and for each command' '
	"$BIN/portolan" --help | sed -n 3p | grep -q "^Examples" &&
	"$BIN/portolan" user --help | grep -q "user passwd EMAIL" && "$BIN/portolan" help audit | grep -q "audit verify" &&
	! "$BIN/portolan" keys 2>"$WORK/group" && grep -q "needs another word: init, status, rotate, retire" "$WORK/group" &&
	"$BIN/portolan" jobs retry --help >"$WORK/help-retry" && sed -n 3p "$WORK/help-retry" | grep -q "^Examples"
'
check 'a misspelt command is a wrong use (2) and gets a suggestion' '
	"$BIN/portolan" jbos; [ $? -eq 2 ] && "$BIN/portolan" jbos 2>&1 | grep -q "did you mean \"jobs\""
'
check 'a misspelt option is told before its value is taken for a word, and without a command' '
	"$BIN/portolan" projects --limt 3 2>"$WORK/said-option"; [ $? -eq 2 ] && grep -q "did you mean --limit" "$WORK/said-option" &&
	"$BIN/portolan" --jsn 2>"$WORK/said-option"; [ $? -eq 2 ] && grep -q "did you mean --json" "$WORK/said-option"
'
check 'help as a word, --version as an option' '
	"$BIN/portolan" help jobs retry | cmp - "$WORK/help-retry" && "$BIN/portolan" help | grep -q "^Commands" && "$BIN/portolan" --version >/dev/null
'
check 'a number that no id can be is a wrong use (2)' '
	"$BIN/portolan" jobs show 99999999999999999999; [ $? -eq 2 ]
'
check 'doctor looks for the helper programs beside itself, and says whose settings may be meant' '
	"$BIN/portolan" doctor --json --set "database_url=host=$WORK dbname=none" >"$WORK/doctor"; [ $? -eq 5 ] &&
	jq -e ".checks[] | select(.check == \"portolan-analyse\").result == \"ok\"" "$WORK/doctor" &&
	jq -e ".checks[] | select(.check == \"pictures\").result == \"ok\"" "$WORK/doctor" &&
	"$BIN/portolan" doctor --json --set "database_url=host=$WORK dbname=none" --set dot_program=/none | jq -e ".checks[] | select(.check == \"pictures\").result == \"warning\"" &&
	jq -e ".checks[] | select(.check == \"database\").fix | test(\"--config\")" "$WORK/doctor"
'
check 'several mistakes: each has one line' '
	! "$BIN/portolan" config check --set worker_threads=many --set no_such_key=1 2>"$WORK/mistakes" &&
	grep -qx "error: 2 mistakes" "$WORK/mistakes" && [ "$(grep -c "worker_threads must" "$WORK/mistakes")" -eq 1 ]
'
check 'all mistakes in the settings are told together, with their origin' '
	printf "worker_threads = many\nno_such_key = 1\n" >"$WORK/bad.conf" &&
	! PORTOLAN_RUNNER_JOBS=0 "$BIN/portolan" config check --config "$WORK/bad.conf" 2>"$WORK/mistakes" &&
	grep -q "worker_threads.*bad.conf:1" "$WORK/mistakes" &&
	grep -q "no_such_key.*bad.conf:2" "$WORK/mistakes" &&
	grep -qi "runner_jobs.*environment" "$WORK/mistakes"
'
check 'a setting shows where it comes from; a secret does not show' '
	printf "worker_threads = 3\napi_key = hidden-thing\n" >"$WORK/good.conf" &&
	"$BIN/portolan" config show --origin --config "$WORK/good.conf" >"$WORK/shown" &&
	grep -q "^worker_threads  *3  *.*good.conf:1" "$WORK/shown" &&
	! grep -q hidden-thing "$WORK/shown"
'
check 'without a service: status is unavailable (69), as JSON too' '
	"$BIN/portolan" status --url http://127.0.0.1:1; [ $? -eq 69 ] &&
	"$BIN/portolan" status --url http://127.0.0.1:1 --json | jq -e ".error == \"unavailable\""
'
done_testing
