/* portolan members ...: who belongs to the tenant of the API key. */
#include "cli/api.h"
#include "cli/print.h"

#include <json-c/json.h>

#define BODY_MAX 2048

static void member_row(struct cli *cli, struct json_object *m, const char **cells)
{
	struct arena *a = cli->cx->arena;

	cells[0] = arena_printf(a, "%lld", (long long)json_int(m, "id", 0));
	cells[1] = json_text(m, "email", "");
	cells[2] = json_text(m, "name", "–");
	cells[3] = json_text(m, "role", "");
	cells[4] = json_text(m, "status", "");
	cells[5] = cli_age(cli, json_text(m, "created_at", NULL));
}

enum err cli_members_list(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "ID", .right = true },
		{ .title = "EMAIL", .wide = true },
		{ .title = "NAME", .wide = true },
		{ .title = "ROLE" },
		{ .title = "STATUS" },
		{ .title = "INVITED" },
	};
	static const char *const FILTERS[] = { "q", "role", "status", "limit", "cursor", NULL };
	static const struct cli_table TABLE = {
		.schema = "members/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = member_row,
		.none = "No members.  Invite one: portolan members invite EMAIL --role member",
	};

	return cli_list(cli, "members", FILTERS, &TABLE);
}

/* {"role":"..."} with the address in front of an invitation */
static enum err body_of(struct cli *cli, const char *email, const char *role, const char **ret)
{
	struct sb sb = sb_new(cli->cx->arena, BODY_MAX);

	sb_add(&sb, "{");
	if (email != NULL) {
		sb_add(&sb, "\"email\":");
		sb_json(&sb, email);
		sb_add(&sb, ",");
	}
	sb_add(&sb, "\"role\":");
	sb_json(&sb, role);
	sb_add(&sb, "}");
	return sb_finish(cli->cx, &sb, ret);
}

enum err cli_members_invite(struct cli *cli)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = { .method = "POST", .path = "/api/v1/members" };
	const char *role = cli_option(cli, "role");

	TRY(body_of(cli, cli->args[0], role != NULL ? role : "member", &call.body));
	TRY(api_call(cli, &call, &answer));
	if (cli->json) {
		cli_print_json(cli, "invitation/1", answer.body);
		return ERR_OK;
	}
	cli_line(cli, "Invited", cli->args[0]);
	cli_line(cli, "Token", json_text(answer.doc, "token", "was shown before"));
	cli_line(cli, "Open", json_text(answer.doc, "url", "–"));
	cli_line(cli, "Good until", json_text(answer.doc, "expires_at", ""));
	fputs("No mail is sent: hand the token to the person; it is shown this once.\n",
	      cli->term.talk);
	return ERR_OK;
}

static enum err path_of(struct cli *cli, const char **ret)
{
	int64_t id;

	TRY(cli_id(cli, cli->args[0], &id));
	*ret = arena_printf(cli->cx->arena, "/api/v1/members/%lld", (long long)id);
	return ERR_OK;
}

enum err cli_members_role(struct cli *cli)
{
	CLEANUP(api_done) struct api_answer member = { 0 };
	CLEANUP(api_done) struct api_answer changed = { 0 };
	struct api_call call = { .method = "PATCH" };

	TRY(path_of(cli, &call.path));
	TRY(body_of(cli, NULL, cli->args[1], &call.body));
	TRY(api_get(cli, &member, "%s", call.path));
	call.if_match = member.etag;
	TRY(api_call(cli, &call, &changed));
	if (cli->json)
		cli_print_json(cli, "member/1", changed.body);
	else
		fprintf(cli->term.out, "Member %s has the role %s now.\n", cli->args[0],
		        json_text(changed.doc, "role", ""));
	return ERR_OK;
}

enum err cli_members_remove(struct cli *cli)
{
	CLEANUP(api_done) struct api_answer member = { 0 };
	CLEANUP(api_done) struct api_answer gone = { 0 };
	struct api_call call = { .method = "DELETE" };

	TRY(path_of(cli, &call.path));
	TRY(api_get(cli, &member, "%s", call.path));
	if (!cli_confirm(cli, "Remove ", json_text(member.doc, "email", ""), " from the tenant?"))
		return cli_usage(cli, "nobody was removed; --yes removes without asking");
	call.if_match = member.etag;
	TRY(api_call(cli, &call, &gone));
	if (cli->json)
		fprintf(cli->term.out, "{\"schema\":\"deleted/1\",\"id\":%s}\n", cli->args[0]);
	else
		fprintf(cli->term.out, "Member %s is removed.\n", cli->args[0]);
	return ERR_OK;
}
