/*
 * Kinds of events: all that the program declares, patterns that name several, and those of the plan whose
 * domains only tell.
 *
 * A pattern is a kind ("project.created"), all kinds that begin alike ("job.*"), or "*".
 */
#ifndef EVENTS_KINDS_H
#define EVENTS_KINDS_H

#include "events/event.h"

#define EVENT_TYPE_MAX     50 /* characters of a type or pattern */
#define EVENT_PATTERNS_MAX 50 /* of one list */

/* Every kind, ended by NULL; app/registry_kinds.h has the program's. */
typedef const struct event_kind *const event_kinds[];

/**
 * Types are unique, of small letters, digits and underscores with dots between them; versions are above 0; each
 * has its payload's schema and a doc.
 * @ret NULL, or in arena which kind breaks which rule
 */
const char *event_kinds_check(struct arena *arena, event_kinds kinds);

/** @ret the kind of a type, NULL when none is declared */
const struct event_kind *event_kind_of(event_kinds kinds, const char *type);

/** @ret whether a type is among those that a pattern names; for any text */
bool event_pattern_matches(const char *pattern, const char *type);

/**
 * The kinds that patterns of a client name.
 *
 * @patterns of const char *, at most EVENT_PATTERNS_MAX; none, or "*" among them: all
 * @ret      of const char *, each once; empty: all
 * Returns ERR_INVALID, blaming @pointer, for a pattern that names no declared kind; the nearest one is named
 */
NODISCARD
enum err event_kinds_select(struct ctx *cx, event_kinds kinds, const struct list *patterns,
                            const char *pointer, struct list *ret);

/** @ret the kinds that the caller, by its role, may not read: of const char *, in cx->arena */
struct list event_kinds_hidden(struct ctx *cx, event_kinds kinds);

/* --- What has happened to ideas, files and tools; those who do it emit it --- */

/* idea.created */
struct idea_told {
	int64_t project_id;
	const char *content, *actor;
};

/* spec.frozen */
struct spec_told {
	int64_t project_id, brief_id;
	struct list requirements; /* of const char * */
};

/* tasks.created */
struct task_told {
	int64_t id;
	const char *title;
};
struct task_order {
	int64_t task_id, on_task_id; /* the first waits for the second */
};
struct tasks_told {
	int64_t project_id;
	struct list tasks;        /* of struct task_told */
	struct list dependencies; /* of struct task_order */
};

/* pr.opened */
struct pr_told {
	int64_t project_id, pr_id;
	const char *branch;
};

/* file.uploaded */
struct file_told {
	const char *filename, *user;
};

/* tool.executed */
struct tool_told {
	const char *tool;
	const char *result; /* JSON text */
};

extern const struct event_kind idea_created, spec_frozen, tasks_created, pr_opened, file_uploaded,
	tool_executed;

#endif
