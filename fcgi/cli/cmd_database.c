/*
 * portolan migrate and sql-check: work on the database as the owner of its tables.
 * portolan setup: the first tenant, key and owner, as the gate.
 */
#include "cli/cli.h"

#include "app/app.h"
#include "auth/key.h"
#include "auth/user.h"
#include "base/migrate.h"
#include "retrieval/vector.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_FILE_MAX 4096

static void print_steps(struct cli *cli, const struct list *steps, bool planned)
{
	const struct migrate_step *s = steps->items;
	FILE *out = cli->term.out;

	if (cli->json)
		fprintf(out, "{\"schema\":\"migrate/1\",\"planned\":%s,\"steps\":[",
		        planned ? "true" : "false");
	else if (steps->n == 0)
		fprintf(out, "The database is up to date.\n");
	for (size_t i = 0; i < steps->n; i++) {
		if (cli->json)
			fprintf(out, "%s{\"version\":%lld,\"name\":\"%s\",\"direction\":\"%s\"}",
			        i > 0 ? "," : "", (long long)s[i].version, s[i].name,
			        s[i].down ? "down" : "up");
		else
			fprintf(out, "%s %04lld %s\n",
			        planned ? (s[i].down ? "would take back" : "would apply")
			                : (s[i].down ? "took back" : "applied"),
			        (long long)s[i].version, s[i].name);
	}
	if (cli->json)
		fprintf(out, "]}\n");
}

enum err cli_migrate(struct cli *cli)
{
	bool plan = cli_option(cli, "plan") != NULL;
	const char *to = cli_option(cli, "to");
	int64_t target = MIGRATE_TO_LAST;
	struct list steps = { 0 };
	enum err e;

	if (to != NULL && strcmp(to, "0") == 0)
		target = 0;
	else if (to != NULL)
		TRY(cli_id(cli, to, &target));
	if (plan)
		e = migrate_plan(cli->cx, cli->config->sql_dir, target, &steps);
	else
		e = migrate_run(cli->cx, cli->config->sql_dir, target, &steps);
	if (e == ERR_OK && !plan && target == MIGRATE_TO_LAST)
		e = vector_indexes(cli->cx); /* pgvector may have come since the last time */
	if (e == ERR_OK || steps.n > 0)
		print_steps(cli, &steps, plan);
	return e;
}

