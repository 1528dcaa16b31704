#!/bin/bash
# make bench: speed and memory as ratios to peers and limits that are measured in the same run.
#
# Machines differ and are noisy, so nothing here passes or fails: rounds alternate between us and the
# peer, medians are compared, and the line says what we aim at.  Everything runs in a temporary
# folder on loopback and is ended by process number.
#
#   BENCH_SECONDS=4   of each load         BENCH_ROUNDS=3    rounds of each comparison
#   BENCH_REPOS=...   more repositories (paths) to map beside this one and one that is made
set -eu
ROOT=$(cd "${0%/*}/../.." && pwd -P)
. "$ROOT/deploy/env.sh"
. "$ROOT/tests/bench/common.sh"
WORK=$(mktemp -d /tmp/portolan-bench.XXXXXX)
chmod 755 "$WORK"
VAR=$WORK/var
export VAR VARIANT=${VARIANT:-release}
SECONDS_EACH=${BENCH_SECONDS:-4}
ROUNDS=${BENCH_ROUNDS:-3}
CLIENTS=64
PROJECTS=2000

leave() {
	code=$?
	trap '' EXIT INT TERM
	for file in "$WORK"/flask/*.pid; do
		[ ! -s "$file" ] || kill "$(cat "$file")" 2>/dev/null || :
	done
	PORT=$PORT sh "$ROOT/deploy/stack.sh" down >/dev/null 2>&1 || :
	rm -rf "$WORK"
	exit "$code"
}
trap leave EXIT
trap 'exit 130' INT TERM


# wrk_rate URL [HEADER]: requests/s under CLIENTS connections, by the key or by what the header shows
wrk_rate() {
	wrk -t1 -c"$CLIENTS" -d"${SECONDS_EACH}s" -H "${2:-Authorization: Bearer $PORTOLAN_API_KEY}" "$1" |
		awk '/^Requests\/sec/ { rate = $2 } /Non-2xx/ { bad = 1 } END { print bad ? 0 : rate }'
}

# percentile_at PART URL RATE: in ms at a fixed rate, by h2load's own log of every request.  Two connections: those of
# h2load tick together, so that more of them would send bursts instead of an even rate.
percentile_at() {
	local log=$WORK/h2load.log
	rm -f "$log"
	h2load --h1 -t1 -c2 --rps="$(($3 / 2))" -D "$SECONDS_EACH" --log-file="$log" \
		-H "Authorization: Bearer $PORTOLAN_API_KEY" "$2" >/dev/null 2>&1
	awk '$2 == 200 { print $3 }' "$log" | sort -n | awk -v part="$1" '{ v[NR] = $1 } END { printf "%.3f", v[int(NR * part)] / 1000 }'
}

pgbench_rate() {
	step_down "$PGBIN/pgbench" -h "$VAR/run" -U portolan_app -n -M prepared -c 8 -j 2 -T "$SECONDS_EACH" \
		-D key_id="$key_id" -D tenant="$tenant" -D first="$first" -D last="$last" \
		-f "$WORK/sql/$1" portolan 2>"$WORK/pgbench.log" | awk '/^tps/ { print $3 }'
}

. "$ROOT/tests/bench/live.sh"

start_stack() {
	PORT=$(free_port)
	export PORT
	mkdir -p "$VAR"
	# Requests are counted as in production; the limits alone are out of reach.
	printf '%s\n' 'projects_max = 1000000' 'jobs_max = 1000000' 'rate_key_per_minute = 1000000000' \
		'tenant_requests_per_minute = 1000000000' \
		'live_streams_per_credential = 2000' >"$VAR/portolan.conf"
	PORT=$PORT sh "$ROOT/deploy/stack.sh" up >/dev/null
	load_settings
	. "$VAR/dev.env"
	export PORTOLAN_URL PORTOLAN_API_KEY
	cp -r "$ROOT/tests/bench" "$WORK/sql"
	chmod -R a+rX "$WORK/sql"
	key_id=$(echo "$PORTOLAN_API_KEY" | cut -d_ -f2)
	key_hash=$(psql_super -c "SELECT encode(secret_hash, 'hex') FROM app.api_key WHERE id = $key_id")
	sed -i "s/@key_hash@/$key_hash/" "$WORK"/sql/*.sql
	tenant=$(psql_super -c "SELECT tenant_id FROM app.api_key WHERE id = $key_id")
	psql_super -c "INSERT INTO app.project (tenant_id, name, repository_url)
		SELECT $tenant, 'project ' || n, 'https://git.test/team/project-' || n || '.git'
		  FROM generate_series(1, $PROJECTS) n"
	psql_super -c "ANALYZE app.project" 2>/dev/null || :
	read -r first last <<<"$(psql_super -F' ' -c 'SELECT min(id), max(id) FROM app.project')"
}

start_flask() {
	flask_port=$(free_port)
	mkdir -p "$WORK/flask/tmp"
	[ "$(id -u)" -ne 0 ] || chown -R "$STACK_USER:" "$WORK/flask"
	step_down env BENCH_DB_URL="host=$VAR/run dbname=portolan user=portolan_app" BENCH_KEY_HASH="$key_hash" /usr/bin/gunicorn \
		--chdir "$WORK/sql" --workers 2 --threads 8 --worker-class gthread --keep-alive 75 --worker-tmp-dir /dev/shm \
		--pid "$WORK/flask/gunicorn.pid" --bind "unix:$WORK/flask/app.sock" --log-level error \
		flask_app:app >"$WORK/flask.log" 2>&1 &
	cat >"$WORK/flask/nginx.conf" <<-CONF
		daemon off; worker_processes 2; pid $WORK/flask/nginx.pid; error_log stderr crit;
		events { worker_connections 1024; }
		http {
			access_log off; client_body_temp_path $WORK/flask/tmp; proxy_temp_path $WORK/flask/tmp;
			fastcgi_temp_path $WORK/flask/tmp; uwsgi_temp_path $WORK/flask/tmp; scgi_temp_path $WORK/flask/tmp;
			upstream app { server unix:$WORK/flask/app.sock; keepalive 64; }
			server {
				listen 127.0.0.1:$flask_port;
				location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; }
			}
		}
	CONF
	step_down nginx -e stderr -c "$WORK/flask/nginx.conf" >"$WORK/flask-nginx.log" 2>&1 &
	flask=http://127.0.0.1:$flask_port
	for _ in $(seq 100); do
		curl -sf -o /dev/null -H "Authorization: Bearer $PORTOLAN_API_KEY" "$flask/api/v1/projects?limit=1" && return
		sleep 0.1
	done
	cat "$WORK/flask.log" >&2
	die "the Flask peer does not start"
}

# compare TITLE URL_OURS URL_PEER AIM
compare_flask() {
	local ours="" theirs=""
	for _ in $(seq "$ROUNDS"); do
		ours="$ours $(wrk_rate "$2")"
		theirs="$theirs $(wrk_rate "$3")"
	done
	ours=$(median "$ours")
	theirs=$(median "$theirs")
	row "$1" "$ours/s" "$theirs/s" "$(ratio "$ours" "$theirs")" "$4"
}

compare_pgbench() {
	local ours="" theirs=""
	for _ in $(seq "$ROUNDS"); do
		ours="$ours $($3)"
		theirs="$theirs $(pgbench_rate "$2")"
	done
	ours=$(median "$ours")
	theirs=$(median "$theirs")
	row "$1" "$ours/s" "$theirs/s" "$(ratio "$ours" "$theirs")" "$4"
}

our_get() { wrk_rate "$PORTOLAN_URL/api/v1/projects/$first"; }
our_list() { wrk_rate "$PORTOLAN_URL/api/v1/projects?limit=20"; }
our_create() {
	wrk -t1 -c8 -d"${SECONDS_EACH}s" -s "$WORK/sql/create.lua" -H "Authorization: Bearer $PORTOLAN_API_KEY" \
		"$PORTOLAN_URL/api/v1/projects" | awk '/^Requests\/sec/ { rate = $2 } /Non-2xx/ { bad = 1 } END { print bad ? 0 : rate }'
}

# The wall let down and put up between rounds: a session plans by the role's attribute of its beginning.
wall() {
	psql_super -c "ALTER ROLE portolan_app $1" \
		-c "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE usename = 'portolan_app'" >/dev/null
	for _ in $(seq 50); do curl -s -o /dev/null -H "Authorization: Bearer $PORTOLAN_API_KEY" "$list"; done
}

cost_of_wall() {
	local with="" without="" list="$PORTOLAN_URL/api/v1/projects?limit=20"
	for _ in $(seq "$ROUNDS"); do
		with="$with $(percentile_at 0.5 "$list" 500)"
		wall BYPASSRLS
		without="$without $(percentile_at 0.5 "$list" 500)"
		wall NOBYPASSRLS
	done
	with=$(median "$with")
	without=$(median "$without")
	row "p50 of the list with the wall / without" "$with ms" "$without ms" "$(ratio "$with" "$without")" "<= 1.25 x"
}

# What it costs to find out who asks: the admission statement's part of a list, and the other credentials.
cost_of_admission() {
	local list="$PORTOLAN_URL/api/v1/projects?limit=20" key token session admitted known
	sed "s/^SELECT app.admit_key_packed.*/SELECT set_config('app.tenant', :tenant::text, true), set_config('app.user', '', true);/" \
		"$WORK/sql/list.sql" >"$WORK/sql/list-known.sql"
	key=$(wrk_rate "$list")
	admitted=$(pgbench_rate list.sql)
	known=$(pgbench_rate list-known.sql)
	row "admission by key, CPU in a list" "$(awk -v n="$(nproc)" -v a="$admitted" -v k="$known" \
		'BEGIN { printf "%.1f us", n * 1e6 / a - n * 1e6 / k }')" "$(awk -v n="$(nproc)" -v r="$key" 'BEGIN { printf "%.1f us", n * 1e6 / r }')" \
		"$(awk -v a="$admitted" -v k="$known" -v r="$key" 'BEGIN { printf "%.2f x", r * (1 / a - 1 / k) }')" "share of the whole"
	token=$(curl -s -X POST -H "Authorization: Bearer $PORTOLAN_API_KEY" "$PORTOLAN_URL/api/v1/auth/token" | jq -r .access_token)
	token=$(wrk_rate "$list" "Authorization: Bearer $token")
	row "list by access token / by key" "$token/s" "$key/s" "$(ratio "$token" "$key")" ""
	session=$(curl -s -o /dev/null -D - -H "Content-Type: application/json" -d "$(jq -n --arg e "$(sed -n 's/^E-mail *//p' "$VAR/owner.txt")" \
		--arg p "$(sed -n 's/^Password *//p' "$VAR/owner.txt")" --argjson t "$tenant" '{email: $e, password: $p, tenant_id: $t}')" \
		"$PORTOLAN_URL/api/v1/auth/login" | sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\).*/\1/p')
	session=$(wrk_rate "$list" "Cookie: $session")
	row "list by session / by key" "$session/s" "$key/s" "$(ratio "$session" "$key")" ""
}

