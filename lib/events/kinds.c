/* The list of kinds, and patterns over it. */
#include "events/kinds.h"

#include "base/nearest.h"

#include <string.h>

#define WHY_MAX_BYTES ((size_t)16 * 1024)

/* --- Declared here --- */

#define PROJECT_ID(T) F_INT(T, project_id, .doc = "The project")

static const struct field IDEA_FIELDS[] = {
	PROJECT_ID(struct idea_told),
	F_TEXT(struct idea_told, content, .doc = "The idea, as it was put"),
	F_TEXT(struct idea_told, actor, .doc = "Who had it"),
};
static const struct schema IDEA = SCHEMA(struct idea_told, "IdeaCreated", IDEA_FIELDS);

static const struct field SPEC_FIELDS[] = {
	PROJECT_ID(struct spec_told),
	F_INT(struct spec_told, brief_id, .doc = "The brief that is now fixed"),
	F_LIST(struct spec_told, requirements, .item = FIELD_TEXT, .doc = "What it asks for"),
};
static const struct schema SPEC = SCHEMA(struct spec_told, "SpecFrozen", SPEC_FIELDS);

static const struct field TASK_FIELDS[] = {
	F_INT(struct task_told, id, .doc = "Number of the task"),
	F_TEXT(struct task_told, title, .doc = "What is to be done"),
};
static const struct schema TASK = SCHEMA(struct task_told, "TaskTold", TASK_FIELDS);
static const struct field ORDER_FIELDS[] = {
	F_INT(struct task_order, task_id, .doc = "The task that waits"),
	F_INT(struct task_order, on_task_id, .doc = "The task that it waits for"),
};
static const struct schema ORDER = SCHEMA(struct task_order, "TaskOrder", ORDER_FIELDS);
static const struct field TASKS_FIELDS[] = {
	PROJECT_ID(struct tasks_told),
	F_LIST(struct tasks_told, tasks, .of = &TASK, .doc = "The tasks"),
	F_LIST(struct tasks_told, dependencies, .of = &ORDER, .doc = "Which waits for which"),
};
static const struct schema TASKS = SCHEMA(struct tasks_told, "TasksCreated", TASKS_FIELDS);

static const struct field PR_FIELDS[] = {
	PROJECT_ID(struct pr_told),
	F_INT(struct pr_told, pr_id, .doc = "Number of the pull request"),
	F_TEXT(struct pr_told, branch, .doc = "The branch that it would merge"),
};
static const struct schema PR = SCHEMA(struct pr_told, "PrOpened", PR_FIELDS);

static const struct field FILE_FIELDS[] = {
	F_TEXT(struct file_told, filename, .doc = "Name of the file"),
	F_TEXT(struct file_told, user, .doc = "Who uploaded it"),
};
static const struct schema UPLOAD = SCHEMA(struct file_told, "FileUploaded", FILE_FIELDS);

static const struct field TOOL_FIELDS[] = {
	F_TEXT(struct tool_told, tool, .doc = "Name of the tool"),
	F_JSON(struct tool_told, result, .doc = "What it gave"),
};
static const struct schema TOOL = SCHEMA(struct tool_told, "ToolExecuted", TOOL_FIELDS);

#define KIND(text, schema, says)                                                                   \
	{                                                                                          \
		.type = (text), .version = 1, .payload = (schema), .doc = (says)                   \
	}
const struct event_kind idea_created = KIND("idea.created", &IDEA, "Somebody has had an idea.");
const struct event_kind spec_frozen =
	KIND("spec.frozen", &SPEC, "A brief is fixed; what is built is built to it.");
const struct event_kind tasks_created =
	KIND("tasks.created", &TASKS, "A brief was cut into tasks, with their order.");
const struct event_kind pr_opened =
	KIND("pr.opened", &PR, "A branch with the work of a task asks to be merged.");
const struct event_kind file_uploaded = KIND("file.uploaded", &UPLOAD, "A file was uploaded.");
const struct event_kind tool_executed = KIND("tool.executed", &TOOL, "A tool was run.");

/* --- The list --- */

static bool type_is_sound(const char *type)
{
	size_t n = strlen(type);

	return n > 0 && n <= EVENT_TYPE_MAX && type[0] != '.' && type[n - 1] != '.' &&
	       strchr(type, '.') != NULL && strstr(type, "..") == NULL &&
	       strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789_.") == n;
}

