# shellcheck shell=sh
# Canaries: secrets that must show nowhere but in the answer that hands them out.  Sourced by lib.sh.
#
# What counts as one, in every story: each credential that its calls sent or got (call() keeps the
# traffic), the stack's own (master keys, first owner, first key), and those that plant() brings in at
# the end, one for each way by which a secret can come in.  A story adds its own:  canary NAME VALUE.
#
# Where they are looked for: answers that refuse; names, arguments and environments of the stack's
# processes; the database, dumped by the superuser; and, once the stack has ended, every file of VAR:
# logs, the cluster's own files, temporary files, cores, repositories.  Left out are only those files
# whose purpose it is to hold them.

: >"$WORK/canaries"
: >"$WORK/answers"
: >"$WORK/planted"
: >"$WORK/traffic"

# canary NAME [VALUE]: note it, a fresh one if none is given; prints the value.
canary() {
	set -- "$1" "${2:-$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')}"
	printf '%s\t%s\n' "$2" "$1" >>"$WORK/canaries"
	printf %s "$2"
}

# planted NAME: how the last call went; what it answered must not show a canary when it refused.
planted() {
	echo "$1 $(cat "$WORK/reply.status")" >>"$WORK/planted"
	case $(cat "$WORK/reply.status") in
	2*) ;;
	*) cat "$WORK/reply.headers" "$WORK/reply.body" >>"$WORK/answers" ;;
	esac
}
# put NAME METHOD PATH [HEADER...]: call without a credential, the body from standard input.
put() {
	name=$1
	shift
	call "$@"
	planted "$name"
}
key() { echo "Authorization: Bearer $PORTOLAN_API_KEY"; }
member_of() { jq -r "$1 // \"\"" "$WORK/reply.body" 2>/dev/null; }

# Each way in.  A story may end with a stack in pieces or with limits used up: then some of these are refused
# for another reason, which is as good.  t0810 demands that each gets where it should.
plant() {
	serves >/dev/null 2>&1 || return 0
	plant_keys
	plant_people
	plant_secrets
	plant_refused
	plant_misplaced
}

plant_keys() {
	echo '{"name":"canary","role":"viewer"}' | put key-made POST /api/v1/api-keys "$(key)"
	viewer=$(member_of .key)
	put key-used GET /api/v1/projects "Authorization: Bearer $viewer"
	put token-made POST /api/v1/auth/token "Authorization: Bearer $viewer" </dev/null
	access=$(member_of .access_token)
	refresh=$(member_of .refresh_token)
	put token-used GET /api/v1/projects "Authorization: Bearer $access"
	echo "{\"refresh_token\":\"$refresh\"}" | put refreshed POST /api/v1/auth/refresh
	echo "{\"refresh_token\":\"$refresh\"}" | put refreshed-twice POST /api/v1/auth/refresh
	put token-revoked GET /api/v1/projects "Authorization: Bearer $access"
}

plant_people() {
	owner=$(sed -n 's/^E-mail *//p' "$VAR/owner.txt")
	jq -n --arg email "$owner" --arg password "$(sed -n 's/^Password *//p' "$VAR/owner.txt")" '{ $email, $password }' | put signed-in POST /api/v1/auth/login
	cookie=$(tr -d '\r' <"$WORK/reply.headers" | sed -n 's/^Set-Cookie: \([^;]*\).*/\1/Ip')
	csrf=$(member_of .csrf_token)
	put session-used GET /api/v1/auth/me "Cookie: $cookie"
	printf '{"old_password":"%s","new_password":"%s"}' "$(canary wrong-old-password)" "$(canary new-password)" |
		put password-not-changed POST /api/v1/auth/password "Cookie: $cookie" "X-CSRF-Token: $csrf" "Origin: $URL"
	put signed-out POST /api/v1/auth/logout "Cookie: $cookie" "X-CSRF-Token: $csrf" "Origin: $URL" </dev/null
	echo '{"email":"canary@example.org","role":"viewer"}' | put invited POST /api/v1/members "$(key)" 'Idempotency-Key: canary-invited'
	invitation=$(member_of .token) # not in the pipe: its other end forgets the last reply
	password=$(canary password-accepted)
	printf '{"token":"%s","password":"%s"}' "$invitation" "$password" | put accepted POST /api/v1/auth/accept
	printf '{"email":"canary@example.org","password":"%s"}' "$password" |
		put signed-in-invited POST /api/v1/auth/login
	printf '{"email":"canary@example.org","password":"%s"}' "$(canary wrong-password)" | put wrong-password POST /api/v1/auth/login
	printf '{"email":"nobody@example.org","password":"%s"}' "$(canary password-of-nobody)" | put unknown-person POST /api/v1/auth/login
	printf '{"token":"pw_1_%s_00000000","password":"%s"}' "$(canary forged-invitation)" "$(canary password-refused)" |
		put forged-invitation POST /api/v1/auth/accept
}