pool_pids() { pgrep -f "^$BIN/portolan-worker" | while read -r p; do [ "$(readlink "/proc/$p/cwd")" = "$VAR" ] && echo "$p"; done; }
pool_kib() { for p in $(pool_pids); do awk "/^$1:/ { print \$2 }" "/proc/$p/smaps_rollup"; done | awk '{ s += $1 } END { print s }'; }

memory() {
	local before after
	before=$(pool_kib Rss)
	h2load --h1 -t1 -c32 -n 100000 -H "Authorization: Bearer $PORTOLAN_API_KEY" \
		"$PORTOLAN_URL/api/v1/projects?limit=20" >/dev/null 2>&1
	after=$(pool_kib Rss)
	row "worker pool, RSS before / after 100 000 lists" "$before KiB" "$after KiB" "$(ratio "$after" "$before")" "<= 25600 KiB, no growth"
	row "worker pool, PSS" "$(pool_kib Pss) KiB" "" "" ""
}

# A repository of files in several languages that import each other, of some size.
make_repository() {
	mkdir -p "$1"
	git -C "$1" init -q -b main
	git -C "$1" config gc.auto 0
	awk -v dir="$1" 'BEGIN {
		for (d = 0; d < 100; d++) {
			system("mkdir -p " dir "/mod" d)
			for (f = 0; f < 50; f++) {
				file = dir "/mod" d "/file" f ".c"
				print "#include \"file" ((f + 1) % 50) ".h\"\n#include <stdio.h>\n" > file
				for (i = 0; i < 60; i++)
					print "/* " d " " f " " i " */\nint fn_" d "_" f "_" i "(int a)\n{\n\tprintf(\"%d\", a + " i * f ");\n\treturn a * " d ";\n}\n" > file
				close(file)
				print "int fn_" d "_" f "(int a);" > (dir "/mod" d "/file" f ".h")
				close(dir "/mod" d "/file" f ".h")
			}
		}
	}'
	git -C "$1" add -A
	git -C "$1" -c user.name=bench -c user.email=bench@test commit -qm one
	git -C "$1" gc -q
}