static const char *rule_broken(event_kinds kinds, size_t at)
{
	const struct event_kind *kind = kinds[at];

	if (kind->type == NULL || !type_is_sound(kind->type))
		return "its type is not well-formed";
	if (kind->version < 1 || kind->version > INT16_MAX)
		return "it has no version";
	if (kind->payload == NULL || kind->doc == NULL)
		return "it has no schema or no doc";
	for (size_t i = 0; i < at; i++) {
		if (kinds[i]->type != NULL && strcmp(kinds[i]->type, kind->type) == 0)
			return "its type is another's too";
	}
	return NULL;
}

const char *event_kinds_check(struct arena *arena, event_kinds kinds)
{
	struct sb why = sb_new(arena, WHY_MAX_BYTES);

	for (size_t i = 0; kinds[i] != NULL; i++) {
		const char *rule = rule_broken(kinds, i);

		if (rule != NULL)
			sb_addf(&why, "%s%s: %s", why.len > 0 ? "\n" : "",
			        kinds[i]->type != NULL ? kinds[i]->type : "(no type)", rule);
	}
	return why.len > 0 ? why.data : NULL;
}

const struct event_kind *event_kind_of(event_kinds kinds, const char *type)
{
	for (size_t i = 0; kinds[i] != NULL; i++) {
		if (strcmp(kinds[i]->type, type) == 0)
			return kinds[i];
	}
	return NULL;
}

bool event_pattern_matches(const char *pattern, const char *type)
{
	size_t n = strlen(pattern);

	if (strcmp(pattern, "*") == 0)
		return true;
	if (n > 2 && strcmp(pattern + n - 2, ".*") == 0)
		return strncmp(pattern, type, n - 1) == 0;
	return strcmp(pattern, type) == 0;
}

static enum err unknown(struct ctx *cx, event_kinds kinds, const char *pattern, const char *pointer)
{
	struct nearest near = nearest_to(pattern);

	for (size_t i = 0; kinds[i] != NULL; i++)
		nearest_offer(&near, kinds[i]->type);
	if (near.best != NULL)
		return err_field(cx, ERR_INVALID, pointer, "event_kind",
		                 "There is no kind of event called %s; did you mean %s?", pattern,
		                 near.best);
	return err_field(
		cx, ERR_INVALID, pointer, "event_kind",
		"There is no kind of event called %s; GET /api/v1/events/kinds lists them.",
		pattern);
}

enum err event_kinds_select(struct ctx *cx, event_kinds kinds, const struct list *patterns,
                            const char *pointer, struct list *ret)
{
	const char *const *texts = patterns->items;
	const char **chosen;
	bool all = patterns->n == 0;
	size_t n = 0, known = 0;

	while (kinds[known] != NULL)
		known++;
	chosen = arena_array(cx->arena, known, sizeof(*chosen));
	for (size_t p = 0; p < patterns->n; p++) {
		bool any = false;

		for (size_t k = 0; k < known && !any; k++)
			any = event_pattern_matches(texts[p], kinds[k]->type);
		if (!any)
			return unknown(cx, kinds, texts[p], pointer);
		all = all || strcmp(texts[p], "*") == 0;
	}
	for (size_t k = 0; k < known && !all; k++) {
		bool any = false;

		for (size_t p = 0; p < patterns->n && !any; p++)
			any = event_pattern_matches(texts[p], kinds[k]->type);
		if (any)
			chosen[n++] = kinds[k]->type;
	}
	*ret = (struct list){ .items = chosen, .n = n };
	return ERR_OK;
}

struct list event_kinds_hidden(struct ctx *cx, event_kinds kinds)
{
	const char **names;
	size_t n = 0;

	if (cx->who.role >= ROLE_ADMIN)
		return (struct list){ 0 };
	for (size_t i = 0; kinds[i] != NULL; i++)
		n++;
	names = arena_array(cx->arena, n, sizeof(*names));
	n = 0;
	for (size_t i = 0; kinds[i] != NULL; i++) {
		if (kinds[i]->confidential)
			names[n++] = kinds[i]->type;
	}
	return (struct list){ .items = names, .n = n };
}
