#!/bin/sh
# A3, A12 (secrets), A13.
test_description='Canaries: each way in is taken, and where they are looked for they would be found'
. "${0%/*}/lib.sh"

stack_up
sv -w 20 force-stop "$VAR/service/runner" >/dev/null
plant

# went NAME STATUS...
went() { grep -qxE "$1 ($2)" "$WORK/planted" || { echo "want: $1 $2"; grep "^$1 " "$WORK/planted"; return 1; }; }
check 'keys and tokens are made and used' '
	went key-made 201 && went key-used 200 && went token-made 200 && went token-used 200 && went refreshed 200 && went refreshed-twice 401 && went token-revoked 401
'
check 'people sign in, are invited, and mistype' '
	went signed-in 200 && went session-used 200 && went password-not-changed 400 && went signed-out 204 && went invited 201 && went accepted 200 &&
	went signed-in-invited 200 && went wrong-password 401 && went unknown-person 401 && went forged-invitation 400
'
check 'secrets are stored, by request and by repeated request' '
	went secret 201 && went secret-again 201 && went secret-other-body 422 && went secret-https 201 && went secret-ssh 201 && went wrong-passphrase 400
'
check 'what is no credential is refused' '
	for name in bearer api-key jwt basic cookie refresh other-headers query; do went "$name" 401 || return 1; done &&
	went csrf 403 && went query-with-key 400
'
check 'and so are bodies, each for its reason' '
	went userinfo 422 && went userinfo-ssh 422 && went body-401 401 && went body-403 403 && went body-409 409 && went body-cut 400 && went body-bare 400 && went body-array 400 &&
	went body-nul 400 && went body-twice 400 && went origin 400 && went password-object 400 && went body-form 415 && went body-nowhere 404 && went body-too-large 413
'
list_canaries
check 'credentials that passed through are known: keys, sessions, tokens, invitations, forms' '
	for kind in pk_ pr_ pw_ ps_ eyJ csrf; do grep -q "traffic .*$kind" "$WORK/canaries.named" || { echo "$kind"; return 1; }; done &&
	grep -q master-key "$WORK/canaries.named" && grep -q first-owner "$WORK/canaries.named" && [ "$(wc -l <"$WORK/canaries.named")" -gt 50 ]
'

# --- The search, tried on one that is let out ---

decoy=$(canary decoy)
list_canaries
check 'it would be found in the environment of a process' '
	(cd "$VAR" && DECOY=$decoy exec sleep 60) & pid=$!
	within 30 grep -qa "$decoy" "/proc/$pid/environ"; stack_processes >"$WORK/processes"; kill "$pid"; found_in processes "$WORK/processes" && grep -q decoy "$WORK/canaries.named"
'
check 'in the database, as text and as bytes' '
	echo "{\"name\":\"$decoy\",\"repository_url\":\"https://git.test/d.git\"}" | api POST /api/v1/projects && status 201 && keep id .id &&
	dump_database >"$WORK/dump" && found_in database "$WORK/dump" &&
	hex=$(printf %s "$decoy" | od -An -v -tx1 | tr -d " \n") && printf "%s\n" "COPY x" "\\\\x$hex" >"$WORK/hex" && found_in database "$WORK/hex"
'
check 'in a log, and in the files of the cluster when the row is long gone' '
	sql "DELETE FROM app.event; DELETE FROM app.event_outbox; DELETE FROM app.project" >/dev/null && sql CHECKPOINT >/dev/null && found_in_files && grep -q "/pg/" "$WORK/files" &&
	echo "$decoy" >"$VAR/log/decoy" && found_in_files && grep -q "/log/decoy" "$WORK/files"
'
# The decoy is no secret any more, or the search at the end would find it.
sed -i "/\tdecoy\$/d" "$WORK/canaries"
rm "$VAR/log/decoy"
done_testing
