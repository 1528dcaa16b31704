#!/bin/sh
# A1 (sign-in), A10 (limits); T17.
# alone: it loads the machine
test_description='Storm: 200 sign in at once from 200 addresses, with the settings as they come'
. "${0%/*}/lib.sh"

# As installed, but that each of them comes from elsewhere: nginx evens out those of one address only.
echo 'trusted_proxies = 127.0.0.0/8' >"$VAR/portolan.conf"
stack_up
EMAIL=$(sed -n 's/^E-mail *//p' "$VAR/owner.txt")
PASSWORD=$(sed -n 's/^Password *//p' "$VAR/owner.txt")
setting_of() { step_down "$BIN/portolan" config show | sed -n "s/^$1  *//p"; }
places=$(setting_of password_hashes_max)
hash_kb=$(($(setting_of password_memory_bytes | numfmt --from=auto --suffix=B --format=%.0f | tr -d B) / 1024))
SLACK_KB=40960 # of eight threads that serve: their arenas, statements and connections

# shellcheck disable=SC2046 # one word per process
python3 "$ROOT/tests/e2e/storm.py" "http://127.0.0.1:$PORT" "$EMAIL" "$PASSWORD" "$PORTOLAN_API_KEY" $(worker_pids) >"$WORK/storm" 2>"$WORK/storm.err" ||
	sed 's/^/# /' "$WORK/storm.err"
sed 's/^/# /' "$WORK/storm"
told() { jq -e "$1" "$WORK/storm" >/dev/null || { jq "$1" "$WORK/storm"; cat "$WORK/storm"; return 1; }; }

check 'the settings are those that come with it' '[ "$places" = 2 ] && [ "$hash_kb" = 65536 ]'
check 'each is answered: signed in, refused, or told when to come again' '
	told "[.first[]] | add == 200" && told "(.first | keys) - [\"200\", \"401\", \"429\", \"503\"] == []" && told ".unclean == []" && told ".first.\"200\" > 0"
'
check 'who comes again when told to gets in: all 100, and the 100 others are nobody' 'told ".last == { \"200\": 100, \"401\": 100 }"'
check 'who only works is served all the while, without one failure' '
	told "(.served | keys) == [\"200\"]" && told ".served.\"200\" >= 50" && told ".served_max_ms < 5000"
'
[ "$VARIANT" = san ] || check "memory stays within $places hashes of $hash_kb kB and what the workers need otherwise" '
	told ".samples > 20" && told ".peak_kb <= .before_kb + $places * $hash_kb + $SLACK_KB"
'
[ "$VARIANT" = san ] || check 'and is given back' 'told ".after_kb <= .before_kb + $SLACK_KB"'
check 'no worker has ended' '[ "$(grep -c "\"msg\":\"started\"" "$VAR/log/api/current")" = 2 ]'
done_testing
