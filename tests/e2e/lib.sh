# shellcheck shell=sh
# End-to-end tests: the real stack, told as a story, in TAP.  Sourced by t*.sh.
#
#     test_description='Projects: created and read'
#     . "${0%/*}/lib.sh"
#     stack_up
#     check 'a project is created' '
#             api POST /api/v1/projects <<-\EOF &&
#                     { "name": "Atlas", "repository_url": "https://git.test/a.git" }
#             EOF
#             status 201 && json .name Atlas && keep id .id
#     '
#     done_testing
#
# Each test has a stack of its own: temporary folder, free port, own cluster.  It
# ends with the script.  What a stack logged is kept in build/<variant>/e2e/ when a
# check failed.  There are no fixed sleeps: wait with `within SECONDS COMMAND`.

# shellcheck disable=SC2034 # used by the tests
TAB=$(printf '\t')
ROOT=$(cd "${0%/*}/../.." && pwd -P)
. "$ROOT/deploy/env.sh"
WITHIN_SAYS=1
set +e

test_name=${0##*/}
test_name=${test_name%.sh}
checks=0
failures=0
echo "# $test_name: ${test_description:?}"

WORK=$(mktemp -d /tmp/portolan-e2e.XXXXXX)
chmod 755 "$WORK"
VAR=$WORK/var
VARIANT=${VARIANT:-release}
export VAR VARIANT
# Tests kill processes, never the machine: waiting for the disk proves nothing here.  (Commits stay
# synchronous: what is still in the memory of a killed PostgreSQL is lost, disk or no disk.)
mkdir "$VAR"
printf 'fsync = off\nfull_page_writes = off\n' >"$VAR/postgresql.local.conf"
# Requests are counted, but none is refused unless a story is about that.
for limit in rate_key rate_address rate_sign_in tenant_requests; do
	echo "${limit}_per_minute = 1000000000"
done >"$VAR/portolan.conf"
# Each map would bring about one more job: that is the story of the search.
echo 'search_maps = false' >>"$VAR/portolan.conf"
trap leave EXIT
trap 'exit 130' INT TERM

# A port that nobody listens on, below those that the kernel gives to clients.
free_port() {
	while :; do
		PORT=$((10000 + $(od -An -N2 -tu2 /dev/urandom) % 20000))
		port_taken "$PORT" || return 0
	done
}

free_port
load_settings

leave() {
	code=$?
	trap '' INT TERM
	stack_down
	if [ "$failures" -gt 0 ] && [ -d "$VAR/log" ]; then
		rm -rf "$ROOT/build/$VARIANT/e2e/$test_name"
		mkdir -p "$ROOT/build/$VARIANT/e2e"
		cp -R "$VAR/log" "$ROOT/build/$VARIANT/e2e/$test_name"
	fi
	rm -rf "$WORK"
	exit "$code"
}

# make exports its settings, given or not: the stack's address follows from this test's port alone.
stack() { LISTEN='' PORT=$PORT sh "$ROOT/deploy/stack.sh" "$@"; }

# stack_up [LOCAL_REPO]: start a stack; ends the test when it does not come up.
stack_up() {
	tries=0
	until free_port && stack up "$@" 2>"$WORK/up"; do
		tries=$((tries + 1))
		if [ "$tries" -ge 3 ] || ! grep -q 'is taken' "$WORK/up"; then
			sed 's/^/# /' "$WORK/up"
			echo "Bail out! the stack does not come up"
			failures=1
			exit 1
		fi
	done
	LISTEN=127.0.0.1:$PORT
	load_settings
	. "$VAR/dev.env"
}

stack_down() { [ ! -d "$VAR" ] || stack down; }

run_script() { eval "$1"; }

# check TITLE SCRIPT: one result; the script's last status decides.
check() {
	checks=$((checks + 1))
	: >"$WORK/begun"
	if run_script "$2" >"$WORK/said" 2>&1 </dev/null; then
		echo "ok $checks - $1"
		return
	fi
	failures=$((failures + 1))
	echo "not ok $checks - $1"
	{
		cat "$WORK/said"
		if [ -n "$(find "$WORK/reply.status" -newer "$WORK/begun" 2>/dev/null)" ]; then
			echo "last reply: $(cat "$WORK/reply.status")"
			cat "$WORK/reply.headers"
			head -c 2000 "$WORK/reply.body"
			echo
		fi
	} 2>/dev/null | sed 's/^/#   /'
}

done_testing() {
	if [ -d "$VAR/log" ]; then
		check 'every change is in the audit log, as its row says' '! unaudited'
		plant
		check 'no secret shows in a refusal, a process, the database, a log or a file' nowhere
	fi
	if [ "$VARIANT" = san ]; then
		check 'no sanitizer has reported anything' '! sanitizer_reports'
	fi
	echo "1..$checks"
	[ "$failures" -eq 0 ]
	exit
}

# Changes of which a worker says that they left nothing in the audit log, and events that somebody
# asked for and that have no row there in the same transaction.
unaudited() {
	grep -h 'a change is not in the audit log' "$VAR"/log/*/current && return
	[ -s "$VAR/pg/postmaster.pid" ] || return 1
	left=$(sql "SELECT e.kind, e.actor FROM app.event_all e WHERE e.actor NOT LIKE 'job:%' AND NOT EXISTS
		(SELECT FROM app.audit a WHERE a.xid = e.xid AND a.action = e.kind)") || return 0
	echo "$left"
	[ -n "$left" ]
}

sanitizer_reports() {
	grep -hE -A 25 'ERROR: [A-Za-z]*Sanitizer|runtime error:' "$VAR"/log/*/current "$VAR"/log/*.log
}

# call METHOD PATH [HEADER...]: one request without a credential; POST, PUT and PATCH send standard input.
call() {
	method=$1
	path=$2
	shift 2
	set -- "$@" "X-Test: $test_name"
	for field; do
		shift
		set -- "$@" -H "$field"
	done
	case $method in
	POST | PUT | PATCH)
		case $* in *[Cc]ontent-[Tt]ype:*) ;; *) set -- "$@" -H 'Content-Type: application/json' ;; esac
		set -- "$@" --data-binary @-
		;;
	HEAD) set -- "$@" -I ;;
	esac
	[ "$method" = HEAD ] || set -- "$@" -X "$method"
	: >"$WORK/reply.body"
	curl -s -m 40 --path-as-is -o "$WORK/reply.body" -D "$WORK/reply.headers" -w '%{http_code}' \
		"$@" "http://127.0.0.1:$PORT$path" >"$WORK/reply.status"
	head -q -c 100000 "$WORK/reply.headers" "$WORK/reply.body" 2>/dev/null >>"$WORK/traffic"
	echo "$*" >>"$WORK/traffic"
}

# The same with the API key that set-up made.
api() {
	method=$1
	path=$2
	shift 2
	call "$method" "$path" "Authorization: Bearer $PORTOLAN_API_KEY" "$@"
}

. "$ROOT/tests/e2e/canaries.sh"

# What the last reply must be.
status() {
	[ "$(cat "$WORK/reply.status")" = "$1" ] || { echo "want status $1"; return 1; }
}

# json PATH [VALUE]: the member is VALUE, or is there and not null.
json() {
	have=$(jq -r "$1" "$WORK/reply.body") || return 1
	if [ $# -eq 1 ]; then
		[ "$have" != null ] || { echo "want $1 to be there"; return 1; }
	else
		[ "$have" = "$2" ] || { echo "want $1 = $2, have $have"; return 1; }
	fi
}

# header NAME [PATTERN]: the last reply has the header once, matching the shell pattern.
header() {
	have=$(tr -d '\r' <"$WORK/reply.headers" | sed -n "s/^$1: *//Ip")
	[ -n "$have" ] || { echo "want a header $1"; return 1; }
	[ "$(printf '%s\n' "$have" | wc -l)" -eq 1 ] || { echo "want one header $1"; return 1; }
	# shellcheck disable=SC2254 # a pattern is meant
	case $have in ${2:-*}) ;; *) echo "want $1: $2, have $have"; return 1 ;; esac
}

