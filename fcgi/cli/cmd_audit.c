/*
 * portolan audit ...: who did what, and whether the log of it is whole.
 *
 * Without --tenant, list and export ask the service, for the tenant of the API key.  With it they
 * read the database as the operator's role, and so does verify always: it trusts nothing in between.
 */
#include "cli/api.h"
#include "cli/print.h"

#include "app/app.h"
#include "audit/audit.h"
#include "audit/verify.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define PAGE_MAX_BYTES   ((size_t)32 * 1024 * 1024)
#define LIST_LIMIT       20
#define LIST_LIMIT_MAX   200
#define CURSOR_MAX       128

static const char *const FILTERS[] = { "action", "actor", "target", "outcome",
	                               "since",  "until", NULL };

static const struct json_limits PAGE_LIMITS = {
	.max_bytes = PAGE_MAX_BYTES,
	.max_depth = 32,
	.max_values = 1000000,
};

/* A tenant's number, or 0. */
static enum err tenant_option(struct cli *cli, int64_t *ret)
{
	const char *text = cli_option(cli, "tenant");

	*ret = 0;
	return strcmp(text, "0") == 0 ? ERR_OK : cli_id(cli, text, ret);
}

static enum err time_option(struct cli *cli, const char *name, int64_t *ret)
{
	const char *text = cli_option(cli, name);

	if (text == NULL || clock_parse(text, ret))
		return ERR_OK;
	return cli_usage(cli, "--%s is no time; write it as 2026-11-21T06:45:00Z", name);
}

/* The filter for reading the database, as that of the service. */
static enum err filter_of(struct cli *cli, struct audit_filter *ret)
{
	*ret = (struct audit_filter){
		.action = cli_option(cli, "action"),
		.actor = cli_option(cli, "actor"),
		.target = cli_option(cli, "target"),
		.outcome = cli_option(cli, "outcome"),
	};
	TRY(time_option(cli, "since", &ret->since_us));
	return time_option(cli, "until", &ret->until_us);
}

/* --- list --- */

static void audit_row(struct cli *cli, struct json_object *j, const char **cells)
{
	cells[0] = json_text(j, "at", "");
	cells[1] = json_text(j, "actor", "");
	cells[2] = json_text(j, "action", "");
	cells[3] = json_text(j, "target", "–");
	cells[4] = json_text(j, "outcome", "");
	cells[5] = json_text(j, "remote", "–");
	cells[6] = arena_printf(cli->cx->arena, "%" PRId64, json_int(j, "position", 0));
	cells[7] = json_text(j, "request_id", "–");
}

/* A page of the database, in the form that the service gives. */
static enum err read_page(struct cli *cli, struct api_answer *ret)
{
	struct sb sb = sb_new(cli->cx->arena, PAGE_MAX_BYTES);
	struct audit_filter filter;
	int64_t limit = LIST_LIMIT;
	const struct audit *rows;
	struct list list;
	size_t n;

	TRY(filter_of(cli, &filter));
	if (cli_option(cli, "limit") != NULL)
		TRY(cli_id(cli, cli_option(cli, "limit"), &limit));
	if (limit > LIST_LIMIT_MAX)
		return cli_usage(cli, "--limit is at most %d", LIST_LIMIT_MAX);
	if (cli_option(cli, "cursor") != NULL)
		TRY(cli_id(cli, cli_option(cli, "cursor"), &filter.before));
	filter.limit = limit + 1;
	TRY(audit_list(cli->cx, &filter, &list));
	rows = list.items;
	n = list.n > (size_t)limit ? (size_t)limit : list.n;
	sb_add(&sb, "{\"items\":");
	schema_encode_array(&sb, &audit_schema, rows, n);
	if (n < list.n)
		sb_addf(&sb, ",\"next_cursor\":\"%" PRId64 "\"}", rows[n - 1].position);
	else
		sb_add(&sb, ",\"next_cursor\":null}");
	TRY(sb_finish(cli->cx, &sb, &ret->body.data));
	ret->body.len = sb.len;
	return json_parse(cli->cx, ret->body, &PAGE_LIMITS, &ret->doc);
}

