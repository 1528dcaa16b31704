/*
 * portolan user: accounts, by the operator.
 *
 * A password comes from a terminal that does not show it, or from standard input; never from an
 * argument, which every account of the machine can read.
 */
#include "cli/cli.h"

#include "auth/user.h"
#include "cli/print.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LINE_MAX_BYTES 600 /* a password and its line end */

/* One line, without its end. */
static enum err read_line(struct cli *cli, FILE *from, char line[LINE_MAX_BYTES])
{
	size_t n;

	if (fgets(line, LINE_MAX_BYTES, from) == NULL)
		return err_set(cli->cx, ERR_INVALID, "no password was given");
	n = strcspn(line, "\r\n");
	if (line[n] == '\0' && !feof(from))
		return err_set(cli->cx, ERR_INVALID, "the password is too long");
	line[n] = '\0';
	return ERR_OK;
}

static enum err ask_once(struct cli *cli, FILE *tty, const char *prompt, char line[LINE_MAX_BYTES])
{
	struct termios shown, hidden;
	enum err e;

	if (tcgetattr(fileno(tty), &shown) != 0)
		return err_set(cli->cx, ERR_INVALID, "the terminal cannot be silenced");
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	fputs(prompt, tty);
	fflush(tty);
	tcsetattr(fileno(tty), TCSAFLUSH, &hidden);
	e = read_line(cli, tty, line);
	tcsetattr(fileno(tty), TCSAFLUSH, &shown);
	fputc('\n', tty);
	return e;
}

static enum err ask(struct cli *cli, FILE *tty, char line[LINE_MAX_BYTES])
{
	char again[LINE_MAX_BYTES];
	enum err e;

	TRY(ask_once(cli, tty, "New password: ", line));
	TRY(ask_once(cli, tty, "The same again: ", again));
	e = strcmp(line, again) == 0 ? ERR_OK
	                             : err_set(cli->cx, ERR_INVALID, "the two passwords differ");
	secret_wipe(again, sizeof(again));
	return e;
}

/* @flag the option that says: standard input */
static enum err read_password(struct cli *cli, const char *flag, char line[LINE_MAX_BYTES])
{
	FILE *tty;
	enum err e;

	if (cli_option(cli, flag) != NULL)
		return read_line(cli, stdin, line);
	tty = isatty(STDIN_FILENO) ? fopen("/dev/tty", "r+e") : NULL;
	if (tty == NULL)
		return cli_usage(
			cli, "there is no terminal to ask for the password: --%s or --token", flag);
	e = ask(cli, tty, line);
	fclose(tty);
	return e;
}

static const char *json_of(struct cli *cli, const struct schema *s, const void *obj)
{
	struct sb sb = sb_new(cli->cx->arena, (size_t)64 * 1024);

	schema_encode(&sb, s, obj);
	return sb.failed ? "{}" : sb.data;
}

static void print_object(struct cli *cli, const char *name, const struct schema *s, const void *obj)
{
	const char *text = json_of(cli, s, obj);

	cli_print_json(cli, name, (struct span){ text, strlen(text) });
}

static enum err print_token(struct cli *cli, const char *email)
{
	struct reset_made made;

	TRY(user_reset(cli->cx, email, &made));
	if (cli->json) {
		print_object(cli, "user-token/1", &reset_made_schema, &made);
		return ERR_OK;
	}
	fprintf(cli->term.out, "%s\n", made.token);
	fprintf(cli->term.talk, "Hand it to %s, who %s%s; it is good once, for %lld hours.\n",
	        made.email, made.url != NULL ? "opens " : "sends it with a password to ",
	        made.url != NULL ? made.url : "POST /api/v1/auth/accept",
	        (long long)cli->config->password_token_hours);
	return ERR_OK;
}

