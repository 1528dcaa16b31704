/*
 * The command line: one row per command, shared by dispatch, help and completion.
 *
 * A command's result goes to standard output, talk to standard error.  With
 * --json the result is one JSON document whose "schema" member names its form;
 * colours and progress bars appear on a terminal only.
 *
 *   Exit  0 ok · 1 failure · 2 usage · 3 not found · 4 denied · 5 conflict ·
 *         69 unavailable · 75 try again · 130 interrupted
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/ctx.h"
#include "cli/term.h"
#include "config/config.h"

#define CLI_OPTIONS_MAX 12
#define CLI_ARGS_MAX    8

/* What to do when the database does not answer the command line. */
#define CLI_DATABASE_FIX                                                                           \
	"start PostgreSQL, or say whose settings hold, for instance --config var/portolan.conf; "  \
	"as root or another account the server may refuse you although it serves the service"

enum cli_exit {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_FOUND = 3,
	EXIT_DENIED = 4,
	EXIT_CONFLICT = 5,
	EXIT_UNAVAILABLE = 69,
	EXIT_TRY_AGAIN = 75,
	EXIT_INTERRUPTED = 130,
};

struct cli_option {
	const char *name; /* without the dashes */
	const char *arg;  /* what its value is called; NULL: a flag */
	const char *help;
};

/* How much must be there before a command runs. */
enum cli_needs {
	CLI_NEEDS_UNSET = 0,
	CLI_NEEDS_NOTHING, /* not even a valid configuration */
	CLI_NEEDS_CONFIG,
	CLI_NEEDS_OWNER, /* configuration, and a database connection as the schema's owner */
	CLI_NEEDS_GATE,  /* configuration, master keys, and a connection as the gate */
};

struct cli {
	struct ctx *cx;
	const struct config *config;
	struct term term;
	bool json;
	bool told;                      /* the command has printed its failure itself */
	bool usage;                     /* the last error was a wrong use */
	bool yes;                       /* --yes: do not ask */
	const char *args[CLI_ARGS_MAX]; /* after the command's words */
	int nargs;
	const char *values[CLI_OPTIONS_MAX]; /* by place in the command's table; "" for a flag */
	const struct cli_command *command;
	struct http_client *client;     /* made by the first call; cli/api.c */
	struct config_sources *sources; /* what the configuration is read from */
};

struct cli_command {
	const char *words;    /* "jobs retry" */
	const char *args;     /* "ID", "[URL|PATH]"; for help */
	const char *summary;  /* one line */
	const char *examples; /* lines, without the program's name in front */
	struct cli_option options[CLI_OPTIONS_MAX];
	int min_args, max_args;
	enum cli_needs needs;
	enum err (*run)(struct cli *cli);
};

/* Every command, ends with a row without words. */
extern const struct cli_command cli_commands[];

/** @ret value of an option, "" for a flag that is set, NULL when it is not */
const char *cli_option(const struct cli *cli, const char *name);

/**
 * A wrong use of the command: exit status 2, with the command's usage line.
 * @ret ERR_BAD_REQUEST
 */
enum err cli_usage(struct cli *cli, const char *detail, ...) PRINTF(2, 3);

/** @ret a whole number of 1 and up; ERR_BAD_REQUEST (usage) otherwise */
NODISCARD
enum err cli_id(struct cli *cli, const char *text, int64_t *ret);

/** @ret exit status for an error */
enum cli_exit cli_exit_of(enum err e);

/** @ret whether Ctrl-C was pressed; the first press only sets this */
bool cli_interrupted(void);

