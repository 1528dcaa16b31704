/* Maven's pom.xml, Gradle scripts (literal coordinates), Gradle version catalogues. */
#include "maps/manifest_parse.h"

#include <string.h>

/* @ret a value with ${project.*} and the pom's own properties put in, one level deep */
static const char *property(struct manifest_in *in, const struct doc *project, const char *value)
{
	size_t len = strlen(value);
	const char *key, *found;

	if (len < 4 || value[0] != '$' || value[1] != '{' || value[len - 1] != '}')
		return value;
	key = arena_strndup(in->scratch, value + 2, len - 3);
	if (strncmp(key, "project.", 8) == 0)
		found = doc_member(project, key + 8);
	else
		found = doc_text(doc_at(project, "properties", key));
	return *found != '\0' ? found : value;
}

static void pom_dependencies(struct manifest_in *in, const struct doc *project,
                             const struct doc *list, const char *otherwise)
{
	for (const struct doc *d = list != NULL ? list->child : NULL; d != NULL; d = d->next) {
		const char *group = property(in, project, doc_member(d, "groupId"));
		const char *artifact = property(in, project, doc_member(d, "artifactId"));
		const char *scope = doc_member(d, "scope");
		bool optional = strcmp(doc_member(d, "optional"), "true") == 0;

		if (strcmp(d->key, "dependency") != 0 || *artifact == '\0')
			continue;
		if (*scope == '\0' || strcmp(scope, "compile") == 0)
			scope = optional ? "optional" : otherwise;
		manifest_dep(in, arena_printf(in->scratch, "%s:%s", group, artifact),
		             property(in, project, doc_member(d, "version")), scope, d->line);
	}
}

void manifest_pom(struct manifest_in *in)
{
	const struct doc *project = doc_get(doc_xml(in->scratch, in->text), "project");
	const struct doc *modules = doc_get(project, "modules");
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
	for (const struct doc *p = profiles != NULL ? profiles->child : NULL; p != NULL;
	     p = p->next)
		pom_dependencies(in, project, doc_get(p, "dependencies"), "runtime");
	for (const struct doc *m = modules != NULL ? modules->child : NULL; m != NULL; m = m->next)
		if (*doc_text(m) != '\0')
			manifest_item(in, ITEM_WORKSPACE, "", m->text, m->line);
}

static const char *gradle_scope(struct span verb)
{
	if (span_starts(verb, "test") || memmem(verb.data, verb.len, "Test", 4) != NULL)
		return "test";
	if (span_is(verb, "classpath") || span_is(verb, "annotationProcessor") ||
	    span_is(verb, "kapt") || span_is(verb, "ksp"))
		return "build";
	if (span_is(verb, "compileOnly") || span_is(verb, "compileOnlyApi"))
		return "provided";
	return span_is(verb, "optional") ? "optional" : "runtime";
}

static bool gradle_verb(struct span verb)
{
	static const char *const ENDS[] = { "mplementation", "api",        "Api",
		                            "ompileOnly",    "untimeOnly", "compile",
		                            "runtime",       "classpath",  "optional",
		                            "rocessor",      "kapt",       "ksp",
		                            "estCompile",    "estRuntime", "ompileOnlyApi",
		                            "provided",      "constraint" };

	for (size_t i = 0; i < COUNT(ENDS); i++) {
		size_t n = strlen(ENDS[i]);

		if (verb.len >= n && memcmp(verb.data + verb.len - n, ENDS[i], n) == 0)
			return true;
	}
	return false;
}

/* "group:artifact:version[:classifier][@ext]" */
static void coordinate(struct manifest_in *in, struct span text, const char *scope, uint32_t line)
{
	const char *end = text.data + text.len;
	const char *first = memchr(text.data, ':', text.len), *second, *stop;

	if (first == NULL || memchr(text.data, ' ', text.len) != NULL ||
	    memchr(text.data, '/', text.len) != NULL || first == text.data)
		return;
	second = memchr(first + 1, ':', (size_t)(end - first - 1));
	stop = second != NULL ? second : end;
	if (stop == first + 1)
		return;
	struct span name = { text.data, (size_t)(stop - text.data) };
	struct span spec = { stop, 0 };

	if (second != NULL)
		spec = (struct span){ second + 1, (size_t)(end - second - 1) };
	manifest_dep(in, span_text(in, name), span_text(in, spec), scope, line);
}

/* group: "g", name: "a", version: "v" */
static void named_coordinate(struct manifest_in *in, struct span rest, const char *scope,
                             uint32_t line)
{
	const char *parts[3] = { "", "", "" };

	for (int i = 0; i < 3; i++) {
		struct span value;

		if (!span_quoted(&rest, &value))
			break;
		parts[i] = span_text(in, value);
	}
	if (*parts[0] != '\0' && *parts[1] != '\0')
		manifest_dep(in, arena_printf(in->scratch, "%s:%s", parts[0], parts[1]), parts[2],
		             scope, line);
}

void manifest_gradle(struct manifest_in *in)
{
	struct lines lines = lines_of(in->text);

	while (lines_next(&lines)) {
		struct span rest = span_trim(lines.line), verb, text, after;
		const char *scope;

		if (span_starts(rest, "//") || !span_word(&rest, "(\"'{", &verb))
			continue;
		after = rest;
		if (span_is(verb, "rootProject.name") && span_quoted(&after, &text))
			manifest_name(in, span_text(in, text));
		if (span_starts(verb, "include"))
			while (span_quoted(&after, &text))
				manifest_item(in, ITEM_WORKSPACE, "", span_text(in, text),
				              lines.number);
		if (!gradle_verb(verb) || memmem(rest.data, rest.len, "project(", 8) != NULL)
			continue;
		scope = gradle_scope(verb);
		if (memmem(rest.data, rest.len, "group:", 6) != NULL ||
		    memmem(rest.data, rest.len, "group =", 7) != NULL)
			named_coordinate(in, rest, scope, lines.number);
		else
			while (span_quoted(&rest, &text))
				coordinate(in, text, scope, lines.number);
	}
}

void manifest_gradle_catalog(struct manifest_in *in)
{
	const struct doc *root = doc_toml(in->scratch, in->text);
	const struct doc *versions = doc_get(root, "versions");
	const struct doc *libraries = doc_get(root, "libraries");

	for (const struct doc *d = libraries != NULL ? libraries->child : NULL; d != NULL;
	     d = d->next) {
		const struct doc *version = doc_get(d, "version");
		const char *name = doc_member(d, "module"), *spec = doc_text(version);

		if (d->type == DOC_STRING) {
			coordinate(in, (struct span){ d->text, strlen(d->text) }, "catalog",
			           d->line);
			continue;
		}
		if (*name == '\0' && *doc_member(d, "group") != '\0')
			name = arena_printf(in->scratch, "%s:%s", doc_member(d, "group"),
			                    doc_member(d, "name"));
		if (*doc_member(version, "ref") != '\0')
			spec = doc_member(versions, doc_member(version, "ref"));
		manifest_dep(in, name, spec, "catalog", d->line);
	}
}
