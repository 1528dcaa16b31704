/*
 * portolan tenant ...: what the operator does with tenants.
 *
 * These work on the database as the gate, not through the service: limits are the operator's to give,
 * and no credential of a tenant may reach them.
 */
#include "cli/print.h"

#include "app/app.h"
#include "auth/allowance.h"
#include "auth/tenant.h"
#include "events/bell.h"

#include <stdlib.h>
#include <string.h>

#define JSON_MAX ((size_t)4 * 1024 * 1024)

static enum err print_json(struct cli *cli, const struct tenant *tenant)
{
	struct sb sb = sb_new(cli->cx->arena, JSON_MAX);
	const char *text;

	schema_encode(&sb, &tenant_schema, tenant);
	TRY(sb_finish(cli->cx, &sb, &text));
	cli_print_json(cli, "tenant/1", (struct span){ text, strlen(text) });
	return ERR_OK;
}

static enum err print_list_json(struct cli *cli, const struct list *list)
{
	struct sb sb = sb_new(cli->cx->arena, JSON_MAX);
	const char *text;

	schema_encode_array(&sb, &tenant_schema, list->items, list->n);
	TRY(sb_finish(cli->cx, &sb, &text));
	fprintf(cli->term.out, "{\"schema\":\"tenants/1\",\"items\":%s}\n", text);
	return ERR_OK;
}

enum err cli_tenant_list(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "ID", .right = true },
		{ .title = "NAME", .wide = true },
		{ .title = "STATUS" },
		{ .title = "PROJECTS", .right = true },
		{ .title = "STORAGE", .right = true },
		{ .title = "JOBS", .right = true },
		{ .title = "REQUESTS/MIN", .right = true },
	};
	struct arena *a = cli->cx->arena;
	const struct tenant *t;
	const char **cells;
	int64_t before = 0;
	struct list list;

	if (cli_option(cli, "before") != NULL)
		TRY(cli_id(cli, cli_option(cli, "before"), &before));
	TRY(tenant_list_all(cli->cx, before, TENANT_LIST_MAX - 1, &list));
	if (cli->json)
		return print_list_json(cli, &list);
	t = list.items;
	cells = arena_array(a, list.n * COUNT(COLUMNS) + 1, sizeof(*cells));
	for (size_t i = 0; i < list.n; i++) {
		const char **row = cells + i * COUNT(COLUMNS);

		row[0] = arena_printf(a, "%lld", (long long)t[i].id);
		row[1] = t[i].name;
		row[2] = t[i].status;
		row[3] = term_number(a, t[i].projects_max);
		row[4] = term_bytes(a, t[i].storage_max_bytes);
		row[5] = term_number(a, t[i].jobs_max);
		row[6] = term_number(a, t[i].requests_per_minute);
	}
	term_table(&cli->term, COLUMNS, COUNT(COLUMNS), cells, list.n,
	           "No tenants.  Make one: portolan tenant create NAME --owner EMAIL");
	if (list.n == TENANT_LIST_MAX - 1)
		fprintf(cli->term.talk, "There may be more: --before %lld\n",
		        (long long)t[list.n - 1].id);
	return ERR_OK;
}

enum err cli_tenant_create(struct cli *cli)
{
	const char *owner = cli_option(cli, "owner");
	struct tenant made;

	if (owner == NULL)
		return cli_usage(cli, "--owner is missing: a tenant has at least one");
	TRY(tenant_create_for(cli->cx, cli->args[0], owner, &made));
	if (cli->json)
		return print_json(cli, &made);
	fprintf(cli->term.out, "Tenant %lld is made; its owner is %s.\n", (long long)made.id,
	        owner);
	return ERR_OK;
}

/* A number with KiB, MiB, GiB or TiB after it, or "default". */
static enum err limit_of(struct cli *cli, const char *option, int64_t *ret)
{
	static const char *const UNITS[] = { "", "KiB", "MiB", "GiB", "TiB" };
	const char *text = cli_option(cli, option);
	char *end;
	long long n;

	*ret = TENANT_LIMIT_KEEP;
	if (text == NULL)
		return ERR_OK;
	*ret = TENANT_LIMIT_SETTING;
	if (strcmp(text, "default") == 0)
		return ERR_OK;
	n = strtoll(text, &end, 10);
	for (size_t i = 0; i < COUNT(UNITS); i++) {
		if (end != text && n >= 0 && n <= INT64_MAX >> 10 * i &&
		    strcmp(end, UNITS[i]) == 0) {
			*ret = (int64_t)n << 10 * i;
			return ERR_OK;
		}
	}
	return cli_usage(cli, "--%s is a whole number, such as 500 or 20GiB, or \"default\"",
	                 option);
}