/* The commands, by file. */
enum err cli_map(struct cli *cli);        /* cmd_map.c */
enum err cli_map_export(struct cli *cli); /* cmd_export.c */
enum err cli_diff(struct cli *cli);
enum err cli_projects_list(struct cli *cli); /* cmd_projects.c */
enum err cli_projects_show(struct cli *cli);
enum err cli_projects_sync(struct cli *cli);
enum err cli_projects_schedule(struct cli *cli);
enum err cli_projects_delete(struct cli *cli);
enum err cli_map_files(struct cli *cli); /* cmd_graph.c */
enum err cli_map_symbols(struct cli *cli);
enum err cli_map_references(struct cli *cli);
enum err cli_map_source(struct cli *cli);
enum err cli_map_neighbours(struct cli *cli);
enum err cli_map_path(struct cli *cli);
enum err cli_map_impact(struct cli *cli);
enum err cli_ask(struct cli *cli);    /* cmd_ask.c */
enum err cli_search(struct cli *cli); /* cmd_search.c */
enum err cli_rag_sources(struct cli *cli);
enum err cli_rag_query(struct cli *cli);
enum err cli_documents_list(struct cli *cli);
enum err cli_documents_add(struct cli *cli);
enum err cli_documents_delete(struct cli *cli);
enum err cli_jobs_list(struct cli *cli); /* cmd_jobs.c */
enum err cli_jobs_show(struct cli *cli);
enum err cli_jobs_dead(struct cli *cli);
enum err cli_jobs_attempts(struct cli *cli);
enum err cli_jobs_retry(struct cli *cli); /* cmd_job_acts.c */
enum err cli_jobs_cancel(struct cli *cli);
enum err cli_jobs_discard(struct cli *cli);
enum err cli_jobs_top(struct cli *cli);    /* cmd_top.c */
enum err cli_queues_list(struct cli *cli); /* cmd_queues.c */
enum err cli_queues_pause(struct cli *cli);
enum err cli_queues_resume(struct cli *cli);
enum err cli_queues_set(struct cli *cli);
enum err cli_schedules_list(struct cli *cli); /* cmd_schedules.c */
enum err cli_schedules_create(struct cli *cli);
enum err cli_schedules_pause(struct cli *cli);
enum err cli_schedules_resume(struct cli *cli);
enum err cli_schedules_delete(struct cli *cli);
enum err cli_events_list(struct cli *cli); /* cmd_events.c */
enum err cli_events_tail(struct cli *cli);
enum err cli_events_kinds(struct cli *cli);
enum err cli_events_subscriptions(struct cli *cli);
enum err cli_events_parked(struct cli *cli);
enum err cli_events_redeliver(struct cli *cli);
enum err cli_events_discard(struct cli *cli);
enum err cli_api_keys_list(struct cli *cli); /* cmd_api_keys.c */
enum err cli_api_keys_create(struct cli *cli);
enum err cli_api_keys_rotate(struct cli *cli);
enum err cli_api_keys_revoke(struct cli *cli);
enum err cli_status(struct cli *cli);  /* cmd_status.c */
enum err cli_migrate(struct cli *cli); /* cmd_database.c */
enum err cli_setup(struct cli *cli);
enum err cli_sql_check(struct cli *cli);
enum err cli_keys_init(struct cli *cli); /* cmd_keys.c */
enum err cli_keys_status(struct cli *cli);
enum err cli_keys_rotate(struct cli *cli);
enum err cli_keys_retire(struct cli *cli);
enum err cli_members_list(struct cli *cli); /* cmd_members.c */
enum err cli_members_invite(struct cli *cli);
enum err cli_members_role(struct cli *cli);
enum err cli_members_remove(struct cli *cli);
enum err cli_tenant_list(struct cli *cli); /* cmd_tenants.c */
enum err cli_tenant_create(struct cli *cli);
enum err cli_tenant_quota(struct cli *cli);
enum err cli_tenant_models(struct cli *cli);
enum err cli_tenant_delete(struct cli *cli);
enum err cli_user_list(struct cli *cli); /* cmd_users.c */
enum err cli_user_create(struct cli *cli);
enum err cli_user_passwd(struct cli *cli);
enum err cli_user_disable(struct cli *cli);
enum err cli_user_enable(struct cli *cli);
enum err cli_user_promote(struct cli *cli);
enum err cli_user_demote(struct cli *cli);
enum err cli_config_check(struct cli *cli); /* cmd_config.c */
enum err cli_config_show(struct cli *cli);
enum err cli_config_docs(struct cli *cli);
enum err cli_models_list(struct cli *cli); /* cmd_models.c */
enum err cli_llm_call(struct cli *cli);
enum err cli_llm_call_tools(struct cli *cli);
enum err cli_audit_list(struct cli *cli); /* cmd_audit.c */
enum err cli_audit_export(struct cli *cli);
enum err cli_audit_verify(struct cli *cli);
enum err cli_doctor(struct cli *cli);  /* cmd_doctor.c */
enum err cli_version(struct cli *cli); /* cmd_docs.c */
enum err cli_openapi(struct cli *cli);

#endif
