/* portolan status: how the service is. */
#include "cli/api.h"
#include "cli/print.h"

enum err cli_status(struct cli *cli)
{
	static const char *const COUNTS[] = { "pending", "running", "retrying", "completed",
		                              "failed",  "dead",    "cancelled" };
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct arena *a = cli->cx->arena;
	struct sb jobs = sb_new(a, 1024);
	const char *vectors;

	TRY(api_get(cli, &answer, "/api/v1/status"));
	if (cli->json) {
		cli_print_json(cli, "status/1", answer.body);
		return ERR_OK;
	}
	vectors = json_text(answer.doc, "vectors.extension", NULL);
	for (size_t i = 0; i < COUNT(COUNTS); i++) {
		int64_t n = json_int(answer.doc, arena_printf(a, "jobs.%s", COUNTS[i]), 0);

		sb_addf(&jobs, "%s%lld %s", i > 0 ? ", " : "", (long long)n, COUNTS[i]);
	}
	cli_line(cli, "Service", cli->config->url);
	cli_line(cli, "Version", json_text(answer.doc, "version", ""));
	cli_line(cli, "Health", json_text(answer.doc, "system_health", ""));
	cli_line(cli, "Database", json_text(answer.doc, "database_status", ""));
	cli_line(cli, "Runners",
	         arena_printf(a, "%lld alive", (long long)json_int(answer.doc, "jobs.runners", 0)));
	cli_line(cli, "Jobs", jobs.data);
	cli_line(cli, "Vectors",
	         vectors == NULL ? "one by one: the database has no pgvector"
	                         : arena_printf(a, "pgvector %s", vectors));
	return ERR_OK;
}
