#!/bin/sh
# The stack of this checkout: stack.sh up [FOLDER...] | down | status | restart
#
#   up       make what is missing under VAR (cluster, roles, database, schema,
#            settings, key), start what is not running, replace what runs a
#            program that was built anew since, wait until it serves.
#            Folders that are named join those from which it may map repositories.
#   restart  replace workers one by one, then the relay and the runner; no request is lost,
#            and streams go on at their positions
#   down     end every process of the stack and leave no socket behind
#
# runit supervises: runsvdir holds one runsv per service of VAR/service, which
# starts it again a second after it ended, for whatever reason.  This script has
# two halves: as the caller it prepares VAR and finds out which rights are
# needed; all else, every process included, runs as the account of the stack.
# The settings are those of deploy/env.sh.
ROOT=$(cd "${0%/*}/.." && pwd -P)
. "$ROOT/deploy/env.sh"
. "$ROOT/deploy/setup.sh"

SERVICES="postgres nginx api live runner"

# The caller's half.
enter_as_account() {
	command=$1
	shift
	case $command in
	up | restart)
		[ -x "$BIN/portolan" ] || die "$BIN/portolan is missing: run make first"
		[ -n "$PGBIN" ] || die "no PostgreSQL server is installed: run deploy/deps.sh run"
		mkdir -p "$VAR"
		if [ "$(id -u)" -eq 0 ]; then
			id "$STACK_USER" >/dev/null 2>&1 || die "there is no account '$STACK_USER'; name one: STACK_USER="
			chown "$STACK_USER:" "$VAR"
		fi
		open_build
		[ -O "$VAR" ] || [ "$(id -u)" -eq 0 ] ||
			die "$VAR belongs to $(stat -c %U "$VAR"): start the stack as that user or root, or choose VAR="
		IFS=:
		# shellcheck disable=SC2046 # one word per folder
		set -- "$@" $(local_roots)
		unset IFS
		find_caps "$VAR" "$ROOT/deploy/env.sh" "$BIN/portolan-worker" "$@"
		;;
	*)
		[ -d "$VAR/run" ] || { say "there is no stack in $VAR"; exit 0; }
		;;
	esac
	cd "$VAR"
	step_down sh "$ROOT/deploy/stack.sh" --account "$command" "$@"
}

# The process number of our runsvdir, when it runs.
supervisor() {
	[ -s run/runsvdir.pid ] || return 1
	pid=$(cat run/runsvdir.pid)
	tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "runsvdir -P $VAR/service" || return 1
	echo "$pid"
}

# The process number of service $1, when it is up.
service_pid() {
	sv status "$VAR/service/$1" 2>/dev/null | sed -n 's/^run: [^(]*(pid \([0-9]*\)).*/\1/p'
}

is_up() { [ -n "$(service_pid "$1")" ]; }

start_supervisor() {
	supervisor >/dev/null && return 0
	down # what a killed runsvdir left running, under its own runsv each
	make_services
	for service in nginx api live runner; do
		touch "service/$service/down"
	done
	# The caller's descriptors (a pipe, make's job server) end here: nobody must wait for a daemon.
	# shellcheck disable=SC2016 # expanded by the inner shell
	setsid sh -c 'echo $$ >run/pid.new && mv -f run/pid.new run/runsvdir.pid && exec runsvdir -P "$1"' sh "$VAR/service" \
		</dev/null >log/runsvdir.log 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
	for service in $SERVICES; do
		within 15 sv status "$VAR/service/$service" >/dev/null 2>&1 ||
			die "runit does not start; see $VAR/log/runsvdir.log"
	done
}

start_service() {
	rm -f "service/$1/down"
	sv up "$VAR/service/$1" >/dev/null
}

