# shellcheck shell=sh
# What `stack.sh up` makes under VAR, each step once and again without harm.
# Sourced by deploy/stack.sh and tests/pg.sh; needs the settings of deploy/env.sh.
# Runs as the account of the stack, with VAR as its working directory.

BODY_MAX=1048576    # bytes of a request's body that nginx lets through
UPLOAD_MAX=33554432 # the same where files are sent; workers know how many are set

make_folders() {
	mkdir -p run log service repos tmp/nginx
	chmod 700 run repos
	for service in postgres nginx api live runner; do
		mkdir -p "log/$service"
		ln -sfn "$service/current" "log/$service.log"
	done
}

# The settings for the run scripts, and for the next make without them.
write_stack_env() {
	for name in ROOT VAR PORT LISTEN VARIANT WORKERS ACCOUNT_CAPS BIN PGBIN; do
		eval "printf \"%s='%s'\\n\" $name \"\$$name\""
	done >stack.env.new
	echo "export PORTOLAN_CONFIG='$CONF'" >>stack.env.new
	mv -f stack.env.new stack.env
}

# A cluster appears under its name only when it is whole.
make_cluster() {
	[ ! -s pg/PG_VERSION ] || return 0
	rm -rf pg.new
	"$PGBIN/initdb" -D pg.new -U postgres -E UTF8 --locale=C.UTF-8 --data-checksums --auth=peer \
		>log/initdb.log 2>&1 || { tail -n 20 log/initdb.log >&2; die "initdb failed"; }
	echo "include = '$VAR/run/postgresql.conf'" >>pg.new/postgresql.conf
	mv pg.new pg
}

render_postgres() {
	render=$ROOT/deploy/render.sh
	"$render" "$ROOT/deploy/postgres/postgresql.conf.in" run/postgresql.conf VAR="$VAR"
	"$render" "$ROOT/deploy/postgres/pg_hba.conf" run/pg_hba.conf
	"$render" "$ROOT/deploy/postgres/pg_ident.conf.in" run/pg_ident.conf ACCOUNT="$(id -un)"
}

# The setting $1 as the program reads it.
configured() { "$BIN/portolan" config show | sed -n "s/^$1  *//p"; }

# nginx's directives for the proxies that may say who the client is; none, and nobody may.
real_ip() {
	proxies=$(configured trusted_proxies | tr -d ' ' | tr , '\n')
	[ -n "$proxies" ] || return 0
	for proxy in $proxies; do
		echo "set_real_ip_from $proxy;"
	done
	echo 'real_ip_header X-Forwarded-For;'
	echo 'real_ip_recursive on;'
}

render_nginx() {
	render=$ROOT/deploy/render.sh
	"$render" --problems "$ROOT/lib/base/err.def" run/problems.conf
	real_ip >run/real_ip.conf.new
	mv -f run/real_ip.conf.new run/real_ip.conf
	"$render" "$ROOT/nginx/app.conf.in" run/nginx.conf SHARE="$ROOT" WWW="$ROOT/build/www" RUN="$VAR/run" \
		TMP="$VAR/tmp/nginx" LISTEN="$LISTEN" BODY_MAX="$BODY_MAX" UPLOAD_MAX="$UPLOAD_MAX" NGINX_WORKERS=2
	# nginx opens its standard error anew, which must therefore be the account's own.
	nginx -t -q -e stderr -p "$VAR" -c "$VAR/run/nginx.conf" >log/nginx-test.log 2>&1 || {
		cat log/nginx-test.log >&2
		die "nginx refuses its configuration"
	}
}

# One folder per service for runsvdir; every script is a line that runs one of deploy/run.
make_services() {
	for service in postgres nginx api live runner; do
		mkdir -p "service/$service/log"
		service_script "$service/run" "$service.sh"
		service_script "$service/log/run" log.sh
	done
	# "Stop" is a fast shutdown for PostgreSQL, a graceful one for nginx.
	mkdir -p service/postgres/control service/nginx/control
	# shellcheck disable=SC2016 # expanded when it runs
	printf '#!/bin/sh\nkill -INT "$(cat supervise/pid)"\n' >service/postgres/control/t
	# shellcheck disable=SC2016
	printf '#!/bin/sh\nkill -QUIT "$(cat supervise/pid)"\n' >service/nginx/control/t
	chmod +x service/postgres/control/t service/nginx/control/t
}