enum err cli_user_list(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "ID", .right = true },
		{ .title = "E-MAIL", .wide = true },
		{ .title = "NAME" },
		{ .title = "STATE" },
		{ .title = "LAST SIGN-IN" },
	};
	const struct clock *clock = cli->cx->app->clock;
	struct arena *a = cli->cx->arena;
	const char **cells;
	const struct user *u;
	struct list list;

	TRY(user_list(cli->cx, &list));
	u = list.items;
	if (cli->json) {
		fputs("{\"schema\":\"users/1\",\"items\":[", cli->term.out);
		for (size_t i = 0; i < list.n; i++)
			fprintf(cli->term.out, "%s%s", i > 0 ? "," : "",
			        json_of(cli, &user_account_schema, &u[i]));
		fputs("]}\n", cli->term.out);
		return ERR_OK;
	}
	cells = arena_array(a, list.n * COUNT(COLUMNS) + 1, sizeof(*cells));
	for (size_t i = 0; i < list.n; i++) {
		const char **row = cells + i * COUNT(COLUMNS);

		row[0] = arena_printf(a, "%lld", (long long)u[i].id);
		row[1] = u[i].email;
		row[2] = u[i].name;
		row[3] = u[i].disabled ? "disabled" : u[i].has_password ? "active" : "no password";
		row[4] = u[i].last_sign_in_us == 0
		                 ? "never"
		                 : term_age(a, clock->wall_us(clock), u[i].last_sign_in_us);
	}
	term_table(&cli->term, COLUMNS, COUNT(COLUMNS), cells, list.n,
	           "No accounts.  Make one: portolan user create EMAIL");
	return ERR_OK;
}

enum err cli_user_create(struct cli *cli)
{
	const char *role = cli_option(cli, "role"), *name = cli_option(cli, "name");
	bool token = cli_option(cli, "token") != NULL;
	char password[LINE_MAX_BYTES];
	struct user_new in = {
		.email = cli->args[0],
		.name = name != NULL ? name : "",
		.tenant = cli_option(cli, "tenant"),
		.role = role != NULL ? role_by_name(role) : ROLE_MEMBER,
	};
	struct user made;
	enum err e;

	if (in.role == ROLE_UNSET)
		return cli_usage(cli, "\"%s\" is no role", role);
	if (role != NULL && in.tenant == NULL)
		return cli_usage(cli, "--role is a role in a tenant: --tenant NAME");
	if (!token) {
		TRY(read_password(cli, "password-stdin", password));
		in.password = password;
	}
	e = user_create(cli->cx, &in, &made);
	secret_wipe(password, sizeof(password));
	TRY(e);
	if (token)
		return print_token(cli, made.email);
	if (cli->json)
		print_object(cli, "user/1", &user_account_schema, &made);
	else
		fprintf(cli->term.out, "Account %lld, %s, was made.\n", (long long)made.id,
		        made.email);
	return ERR_OK;
}

/* What has become of the account. */
static enum err print_user(struct cli *cli, const char *what)
{
	struct user user;

	TRY(user_find(cli->cx, cli->args[0], &user));
	if (cli->json)
		print_object(cli, "user/1", &user_account_schema, &user);
	else
		fprintf(cli->term.out, "%s %s.\n", user.email, what);
	return ERR_OK;
}

enum err cli_user_passwd(struct cli *cli)
{
	char password[LINE_MAX_BYTES];
	struct user user;
	enum err e;

	if (cli_option(cli, "token") != NULL)
		return print_token(cli, cli->args[0]);
	TRY(user_find(cli->cx, cli->args[0], &user)); /* before a person types in vain */
	TRY(read_password(cli, "stdin", password));
	e = user_set_password(cli->cx, cli->args[0], password);
	secret_wipe(password, sizeof(password));
	TRY(e);
	return print_user(cli, "has another password; every session has ended");
}

enum err cli_user_disable(struct cli *cli)
{
	TRY(user_disable(cli->cx, cli->args[0], true));
	return print_user(cli, "cannot sign in any more; every session has ended");
}

enum err cli_user_promote(struct cli *cli)
{
	TRY(user_promote(cli->cx, cli->args[0], true));
	return print_user(cli, "is a steward: they see and change the limits of every tenant");
}

enum err cli_user_demote(struct cli *cli)
{
	TRY(user_promote(cli->cx, cli->args[0], false));
	return print_user(cli, "is no steward any more");
}

enum err cli_user_enable(struct cli *cli)
{
	TRY(user_disable(cli->cx, cli->args[0], false));
	return print_user(cli, "can sign in again");
}
