# shellcheck shell=sh disable=SC2034 # what is set here is used by those that source this
# Settings and helpers of the scripts in deploy/ and tests/.  Sourced, never run.
#
# A setting comes from the environment (make hands on PORT=, VAR= ...), else
# from what this VAR was last set up with (VAR/stack.env), else from here:
#
#   VAR            var/ of the checkout    everything that the stack writes
#   PORT           8000                    nginx listens there
#   LISTEN         127.0.0.1:PORT          ... or here
#   VARIANT        release                 which build/<variant>/bin runs
#   WORKERS        2                       processes in the pool
#   STACK_USER     postgres                account of the stack when root starts it
#
# PostgreSQL refuses to run as root, so root's stack steps down to STACK_USER
# as a whole; anybody else's stack runs as that user.

set -eu
umask 022
PATH=$PATH:/usr/sbin:/sbin
export PATH

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# ROOT is the checkout (or the installed share directory); scripts set it before they source this.
: "${ROOT:?is set by the script that sources env.sh}"

# The setting $1 as VAR/stack.env has it.
remembered() {
	if [ -r "$VAR/stack.env" ]; then
		sed -n "s/^$1='\(.*\)'\$/\1/p" "$VAR/stack.env"
	fi
}

# Take setting $1 from the environment, else from the last set-up, else the value $2.
setting() {
	eval "value=\${$1:-}"
	[ -n "$value" ] || value=$(remembered "$1")
	[ -n "$value" ] || value=$2
	eval "$1=\$value"
}

# Setting $1 must be a number from 1 to $2, of five digits at most.
number() {
	eval "value=\$$1"
	case $value in
	'' | 0* | *[!0-9]* | ??????*) ;;
	*) [ "$value" -gt "$2" ] || return 0 ;;
	esac
	die "$1 is a number from 1 to $2, not '$value'"
}

load_settings() {
	VAR=${VAR:-$ROOT/var}
	case $VAR in /*) ;; *) VAR=$PWD/$VAR ;; esac
	VAR=$(realpath -m "$VAR")
	case $VAR$ROOT in
	*[!A-Za-z0-9._/+@,=~-]*)
		die "only letters, digits and ._/+@,=~- may be in the paths $ROOT and $VAR" ;;
	esac
	# The kernel takes 107 bytes as the name of a UNIX socket.
	[ "$(printf %s "$VAR/run/.s.PGSQL.5432" | wc -c)" -le 107 ] ||
		die "$VAR is too long a path for UNIX sockets; choose a shorter one, for instance VAR=/var/tmp/portolan"

	if [ -n "${LISTEN:-}" ]; then
		PORT=${PORT:-${LISTEN##*:}}
	elif [ -n "${PORT:-}" ]; then
		LISTEN=127.0.0.1:$PORT
	fi
	setting PORT 8000
	number PORT 65535
	setting LISTEN "127.0.0.1:$PORT"
	setting VARIANT release
	setting WORKERS 2
	number WORKERS 64
	BIN=$ROOT/build/$VARIANT/bin
	URL=http://127.0.0.1:$PORT
	CONF=$VAR/portolan.conf
	if [ "$(id -u)" -eq 0 ]; then
		setting STACK_USER postgres
		[ "$STACK_USER" != root ] || die "STACK_USER must not be root: PostgreSQL refuses it"
	else
		STACK_USER=$(id -un)
	fi
	ACCOUNT_CAPS=${ACCOUNT_CAPS:-$(remembered ACCOUNT_CAPS)}
	find_postgres
}

# PGBIN: the server that made the cluster in VAR, else the newest installed (15 and up).
find_postgres() {
	if [ -r "$VAR/pg/PG_VERSION" ]; then
		PGBIN=/usr/lib/postgresql/$(cat "$VAR/pg/PG_VERSION")/bin
		return
	fi
	PGBIN=
	for dir in /usr/lib/postgresql/*/bin; do
		version=${dir%/bin}
		version=${version##*/}
		[ -x "$dir/postgres" ] && [ "$version" -ge 15 ] && PGBIN=$dir
	done
	:
}

# Run a command as the account of the stack, with nothing in its environment but
# the settings: neither a proxy nor the HOME of whoever called make may change what it does.
# shellcheck disable=SC2086 # ACCOUNT_CAPS is a list of options
step_down() {
	set -- env -i PATH="$PATH" LANG=C.UTF-8 TZ=UTC HOME="$VAR" VAR="$VAR" PORT="$PORT" \
		LISTEN="$LISTEN" VARIANT="$VARIANT" WORKERS="$WORKERS" ACCOUNT_CAPS="$ACCOUNT_CAPS" \
		PORTOLAN_CONFIG="$CONF" ${ASAN_OPTIONS:+ASAN_OPTIONS="$ASAN_OPTIONS"} \
		${UBSAN_OPTIONS:+UBSAN_OPTIONS="$UBSAN_OPTIONS"} "$@"
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid "$STACK_USER" --regid "$(id -g "$STACK_USER")" --init-groups \
			$ACCOUNT_CAPS "$@"
	else
		"$@"
	fi
}

# The account may be unable to reach what lies in a closed folder (/root is 0700).
# Then, and only then, root's stack keeps the one right to read past file modes.
find_caps() {
	ACCOUNT_CAPS=
	[ "$(id -u)" -eq 0 ] || return 0
	for path; do
		[ -e "$path" ] || continue
		step_down test -r "$path" && continue
		# Without the secure bit, access(2), which libgit2 asks, would not heed the capability.
		ACCOUNT_CAPS="--securebits=+no_setuid_fixup --inh-caps=+dac_read_search --ambient-caps=+dac_read_search"
		say "note: $STACK_USER may not read $path; the stack gets the capability dac_read_search for it"
		return 0
	done
}

# What root built must run as the account; a build that measures coverage writes its
# counts next to its objects.
open_build() {
	[ "$(id -u)" -eq 0 ] || return 0
	chmod a+rx "$BIN" "$BIN"/*
	[ "$VARIANT" != cov ] || chmod -R a+rwX "$ROOT/build/cov"
}

# within SECONDS COMMAND...: try until it succeeds; fails when the time is up, which tests say aloud.
within() {
	within_s=$1
	within_end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		if [ "$(date +%s)" -ge "$within_end" ]; then
			[ -z "${WITHIN_SAYS:-}" ] || echo "not within $within_s s: $*"
			return 1
		fi
		sleep 0.1
	done
}

# Is somebody listening on TCP port $1 of this machine?  State 0A is LISTEN.
port_taken() {
	awk -v port="$(printf ':%04X' "$1")" \
		'$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }' \
		/proc/net/tcp /proc/net/tcp6 2>/dev/null
}
