/* requirements.txt, pyproject.toml, setup.cfg, setup.py (literals only), Pipfile. */
#include "maps/manifest_parse.h"

#include <ctype.h>
#include <string.h>

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

void manifest_requirement(struct manifest_in *in, struct span text, const char *scope,
                          uint32_t line)
{
	const char *p, *end, *close;
	struct span name, spec;

	text = span_trim(text);
	p = text.data;
	end = text.data + text.len;
	while (p < end && is_name_char(*p))
		p++;
	name = (struct span){ text.data, (size_t)(p - text.data) };
	if (name.len == 0 || !isalnum((unsigned char)name.data[0]))
		return;
	spec = span_trim((struct span){ p, (size_t)(end - p) });
	if (spec.len > 0 && spec.data[0] == '[') {
		close = memchr(spec.data, ']', spec.len);
		if (close == NULL)
			return;
		spec = (struct span){ close + 1, (size_t)(spec.data + spec.len - close - 1) };
	}
	spec = span_trim(spec);
	if (spec.len > 0 && (spec.data[0] == '/' || spec.data[0] == ':'))
		return; /* a path or an address, not a name */
	close = spec.len > 0 && spec.data[0] == '@' ? NULL : memchr(spec.data, ';', spec.len);
	if (close != NULL)
		spec.len = (size_t)(close - spec.data);
	spec = span_trim(spec);
	if (spec.len >= 2 && spec.data[0] == '(' && spec.data[spec.len - 1] == ')')
		spec = (struct span){ spec.data + 1, spec.len - 2 };
	manifest_dep(in, span_text(in, name), span_text(in, spec), scope, line);
}

/* @ret the scope that a name ("requirements-dev.txt", an extra's name) speaks of */
static const char *scope_of(struct span name, const char *otherwise)
{
	static const struct {
		const char *word, *scope;
	} WORDS[] = { { "test", "test" }, { "dev", "dev" },    { "lint", "dev" },
		      { "doc", "dev" },   { "typing", "dev" }, { "build", "build" } };

	for (size_t i = 0; i < COUNT(WORDS); i++)
		if (memmem(name.data, name.len, WORDS[i].word, strlen(WORDS[i].word)) != NULL)
			return WORDS[i].scope;
	return otherwise;
}

void manifest_requirements(struct manifest_in *in)
{
	const char *slash = memrchr(in->path.data, '/', in->path.len);
	const char *base = slash != NULL ? slash + 1 : in->path.data;
	struct span name = { base, in->path.len - (size_t)(base - in->path.data) };
	const char *scope = scope_of(name, "runtime");
	struct lines lines = lines_of(in->text);

	while (lines_next(&lines)) {
		struct span line = span_trim(lines.line);
		const char *hash = memchr(line.data, '#', line.len);

		if (hash != NULL && (hash == line.data || hash[-1] == ' ' || hash[-1] == '\t'))
			line.len = (size_t)(hash - line.data);
		hash = memmem(line.data, line.len, " --", 3); /* "--hash=…" */
		if (hash != NULL)
			line.len = (size_t)(hash - line.data);
		if (line.len > 0 && line.data[line.len - 1] == '\\')
			line.len--;
		manifest_requirement(in, line, scope, lines.number);
	}
}

static void requirement_list(struct manifest_in *in, const struct doc *list, const char *scope)
{
	for (const struct doc *d = list != NULL ? list->child : NULL; d != NULL; d = d->next)
		if (d->type == DOC_STRING)
			manifest_requirement(in, (struct span){ d->text, strlen(d->text) }, scope,
			                     d->line);
}

static void requirement_groups(struct manifest_in *in, const struct doc *groups,
                               const char *otherwise)
{
	for (const struct doc *d = groups != NULL ? groups->child : NULL; d != NULL; d = d->next)
		requirement_list(in, d,
		                 scope_of((struct span){ d->key, strlen(d->key) }, otherwise));
}

/* Poetry and Pipfile: name = "spec" or name = { version = "spec" }. */
static void named_specs(struct manifest_in *in, const struct doc *table, const char *scope)
{
	for (const struct doc *d = table != NULL ? table->child : NULL; d != NULL; d = d->next) {
		const char *spec = d->type == DOC_OBJECT ? doc_member(d, "version") : doc_text(d);

		if (strcmp(d->key, "python") != 0 && *doc_member(d, "path") == '\0')
			manifest_dep(in, d->key, spec, scope, d->line);
	}
}