plant_secrets() {
	passphrase=$(canary passphrase)
	ssh-keygen -q -t ed25519 -a 1 -C '' -N "$passphrase" -f "$WORK/canary.key" </dev/null
	# Its last lines are the private half.
	sed '/-----/d' "$WORK/canary.key" | tail -n +4 | grep -E '.{60}' | while read -r line; do canary ssh-key "$line" >/dev/null; done
	printf '{"name":"canary","kind":"provider_key","value":"%s"}' "$(canary secret-value)" >"$WORK/canary.body"
	put secret POST /api/v1/secrets "$(key)" 'Idempotency-Key: canary' <"$WORK/canary.body"
	put secret-again POST /api/v1/secrets "$(key)" 'Idempotency-Key: canary' <"$WORK/canary.body"
	printf '{"name":"canary 2","kind":"provider_key","value":"%s"}' "$(canary secret-other-body)" |
		put secret-other-body POST /api/v1/secrets "$(key)" 'Idempotency-Key: canary'
	printf '{"name":"canary https","kind":"git_https","origin":"https://git.test","username":"canary","value":"%s"}' "$(canary secret-https)" |
		put secret-https POST /api/v1/secrets "$(key)"
	jq -n --rawfile value "$WORK/canary.key" --arg phrase "$passphrase" --arg host "git.test $(cat "$WORK/canary.key.pub")" '{ name: "canary ssh",
		kind: "git_ssh", origin: "ssh://git.test", username: "git", host_key: $host, value: $value, passphrase: $phrase }' | put secret-ssh POST /api/v1/secrets "$(key)"
	jq -n --rawfile value "$WORK/canary.key" --arg phrase "$(canary wrong-passphrase)" '{ name: "canary ssh 2", kind: "git_ssh",
		origin: "ssh://git.test", username: "git", value: $value, passphrase: $phrase }' | put wrong-passphrase POST /api/v1/secrets "$(key)"
	rm -f "$WORK/canary.key" "$WORK/canary.key.pub"
}

# Credentials that are none.
plant_refused() {
	put bearer GET /api/v1/projects "Authorization: Bearer $(canary bearer)"
	put api-key GET /api/v1/projects "Authorization: Bearer pk_1_$(canary api-key)_00000000"
	put jwt GET /api/v1/projects "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.$(canary jwt)"
	put basic GET /api/v1/projects "Authorization: Basic $(canary basic-encoded "$(printf 'user:%s' "$(canary basic)" | base64 -w 0)")"
	put cookie GET /api/v1/auth/me "Cookie: portolan_$PORT=ps_1_$(canary cookie)"
	put csrf POST /api/v1/auth/logout "Cookie: portolan_$PORT=ps_1_$(canary cookie-of-change)" "X-CSRF-Token: $(canary csrf)" "Origin: $URL" </dev/null
	put refresh POST /api/v1/auth/refresh <<-EOT
		{"refresh_token":"pr_1_$(canary refresh)_00000000"}
	EOT
	put other-headers GET /api/v1/projects "X-Api-Key: $(canary x-api-key)" "Proxy-Authorization: Bearer $(canary proxy-authorization)" \
		"Referer: https://example.org/?token=$(canary referer)"
	put query GET "/api/v1/projects?access_token=$(canary query)"
	put query-with-key GET "/api/v1/projects?api_key=$(canary query-with-key)" "$(key)"
}