/* The value of a NAME=value line in the shell form that write_key_file() writes, or "". */
static const char *key_file_value(struct cli *cli, const char *path, const char *name)
{
	char text[KEY_FILE_MAX];
	size_t name_len = strlen(name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return "";
	text[n] = '\0';
	for (const char *line = text; line != NULL && *line != '\0';) {
		const char *end = strchr(line, '\n');

		if (strncmp(line, name, name_len) == 0 && line[name_len] == '=') {
			const char *value = line + name_len + 1;

			return arena_strndup(cli->cx->arena, value,
			                     end != NULL ? (size_t)(end - value) : strlen(value));
		}
		line = end != NULL ? end + 1 : NULL;
	}
	return "";
}

/* Write the file whole or not at all, readable by its owner only. */
static enum err write_file(struct cli *cli, const char *path, const char *text)
{
	struct ctx *cx = cli->cx;
	const char *temp = arena_printf(cx->arena, "%s.new", path);
	int fd;
	bool good;

	unlink(temp);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(cx, ERR_INTERNAL, "%s cannot be written: %s", temp, strerror(errno));
	good = write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	if (!good || rename(temp, path) != 0) {
		err_set(cx, ERR_INTERNAL, "%s cannot be written: %s", path, strerror(errno));
		unlink(temp);
		return ERR_INTERNAL;
	}
	return ERR_OK;
}

static enum err write_key_file(struct cli *cli, const char *path, const char *key)
{
	return write_file(cli, path,
	                  arena_printf(cli->cx->arena,
	                               "PORTOLAN_URL=%s\nPORTOLAN_API_KEY=%s\n"
	                               "export PORTOLAN_URL PORTOLAN_API_KEY\n",
	                               cli->config->url, key));
}

/* Does the key in the file still open the door? */
static bool key_works(struct cli *cli, const char *key)
{
	const struct who operator= cli->cx->who;
	struct key_claim claim;
	bool works = key_parse(key, &claim) &&
	             key_admit(cli->cx, &claim, ROLE_OWNER, "") == ERR_OK &&
	             db_flush(cli->cx) == ERR_OK;

	cli->cx->who = operator; /* what is made here is not made by the key */
	err_clear(cli->cx);
	return works;
}

/* A key that has not ended and yet does not fit: then no other one fits either, and a new one hides why. */
static enum err check_master_keys(struct cli *cli, const char *path, const char *key)
{
	struct key_claim claim;
	bool stands = false;

	if (!key_parse(key, &claim))
		return ERR_OK;
	TRY(key_stands(cli->cx, claim.id, &stands));
	if (!stands)
		return ERR_OK;
	err_set(cli->cx, ERR_STATE,
	        "the API key in %s has not ended, but does not fit under the master keys in %s",
	        path, cli->config->master_key_file);
	err_fix(cli->cx,
	        "restore the master keys that the database was used with; if the key is of "
	        "another service, or those are lost for good, delete %s",
	        path);
	return ERR_STATE;
}

/*
 * The tenant's first owner, whose password only the file tells.  The file is there before the account,
 * so that no failure leaves an account that nobody can use.
 */
static enum err make_owner(struct cli *cli, const char *tenant, bool *ret_made)
{
	const char *email = cli_option(cli, "owner"), *path = cli_option(cli, "owner-file");
	char password[PASSWORD_RANDOM_MAX];
	struct user_new in = { .name = "", .password = password, .tenant = tenant };
	const char *aside;
	enum err e;

	*ret_made = false;
	if (path == NULL)
		return ERR_OK;
	in.email = email != NULL ? email : "owner@localhost";
	aside = arena_printf(cli->cx->arena, "%s.made", path);
	password_random(password);
	TRY(write_file(cli, aside,
	               arena_printf(cli->cx->arena,
	                            "Sign in at   %s\nE-mail       %s\nPassword     %s\n",
	                            cli->config->url, in.email, password)));
	e = user_first_owner(cli->cx, &in, ret_made);
	secret_wipe(password, sizeof(password));
	if (e == ERR_OK && *ret_made && rename(aside, path) != 0)
		e = err_set(cli->cx, ERR_INTERNAL, "%s cannot be renamed: %s", aside,
		            strerror(errno));
	if (!*ret_made)
		unlink(aside);
	return e;
}

enum err cli_setup(struct cli *cli)
{
	const char *path = cli_option(cli, "key-file"), *tenant = cli_option(cli, "tenant");
	const char *key, *state = "kept";
	struct key_made made;
	bool owner;

	if (path == NULL)
		return cli_usage(cli, "--key-file is missing: a key is shown once, to a file");
	if (tenant == NULL)
		tenant = "default";
	key = key_file_value(cli, path, "PORTOLAN_API_KEY");
	if (!key_works(cli, key)) {
		TRY(check_master_keys(cli, path, key));
		TRY(key_setup(cli->cx, tenant, "set-up", ROLE_OWNER, &made));
		key = made.text;
		state = "made";
	}
	if (strcmp(state, "made") == 0 ||
	    strcmp(key_file_value(cli, path, "PORTOLAN_URL"), cli->config->url) != 0)
		TRY(write_key_file(cli, path, key));
	TRY(make_owner(cli, tenant, &owner));
	if (cli->json)
		fprintf(cli->term.out, "{\"schema\":\"setup/1\",\"key\":\"%s\",\"owner\":\"%s\"}\n",
		        state, owner ? "made" : "kept");
	else
		fprintf(cli->term.out, "The API key in %s was %s.\n", path, state);
	if (owner && !cli->json)
		fprintf(cli->term.out, "The first owner signs in with what stands in %s.\n",
		        cli_option(cli, "owner-file"));
	return ERR_OK;
}

enum err cli_sql_check(struct cli *cli)
{
	int n;

	TRY(app_check_statements(cli->cx, &n));
	if (cli->json)
		fprintf(cli->term.out, "{\"schema\":\"sql-check/1\",\"statements\":%d}\n", n);
	else
		fprintf(cli->term.out, "All %d statements fit the schema.\n", n);
	return ERR_OK;
}
