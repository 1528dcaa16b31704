#!/bin/sh
# No file of more than 600 lines, no function of more than 60.
set -eu
cd "${0%/*}/.."

find lib fcgi tests -name '*.[ch]' | sort | xargs awk '
	function over(what, lines, most, where) {
		if (lines > most) {
			printf "%s: %s of %d lines, %d at most\n", where, what, lines, most
			failed = 1
		}
	}
	FNR == 1 {
		over("a file", length_before, 600, before)
		before = FILENAME
		start = 0
	}
	{ length_before = FNR }
	/^\{/ { start = FNR }
	/^\}/ {
		if (start)
			over("a function", FNR - start - 1, 60, FILENAME ":" start)
		start = 0
	}
	END {
		over("a file", length_before, 600, before)
		exit failed
	}'
for file in deploy/*.sh deploy/*/*.sh tests/*.sh tests/e2e/*.sh nginx/app.conf.in Makefile $(find nginx/www tests -name '*.js' -o -name '*.css' -o -name '*.py'); do
	[ "$(wc -l <"$file")" -le 600 ] || { echo "$file: a file of more than 600 lines"; exit 1; }
done
