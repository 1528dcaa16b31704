/* The commands, one row each.  Help, dispatch and suggestions are made from these rows. */
#include "cli/cli.h"

#define LIST_OPTIONS                                                                               \
	{ "limit", "N", "rows to show, 1 to 200 (20)" },                                           \
	{                                                                                          \
		"cursor", "TEXT", "go on after an earlier page's next_cursor"                      \
	}

#define JOB_STATUS                                                                                 \
	{                                                                                          \
		"status", "STATUS",                                                                \
			"only pending, running, retrying, completed, failed, dead or cancelled"    \
	}
#define JOB_FILTERS                                                                                \
	{ "type", "TYPE", "only of this type" }, { "queue", "NAME", "only of this queue" },        \
		{ "project", "ID", "only of this project" },                                       \
		{ "q", "TEXT", "only with this as number, or in the type, arguments or error" },   \
		{ "since", "TIME", "not before this time, as 2026-11-21T06:45:00Z" },              \
	{                                                                                          \
		"until", "TIME", "only before this time"                                           \
	}
#define EVENT_FILTERS                                                                              \
	{ "types", "KINDS", "only these kinds, with commas: job.*,map.published" },                \
	{                                                                                          \
		"project", "ID", "only of this project"                                            \
	}

#define MAP_COMMIT                                                                                 \
	{                                                                                          \
		"commit", "DIGITS", "of this commit's map (the newest)"                            \
	}
#define MAP_LIMIT                                                                                  \
	{                                                                                          \
		"limit", "N", "rows to show"                                                       \
	}

#define AUDIT_FILTERS                                                                              \
	{ "action", "NAME", "only this action, or all of its kind: project.created, project" },    \
		{ "actor", "NAME", "only what this one did: key:3" },                              \
		{ "target", "NAME", "only what was done to this: project:17" },                    \
		{ "outcome", "WORD", "only done, or only refused" },                               \
		{ "since", "TIME", "not before this time, as 2026-11-21T06:45:00Z" },              \
	{                                                                                          \
		"until", "TIME", "only before this time"                                           \
	}
#define AUDIT_TENANT                                                                               \
	{                                                                                          \
		"tenant", "ID", "from the database, as the operator; 0: the installation's own"    \
	}