# Secrets in bodies that are refused, for whatever reason.
plant_misplaced() {
	printf '{"name":"canary url","repository_url":"https://user:%s@git.test/a.git"}' "$(canary userinfo)" | put userinfo POST /api/v1/projects "$(key)"
	printf '{"name":"canary ssh","repository_url":"ssh://git:%s@git.test/a.git"}' "$(canary userinfo-ssh)" | put userinfo-ssh POST /api/v1/projects "$(key)"
	printf '{"name":"canary","kind":"provider_key","value":"%s"}' "$(canary body-401)" | put body-401 POST /api/v1/secrets
	printf '{"name":"canary","kind":"provider_key","value":"%s"}' "$(canary body-403)" | put body-403 POST /api/v1/secrets "Authorization: Bearer ${viewer:-}"
	printf '{"name":"canary","kind":"provider_key","value":"%s"}' "$(canary body-409)" | put body-409 POST /api/v1/secrets "$(key)"
	printf '{"name":"canary 4","kind":"provider_key","value":"%s"' "$(canary body-cut)" | put body-cut POST /api/v1/secrets "$(key)"
	printf '{"name":"canary 5","kind":"provider_key","value":%s}' "$(canary body-bare)" | put body-bare POST /api/v1/secrets "$(key)"
	printf '{"name":"canary 6","kind":"provider_key","value":["%s"]}' "$(canary body-array)" | put body-array POST /api/v1/secrets "$(key)"
	printf '{"name":"canary 7","kind":"provider_key","value":"%s\\u0000"}' "$(canary body-nul)" | put body-nul POST /api/v1/secrets "$(key)"
	printf '{"name":"canary 8","kind":"provider_key","value":"%s","value":"x"}' "$(canary body-twice)" | put body-twice POST /api/v1/secrets "$(key)"
	printf '{"name":"canary 9","kind":"git_https","origin":"https://u:%s@git.test","value":"%s"}' "$(canary origin)" "$(canary body-origin)" |
		put origin POST /api/v1/secrets "$(key)"
	printf '{"email":"canary@example.org","password":{"text":"%s"}}' "$(canary password-object)" | put password-object POST /api/v1/auth/login
	printf 'password=%s' "$(canary body-form)" | put body-form POST /api/v1/auth/login 'Content-Type: application/x-www-form-urlencoded'
	printf '{"value":"%s"}' "$(canary body-nowhere)" | put body-nowhere POST /api/v1/nowhere "$(key)"
	{
		printf '{"name":"canary 10","kind":"provider_key","value":"%s' "$(canary body-too-large)"
		head -c 1100000 /dev/zero | tr '\0' a
		printf '"}'
	} | put body-too-large POST /api/v1/secrets "$(key)"
}

# The stack's own, and what passed through call(): the secret part of each.
other_canaries() {
	[ ! -r "$VAR/master.keys" ] || sed 's/^[0-9]* \([^ ]*\).*/\1\tmaster-key/' "$VAR/master.keys"
	[ ! -r "$VAR/owner.txt" ] || sed -n 's/^Password *\(.*\)/\1\tfirst-owner/p' "$VAR/owner.txt"
	cat "$WORK/traffic" "$VAR"/*.env 2>/dev/null | grep -aoE \
		'p[krsw]_[0-9]{1,18}_[A-Za-z0-9_-]{43}|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}|"csrf_token" ?: ?"[A-Za-z0-9_-]{43}' |
		sed -E 's/^(.*[_."])([A-Za-z0-9_-]{43})$/\2\ttraffic \1/' | sort -u
}

# Every canary and its hexadecimal form, in which a dump shows bytes; names beside.
list_canaries() {
	{ cat "$WORK/canaries"; other_canaries; } | sort -u >"$WORK/canaries.named"
	cut -f 1 "$WORK/canaries.named" | python3 -c '
import sys
for line in sys.stdin.read().split():
    print(line, line.encode().hex(), sep="\n")' >"$WORK/canaries.all"
}

# found_in PLACE FILE...: says which canary is in one of them; fails when none is.
found_in() {
	place=$1
	shift
	grep -aoFf "$WORK/canaries.all" "$@" /dev/null | sort | uniq -c | sort -rn | head -n 20 >"$WORK/hits"
	[ -s "$WORK/hits" ] || return 1
	echo "in $place:"
	while read -r times hit; do
		echo "  $times times ${hit%:*}: $(grep -F "${hit##*:}" "$WORK/canaries.named" | cut -f 2)"
	done <"$WORK/hits"
}

# Name, arguments and environment of each process of the stack.
stack_processes() {
	for process in /proc/[0-9]*; do
		case $(readlink "$process/cwd" 2>/dev/null) in "$VAR" | "$VAR"/*) ;; *) continue ;; esac
		cat "$process/comm" "$process/cmdline" "$process/environ" 2>/dev/null | tr '\0' '\n'
	done
}
dump_database() {
	(cd "$VAR" && step_down "$PGBIN/pg_dump" -h "$VAR/run" -U postgres portolan)
}
found_in_files() {
	grep -rlaFf "$WORK/canaries.all" "$VAR" --exclude='*.env' --exclude=owner.txt --exclude=master.keys >"$WORK/files" 2>/dev/null || return 1
	# shellcheck disable=SC2046 # names without blanks
	found_in files $(cat "$WORK/files")
}

# None is anywhere.  Ends the stack.
nowhere() {
	list_canaries
	none=0
	! found_in 'answers that refuse' "$WORK/answers" || none=1
	stack_processes >"$WORK/processes"
	! found_in 'names, arguments or environments of processes' "$WORK/processes" || none=1
	if [ -s "$VAR/pg/postmaster.pid" ]; then
		dump_database >"$WORK/dump" || none=1
		! found_in 'the database' "$WORK/dump" || none=1
	fi
	stack_down
	! found_in_files || none=1
	[ -z "$(find "$VAR" -name 'core*' -type f -size +100k ! -path "$VAR/repos/*")" ] || { echo 'there is a core'; none=1; }
	return "$none"
}
