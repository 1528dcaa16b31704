#!/bin/sh
# Give the PostgreSQL server of this machine the extension pgvector, by which vectors are compared.
#
# Debian 13 has the package.  Debian 12 has not: its newer source package of Debian 13 is fetched by apt, which
# verifies it, with lists of its own, so that the machine's sources stay what they are; it is built against the
# headers of the machine's own server in five seconds, and installed as a package that dpkg knows and removes.
# Run by deploy/deps.sh.  Where it cannot be had that is said once a day and no error: the program does without.
set -eu
PATH=$PATH:/usr/sbin:/sbin
ROOT=$(cd "${0%/*}/.." && pwd -P)
SUITE=trixie # whose source package is taken
GIVEN_UP=$ROOT/build/pgvector-missing

server=0
for dir in /usr/lib/postgresql/*/bin; do
	version=${dir%/bin}
	version=${version##*/}
	[ -x "$dir/postgres" ] && [ "$version" -ge 15 ] && [ "$version" -gt "$server" ] && server=$version
done
[ "$server" -gt 0 ] || exit 0
[ ! -e "/usr/share/postgresql/$server/extension/vector.control" ] || exit 0
[ -z "$(find "$GIVEN_UP" -mtime -1 2>/dev/null)" ] || exit 0
package=postgresql-$server-pgvector

as_root() {
	if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# apt may ask nothing, and gives up soon where nobody answers.
quick() {
	env DEBIAN_FRONTEND=noninteractive "$@" -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=15 \
		-o Acquire::Languages=none -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0
}

from_package() {
	as_root apt-get -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=15 update || :
	[ -n "$(apt-cache show "$package" 2>/dev/null)" ] || return 1
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
		-o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 install "$package"
}

# The newer source package into $work, through apt with lists and sources of its own.
fetch_source() {
	# shellcheck disable=SC2016 # apt replaces it
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1)
	[ -n "$mirror" ] || return 1
	mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/source"
	cat >"$work/own.sources" <<-SOURCES
		Types: deb-src
		URIs: $mirror
		Suites: $SUITE
		Components: main
		Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
	SOURCES
	set -- -o Dir::Etc::sourcelist="$work/own.sources" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache"
	quick apt-get "$@" update &&
		(cd "$work/source" && quick apt-get "$@" --download-only source pgvector) &&
		tar -xf "$work"/source/pgvector_*.orig.tar.gz -C "$work/source" &&
		release=$(basename "$work"/source/pgvector_*.dsc .dsc)
}

# The headers of the server: what postgresql-server-dev depends on besides (a compiler of its own) is not needed.
fetch_headers() {
	headers=/usr/include/postgresql/$server/server
	[ ! -e "$headers/postgres.h" ] || return 0
	(cd "$work" && quick apt-get download "postgresql-server-dev-$server" && dpkg-deb -x postgresql-server-dev-*.deb dev) &&
		headers=$work/dev$headers && [ -e "$headers/postgres.h" ]
}

build() {
	set -- -s -C "$work/source/$(basename "$work"/source/pgvector-*)" OPTFLAGS="" with_llvm=no \
		PG_CONFIG="/usr/lib/postgresql/$server/bin/pg_config" PG_CPPFLAGS="-I$headers"
	make -j"$(nproc)" "$@" && make "$@" install DESTDIR="$work/package" && rm -rf "$work/package/usr/include"
}

# As a package, so that dpkg knows whose the files are.
pack() {
	mkdir -p "$work/package/DEBIAN"
	cat >"$work/package/DEBIAN/control" <<-CONTROL
		Package: $package
		Version: ${release#*_}~portolan
		Architecture: $(dpkg --print-architecture)
		Maintainer: this machine <root@localhost>
		Depends: postgresql-$server
		Section: database
		Priority: optional
		Description: vector similarity search for PostgreSQL $server
		 Built on this machine from the source package pgvector of Debian $SUITE.
	CONTROL
	find "$work/package" -type d -exec chmod 755 {} +
	dpkg-deb --root-owner-group -b "$work/package" "$work/$package.deb" >/dev/null &&
		as_root dpkg -i "$work/$package.deb" >/dev/null
}

from_source() {
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	chmod 755 "$work"
	fetch_source && fetch_headers && build && pack
}

log=$(mktemp)
if ! as_root true 2>/dev/null; then
	echo "neither root nor sudo is here to install it" >"$log"
elif from_package >"$log" 2>&1 || from_source >"$log" 2>&1; then
	echo "installed: $package" >&2
	rm -f "$log"
	exit 0
fi
mkdir -p "$ROOT/build"
mv -f "$log" "$GIVEN_UP"
echo "note: pgvector cannot be had here, so vectors are compared one by one; why: $GIVEN_UP" >&2