static void scripts(struct manifest_in *in, const struct doc *table)
{
	for (const struct doc *d = table != NULL ? table->child : NULL; d != NULL; d = d->next)
		if (d->type == DOC_STRING)
			manifest_item(in, ITEM_ENTRY, d->key, d->text, d->line);
}

static void source_roots(struct manifest_in *in, const struct doc *root)
{
	const struct doc *tools = doc_at(root, "tool", "setuptools");
	const struct doc *where = doc_at(tools, "packages", "find", "where");
	const struct doc *dirs = doc_get(tools, "package-dir");
	const struct doc *packages = doc_at(root, "tool", "poetry", "packages");

	for (const struct doc *d = where != NULL ? where->child : NULL; d != NULL; d = d->next)
		manifest_item(in, ITEM_SOURCE_ROOT, "", doc_text(d), d->line);
	if (*doc_member(dirs, "") != '\0')
		manifest_item(in, ITEM_SOURCE_ROOT, "", doc_member(dirs, ""), dirs->line);
	for (const struct doc *d = packages != NULL ? packages->child : NULL; d != NULL;
	     d = d->next)
		if (*doc_member(d, "from") != '\0')
			manifest_item(in, ITEM_SOURCE_ROOT, "", doc_member(d, "from"), d->line);
}

void manifest_pyproject(struct manifest_in *in)
{
	const struct doc *root = doc_toml(in->scratch, in->text);
	const struct doc *project = doc_get(root, "project");
	const struct doc *poetry = doc_at(root, "tool", "poetry");
	const struct doc *groups = doc_get(poetry, "group");

	manifest_name(in, doc_member(project, "name"));
	manifest_name(in, doc_member(poetry, "name"));
	manifest_licence(in, doc_get(project, "license"));
	manifest_licence(in, doc_get(poetry, "license"));
	requirement_list(in, doc_get(project, "dependencies"), "runtime");
	requirement_groups(in, doc_get(project, "optional-dependencies"), "optional");
	requirement_groups(in, doc_get(root, "dependency-groups"), "dev");
	requirement_list(in, doc_at(root, "build-system", "requires"), "build");
	requirement_list(in, doc_at(root, "tool", "uv", "dev-dependencies"), "dev");
	named_specs(in, doc_get(poetry, "dependencies"), "runtime");
	named_specs(in, doc_get(poetry, "dev-dependencies"), "dev");
	for (const struct doc *g = groups != NULL ? groups->child : NULL; g != NULL; g = g->next)
		named_specs(in, doc_get(g, "dependencies"),
		            scope_of((struct span){ g->key, strlen(g->key) }, "dev"));
	scripts(in, doc_get(project, "scripts"));
	scripts(in, doc_get(project, "gui-scripts"));
	scripts(in, doc_get(poetry, "scripts"));
	source_roots(in, root);
}

void manifest_pipfile(struct manifest_in *in)
{
	const struct doc *root = doc_toml(in->scratch, in->text);

	named_specs(in, doc_get(root, "packages"), "runtime");
	named_specs(in, doc_get(root, "dev-packages"), "dev");
}

/* What one value of setup.cfg means, by section and key. */
static void cfg_value(struct manifest_in *in, struct span section, struct span key,
                      struct span value, uint32_t line)
{
	const char *equals;

	if (value.len == 0)
		return;
	if (span_is(section, "metadata") && span_is(key, "name")) {
		manifest_name(in, span_text(in, value));
	} else if (span_is(section, "metadata") && span_is(key, "license")) {
		manifest_item(in, ITEM_LICENCE, "", span_text(in, value), line);
	} else if (span_is(section, "options") && span_is(key, "install_requires")) {
		manifest_requirement(in, value, "runtime", line);
	} else if (span_is(section, "options") && span_is(key, "setup_requires")) {
		manifest_requirement(in, value, "build", line);
	} else if (span_is(section, "options") && span_is(key, "tests_require")) {
		manifest_requirement(in, value, "test", line);
	} else if (span_is(section, "options.extras_require")) {
		manifest_requirement(in, value, scope_of(key, "optional"), line);
	} else if (span_is(section, "options.packages.find") && span_is(key, "where")) {
		manifest_item(in, ITEM_SOURCE_ROOT, "", span_text(in, value), line);
	} else if ((equals = memchr(value.data, '=', value.len)) != NULL) {
		struct span left =
			span_trim((struct span){ value.data, (size_t)(equals - value.data) });
		struct span right = span_trim(
			(struct span){ equals + 1, (size_t)(value.data + value.len - equals - 1) });

		if (span_is(section, "options.entry_points") && right.len > 0)
			manifest_item(in, ITEM_ENTRY, span_text(in, left), span_text(in, right),
			              line);
		else if (span_is(section, "options") && span_is(key, "package_dir") &&
		         left.len == 0)
			manifest_item(in, ITEM_SOURCE_ROOT, "", span_text(in, right), line);
	}
}

