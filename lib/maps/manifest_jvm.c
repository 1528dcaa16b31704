/* Maven's pom.xml.  What a parent says is filled in by manifest_complete(). */
#include "maps/manifest_parse.h"

#include <string.h>

#define PARENT "project.parent."

/* @ret the value of ${key} as far as this file knows it, "" otherwise */
static const char *known(struct manifest_in *in, const struct doc *project, const char *key)
{
	const char *found = doc_text(doc_at(project, "properties", key));

	if (*found != '\0')
		return found;
	if (strncmp(key, "pom.", 4) == 0)
		key = arena_printf(in->scratch, "project.%s", key + 4);
	if (strncmp(key, PARENT, strlen(PARENT)) == 0)
		return doc_text(doc_at(project, "parent", key + strlen(PARENT)));
	if (strncmp(key, "project.", 8) != 0)
		return "";
	found = doc_member(project, key + 8);
	/* version and groupId are the parent's where there are none */
	return *found != '\0' ? found : doc_text(doc_at(project, "parent", key + 8));
}

static const char *property(struct manifest_in *in, const struct doc *project, const char *value)
{
	for (int i = 0; i < MANIFEST_EXPAND_MAX; i++) {
		const char *start = strstr(value, "${"), *end = start ? strchr(start, '}') : NULL;
		const char *found;

		if (end == NULL || strlen(value) > MANIFEST_VALUE_MAX)
			break;
		found = known(in, project,
		              arena_strndup(in->scratch, start + 2, (size_t)(end - start - 2)));
		if (*found == '\0')
			break;
		value = arena_printf(in->scratch, "%.*s%s%s", (int)(start - value), value, found,
		                     end + 1);
	}
	return value;
}

static void pom_dependencies(struct manifest_in *in, const struct doc *project,
                             const struct doc *list, const char *otherwise)
{
	bool managed = strcmp(otherwise, "managed") == 0;

	for (const struct doc *d = list != NULL ? list->child : NULL; d != NULL; d = d->next) {
		const char *group = property(in, project, doc_member(d, "groupId"));
		const char *artifact = property(in, project, doc_member(d, "artifactId"));
		const char *scope = doc_member(d, "scope");
		bool optional = strcmp(doc_member(d, "optional"), "true") == 0;

		if (strcmp(d->key, "dependency") != 0 || *artifact == '\0')
			continue;
		if (managed && strcmp(scope, "import") != 0)
			scope = otherwise;
		else if (*scope == '\0' || strcmp(scope, "compile") == 0)
			scope = optional ? "optional" : otherwise;
		manifest_dep(in, arena_printf(in->scratch, "%s:%s", group, artifact),
		             property(in, project, doc_member(d, "version")), scope, d->line);
	}
}

static void pom_modules(struct manifest_in *in, const struct doc *at)
{
	const struct doc *modules = doc_get(at, "modules");

	for (const struct doc *m = modules != NULL ? modules->child : NULL; m != NULL; m = m->next)
		if (*doc_text(m) != '\0')
			manifest_item(in, ITEM_WORKSPACE, "", m->text, m->line);
}

/* Where the parent is, and what children may want to know. */
static void pom_inheritance(struct manifest_in *in, const struct doc *project)
{
	const struct doc *parent = doc_get(project, "parent");
	const struct doc *path = doc_get(parent, "relativePath");
	const struct doc *properties = doc_get(project, "properties");

	if (parent != NULL)
		manifest_item(in, ITEM_EXTENDS, doc_member(parent, "artifactId"),
		              path != NULL ? doc_text(path) : "../pom.xml", parent->line);
	for (const struct doc *d = properties != NULL ? properties->child : NULL; d != NULL;
	     d = d->next)
		if (*doc_text(d) != '\0' && strlen(doc_text(d)) < MANIFEST_VALUE_MAX)
			manifest_item(in, ITEM_PROPERTY, d->key, d->text, d->line);
}

void manifest_pom(struct manifest_in *in)
{
	const struct doc *project = doc_get(doc_xml(in->scratch, in->text), "project");
	const struct doc *profiles = doc_get(project, "profiles");
	const struct doc *licences = doc_get(project, "licenses");
	const char *group = doc_member(project, "groupId");

	if (*group == '\0')
		group = doc_text(doc_at(project, "parent", "groupId"));
	in->out->group = arena_strdup(in->arena, group);
	manifest_name(in, doc_member(project, "artifactId"));
	for (const struct doc *l = licences != NULL ? licences->child : NULL; l != NULL;
	     l = l->next)
		manifest_licence(in, doc_get(l, "name"));
	pom_dependencies(in, project, doc_get(project, "dependencies"), "runtime");
	pom_dependencies(in, project, doc_at(project, "dependencyManagement", "dependencies"),
	                 "managed");
	pom_modules(in, project);
	for (const struct doc *p = profiles != NULL ? profiles->child : NULL; p != NULL;
	     p = p->next) {
		pom_dependencies(in, project, doc_get(p, "dependencies"), "runtime");
		pom_dependencies(in, project, doc_at(p, "dependencyManagement", "dependencies"),
		                 "managed");
		pom_modules(in, p);
	}
	pom_inheritance(in, project);
}
