/*
 * NuGet: project files of MSBuild, what Directory.*.props say for all projects
 * below them, and packages.config; packages.lock.json is in manifest_lock_json.c.
 */
#include "maps/manifest_parse.h"

#include <string.h>
#include <strings.h>

/* @ret a value with $(Name) put in where a property of the file has that name, one level deep */
static const char *property(struct manifest_in *in, const struct doc *project, const char *value)
{
	size_t len = strlen(value);
	const char *key;

	if (len < 4 || value[0] != '$' || value[1] != '(' || value[len - 1] != ')')
		return value;
	key = arena_strndup(in->scratch, value + 2, len - 3);
	for (const struct doc *d = project->child; d != NULL; d = d->next)
		if (strcmp(d->key, "PropertyGroup") == 0 && *doc_member(d, key) != '\0')
			return doc_member(d, key);
	return value;
}

/* A value that is an attribute of the element or an element in it. */
static const char *metadata(struct manifest_in *in, const struct doc *d, const char *name)
{
	const char *value = doc_member(d, arena_printf(in->scratch, "@%s", name));

	return *value != '\0' ? value : doc_member(d, name);
}

/* Whether the project's packages serve its tests. */
static bool is_test_project(const struct doc *project)
{
	for (const struct doc *g = project->child; g != NULL; g = g->next) {
		if (strcmp(doc_member(g, "IsTestProject"), "true") == 0)
			return true;
		for (const struct doc *d = g->child; d != NULL; d = d->next)
			if (strcmp(doc_member(d, "@Include"), "Microsoft.NET.Test.Sdk") == 0 &&
			    strcmp(d->key, "PackageReference") == 0)
				return true;
	}
	return false;
}

static void package(struct manifest_in *in, const struct doc *project, const struct doc *d,
                    const char *scope)
{
	struct span names = { doc_member(d, "@Include"), 0 }, name;
	const char *spec = metadata(in, d, "VersionOverride");

	if (*names.data == '\0')
		names.data = doc_member(d, "@Update");
	names.len = strlen(names.data);
	if (*spec == '\0')
		spec = metadata(in, d, "Version");
	if (strcasecmp(metadata(in, d, "PrivateAssets"), "all") == 0)
		scope = "build";
	while (span_word(&names, ";", &name))
		manifest_dep(in, property(in, project, span_text(in, name)),
		             property(in, project, spec), scope, d->line);
}

/* ProjectReference Include="..\x\x.csproj"; Using Include="A.B" */
static void item(struct manifest_in *in, enum item_kind kind, const struct doc *d)
{
	char *value = arena_strdup(in->scratch, doc_member(d, "@Include"));

	for (char *p = value; *p != '\0'; p++)
		*p = *p == '\\' ? '/' : *p;
	if (*value != '\0')
		manifest_item(in, kind, "", value, d->line);
}

static void project_name(struct manifest_in *in, const struct doc *project)
{
	const char *slash = memrchr(in->path.data, '/', in->path.len);
	const char *base = slash != NULL ? slash + 1 : in->path.data;
	const char *end = in->path.data + in->path.len,
		   *dot = memrchr(base, '.', (size_t)(end - base));

	for (const struct doc *g = project->child; g != NULL; g = g->next) {
		const char *name = doc_member(g, "PackageId");

		name = *name != '\0' ? name : doc_member(g, "AssemblyName");
		if (*name != '\0' && strchr(name, '$') == NULL)
			manifest_name(in, name);
	}
	if (dot != NULL && in->out->type == MANIFEST_MSBUILD)
		manifest_name(in, arena_strndup(in->scratch, base, (size_t)(dot - base)));
}

/* Those that projects below may use as versions. */
static void properties(struct manifest_in *in, const struct doc *group)
{
	for (const struct doc *d = group->child; d != NULL; d = d->next)
		if (strstr(d->key, "Version") != NULL && *doc_text(d) != '\0' &&
		    strlen(doc_text(d)) < MANIFEST_VALUE_MAX)
			manifest_item(in, ITEM_PROPERTY, d->key, d->text, d->line);
}

void manifest_msbuild(struct manifest_in *in)
{
	static const struct {
		const char *element, *scope;
	} PACKAGES[] = {
		{ "PackageReference", "runtime" },
		{ "PackageVersion", "managed" },
		{ "GlobalPackageReference", "build" },
		{ "DotNetCliToolReference", "build" },
	};
	const struct doc *project = doc_get(doc_xml(in->scratch, in->text), "Project");
	bool test;

	if (project == NULL)
		return;
	test = is_test_project(project);
	project_name(in, project);
	for (const struct doc *g = project->child; g != NULL; g = g->next) {
		if (strcmp(g->key, "PropertyGroup") == 0)
			properties(in, g);
		for (const struct doc *d = strcmp(g->key, "ItemGroup") == 0 ? g->child : NULL;
		     d != NULL; d = d->next) {
			if (strcmp(d->key, "ProjectReference") == 0)
				item(in, ITEM_PROJECT, d);
			if (strcmp(d->key, "Using") == 0)
				item(in, ITEM_USING, d);
			for (size_t i = 0; i < COUNT(PACKAGES); i++)
				if (strcmp(d->key, PACKAGES[i].element) == 0)
					package(in, project, d,
					        i == 0 && test ? "test" : PACKAGES[i].scope);
		}
	}
}

void manifest_packages_config(struct manifest_in *in)
{
	const struct doc *root = doc_get(doc_xml(in->scratch, in->text), "packages");

	for (const struct doc *d = root != NULL ? root->child : NULL; d != NULL; d = d->next)
		manifest_dep(in, doc_member(d, "@id"), doc_member(d, "@version"),
		             strcmp(doc_member(d, "@developmentDependency"), "true") == 0
		                     ? "dev"
		                     : "runtime",
		             d->line);
}
