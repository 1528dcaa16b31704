/*
 * portolan doctor: is everything in order that the service needs?
 *
 * Each check says what it found and, when it failed, what to do.  All checks
 * run, so that one visit shows all that is wrong.
 */
#include "cli/cli.h"
#include "cookie.h"

#include "app/app.h"
#include "auth/vault.h"
#include "auth/keyring.h"
#include "base/landlock.h"
#include "base/migrate.h"
#include "cli/api.h"
#include "maps/child.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define DISK_WARN_PERCENT 15

enum finding { GOOD, WARNING, BAD };

struct doctor {
	struct cli *cli;
	struct sb json;
	int bad;
};

static void report(struct doctor *d, enum finding f, const char *check, const char *found,
                   const char *fix)
{
	static const char *const WORDS[] = { "ok", "warning", "failed" };
	static const enum term_style STYLES[] = { TERM_GOOD, TERM_WARN, TERM_BAD };
	struct term *t = &d->cli->term;

	d->bad += f == BAD;
	if (d->cli->json) {
		sb_add(&d->json, d->json.len > 0 ? ",{\"check\":" : "{\"check\":");
		sb_json(&d->json, check);
		sb_addf(&d->json, ",\"result\":\"%s\",\"found\":", WORDS[f]);
		sb_json(&d->json, found);
		sb_add(&d->json, ",\"fix\":");
		sb_json(&d->json, f == GOOD ? "" : fix);
		sb_addc(&d->json, '}');
		return;
	}
	term_cell(t, t->out, STYLES[f], WORDS[f], 9);
	term_cell(t, t->out, TERM_PLAIN, check, 18);
	term_text(t, t->out, TERM_PLAIN, found);
	fputc('\n', t->out);
	if (f != GOOD) {
		fprintf(t->out, "%27s", "");
		term_text(t, t->out, TERM_DIM, fix);
		fputc('\n', t->out);
	}
}

/* The last fault as one finding. */
static void report_fault(struct doctor *d, const char *check, const char *fix)
{
	const struct fault *f = &d->cli->cx->fault;

	report(d, BAD, check, f->detail != NULL ? f->detail : "it failed",
	       f->fix != NULL ? f->fix : fix);
	err_clear(d->cli->cx);
}

static bool check_config(struct doctor *d)
{
	struct cli *cli = d->cli;

	if (config_load(cli->cx, cli->sources, &cli->config) == ERR_OK) {
		report(d, GOOD, "configuration",
		       arena_printf(cli->cx->arena, "%d settings", CONFIG_KEYS), "");
		return true;
	}
	report_fault(d, "configuration", "portolan config check lists every mistake");
	return false;
}

static void check_keyring(struct doctor *d)
{
	struct cli *cli = d->cli;
	const char *path = cli->config->master_key_file;
	struct keyring_key keys[KEYRING_MAX];
	struct keyring *ring;

	if (keyring_open(cli->cx, path, &ring) != ERR_OK) {
		report_fault(d, "master keys", "restore the file from its copy");
		return;
	}
	report(d, GOOD, "master keys",
	       arena_printf(cli->cx->arena, "%s: %d, number %d is in use", path,
	                    keyring_list(ring, keys), keyring_newest(ring)),
	       "");
	keyring_free(ring);
}

/* The roles by which the service and the command line work, besides the workers' own. */
static void check_roles(struct doctor *d)
{
	static const struct {
		const char *check;
		struct db *(*open)(const struct app *app);
	} ROLES[] = { { "runner's role", app_runner_db }, { "gate's role", app_gate_db } };
	struct cli *cli = d->cli;
	const struct app app = { .config = cli->config, .component = "portolan" };

	for (size_t i = 0; i < COUNT(ROLES); i++) {
		CLEANUP(db_close_ptr) struct db *db = ROLES[i].open(&app);
		int64_t version;

		cli->cx->db = db;
		if (migrate_version(cli->cx, &version) != ERR_OK)
			report_fault(d, ROLES[i].check, CLI_DATABASE_FIX);
		else
			report(d, GOOD, ROLES[i].check, "is let in", "");
		cli->cx->db = NULL;
	}
}