void manifest_setup_cfg(struct manifest_in *in)
{
	struct lines lines = lines_of(in->text);
	struct span section = { "", 0 }, key = { "", 0 };

	while (lines_next(&lines)) {
		struct span line = span_trim(lines.line);
		bool indented = lines.line.len > 0 &&
		                (lines.line.data[0] == ' ' || lines.line.data[0] == '\t');
		const char *equals;

		if (line.len == 0 || line.data[0] == '#' || line.data[0] == ';')
			continue;
		if (line.data[0] == '[' && !indented) {
			const char *close = memchr(line.data, ']', line.len);

			section = (struct span){ line.data + 1,
				                 close != NULL ? (size_t)(close - line.data - 1)
				                               : line.len - 1 };
			key.len = 0;
			continue;
		}
		equals = memchr(line.data, '=', line.len);
		if (!indented && equals != NULL) {
			key = span_trim((struct span){ line.data, (size_t)(equals - line.data) });
			line = span_trim((struct span){
				equals + 1, (size_t)(line.data + line.len - equals - 1) });
		}
		cfg_value(in, section, key, line, lines.number);
	}
}

/* @ret where a call's keyword argument begins, behind its '='; NULL when there is none */
static const char *keyword(struct span text, const char *name)
{
	size_t n = strlen(name);
	const char *p = text.data, *end = text.data + text.len;

	while ((p = memmem(p, (size_t)(end - p), name, n)) != NULL) {
		const char *after = p + n;
		bool whole = p == text.data || !(is_name_char(p[-1]));

		while (after < end && (*after == ' ' || *after == '\t'))
			after++;
		if (whole && after < end && *after == '=' && after + 1 < end && after[1] != '=')
			return after + 1;
		p += n;
	}
	return NULL;
}

static uint32_t line_of(struct span text, const char *at)
{
	uint32_t line = 1;

	for (const char *p = text.data; p < at; p++)
		line += *p == '\n';
	return line;
}

/*
 * The string literals from an opening bracket to its partner; comments are
 * skipped.  In a dict (extras_require) keys, which a ':' follows, are left out.
 */
static void literal_list(struct manifest_in *in, const char *p, const char *scope)
{
	const char *end = in->text.data + in->text.len, *close;
	uint32_t line = line_of(in->text, p);
	int depth = 0;

	for (; p < end; p++) {
		if (*p == '\n')
			line++;
		else if (*p == '[' || *p == '(' || *p == '{')
			depth++;
		else if ((*p == ']' || *p == ')' || *p == '}') && --depth <= 0)
			return;
		else if (*p == '#')
			p = (close = memchr(p, '\n', (size_t)(end - p))) != NULL ? close - 1
			                                                         : end - 1;
		else if (depth == 0 && !isspace((unsigned char)*p))
			return; /* a name or a call: only running it would tell */
		if (*p != '"' && *p != '\'')
			continue;
		close = memchr(p + 1, *p, (size_t)(end - p - 1));
		if (close == NULL)
			return;
		const char *after = close + 1;

		while (after < end && (*after == ' ' || *after == '\t'))
			after++;
		if (after >= end || *after != ':')
			manifest_requirement(in, (struct span){ p + 1, (size_t)(close - p - 1) },
			                     scope, line);
		p = close;
	}
}

void manifest_setup_py(struct manifest_in *in)
{
	static const struct {
		const char *key, *scope;
	} LISTS[] = { { "install_requires", "runtime" },
		      { "setup_requires", "build" },
		      { "tests_require", "test" },
		      { "extras_require", "optional" } };
	const char *at = keyword(in->text, "name");
	struct span rest, name;

	if (at != NULL) {
		rest = span_trim((struct span){ at, (size_t)(in->text.data + in->text.len - at) });
		if (rest.len > 0 && (*rest.data == '"' || *rest.data == '\'') &&
		    span_quoted(&rest, &name))
			manifest_name(in, span_text(in, name));
	}
	for (size_t i = 0; i < COUNT(LISTS); i++) {
		at = keyword(in->text, LISTS[i].key);
		if (at != NULL)
			literal_list(in, at, LISTS[i].scope);
	}
}