enum err cli_tenant_quota(struct cli *cli)
{
	struct arena *a = cli->cx->arena;
	static const struct {
		const char *option, *title;
		size_t offset;
	} LIMITS[ALLOWANCE_KINDS] = {
		{ "projects", "Projects", offsetof(struct tenant_limits, projects_max) },
		{ "storage", "Storage", offsetof(struct tenant_limits, storage_max_bytes) },
		{ "jobs", "Jobs", offsetof(struct tenant_limits, jobs_max) },
		{ "requests", "Requests/min", offsetof(struct tenant_limits, requests_per_minute) },
		{ "members", "Members", offsetof(struct tenant_limits, members_max) },
		{ "api-keys", "API keys", offsetof(struct tenant_limits, api_keys_max) },
		{ "documents", "Documents", offsetof(struct tenant_limits, documents_max) },
		{ "conversations", "Conversations",
		  offsetof(struct tenant_limits, conversations_max) },
	};
	const struct allowance *of;
	struct list all;
	struct tenant_limits limits;
	struct tenant tenant;
	bool change = false;

	for (size_t i = 0; i < COUNT(LIMITS); i++) {
		int64_t *limit = (int64_t *)((char *)&limits + LIMITS[i].offset);

		TRY(limit_of(cli, LIMITS[i].option, limit));
		change = change || *limit != TENANT_LIMIT_KEEP;
	}
	TRY(tenant_find(cli->cx, cli->args[0], &tenant));
	if (change)
		TRY(tenant_limit(cli->cx, tenant.id, &limits, &tenant));
	if (cli->json)
		return print_json(cli, &tenant);
	cli_line(cli, "Tenant", tenant.name);
	cli->cx->who.tenant_id = tenant.id;
	TRY(allowance_limits(cli->cx, &all));
	of = all.items;
	for (size_t i = 0; i < all.n; i++)
		cli_line(cli, LIMITS[i].title,
		         i == ALLOWANCE_STORAGE ? term_bytes(a, of[i].max)
		                                : term_number(a, of[i].max));
	return ERR_OK;
}

/* @set whether the option was given */
static enum err yes_or_no(struct cli *cli, const char *option, bool *set, bool *ret)
{
	const char *text = cli_option(cli, option);

	*set = text != NULL;
	*ret = text != NULL && strcmp(text, "yes") == 0;
	if (text == NULL || *ret || strcmp(text, "no") == 0)
		return ERR_OK;
	return cli_usage(cli, "--%s is yes or no", option);
}

enum err cli_tenant_models(struct cli *cli)
{
	struct tenant_models in;
	struct tenant tenant;

	TRY(yes_or_no(cli, "lend", &in.set_lends, &in.lends));
	TRY(yes_or_no(cli, "borrow", &in.set_borrows, &in.borrows));
	TRY(tenant_find(cli->cx, cli->args[0], &tenant));
	if (in.set_lends || in.set_borrows)
		TRY(tenant_set_models(cli->cx, tenant.id, &in, &tenant));
	if (cli->json)
		return print_json(cli, &tenant);
	cli_line(cli, "Tenant", tenant.name);
	cli_line(cli, "Lends", tenant.lends_models ? "its models, to all tenants" : "nothing");
	cli_line(cli, "Borrows",
	         tenant.borrows_models ? "the installation's models, where there are any"
	                               : "nothing");
	return ERR_OK;
}

/* As the workers do it: the gate knows nothing of jobs. */
static enum err delete_as_worker(struct cli *cli, const struct tenant *tenant, struct tenant *ret)
{
	struct ctx *cx = cli->cx;
	struct db *gate = cx->db;
	enum err e;

	cx->db = app_db(cx->app);
	cx->who.tenant_id = tenant->id;
	cx->who.role = ROLE_OWNER;
	e = tenant_delete(cx, tenant->id, 0, ret);
	if (e == ERR_OK)
		bell_ring(cx);
	db_close(cx->db);
	cx->db = gate;
	return e;
}

enum err cli_tenant_delete(struct cli *cli)
{
	struct tenant tenant;

	TRY(tenant_find(cli->cx, cli->args[0], &tenant));
	if (!cli_confirm(cli, "Delete tenant ", tenant.name,
	                 ", with its projects, maps, clones, keys and members?"))
		return cli_usage(cli, "nothing was deleted; --yes deletes without asking");
	TRY(delete_as_worker(cli, &tenant, &tenant));
	if (cli->json)
		return print_json(cli, &tenant);
	fprintf(cli->term.out,
	        "Nobody is admitted to tenant %lld any more; job %lld removes what it had.\n",
	        (long long)tenant.id, (long long)tenant.removal_job_id);
	return ERR_OK;
}