static void check_database(struct doctor *d)
{
	struct cli *cli = d->cli;
	const struct app app = { .config = cli->config, .component = "portolan" };
	CLEANUP(db_close_ptr) struct db *db = app_db(&app);
	int64_t version;

	cli->cx->db = db;
	if (migrate_version(cli->cx, &version) != ERR_OK)
		report_fault(d, "database", CLI_DATABASE_FIX);
	else if (version > MIGRATE_NEWEST)
		report(d, BAD, "database",
		       arena_printf(
			       cli->cx->arena,
			       "schema version %lld is newer than this program, which knows %d",
			       (long long)version, MIGRATE_NEWEST),
		       "build the newer program, or take the schema back with its portolan migrate --to");
	else if (version != MIGRATE_NEWEST)
		report(d, BAD, "database",
		       arena_printf(cli->cx->arena, "schema version %lld, this program wants %d",
		                    (long long)version, MIGRATE_NEWEST),
		       "portolan migrate");
	else
		report(d, GOOD, "database",
		       arena_printf(cli->cx->arena, "schema version %lld", (long long)version), "");
	cli->cx->db = NULL;
}

/* Every secret is opened, and forgotten again. */
static void check_secrets(struct doctor *d)
{
	struct ctx *cx = d->cli->cx;
	struct app app = { .config = d->cli->config,
		           .clock = &system_clock,
		           .component = "portolan" };
	CLEANUP(db_close_ptr) struct db *db = NULL;
	struct ctx own = { .app = &app, .arena = cx->arena };
	int64_t n = 0, bad = 0;
	enum err e;

	if (app_open_keyring(cx, &app) != ERR_OK) {
		report_fault(d, "master keys", "portolan keys init");
		return;
	}
	own.db = db = app_gate_db(&app);
	e = vault_check(&own, &n, &bad);
	app_close_keyring(&app);
	if (e != ERR_OK || bad > 0) {
		cx->fault = own.fault;
		if (e == ERR_OK)
			cx->fault.detail =
				arena_printf(cx->arena, "%lld of %lld cannot be opened; %s",
			                     (long long)bad, (long long)n, own.fault.detail);
		report_fault(d, "secrets", CLI_DATABASE_FIX);
		return;
	}
	report(d, GOOD, "secrets", arena_printf(cx->arena, "%lld, all can be opened", (long long)n),
	       "");
}

static void check_disk(struct doctor *d)
{
	struct arena *a = d->cli->cx->arena;
	const char *dir = d->cli->config->repos_dir;
	struct statvfs fs;
	int percent;

	if (statvfs(dir, &fs) != 0) {
		report(d, BAD, "repositories", arena_printf(a, "%s: %s", dir, strerror(errno)),
		       "make the folder, or set repos_dir");
		return;
	}
	percent = fs.f_blocks == 0 ? 100 : (int)(100 * fs.f_bavail / fs.f_blocks);
	report(d, percent < DISK_WARN_PERCENT ? WARNING : GOOD, "repositories",
	       arena_printf(a, "%s, %s free (%d %%)", dir,
	                    term_bytes(a, (int64_t)(fs.f_bavail * fs.f_frsize)), percent),
	       "make room: clones are refused when the disk is nearly full");
}

