/* portolan version: what this program is made of. */
#include "cli/cli.h"

#include "base/migrate.h"
#include "base/version.h"

#include <curl/curl.h>
#include <git2.h>
#include <json-c/json.h>
#include <libpq-fe.h>
#include <sodium.h>

enum err cli_version(struct cli *cli)
{
	int pq = PQlibVersion(), major, minor, patch;
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
	        curl_version_info(CURLVERSION_NOW)->version, json_c_version(),
	        sodium_version_string());
#pragma GCC diagnostic pop
	return ERR_OK;
}