enum err cli_audit_list(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "TIME" },
		{ .title = "ACTOR" },
		{ .title = "ACTION" },
		{ .title = "TARGET" },
		{ .title = "OUTCOME" },
		{ .title = "FROM" },
		{ .title = "POSITION", .right = true },
		{ .title = "REQUEST", .wide = true },
	};
	static const char *const LIST_FILTERS[] = { "action", "actor", "target", "outcome", "since",
		                                    "until",  "limit", "cursor", NULL };
	static const struct cli_table TABLE = {
		.schema = "audit/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = audit_row,
		.none = "Nothing of that kind was done.",
	};
	CLEANUP(api_done) struct api_answer page = { 0 };
	CLEANUP(db_close_ptr) struct db *db = NULL;
	enum err e;

	if (cli_option(cli, "tenant") == NULL)
		return cli_list(cli, "audit", LIST_FILTERS, &TABLE);
	TRY(tenant_option(cli, &cli->cx->who.tenant_id));
	cli->cx->db = db = app_gate_db(cli->cx->app);
	e = read_page(cli, &page);
	cli->cx->db = NULL;
	TRY(e);
	cli_page(cli, &page, &TABLE);
	return ERR_OK;
}

/* --- export --- */

/* One page of the service.  @cursor that of the page before, "" for the first; becomes the next */
static enum err export_call(struct cli *cli, char cursor[CURSOR_MAX])
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = { .method = "GET", .raw = true };
	struct sb path = sb_new(cli->cx->arena, 8192);

	sb_add(&path, "/api/v1/audit/export");
	for (size_t i = 0; FILTERS[i] != NULL; i++)
		api_query(cli, &path, FILTERS[i], cli_option(cli, FILTERS[i]));
	api_query(cli, &path, "cursor", cursor[0] != '\0' ? cursor : NULL);
	TRY(sb_finish(cli->cx, &path, &call.path));
	TRY(api_call(cli, &call, &answer));
	fwrite(answer.body.data, 1, answer.body.len, cli->term.out);
	snprintf(cursor, CURSOR_MAX, "%s", answer.next_cursor != NULL ? answer.next_cursor : "");
	return ERR_OK;
}

/* The same from the database; the cursor is a position. */
static enum err export_read(struct cli *cli, char cursor[CURSOR_MAX])
{
	struct sb sb = sb_new(cli->cx->arena, PAGE_MAX_BYTES);
	struct audit_filter filter;
	const struct audit *rows;
	struct list list;
	const char *text;

	TRY(filter_of(cli, &filter));
	filter.after = strtoll(cursor, NULL, 10);
	filter.limit = AUDIT_PAGE_MAX;
	TRY(audit_list_up(cli->cx, &filter, &list));
	rows = list.items;
	for (size_t i = 0; i < list.n; i++)
		audit_line(&sb, &rows[i]);
	TRY(sb_finish(cli->cx, &sb, &text));
	fwrite(text, 1, sb.len, cli->term.out);
	cursor[0] = '\0';
	if (list.n == AUDIT_PAGE_MAX)
		snprintf(cursor, CURSOR_MAX, "%" PRId64, rows[list.n - 1].position);
	return ERR_OK;
}

/* Page by page, each in memory of its own; what is told of a failure stays. */
enum err cli_audit_export(struct cli *cli)
{
	CLEANUP(arena_free_ptr) struct arena *page = arena_new(PAGE_ARENA_BYTES);
	CLEANUP(db_close_ptr) struct db *db = NULL;
	bool direct = cli_option(cli, "tenant") != NULL;
	struct ctx *cx = cli->cx;
	struct arena *kept = cx->arena;
	char cursor[CURSOR_MAX] = "";
	enum err e = ERR_OK;

	if (direct) {
		TRY(tenant_option(cli, &cx->who.tenant_id));
		cx->db = db = app_gate_db(cx->app);
	}
	do {
		arena_reset(page);
		cx->arena = page;
		e = direct ? export_read(cli, cursor) : export_call(cli, cursor);
		cx->arena = kept;
	} while (e == ERR_OK && cursor[0] != '\0' && !cli_interrupted());
	cx->db = NULL;
	if (e != ERR_OK) {
		const char *fix = cx->fault.fix;

		err_set(cx, e, "%s", cx->fault.detail);
		if (fix != NULL)
			err_fix(cx, "%s", fix);
	}
	return e;
}

