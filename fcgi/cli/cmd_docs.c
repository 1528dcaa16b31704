/* portolan version and openapi: what this program is and serves. */
#include "cli/cli.h"

#include "base/http_client.h"
#include "base/migrate.h"
#include "base/version.h"
#include "openapi.h"

#include <git2.h>
#include <json-c/json.h>
#include <sodium.h>

#define OPENAPI_MAX ((size_t)4 * 1024 * 1024)

enum err cli_version(struct cli *cli)
{
	int pq = db_library_version(), major, minor, patch;
	char git[32];
	const char *form =
		cli->json ? "{\"schema\":\"version/1\",\"version\":\"%s\",\"database_schema\":%d,"
			    "\"libraries\":{\"libpq\":\"%d.%d\",\"libgit2\":\"%s\",\"libcurl\":"
			    "\"%s\",\"json-c\":\"%s\",\"libsodium\":\"%s\"}}\n"
			  : "portolan %s\nschema %d\nlibpq %d.%d\nlibgit2 %s\nlibcurl %s\n"
			    "json-c %s\nlibsodium %s\n";

	git_libgit2_version(&major, &minor, &patch);
	snprintf(git, sizeof(git), "%d.%d.%d", major, minor, patch);
	/* The form is one of the two above, both with these places. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	fprintf(cli->term.out, form, version_text, MIGRATE_NEWEST, pq / 10000, pq % 10000, git,
	        http_library_version(), json_c_version(), sodium_version_string());
#pragma GCC diagnostic pop
	return ERR_OK;
}

enum err cli_openapi(struct cli *cli)
{
	struct sb sb = sb_new(cli->cx->arena, OPENAPI_MAX);
	const char *text;

	openapi_print(&sb);
	TRY(sb_finish(cli->cx, &sb, &text));
	fputs(text, cli->term.out);
	return ERR_OK;
}