/* By which way people can sign in, and whether their passwords can be hashed. */
static void check_sign_in(struct doctor *d)
{
	const struct config *config = d->cli->config;
	const char *url = config->public_url, *host = strstr(url, "://");
	struct arena *a = d->cli->cx->arena;

	if (access(config->run_dir, W_OK | X_OK) != 0 && errno != ENOENT)
		report(d, BAD, "sign-in",
		       arena_printf(a, "run_dir %s: %s", config->run_dir, strerror(errno)),
		       "nobody can sign in: let the service write there, or set run_dir");
	else if (strncmp(url, "https:", 6) == 0)
		report(d, GOOD, "sign-in", "by https, with a Secure cookie", "");
	else if (host == NULL || cookie_host_is_loopback(host + 3))
		report(d, GOOD, "sign-in",
		       "by plain http on a loopback address, where the cookie is not Secure; "
		       "elsewhere by https alone",
		       "");
	else
		report(d, WARNING, "sign-in",
		       "public_url is plain http: nobody but on this machine can sign in",
		       "serve https and set public_url to that address");
}

static void check_programs(struct doctor *d)
{
	static const char *const PROGRAMS[] = { "portolan-fetch", "portolan-analyse" };
	struct arena *a = d->cli->cx->arena;

	for (size_t i = 0; i < COUNT(PROGRAMS); i++) {
		const char *path = child_program(a, d->cli->config->libexec_dir, PROGRAMS[i]);

		if (path == NULL)
			report(d, BAD, PROGRAMS[i], "/proc does not say where this program is",
			       "set libexec_dir");
		else if (access(path, X_OK) == 0)
			report(d, GOOD, PROGRAMS[i], path, "");
		else
			report(d, BAD, PROGRAMS[i],
			       arena_printf(a, "%s: %s", path, strerror(errno)),
			       "run make, or set libexec_dir");
	}
}

static void check_pictures(struct doctor *d)
{
	const char *dot = d->cli->config->dot_program;

	if (dot[0] != '\0' && access(dot, X_OK) == 0)
		report(d, GOOD, "pictures", dot, "");
	else
		report(d, WARNING, "pictures",
		       arena_printf(d->cli->cx->arena, "no diagrams are drawn: '%s' cannot be run",
		                    dot),
		       "install the package graphviz, or set dot_program");
}

static void check_sandbox(struct doctor *d)
{
	int abi = landlock_abi();

	if (abi > 0)
		report(d, GOOD, "sandbox",
		       arena_printf(d->cli->cx->arena, "seccomp, Landlock ABI %d", abi), "");
	else
		report(d, WARNING, "sandbox",
		       "this kernel has no Landlock; seccomp and limits remain",
		       "use a kernel of 5.13 or later with Landlock switched on");
}

static void check_service(struct doctor *d)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };

	if (api_get(d->cli, &answer, "/api/v1/status") != ERR_OK)
		report_fault(d, "service", "make up");
	else if (json_int(answer.doc, "jobs.runners", 0) == 0)
		report(d, BAD, "service", "no runner is alive: jobs wait",
		       "start portolan-runner (make up)");
	else
		report(d, GOOD, "service",
		       arena_printf(d->cli->cx->arena, "%s, %lld runners", d->cli->config->url,
		                    (long long)json_int(answer.doc, "jobs.runners", 0)),
		       "");
}

enum err cli_doctor(struct cli *cli)
{
	struct doctor d = { .cli = cli, .json = sb_new(cli->cx->arena, (size_t)64 * 1024) };

	sb_add(&d.json, "");
	if (check_config(&d)) {
		check_database(&d);
		check_secrets(&d);
		check_roles(&d);
		check_keyring(&d);
		check_disk(&d);
		check_sign_in(&d);
		check_programs(&d);
		check_service(&d);
	}
	check_pictures(&d);
	check_sandbox(&d);
	if (cli->json)
		fprintf(cli->term.out, "{\"schema\":\"doctor/1\",\"ok\":%s,\"checks\":[%s]}\n",
		        d.bad == 0 ? "true" : "false", d.json.data);
	cli->told = cli->json;
	if (d.bad > 0)
		return err_set(cli->cx, ERR_STATE, "%d %s failed", d.bad,
		               d.bad == 1 ? "check" : "checks");
	return ERR_OK;
}