const struct cli_command cli_commands[] = {
	{
		.words = "map",
		.args = "[URL|PATH]",
		.max_args = 1,
		.needs = CLI_NEEDS_CONFIG,
		.summary = "Map a repository and print what it is made of",
		.examples = "map https://git.example.org/team/app.git\n"
			    "map . --name app\n"
			    "map . --json > map.json\n"
			    "map . --commit v1.2.0\n"
			    "map . --svg folders.svg --view folders\n",
		.options = { { "commit", "NAME",
	                       "map this commit, branch or tag instead of the newest commit" },
	                     { "name", "TEXT", "the project's name (the last part of the URL)" },
	                     { "branch", "NAME", "branch to map (the repository's own default)" },
	                     { "svg", "FILE", "write the picture of it there" },
	                     { "view", "VIEW", "of --svg: components, folders or treemap" } },
		.run = cli_map,
	},
#include "cli/commands_map.def"
#include "cli/commands_search.def"
	{
		.words = "map export",
		.args = "PROJECT",
		.min_args = 1,
		.max_args = 1,
		.needs = CLI_NEEDS_CONFIG,
		.summary = "Write a project's map in a format of other programs",
		.examples = "map export 3 --format svg --view treemap --output map.svg\n"
			    "map export 3 --format cdx > sbom.json\n"
			    "map export 3 --tokens 8000 --q 'where are sessions checked'\n",
		.options = { { "format", "NAME",
	                       "svg, dot, mmd, graphml, json, md (when not given), cdx or layout" },
	                     { "view", "VIEW", "of pictures: components, folders or treemap" },
	                     { "commit", "COMMIT", "of this commit or branch (the newest map)" },
	                     { "tokens", "N", "of md: how long it may be (4000)" },
	                     { "q", "TEXT", "of md: a question; what matters for it comes first" },
	                     { "output", "FILE", "write it there (standard output)" } },
		.run = cli_map_export,
	},
	{
		.words = "diff",
		.args = "FROM [TO]",
		.min_args = 1,
		.max_args = 2,
		.needs = CLI_NEEDS_CONFIG,
		.summary = "Compare the maps of two commits or branches",
		.examples =
			"diff main topic\ndiff 4f8cdc2 --project 3 --format svg --output diff.svg\n",
		.options = { { "project", "ID", "the project (that of this folder)" },
	                     { "format", "NAME", "md (when not given), json or svg" },
	                     { "output", "FILE", "write it there (standard output)" } },
		.run = cli_diff,
	},
	{
		.words = "projects",
		.needs = CLI_NEEDS_CONFIG,
		.summary = "List the projects, newest first",
		.examples = "projects\nprojects --status failed\nprojects --q redis --json\n",
		.options = { { "q", "TEXT", "only with this in the name or URL" },
	                     { "status", "STATUS",
	                       "only pending, cloning, analysing, ready or failed" },
	                     LIST_OPTIONS },
		.run = cli_projects_list,
	},
	{
		.words = "projects show",
		.args = "ID",
		.min_args = 1,
		.max_args = 1,
		.needs = CLI_NEEDS_CONFIG,
		.summary = "Show one project and the summary of its newest map",
		.examples = "projects show 3\n",
		.run = cli_projects_show,
	},
	{
		.words = "projects sync",
		.args = "ID",
		.min_args = 1,
		.max_args = 1,
		.needs = CLI_NEEDS_CONFIG,
		.summary = "Fetch the newest commit of a project and map it",
		.examples = "projects sync 3\n",
		.run = cli_projects_sync,
	},
	{
		.words = "projects schedule",
		.args = "ID PATTERN|none",
		.min_args = 2,
		.max_args = 2,
		.needs = CLI_NEEDS_CONFIG,
		.summary = "Say when a project is synced by itself",
		.examples = "projects schedule 3 '*/15 * * * *'\n"
			    "projects schedule 3 @daily --time-zone Europe/Berlin\n"
			    "projects schedule 3 none\n",
		.options = { { "time-zone", "NAME",
	                       "IANA name of the pattern's time zone (UTC)" } },
		.run = cli_projects_schedule,
	},
	{
		.words = "projects delete",
		.args = "ID",
		.min_args = 1,
		.max_args = 1,
		.needs = CLI_NEEDS_CONFIG,
		.summary = "Delete a project with its maps and its clone",
		.examples = "projects delete 3\nprojects delete 3 --yes\n",
		.run = cli_projects_delete,
	},
#include "cli/commands_jobs.def"
	{
		.words = "events",
		.needs = CLI_NEEDS_CONFIG,
		.summary = "List what has happened after a position, oldest first",
		.examples = "events\nevents --types job.*,map.published --project 3\n"
			    "events --after 1200 --limit 1000 --json\n",
		.options = { { "after", "POSITION", "only after this position (0)" },
	                     EVENT_FILTERS,
	                     { "limit", "N", "events to show, 1 to 1000 (100)" } },
		.run = cli_events_list,
	},
	{
		.words = "events tail",
		.needs = CLI_NEEDS_CONFIG,
		.summary = "Print events as they happen, a line each, until Ctrl-C",
		.examples = "events tail\nevents tail --types project.* --json\n"
			    "events tail --after 0\n",
		.options = { { "after", "POSITION", "begin after this position (now)" },
	                     EVENT_FILTERS,
	                     { "count", "N", "end after so many events" } },
		.run = cli_events_tail,
	},
	{
		.words = "events kinds",
		.needs = CLI_NEEDS_CONFIG,
		.summary = "List the kinds of events; --json has the schemas of their payloads",
		.examples = "events kinds\nevents kinds --json\n",
		.run = cli_events_kinds,
	},
	{
		.words = "events subscriptions",
		.needs = CLI_NEEDS_CONFIG,
		.summary =
			"List the parts of the program that are told of events, and how far they are",
		.examples = "events subscriptions\n",
		.run = cli_events_subscriptions,
	},
	{
		.words = "events parked",
		.needs = CLI_NEEDS_CONFIG,
		.summary = "List the events that a subscription could not take, newest first",
		.examples =
			"events parked\nevents parked --subscription activity --state waiting\n",
		.options = { { "subscription", "NAME", "only those of this one" },
	                     { "state", "STATE", "waiting, behind or parked (parked); all: any" },
	                     LIST_OPTIONS },
		.run = cli_events_parked,
	},
	{
		.words = "events redeliver",
		.args = "[ID]",
		.max_args = 1,
		.needs = CLI_NEEDS_CONFIG,
		.summary = "Hand on a parked event again, or all of a subscription",
		.examples = "events redeliver 17\nevents redeliver --subscription activity\n",
		.options = { { "subscription", "NAME", "all that this one has parked; *: all" } },
		.run = cli_events_redeliver,
	},
	{
		.words = "events discard",
		.args = "ID",
		.min_args = 1,
		.max_args = 1,
		.needs = CLI_NEEDS_CONFIG,
		.summary = "Give up a parked event for good",
		.examples = "events discard 17\nevents discard 17 --yes\n",
		.run = cli_events_discard,
	},
#include "cli/commands_people.def"
	{
		.words = "status",
		.needs = CLI_NEEDS_CONFIG,
		.summary = "Show how the service is: database, runners, jobs",
		.examples = "status\nstatus --json\n",
		.run = cli_status,
	},
	{
		.words = "migrate",
		.needs = CLI_NEEDS_OWNER,
		.summary = "Bring the database schema to this program's version",
		.examples = "migrate --plan\nmigrate\nmigrate --to 1\n",
		.options = { { "plan", NULL, "only show what would be done" },
	                     { "to", "N",
	                       "stop at migration N; below the present one goes back" } },
		.run = cli_migrate,
	},
	{
		.words = "keys init",
		.needs = CLI_NEEDS_CONFIG,
		.summary = "Make the file of the master keys, once",
		.options = { { "anew", NULL,
	                       "although the database holds what was made under keys that are lost: API "
	                       "keys, sessions and tokens end, and no secret can be opened again" } },
		.examples =
			"keys init\nkeys init --set master_key_file=/etc/portolan/master.keys\n",
		.run = cli_keys_init,
	},
	{
		.words = "keys status",
		.needs = CLI_NEEDS_GATE,
		.summary = "Show the master keys, what is under each, and which may go",
		.examples = "keys status\nkeys status --json\n",
		.run = cli_keys_status,
	},
	{
		.words = "keys rotate",
		.needs = CLI_NEEDS_GATE,
		.summary =
			"Make a new master key and seal every secret under it, while the service works",
		.examples = "keys rotate\n",
		.run = cli_keys_rotate,
	},
	{
		.words = "keys retire",
		.args = "NUMBER",
		.min_args = 1,
		.max_args = 1,
		.needs = CLI_NEEDS_GATE,
		.summary = "Remove an old master key that nothing needs",
		.examples = "keys retire 1\n",
		.run = cli_keys_retire,
	},
	{
		.words = "setup",
		.needs = CLI_NEEDS_GATE,
		.summary = "Create the first tenant, its API key and its owner, once",
		.examples = "setup --key-file var/dev.env --url http://127.0.0.1:8000\n",
		.options = { { "key-file", "PATH",
	                       "where the service's URL and the key are written, mode 0600" },
	                     { "tenant", "NAME", "name of the tenant (default)" },
	                     { "owner", "EMAIL", "who owns it first (owner@localhost)" },
	                     { "owner-file", "PATH",
	                       "where the owner's first password is written, mode 0600; without "
	                       "it no owner is made" } },
		.run = cli_setup,
	},
	{
		.words = "config check",
		.needs = CLI_NEEDS_NOTHING,
		.summary = "Check every setting and report all mistakes together",
		.examples = "config check\nconfig check --config /etc/portolan/portolan.conf\n",
		.run = cli_config_check,
	},
	{
		.words = "config show",
		.needs = CLI_NEEDS_CONFIG,
		.summary = "Show every setting in force",
		.examples = "config show\nconfig show --origin\n",
		.options = { { "origin", NULL, "also show where each value comes from" } },
		.run = cli_config_show,
	},
#include "cli/commands_models.def"
	{
		.words = "config docs",
		.needs = CLI_NEEDS_NOTHING,
		.summary = "Print the documentation of all settings",
		.examples = "config docs\nconfig docs --example > app.env\n",
		.options = { { "example", NULL, "as an environment file with the defaults" } },
		.run = cli_config_docs,
	},
	{
		.words = "audit list",
		.needs = CLI_NEEDS_CONFIG,
		.summary = "List who did what, newest first",
		.examples = "audit list --action project --since 2026-11-01T00:00:00Z\n"
			    "audit list --outcome refused --json\n"
			    "audit list --tenant 0\n",
		.options = { AUDIT_FILTERS, AUDIT_TENANT, LIST_OPTIONS },
		.run = cli_audit_list,
	},
	{
		.words = "audit export",
		.needs = CLI_NEEDS_CONFIG,
		.summary = "Print the whole audit log, oldest first, one JSON object a line",
		.examples = "audit export > audit.jsonl\naudit export --tenant 3 --since "
			    "2026-11-01T00:00:00Z\n",
		.options = { AUDIT_FILTERS, AUDIT_TENANT },
		.run = cli_audit_export,
	},
	{
		.words = "audit verify",
		.needs = CLI_NEEDS_CONFIG,
		.summary = "Recompute the chains of the audit log and name the first broken row",
		.examples = "audit verify\n"
			    "audit verify --tenant 3 --json\n"
			    "audit verify --anchor 3:1201:6ec16b3d…\n",
		.options = { { "tenant", "ID", "only this tenant's; 0: the installation's" },
	                     { "anchor", "TENANT:SEQ:HASH",
	                       "a hash that the runner has logged earlier, or the hash alone" } },
		.run = cli_audit_verify,
	},
	{
		.words = "doctor",
		.needs = CLI_NEEDS_NOTHING,
		.summary = "Check that everything the service needs is in order",
		.examples = "doctor\ndoctor --json\n",
		.run = cli_doctor,
	},
	{
		.words = "openapi",
		.needs = CLI_NEEDS_NOTHING,
		.summary = "Print the OpenAPI 3.1 description of the HTTP interface",
		.examples = "openapi > openapi.json\n",
		.run = cli_openapi,
	},
	{
		.words = "sql-check",
		.needs = CLI_NEEDS_CONFIG,
		.summary = "Prepare every SQL statement of the program against the database",
		.examples = "sql-check\n",
		.run = cli_sql_check,
	},
	{
		.words = "version",
		.needs = CLI_NEEDS_NOTHING,
		.summary = "Print the versions of the program, its libraries and its schema",
		.examples = "version\nversion --json\n",
		.run = cli_version,
	},
	{ .words = NULL },
};
