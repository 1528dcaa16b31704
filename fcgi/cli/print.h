/*
 * What several commands print alike: lists, labelled lines, JSON.
 */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include "cli/cli.h"

struct api_answer;
struct json_object;

/* How a list endpoint is shown as a table. */
struct cli_table {
	const char *schema; /* name and version of the --json form */
	const struct term_column *columns;
	size_t ncolumns;
	void (*row)(struct cli *cli, struct json_object *item, const char **cells);
	const char *none; /* printed when there are no rows: the next step */
};

/**
 * GET /api/v1/<what> with the command's options named in filters (ended by NULL) as its query,
 * and print the page.
 */
NODISCARD
enum err cli_list(struct cli *cli, const char *what, const char *const *filters,
                  const struct cli_table *table);

/** Print a page that was read: {"items": [...], "next_cursor": ...}. */
void cli_page(struct cli *cli, const struct api_answer *page, const struct cli_table *table);

/** Print a JSON object of the service with "schema" put in front. */
void cli_print_json(struct cli *cli, const char *schema, struct span object);

/** Print one job of the service, with the next steps; cmd_jobs.c. */
void cli_print_job(struct cli *cli, struct json_object *job);

/**
 * Watch a job with a progress bar until it will not run again; cmd_map.c.
 * Returns the job's own error, ERR_CANCELLED when Ctrl-C ended the watching alone
 */
NODISCARD
enum err cli_watch_job(struct cli *cli, int64_t job_id);

/** Print "Label      text". */
void cli_line(struct cli *cli, const char *label, const char *text);

/**
 * Ask on the terminal before something is destroyed.
 * @ret whether to go on: with --yes, or after an answer that begins with y; never without a terminal
 */
bool cli_confirm(struct cli *cli, const char *before, const char *name, const char *after);

/** @ret how long ago an RFC 3339 time was; "–" for NULL */
const char *cli_age(struct cli *cli, const char *time);

#endif
