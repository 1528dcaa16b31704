/* Cargo.toml. */
#include "maps/manifest_parse.h"

#include <string.h>

/* One table of dependencies; those with a path are members of this repository, not external. */
static void dep_table(struct manifest_in *in, const struct doc *table, const char *scope)
{
	for (const struct doc *d = table != NULL ? table->child : NULL; d != NULL; d = d->next) {
		const char *package = doc_member(d, "package");
		const char *spec = d->type == DOC_OBJECT ? doc_member(d, "version") : doc_text(d);
		const struct doc *inherited = doc_get(d, "workspace");

		if (*package != '\0')
			manifest_item(in, ITEM_CRATE_ALIAS, d->key, package, d->line);
		if (*doc_member(d, "path") != '\0')
			continue;
		if (*spec == '\0' && *doc_member(d, "git") != '\0')
			spec = doc_member(d, "git");
		if (inherited != NULL && strcmp(inherited->text, "true") == 0)
			spec = "workspace";
		manifest_dep(in, *package != '\0' ? package : d->key, spec, scope, d->line);
	}
}

static void dep_tables(struct manifest_in *in, const struct doc *at)
{
	dep_table(in, doc_get(at, "dependencies"), "runtime");
	dep_table(in, doc_get(at, "dev-dependencies"), "dev");
	dep_table(in, doc_get(at, "dev_dependencies"), "dev");
	dep_table(in, doc_get(at, "build-dependencies"), "build");
}

static void crate_roots(struct manifest_in *in, const struct doc *root)
{
	static const struct {
		const char *key, *folder;
	} KINDS[] = { { "bin", "src/bin" },
		      { "example", "examples" },
		      { "test", "tests" },
		      { "bench", "benches" } };

	for (size_t i = 0; i < COUNT(KINDS); i++) {
		const struct doc *list = doc_get(root, KINDS[i].key);

		for (const struct doc *d = list != NULL ? list->child : NULL; d != NULL;
		     d = d->next) {
			const char *name = doc_member(d, "name"), *path = doc_member(d, "path");

			if (*path == '\0')
				path = arena_printf(in->scratch, "%s/%s.rs", KINDS[i].folder, name);
			manifest_item(in, ITEM_CRATE_ROOT, name, path, d->line);
			if (i == 0)
				manifest_item(in, ITEM_ENTRY, name, path, d->line);
		}
	}
}

void manifest_cargo(struct manifest_in *in)
{
	const struct doc *root = doc_toml(in->scratch, in->text);
	const struct doc *lib = doc_get(root, "lib");
	const struct doc *build = doc_at(root, "package", "build");
	const struct doc *targets = doc_get(root, "target");
	const struct doc *members = doc_at(root, "workspace", "members");

	manifest_name(in, doc_text(doc_at(root, "package", "name")));
	manifest_licence(in, doc_at(root, "package", "license"));
	manifest_licence(in, doc_at(root, "workspace", "package", "license"));
	dep_tables(in, root);
	for (const struct doc *d = targets != NULL ? targets->child : NULL; d != NULL; d = d->next)
		dep_tables(in, d);
	dep_table(in, doc_at(root, "workspace", "dependencies"), "workspace");
	if (lib != NULL)
		manifest_item(in, ITEM_LIB, doc_member(lib, "name"), doc_member(lib, "path"),
		              lib->line);
	if (*doc_text(build) != '\0')
		manifest_item(in, ITEM_CRATE_ROOT, "build", build->text, build->line);
	crate_roots(in, root);
	for (const struct doc *d = members != NULL ? members->child : NULL; d != NULL; d = d->next)
		manifest_item(in, ITEM_WORKSPACE, "", doc_text(d), d->line);
}