seconds() {
	local start end
	start=$(date +%s%N)
	"$@" >/dev/null 2>&1 || { echo 0; return; }
	end=$(date +%s%N)
	awk -v n="$((end - start))" 'BEGIN { printf "%.2f", n / 1e9 }'
}

compare_map() {
	local repo=$1 name clone map again
	name=$(basename "$repo")
	PORT=$PORT sh "$ROOT/deploy/stack.sh" up "$repo" >/dev/null
	printf '[safe]\n\tdirectory = *\n' >"$WORK/gitconfig"
	clone=$(seconds env GIT_CONFIG_GLOBAL="$WORK/gitconfig" git clone -q --bare --no-local "$repo" "$WORK/clone.git")
	rm -rf "$WORK/clone.git"
	map=$(seconds "$BIN/portolan" map "$repo")
	again=$(seconds "$BIN/portolan" map "$repo")
	row "map $name / git clone --bare" "$map s" "$clone s" "$(ratio "$map" "$clone")" "<= 2 x; second time: $again s"
}

start_stack
start_flask
echo "$(nproc) cores, $CLIENTS connections, medians of $ROUNDS rounds of $SECONDS_EACH s"
row "" "Portolan" "peer" "ratio" "aim"
compare_flask "GET /projects?limit=20 / Flask + gunicorn" "$PORTOLAN_URL/api/v1/projects?limit=20" "$flask/api/v1/projects?limit=20" ">= 6 x"
compare_flask "GET /projects/{id} / Flask + gunicorn" "$PORTOLAN_URL/api/v1/projects/$first" "$flask/api/v1/projects/$first" ">= 6 x"
# The same statements, as a client sends them one by one, and as the worker does, in one round trip.
sed 's/^.startpipeline/BEGIN;/; s/^.endpipeline/COMMIT;/' "$WORK/sql/get.sql" >"$WORK/sql/get-each.sql"
compare_pgbench "GET /projects/{id} / pgbench, same SQL" get-each.sql our_get ">= 0.45 x"
compare_pgbench "GET /projects/{id} / pgbench, pipelined" get.sql our_get ""
compare_pgbench "GET /projects?limit=20 / pgbench, pipelined" list.sql our_list ""
row "p99 of the list at 1 500 requests/s" "$(percentile_at 0.99 "$PORTOLAN_URL/api/v1/projects?limit=20" 1500) ms" \
	"$(percentile_at 0.99 "$flask/api/v1/projects?limit=20" 1500) ms" "" "<= 1 ms"
cost_of_wall
cost_of_admission
memory
sv_down() { step_down sv down "$VAR/service/runner" >/dev/null; }
sv_down # creates are measured without the jobs that they start
compare_pgbench "POST /projects / pgbench, same SQL" create.sql our_create ""
psql_super -c "DELETE FROM app.background_job"
step_down sv up "$VAR/service/runner" >/dev/null
measure_live
make_repository "$WORK/generated"
[ "$(id -u)" -ne 0 ] || chown -R "$STACK_USER:" "$WORK/generated"
# One of a single commit, whose clone has next to nothing to do; this one with its history, unless it is a work tree of
# another; and those of the caller.
own=$ROOT
[ -d "$ROOT/.git" ] || own=
for repo in "$WORK/generated" $own ${BENCH_REPOS:-}; do
	compare_map "$repo"
done
