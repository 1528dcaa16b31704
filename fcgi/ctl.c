/*
 * portolan: the command line.
 *
 * Everything an operator or a script needs.  Commands that look at projects and
 * jobs talk to the service over HTTP, as any client would (PORTOLAN_URL,
 * PORTOLAN_API_KEY); migrate, setup and sql-check talk to the database.
 *
 *   fcgi/cli/commands.c   the commands, one row each
 *   fcgi/cli/parse.[ch]   words and options of the command line; help
 *   fcgi/cli/api.[ch]     calls to the service
 *   fcgi/cli/term.[ch]    tables, colours, progress bar
 *   fcgi/cli/cmd_*.c      the commands
 */
#include "app/app.h"
#include "base/http_client.h"
#include "base/log.h"
#include "base/secret.h"
#include "events/bell.h"
#include "cli/cli.h"
#include "cli/parse.h"

#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_BYTES ((size_t)1024 * 1024 * 1024) /* a large map, parsed */

static volatile sig_atomic_t interrupts;

static void on_interrupt(UNUSED int signo)
{
	if (++interrupts > 1)
		_exit(EXIT_INTERRUPTED);
}

bool cli_interrupted(void)
{
	return interrupts > 0;
}

static void catch_interrupts(void)
{
	struct sigaction sa = { .sa_handler = on_interrupt };

	sigaction(SIGINT, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

enum cli_exit cli_exit_of(enum err e)
{
	switch (e) {
	case ERR_OK:
		return EXIT_OK;
	case ERR_NOT_FOUND:
	case ERR_NO_ROUTE:
		return EXIT_NOT_FOUND;
	case ERR_UNAUTHENTICATED:
	case ERR_FORBIDDEN:
		return EXIT_DENIED;
	case ERR_CONFLICT:
	case ERR_STATE:
	case ERR_STALE:
	case ERR_KEY_REUSED:
		return EXIT_CONFLICT;
	case ERR_UNAVAILABLE:
	case ERR_BAD_GATEWAY:
	case ERR_REMOTE_UNREACHABLE:
		return EXIT_UNAVAILABLE;
	case ERR_RATE:
	case ERR_IN_FLIGHT:
	case ERR_TIMEOUT:
		return EXIT_TRY_AGAIN;
	default:
		return EXIT_FAILED;
	}
}

/* One line that says it all; of several mistakes, each has a line of its own below. */
static const char *headline(struct cli *cli)
{
	const struct fault *f = &cli->cx->fault;

	if (f->nfields > 1)
		return arena_printf(cli->cx->arena, "%d mistakes", f->nfields);
	return f->detail != NULL && f->detail[0] != '\0' ? f->detail : err_info(f->code)->title;
}

/* The fault as people read it: what, where, and what to do next. */
static void print_fault(struct cli *cli)
{
	const struct fault *f = &cli->cx->fault;
	struct term *t = &cli->term;

	term_bar_end(t);
	term_text(t, t->talk, TERM_BAD, "error: ");
	term_text(t, t->talk, TERM_PLAIN, headline(cli));
	fputc('\n', t->talk);
	for (int i = 0; i < f->nfields && i < FAULT_ERRORS_MAX; i++) {
		if (f->nfields == 1 && strcmp(f->fields[0].detail, f->detail) == 0)
			break;
		fputs("  ", t->talk);
		term_text(t, t->talk, TERM_BOLD, f->fields[i].pointer);
		fputs("  ", t->talk);
		term_text(t, t->talk, TERM_PLAIN, f->fields[i].detail);
		fputc('\n', t->talk);
	}
	if (f->fix != NULL) {
		term_text(t, t->talk, TERM_GOOD, "  fix: ");
		term_text(t, t->talk, TERM_PLAIN, f->fix);
		fputc('\n', t->talk);
	}
}

/* The same for a program. */
static void print_fault_json(struct cli *cli)
{
	const struct fault *f = &cli->cx->fault;
	struct sb sb = sb_new(cli->cx->arena, (size_t)256 * 1024);

	sb_add(&sb, "{\"schema\":\"error/1\",\"error\":");
	sb_json(&sb, err_info(f->code)->slug);
	sb_add(&sb, ",\"title\":");
	sb_json(&sb, err_info(f->code)->title);
	sb_add(&sb, ",\"detail\":");
	sb_json(&sb, f->detail == NULL ? "" : f->detail);
	sb_add(&sb, ",\"fix\":");
	if (f->fix != NULL)
		sb_json(&sb, f->fix);
	else
		sb_add(&sb, "null");
	sb_add(&sb, ",\"errors\":[");
	for (int i = 0; i < f->nfields && i < FAULT_ERRORS_MAX; i++) {
		sb_add(&sb, i > 0 ? ",{\"pointer\":" : "{\"pointer\":");
		sb_json(&sb, f->fields[i].pointer);
		sb_add(&sb, ",\"rule\":");
		sb_json(&sb, f->fields[i].rule);
		sb_add(&sb, ",\"detail\":");
		sb_json(&sb, f->fields[i].detail);
		sb_addc(&sb, '}');
	}
	sb_add(&sb, "]}\n");
	fputs(sb.data, cli->term.out);
}

/* Who the audit log names: the account that works on the command line. */
static const char *actor(struct arena *arena)
{
	char text[1024];
	struct passwd account, *found;

	if (getpwuid_r(getuid(), &account, text, sizeof(text), &found) != 0 || found == NULL)
		return arena_printf(arena, "cli:%lu", (unsigned long)getuid());
	return arena_printf(arena, "cli:%s", account.pw_name);
}

static enum err run(struct cli *cli, struct app *app)
{
	CLEANUP(db_close_ptr) struct db *db = NULL;
	struct ctx *cx = cli->cx;
	enum err e;

	if (cli->command->needs != CLI_NEEDS_NOTHING) {
		TRY(config_load(cx, cli->sources, &cli->config));
		app->config = cli->config;
	}
	if (cli->command->needs == CLI_NEEDS_OWNER)
		cx->db = db = app_owner_db(app);
	if (cli->command->needs == CLI_NEEDS_GATE) {
		TRY(app_open_keyring(cx, app));
		cx->db = db = app_gate_db(app);
	}
	e = cli->command->run(cli);
	if (e == ERR_UNAVAILABLE && db != NULL && cx->fault.fix == NULL)
		err_fix(cx, "%s", CLI_DATABASE_FIX);
	if (e == ERR_OK && cx->db != NULL)
		bell_ring(cx);
	cx->db = NULL;
	app_close_keyring(app);
	return e;
}

int main(int argc, char **argv)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(ARENA_BYTES);
	struct app app = { .clock = &system_clock, .component = "portolan" };
	struct config_sources sources = { 0 };
	struct ctx cx;
	struct cli cli = { .cx = &cx, .sources = &sources };
	enum err e;

	secret_init();
	catch_interrupts();
	app.log = log_open(STDERR_FILENO, LOG_WARNING);
	ctx_begin(&cx, &app, arena, NULL);
	cx.who.actor = actor(arena);
	e = cli_parse(&cli, argc, argv);
	if (e == ERR_OK && cli.command != NULL)
		e = run(&cli, &app);
	if (e != ERR_OK && !cli.told && !cli_interrupted()) {
		if (cli.json)
			print_fault_json(&cli);
		else
			print_fault(&cli);
	}
	http_client_free(&cli.client);
	log_close(app.log);
	if (fflush(cli.term.out) != 0 && e == ERR_OK)
		return EXIT_FAILED;
	if (cli_interrupted())
		return EXIT_INTERRUPTED;
	return cli.usage ? EXIT_USAGE : (int)cli_exit_of(e);
}