# Is process $1 the one that was noted in the file $2?  Who holds keys hides where it works; then what it
# is and when it began must do.
is_stray() {
	case $(readlink "/proc/$1/cwd" 2>/dev/null) in "$VAR" | "$VAR"/*) return 0 ;; esac
	case $(tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline") in "$BIN"/portolan-*) ;; *) return 1 ;; esac
	age=$(ps -o etimes= -p "$1") || return 1
	late=$(($(date +%s) - age - $(stat -c %Y "$2")))
	[ "$late" -ge -3 ] && [ "$late" -le 3 ]
}

# What a killed runsv left behind: recorded process numbers that still work in VAR.
end_strays() {
	for file in service/*/supervise/pid service/*/log/supervise/pid; do
		pid=$(cat "$file" 2>/dev/null || :)
		[ -n "$pid" ] || continue
		is_stray "$pid" "$file" || continue
		case $file in service/postgres/supervise/pid) kill -INT "$pid" ;; *) kill "$pid" ;; esac || :
		within 20 test ! -e "/proc/$pid" || kill -KILL "$pid" || :
	done
}

# nginx writes its process number once it has the port; without that, who answers there is not ours.
has_port() { [ "$(cat run/nginx.pid 2>/dev/null)" = "$(service_pid nginx)" ]; }

ready() { has_port && [ "$(curl -s -m 2 -o /dev/null -w '%{http_code}' "$URL/readyz")" = 200 ]; }

# Until the stack serves; a person sees that something goes on.
wait_ready() {
	end=$(($(date +%s) + 60))
	until ready; do
		if [ "$(date +%s)" -ge $((end - 50)) ] && ! has_port && port_taken "$PORT"; then
			down
			port_is_taken
		fi
		if [ "$(date +%s)" -ge "$end" ]; then
			say "error: the stack does not get ready; the last lines of each log:"
			tail -n 8 log/*/current >&2
			exit 1
		fi
		[ ! -t 2 ] || printf '.' >&2
		sleep 0.1
	done
	[ ! -t 2 ] || printf '\r' >&2
}

port_is_taken() {
	die "port $PORT is taken by another program, perhaps the stack of another checkout; choose another: PORT=$((PORT + 1))"
}

# A stack that runs may keep its own port.
check_port() {
	[ "$(remembered PORT)" = "$PORT" ] && [ -n "$(service_pid nginx)" ] && return 0
	! port_taken "$PORT" || port_is_taken
}

# Does a stack run that an older checkout has started, without a service of this one?
lacks_service() {
	for service in $SERVICES; do
		[ -d "service/$service" ] || return 0
	done
	return 1
}

up() {
	running=$(supervisor || :)
	identity=$VARIANT,$WORKERS,$LISTEN,$ACCOUNT_CAPS
	check_port
	if [ -n "$running" ] && { [ "$identity" != \
		"$(remembered VARIANT),$(remembered WORKERS),$(remembered LISTEN),$(remembered ACCOUNT_CAPS)" ] ||
		lacks_service; }; then
		down
		running=
	fi
	make_folders
	write_stack_env
	make_cluster
	before=$(cksum run/nginx.conf run/problems.conf run/real_ip.conf portolan.conf 2>/dev/null || :)
	render_postgres
	write_conf "$@"
	render_nginx
	after=$(cksum run/nginx.conf run/problems.conf run/real_ip.conf portolan.conf)

	start_supervisor
	start_service postgres
	within 60 postgres_answers || die "PostgreSQL does not start; see $VAR/log/postgres/current"
	make_state
	start_service api
	start_service live
	start_service runner
	start_service nginx
	if [ -n "$running" ] && { [ "$before" != "$after" ] || runs_old_build; }; then
		sv hup "$VAR/service/nginx" >/dev/null
		roll
	fi
	note_build
	wait_ready
}

# What the programs of this checkout need to find.  A server that runs has yet to hear of new roles.
make_state() {
	sv hup "$VAR/service/postgres" >/dev/null
	make_database
	make_master_keys
	make_key
}

children() { cat "/proc/$1/task/$1/children" 2>/dev/null || :; }