no_header() { ! tr -d '\r' <"$WORK/reply.headers" | grep -qi "^$1:"; }

body_has() { grep -qF -- "$1" "$WORK/reply.body" || { echo "want in the body: $1"; return 1; }; }

# keep VARIABLE PATH: remember a member of the last reply.
keep() {
	json "$2" && eval "$1=\$have"
}

# Process number of a service of the stack, and those of the pool's workers.
pid_of() { cat "$VAR/service/$1/supervise/pid"; }
worker_pids() { cat "/proc/$(pid_of api)/task/$(pid_of api)/children"; }
all_replaced() { for pid; do lacks_worker "$pid" || return 1; done; }
lacks_worker() { case " $(worker_pids) " in *" $1 "*) return 1 ;; esac; }

# One SQL statement, as the superuser, who sees every tenant's rows; prints the rows.
sql() {
	(cd "$VAR" && step_down "$PGBIN/psql" -X -q -A -t -h "$VAR/run" -U postgres -d portolan -c "$1")
}

# tiny_repo DIR: a repository of two commits that the stack may read.
tiny_repo() {
	mkdir -p "$1" && (
		cd "$1" && git init -q -b main . &&
			printf 'int main(void)\n{\n\treturn 0;\n}\n' >main.c && printf '# Tiny\n' >README.md &&
			git add . && git -c user.name=e2e -c user.email=e2e@test commit -q -m one &&
			printf '#include "a.h"\n' >a.c && : >a.h && git add . &&
			git -c user.name=e2e -c user.email=e2e@test commit -q -m two
	)
}

# serves: nginx and a worker answer, and every part is ready.
serves() { call GET /readyz && status 200; }
