#!/bin/sh
# Install the Debian packages that are missing: deps.sh [build|run|test|browser|node|lint|bench|cov|accuracy]...
#
# Looks first, so that a run with nothing to do needs no privilege, no network
# and a tenth of a second.  Nothing is removed, nothing present is configured.
#
# The packages of nginx, PostgreSQL and the SSH server would start a server on
# ports 80 and 22 and a cluster on port 5432 as they are installed.  For the
# length of the installation those two commands of theirs are shadowed in PATH,
# so that none is started or created here; the machine's own are never touched.
set -eu
PATH=$PATH:/usr/sbin:/sbin

BUILD="gcc libc6-dev make pkg-config git ca-certificates libpq-dev libjson-c-dev
	libcurl4-openssl-dev libgit2-dev libdeflate-dev libssh-dev libsodium-dev libfcgi-dev libseccomp-dev
	libwebsockets-dev libyaml-dev npm"
RUN="nginx spawn-fcgi multiwatch runit curl ca-certificates universal-ctags graphviz poppler-utils procps"
TESTS="universal-ctags poppler-utils libcmocka-dev curl jq git openssh-client openssh-server python3 openssl clang libclang-rt-dev
	iproute2 faketime"
# 100 MB to fetch: the one story that needs it asks for it by itself.
BROWSER="chromium chromium-driver"
# The same: for the official clients of model providers.
NODE="nodejs npm"
LINT="git clang-format clang-tidy cppcheck shellcheck"
BENCH="wrk nghttp2-client jq curl git gunicorn python3-flask python3-psycopg2"
COV="gcovr"
# What maps are compared with.
ACCURACY="python3 gcc g++ cmake golang-go default-jdk-headless npm cloc php-cli php-parser ruby shfmt"

die() { echo "error: $*" >&2; exit 1; }

server_installed() {
	dpkg-query -W -f '${db:Status-Status} ${Package}\n' 'postgresql-[1-9]*' 2>/dev/null |
		grep -qE '^installed postgresql-(1[5-9]|[2-9][0-9])$'
}

# The server package of this release (postgresql-15 on Debian 12, -17 on 13), which the
# metapackage postgresql names; itself it would be one more package that changes under us.
server_package() {
	apt-cache depends postgresql 2>/dev/null |
		sed -n 's/.*Depends: \(postgresql-[0-9][0-9]*\)$/\1/p' | head -n 1
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "these packages are missing and neither root nor sudo is here to install them: $missing"
	fi
}

shadow_services() {
	shadow=$(mktemp -d)
	trap 'rm -rf "$shadow"' EXIT
	printf '#!/bin/sh\nexit 0\n' >"$shadow/pg_createcluster"
	for tool in /usr/sbin/invoke-rc.d /usr/bin/deb-systemd-invoke; do
		cat >"$shadow/${tool##*/}" <<-SHADOW
			#!/bin/sh
			case "\$*" in *nginx* | *postgresql* | *ssh*) exit 0 ;; esac
			exec $tool "\$@"
		SHADOW
	done
	chmod -R a+rx "$shadow"
}

install() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
	case " $missing " in
	*" postgresql-server "*)
		server=$(server_package)
		[ -n "$server" ] || die "apt knows no PostgreSQL server package"
		missing="$(printf '%s' "$missing" | sed 's/postgresql-server//') $server"
		;;
	esac
	echo "installing: $missing" >&2
	shadow_services
	# shellcheck disable=SC2086 # a list of names
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
		-o DPkg::Path="$shadow:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
		-o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 install $missing >"$shadow/log" 2>&1 || {
		tail -n 40 "$shadow/log" >&2
		die "apt-get could not install: $missing"
	}
}

wanted=
for set in "${@:-build}"; do
	case $set in
	build) wanted="$wanted $BUILD" ;;
	run) wanted="$wanted $RUN postgresql-server" ;;
	test) wanted="$wanted $TESTS" ;;
	browser) wanted="$wanted $BROWSER" ;;
	node) wanted="$wanted $NODE" ;;
	lint) wanted="$wanted $LINT" ;;
	bench) wanted="$wanted $BENCH" ;;
	cov) wanted="$wanted $COV" ;;
	accuracy) wanted="$wanted $ACCURACY" ;;
	*) die "no set of packages is called '$set'" ;;
	esac
done
command -v dpkg-query >/dev/null || {
	echo "note: this is no Debian; not looking for packages" >&2
	exit 0
}

present=" $(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null |
	sed -n 's/^installed //p' | tr '\n' ' ') "
missing=
for package in $wanted; do
	case "$present$missing " in *" $package "*) continue ;; esac
	[ "$package" = postgresql-server ] && server_installed && continue
	[ "$package" = npm ] && command -v npm >/dev/null && continue # whoever brought it
	missing="$missing $package"
done
[ -z "$missing" ] || install
case " $* " in *" run "*) "${0%/*}/pgvector.sh" ;; esac