# Is process $2 of pool $1 gone, and the pool of $3 complete again?
replaced() {
	[ ! -e "/proc/$2" ] || return 1
	size=$3
	# shellcheck disable=SC2046 # one word per child
	set -- $(children "$1")
	[ $# -eq "$size" ]
}

# roll_pool SERVICE SIZE: each process finishes what it serves and leaves; the next one goes when its
# successor is there.
roll_pool() {
	pool=$(service_pid "$1")
	[ -n "$pool" ] || die "the service $1 is not running"
	for child in $(children "$pool"); do
		kill -TERM "$child" 2>/dev/null || continue
		within 40 replaced "$pool" "$child" "$2" ||
			die "process $child does not leave; see $VAR/log/$1/current"
	done
}

# Which files the programs are; kept of those that run, which do not show it themselves.
build_id() { stat -L -c '%i %y' "$BIN/portolan-worker" "$BIN/portolan-live" "$BIN/portolan-runner"; }
note_build() { build_id >run/build; }

# Does a worker or the runner run a program that is no longer what lies on the disk?
runs_old_build() { [ "$(build_id)" != "$(cat run/build 2>/dev/null)" ]; }

# Replace what runs, one process after the other.
roll() {
	roll_pool api "$WORKERS"
	roll_pool live 1
	sv -w 40 restart "$VAR/service/runner" >/dev/null || die "the runner does not leave; see $VAR/log/runner/current"
	within 10 is_up runner || die "the runner does not come back; see $VAR/log/runner/current"
}

restart() {
	supervisor >/dev/null || die "the stack is not running: make up"
	! lacks_service || die "the stack is of an older version, which lacks a service: make up"
	render_postgres
	write_conf "$@"
	make_state
	roll
	note_build
	wait_ready
}

# nginx first, so that no request meets a missing worker; the database last.
down() {
	for service in nginx api live runner postgres; do
		[ -d "service/$service" ] || continue
		sv -w 25 force-stop "$VAR/service/$service" >/dev/null 2>&1 || :
		[ "$service" != nginx ] || (cd service/nginx && sh "$ROOT/deploy/run/nginx-orphans.sh")
	done
	if pid=$(supervisor); then
		kill -HUP "$pid"
		within 10 test ! -e "/proc/$pid" || kill -KILL "$pid"
	fi
	for service in $SERVICES; do
		[ -d "service/$service" ] || continue
		sv -w 10 shutdown "$VAR/service/$service" >/dev/null 2>&1 || :
	done
	end_strays
	rm -rf service run/runsvdir.pid run/api.sock run/live.sock run/nginx.pid
}

status() {
	if ! supervisor >/dev/null; then
		for service in $SERVICES; do
			! is_up "$service" || die "$service runs in $VAR, but the supervisor was killed: make up starts all anew"
		done
		echo "stopped ($VAR)"
		exit 3
	fi
	printf '%-10s %-8s %8s  %s\n' SERVICE STATE PID UPTIME
	for service in $SERVICES; do
		sv status "$VAR/service/$service" 2>&1 |
			sed -n "s/^\([a-z]*\): [^:]*: (pid \([0-9]*\)) \([0-9]*s\).*/\1 \2 \3/p; t
				s/^\([a-z]*\): [^:]*: \([0-9]*s\).*/\1 - \2/p; t
				s/.*/unknown - -/p" | {
			read -r state pid uptime
			printf '%-10s %-8s %8s  %s\n' "$service" "$state" "$pid" "$uptime"
		}
	done
	echo
	echo "address  $URL"
	[ ! -e owner.txt ] || echo "sign in  $(sed -n 's/^E-mail *//p' owner.txt), with the password in $VAR/owner.txt"
	echo "logs     $VAR/log/<service>/current"
	code=$(curl -s -m 5 -o run/readyz -w '%{http_code}' "$URL/readyz") || :
	case $code in
	200) echo "ready    yes" ;;
	000) echo "ready    no: nginx does not answer" && exit 1 ;;
	*) echo "ready    no ($code): $(head -c 2000 run/readyz)" && exit 1 ;;
	esac
}

usage() { die "usage: stack.sh up [FOLDER...] | down | status | restart"; }

load_settings
case ${1:-} in
up | down | restart | status) enter_as_account "$@" ;;
--account)
	shift
	command=$1
	shift
	mkdir -p run
	chmod 700 run
	exec 9>run/lock
	[ "$command" = status ] || flock -w 120 9 || die "another make works on $VAR"
	"$command" "$@"
	;;
*) usage ;;
esac
