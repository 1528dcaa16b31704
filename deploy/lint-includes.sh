#!/bin/sh
# The include rule, read off the #include lines:  lint-includes.sh DOMAIN...  (left to right)
#
#   includes point one way    fcgi -> lib/app -> lib/<domain> -> lib/base
#   domains look left         a domain includes itself, base, and the domains before it
#   *_repo.h                  stays in its folder
#   libfcgi                   only in fcgi/
#   libpq                     only in lib/base/db*.c
#   curl_easy_init            only in lib/base/net* and lib/base/http_client*
#   unsafe string functions   nowhere
set -eu
cd "${0%/*}/.."

# shellcheck disable=SC2016 # awk, not shell
find lib fcgi -name '*.[ch]' | sort | xargs awk -v domains="$*" '
	function bad(why) { printf "%s:%d: %s: %s\n", FILENAME, FNR, why, $0; failed = 1 }
	function layer(file,   part) {
		split(file, part, "/")
		return part[1] == "fcgi" ? "fcgi" : part[2]
	}
	BEGIN {
		n = split(domains, list, " ")
		for (i = 1; i <= n; i++)
			rank[list[i]] = i
		rank["base"] = 0
		rank["app"] = n + 1
		rank["fcgi"] = n + 2
	}
	FNR == 1 {
		here = layer(FILENAME)
		if (!(here in rank))
			bad("a folder that DOMAINS in the Makefile does not list")
	}
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		split($0, quoted, "\"")
		target = quoted[2]
		split(target, part, "/")
		there = target ~ /\// ? part[1] : here
		if (!(there in rank))
			there = "fcgi" # fcgi/ is on the include path itself: "routes/x.h"
		if (rank[there] > rank[here])
			bad("includes point to the left only, " here " must not see " there)
		if (target ~ /_repo\.h$/ && there != here)
			bad("a repository stays in its folder")
	}
	/^[ \t]*#[ \t]*include[ \t]*<(fcgi|fcgiapp|fcgi_stdio|fcgios)/ && here != "fcgi" { bad("libfcgi belongs in fcgi/") }
	/^[ \t]*#[ \t]*include[ \t]*<(libpq|postgresql)/ && FILENAME !~ /^lib\/base\/db/ { bad("libpq belongs in lib/base/db*") }
	/curl_easy_init/ && FILENAME !~ /^lib\/base\/(net|http_client)/ { bad("use base/http_client.h, which guards addresses") }
	/(^|[^A-Za-z0-9_])(strcpy|strcat|strncpy|sprintf|vsprintf|strtok|atoi|gets)[ \t]*\(/ &&
		!/^[ \t]*(\/?\*|\/\/)/ { bad("a banned function") }
	END { exit failed }'
