#!/bin/sh
# The static site: www.sh    nginx/www and its libraries from npm become build/www
#
# The libraries are those of nginx/package-lock.json, brought once into build/npm and checked there against
# the lock file's hashes; none of their scripts runs.  esbuild puts them and our modules into files that are
# named after what is in them, so that a browser keeps them for good, and beside each lies its gzip form.
# What was built before stays beside it for a week: a page that is open still finds the parts it has yet to load.
set -eu
ROOT=$(cd "${0%/*}/.." && pwd -P)
SOURCE=$ROOT/nginx/www
NPM=$ROOT/build/npm
OUT=$ROOT/build/www
umask 022

die() { echo "error: $*" >&2; exit 1; }

libraries() {
	if cmp -s "$ROOT/nginx/package-lock.json" "$NPM/done"; then return; fi
	command -v npm >/dev/null || die "npm is missing: run deploy/deps.sh build"
	rm -rf "$NPM"
	mkdir -p "$NPM"
	cp "$ROOT/nginx/package.json" "$ROOT/nginx/package-lock.json" "$NPM"
	(cd "$NPM" && npm ci --ignore-scripts --no-audit --no-fund >log 2>&1) || {
		tail -n 20 "$NPM/log" >&2
		die "npm could not bring the libraries of the web pages; what it said is in $NPM/log"
	}
	cp "$ROOT/nginx/package-lock.json" "$NPM/done"
}

# The file that esbuild made of entry $1 in folder $3, with the ending $2.
made() {
	for file in "$OUT/new/$3/$1"-*."$2"; do
		[ -f "$file" ] || die "esbuild made no $1.$2"
		echo "/$3/${file##*/}"
	done
}

es() {
	NODE_PATH=$NPM/node_modules "$NPM/node_modules/.bin/esbuild" "$@" --bundle --format=esm --target=es2022 --minify \
		--legal-comments=none --log-level=warning --entry-names='[name]-[hash]' --external:/favicon.svg
}

# The API's documentation: large, a page of its own, and loaded by no other.
documentation() {
	es "$SOURCE/docs/docs.js" "$SOURCE/docs/docs.css" --outdir="$OUT/new/docs"
	"$ROOT/deploy/render.sh" "$SOURCE/docs/index.html" "$OUT/new/docs/index.html" \
		DOCS_JS="$(made docs js docs)" DOCS_CSS="$(made docs css docs)"
	cp "$NPM/node_modules/swagger-ui-dist/LICENSE" "$NPM/node_modules/swagger-ui-dist/NOTICE" "$OUT/new/docs/"
}

bundle() {
	rm -rf "$OUT/new"
	mkdir -p "$OUT/new/assets"
	es "$SOURCE/app.js" "$SOURCE/app.css" --splitting --chunk-names='[name]-[hash]' \
		--metafile="$OUT/new/meta.json" --outdir="$OUT/new/assets"
	for file in favicon.svg robots.txt style.css; do
		cp "$SOURCE/$file" "$OUT/new/"
	done
	"$ROOT/deploy/render.sh" "$SOURCE/index.html" "$OUT/new/index.html" APP_JS="$(made app js assets)" APP_CSS="$(made app css assets)"
	documentation
	find "$OUT/new" -name '*.js' -o -name '*.css' -o -name '*.html' | while read -r file; do
		gzip -9nk "$file"
	done
}

# New files first, the page that names them last.
publish() {
	mkdir -p "$OUT/assets"
	cp "$OUT"/new/assets/* "$OUT/assets/"
	find "$OUT/assets" -type f -mtime +7 -delete
	rm -rf "$OUT/new/assets" "$OUT/docs"
	for file in "$OUT"/new/*; do
		[ "${file##*/}" = index.html ] || mv -f "$file" "$OUT/"
	done
	mv -f "$OUT/new/index.html" "$OUT/"
	rmdir "$OUT/new"
}

libraries
bundle
publish
