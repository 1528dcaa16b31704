#!/bin/sh
# Render a template: render.sh TEMPLATE OUTPUT NAME=VALUE...  replaces @NAME@.
# Render nginx's problems:  render.sh --problems ERR_DEF OUTPUT
#
# The output is replaced only when it differs, and then at once; exit status 0
# either way.  A marker without a value is an error.
set -eu

# nginx's maps from status to slug and title, from the rows of err.def that nginx can meet itself.
problems() {
	awk -F'"' '
		BEGIN {
			split("BAD_REQUEST FORBIDDEN NO_ROUTE METHOD REQUEST_TIMEOUT TOO_LARGE URI_TOO_LONG" \
			      " MEDIA_TYPE RATE HEADERS INTERNAL BAD_GATEWAY UNAVAILABLE TIMEOUT", names, " ")
			for (i in names)
				wanted[names[i]] = 1
		}
		/^ERR\(/ {
			split($1, head, /[(,] */)
			if (!(head[2] in wanted))
				next
			delete wanted[head[2]]
			slugs = slugs "    " head[3] " \"" $2 "\";\n"
			titles = titles "    " head[3] " \"" $4 "\";\n"
			if (head[2] == "BAD_REQUEST") {
				slugs = slugs "    default \"" $2 "\";\n"
				titles = titles "    default \"" $4 "\";\n"
			}
		}
		END {
			for (name in wanted) {
				print "render.sh: no row " name " in err.def" >"/dev/stderr"
				exit 1
			}
			printf "map $status $problem_slug {\n%s}\nmap $status $problem_title {\n%s}\n", slugs, titles
		}' "$1"
}

template() {
	file=$1
	shift
	script=
	for pair; do
		script="$script
s|@${pair%%=*}@|${pair#*=}|g"
	done
	sed "$script" "$file"
}

if [ "$1" = --problems ]; then
	out=$3
	problems "$2" >"$out.new"
else
	out=$2
	in=$1
	shift 2
	template "$in" "$@" >"$out.new"
fi
if left=$(grep -o '@[A-Z_]\{2,\}@' "$out.new"); then
	echo "render.sh: no value for $left" >&2
	exit 1
fi
if cmp -s "$out.new" "$out"; then
	rm -f "$out.new"
else
	mv -f "$out.new" "$out"
fi