service_script() {
	printf '#!/bin/sh\nexec sh %s/deploy/run/%s\n' "$ROOT" "$2" >"service/$1"
	chmod +x "service/$1"
}

BEGIN_MARK="# Managed by set-up from here; set a key outside of these lines to overrule it."
END_MARK="# End of what set-up manages."

# Folders with repositories that may be mapped by path, so far.
local_roots() {
	if [ -r "$VAR/portolan.conf" ]; then
		sed -n 's/^local_roots *= *//p' "$VAR/portolan.conf" | tail -n 1
	fi
}

# local_roots with ROOT and the folders $@ among them.
wider_roots() {
	roots=$(local_roots)
	for dir in "$ROOT" "$@"; do
		case :$roots: in *":$dir:"*) ;; *) roots=${roots:+$roots:}$dir ;; esac
	done
	echo "$roots"
}

# portolan.conf: our lines between the marks, the operator's as they are.  A key
# that the operator has set is left out of ours.
write_conf() {
	roots=$(wider_roots "$@")
	[ -e portolan.conf ] || : >portolan.conf
	cat >run/managed <<-CONF
		database_url = host=$VAR/run dbname=portolan user=portolan_app
		database_owner_url = host=$VAR/run dbname=portolan user=portolan_owner
		database_runner_url = host=$VAR/run dbname=portolan user=portolan_runner
		database_gate_url = host=$VAR/run dbname=portolan user=portolan_gate
		master_key_file = $VAR/master.keys
		run_dir = $VAR/run
		repos_dir = $VAR/repos
		local_roots = $roots
		libexec_dir = $BIN
		sql_dir = $ROOT/sql
		prompts_dir = $ROOT/deploy/prompts
		public_url = $URL
	CONF
	awk -v first="$BEGIN_MARK" -v last="$END_MARK" '
		function key(line) { # a key may also be written as its variable
			sub(/[ \t]*=.*/, "", line)
			line = tolower(line)
			sub(/^portolan_/, "", line)
			return line
		}
		FILENAME == "portolan.conf" {
			if ($0 == first) { skip = 1 }
			else if ($0 == last) { skip = 0 }
			else if (!skip) { theirs = theirs $0 "\n"; if (/^[A-Za-z]/) taken[key($0)] = 1 }
			next
		}
		FNR == 1 { print first }
		!(key($0) in taken) { print }
		END { print last; printf "%s", theirs }' portolan.conf run/managed >portolan.conf.new
	rm -f run/managed
	if cmp -s portolan.conf.new portolan.conf; then
		rm -f portolan.conf.new
	else
		mv -f portolan.conf.new portolan.conf
	fi
}

postgres_answers() { "$PGBIN/pg_isready" -q -h "$VAR/run" -d postgres; }

# As the superuser, in a database: a file.
bootstrap() {
	"$PGBIN/psql" -X -q -h "$VAR/run" -U postgres -d "$1" -v ON_ERROR_STOP=1 \
		-f "$ROOT/deploy/postgres/$2" >>log/bootstrap.log 2>&1 || {
		cat log/bootstrap.log >&2
		die "the database could not be created"
	}
}

# Roles, database, extensions and schema.
make_database() {
	: >log/bootstrap.log
	bootstrap postgres bootstrap.sql
	bootstrap portolan extensions.sql
	"$BIN/portolan" migrate >log/migrate.log 2>&1 || {
		cat log/migrate.log >&2
		die "the migrations failed"
	}
}

# The master keys, from which all that is hashed and sealed derives.
make_master_keys() {
	"$BIN/portolan" keys init >log/keys.log 2>&1 || {
		cat log/keys.log >&2
		die "the master keys could not be made"
	}
}

# The tenant, its key and its first owner; the program itself writes the files: that of the key
# only when none in it works, that of the owner once.
make_key() {
	"$BIN/portolan" setup --key-file "$VAR/dev.env" --owner-file "$VAR/owner.txt" --url "$URL" >log/setup.log 2>&1 || {
		cat log/setup.log >&2
		die "the API key or the first owner could not be made"
	}
}