/* --- verify --- */

static void print_report(struct cli *cli, const struct verify_report *r)
{
	struct term *t = &cli->term;
	const char *name = r->tenant_id == 0
	                           ? "installation"
	                           : arena_printf(cli->cx->arena, "tenant %" PRId64, r->tenant_id);

	term_cell(t, t->out, TERM_BOLD, name, 16);
	if (r->broken != NULL) {
		term_text(t, t->out, TERM_BAD, r->broken);
		fprintf(t->out, "  ");
		term_text(t, t->out, TERM_PLAIN, r->why);
		fprintf(t->out, "; %" PRId64 " rows before it are right\n", r->rows);
		return;
	}
	term_text(t, t->out, TERM_GOOD, "whole");
	fprintf(t->out, "  %" PRId64 " rows", r->rows);
	if (r->base_seq > 0)
		fprintf(t->out, ", %" PRId64 " before them taken away by retention", r->base_seq);
	if (r->unsealed > 0)
		fprintf(t->out, ", %" PRId64 " not sealed yet", r->unsealed);
	fprintf(t->out, "; anchor %" PRId64 ":%" PRId64 ":%s\n", r->tenant_id, r->seq, r->hash);
}

static void print_reports(struct cli *cli, const struct verify_report *reports, size_t n)
{
	struct sb sb = sb_new(cli->cx->arena, PAGE_MAX_BYTES);
	bool whole = true;

	for (size_t i = 0; i < n; i++)
		whole = whole && reports[i].broken == NULL;
	if (!cli->json) {
		for (size_t i = 0; i < n; i++)
			print_report(cli, &reports[i]);
		if (n == 0)
			fputs("The audit log is empty.\n", cli->term.out);
		return;
	}
	sb_addf(&sb, "{\"whole\":%s,\"chains\":", whole ? "true" : "false");
	schema_encode_array(&sb, &verify_report_schema, reports, n);
	sb_addc(&sb, '}');
	if (!sb.failed)
		cli_print_json(cli, "audit-verify/1", (struct span){ sb.data, sb.len });
}

/* Every chain, or the one asked for. */
static enum err verify_all(struct cli *cli, struct verify_anchor *anchor,
                           struct verify_report **ret, size_t *ret_n)
{
	const struct verify_chain_id *ids;
	struct verify_chain_id one;
	struct list list = { .items = &one, .n = 1 };

	if (cli_option(cli, "tenant") != NULL)
		TRY(tenant_option(cli, &one.tenant_id));
	else
		TRY(verify_chains(cli->cx, &list));
	ids = list.items;
	*ret = arena_array(cli->cx->arena, list.n + 1, sizeof(**ret));
	for (*ret_n = 0; *ret_n < list.n; (*ret_n)++)
		TRY(verify_chain(cli->cx, ids[*ret_n].tenant_id, anchor, &(*ret)[*ret_n]));
	if (anchor != NULL && !anchor->found) {
		bool told = false;

		for (size_t i = 0; i < *ret_n; i++)
			told = told || (*ret)[i].broken != NULL;
		if (!told)
			verify_no_anchor(&(*ret)[*ret_n > 0 ? *ret_n - 1 : (*ret_n)++]);
	}
	return ERR_OK;
}

enum err cli_audit_verify(struct cli *cli)
{
	CLEANUP(db_close_ptr) struct db *db = NULL;
	const char *text = cli_option(cli, "anchor");
	struct verify_report *reports = NULL;
	struct verify_anchor anchor;
	size_t n = 0;
	enum err e;

	if (text != NULL)
		TRY(verify_anchor_parse(cli->cx, text, &anchor));
	cli->cx->db = db = app_gate_db(cli->cx->app);
	e = verify_all(cli, text != NULL ? &anchor : NULL, &reports, &n);
	cli->cx->db = NULL;
	if (e == ERR_UNAVAILABLE)
		err_fix(cli->cx, "%s", CLI_DATABASE_FIX);
	TRY(e);
	print_reports(cli, reports, n);
	for (size_t i = 0; i < n; i++) {
		if (reports[i].broken != NULL) {
			cli->told = true;
			return err_set(cli->cx, ERR_DATABASE, "the audit log is not whole");
		}
	}
	return ERR_OK;
}
