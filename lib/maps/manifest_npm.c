/* package.json, tsconfig.json, pnpm-workspace.yaml. */
#include "maps/manifest_parse.h"

#include <string.h>

#define CONDITIONS_MAX 8 /* inside each other */

static void dep_members(struct manifest_in *in, const struct doc *group, const char *scope)
{
	if (group == NULL || group->type != DOC_OBJECT)
		return;
	for (const struct doc *d = group->child; d != NULL; d = d->next)
		manifest_dep(in, d->key, doc_text(d), scope, d->line);
}

/* The conditions that hold where a module is loaded: Node's, and those of who maps sources. */
static bool holds(const char *condition, enum item_kind kind)
{
	static const char *const ALWAYS[] = { "default", "node", "source", "development" };

	for (size_t i = 0; i < COUNT(ALWAYS); i++)
		if (strcmp(condition, ALWAYS[i]) == 0)
			return true;
	return strcmp(condition, kind == ITEM_REQUIRE ? "require" : "import") == 0;
}

/* The paths whose conditions all hold; or, of the others, those of which one does not. */
static void targets(struct manifest_in *in, enum item_kind kind, const char *key,
                    const struct doc *at, bool others, int depth)
{
	if (at->type == DOC_STRING) {
		if (!others)
			manifest_item(in, kind, key, at->text, at->line);
		return;
	}
	if (depth >= CONDITIONS_MAX)
		return;
	for (const struct doc *d = at->child; d != NULL; d = d->next) {
		bool ok = at->type != DOC_OBJECT || holds(d->key, kind);

		if (ok || others)
			targets(in, kind, key, d, others && ok, depth + 1);
	}
}

/*
 * What a name of exports or imports means: a path, or conditions that lead to some.
 * Every path is noted; the resolver takes the first that exists.
 */
static void meanings(struct manifest_in *in, enum item_kind kind, const char *key,
                     const struct doc *at)
{
	targets(in, kind, key, at, false, 0);
	targets(in, kind, key, at, true, 0);
	if (kind == ITEM_EXPORT)
		targets(in, ITEM_REQUIRE, key, at, false, 0);
}

static void exports(struct manifest_in *in, const struct doc *at)
{
	if (at == NULL)
		return;
	if (at->type != DOC_OBJECT || (at->child != NULL && at->child->key[0] != '.')) {
		meanings(in, ITEM_EXPORT, ".", at);
		return;
	}
	for (const struct doc *d = at->child; d != NULL; d = d->next)
		meanings(in, ITEM_EXPORT, d->key, d);
}

/* A string, or those of a list. */
static void strings(struct manifest_in *in, enum item_kind kind, const char *key,
                    const struct doc *list)
{
	if (list == NULL)
		return;
	if (list->type == DOC_STRING)
		manifest_item(in, kind, key, list->text, list->line);
	for (const struct doc *d = list->child; d != NULL; d = d->next)
		if (d->type == DOC_STRING)
			manifest_item(in, kind, key, d->text, d->line);
}

void manifest_package_json(struct manifest_in *in)
{
	static const char *const MAIN[] = { "source", "main", "module", "types", "typings" };
	static const struct {
		const char *key, *scope;
	} DEPS[] = {
		{ "dependencies", "runtime" },
		{ "devDependencies", "dev" },
		{ "peerDependencies", "peer" },
		{ "optionalDependencies", "optional" },
	};
	const struct doc *root = doc_json(in->scratch, in->text);
	const struct doc *at = doc_get(root, "bin");

	manifest_name(in, doc_member(root, "name"));
	manifest_licence(in, doc_get(root, "license"));
	manifest_licence(in, doc_get(root, "licenses"));
	for (size_t i = 0; i < COUNT(DEPS); i++)
		dep_members(in, doc_get(root, DEPS[i].key), DEPS[i].scope);
	for (size_t i = 0; i < COUNT(MAIN); i++)
		if (*doc_member(root, MAIN[i]) != '\0')
			manifest_item(in, ITEM_MAIN, MAIN[i], doc_member(root, MAIN[i]),
			              doc_get(root, MAIN[i])->line);
	if (at != NULL && at->type == DOC_STRING)
		manifest_item(in, ITEM_ENTRY, in->out->name, at->text, at->line);
	for (const struct doc *d = at != NULL ? at->child : NULL; d != NULL; d = d->next)
		manifest_item(in, ITEM_ENTRY, d->key, doc_text(d), d->line);
	exports(in, doc_get(root, "exports"));
	at = doc_get(root, "imports");
	for (const struct doc *d = at != NULL ? at->child : NULL; d != NULL; d = d->next)
		meanings(in, ITEM_IMPORT, d->key, d);
	at = doc_get(root, "workspaces");
	strings(in, ITEM_WORKSPACE, "",
	        at != NULL && at->type == DOC_OBJECT ? doc_get(at, "packages") : at);
}

void manifest_tsconfig(struct manifest_in *in)
{
	const struct doc *root = doc_json(in->scratch, in->text);
	const struct doc *options = doc_get(root, "compilerOptions");
	const struct doc *base = doc_get(options, "baseUrl");
	const struct doc *paths = doc_get(options, "paths");

	strings(in, ITEM_EXTENDS, "", doc_get(root, "extends"));
	if (*doc_text(base) != '\0')
		manifest_item(in, ITEM_BASE_URL, "", base->text, base->line);
	for (const struct doc *d = paths != NULL ? paths->child : NULL; d != NULL; d = d->next)
		strings(in, ITEM_PATH, d->key, d);
}

/* The list below "packages:"; the rest of YAML is not needed. */
void manifest_pnpm_workspace(struct manifest_in *in)
{
	struct lines lines = lines_of(in->text);
	bool inside = false;

	while (lines_next(&lines)) {
		struct span line = span_trim(lines.line), quoted;

		if (line.len == 0 || line.data[0] == '#')
			continue;
		if (line.data[0] != '-') {
			inside = span_starts(line, "packages:");
		} else if (inside) {
			struct span value = span_trim((struct span){ line.data + 1, line.len - 1 });
			struct span rest = value;

			if (span_quoted(&rest, &quoted))
				value = quoted;
			manifest_item(in, ITEM_WORKSPACE, "", span_text(in, value), lines.number);
		}
	}
}
