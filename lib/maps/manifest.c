/* Manifests: the table of kinds, and what all readers share. */
#include "maps/manifest_parse.h"

#include <fnmatch.h>
#include <string.h>

/* How a kind is known: a pattern for the file's name, tried in this order. */
static const struct {
	const char *pattern;
	enum manifest_type type;
} NAMES[] = {
	{ "package.json", MANIFEST_PACKAGE_JSON },
	{ "tsconfig.json", MANIFEST_TSCONFIG },
	{ "tsconfig.*.json", MANIFEST_TSCONFIG },
	{ "tsconfig-*.json", MANIFEST_TSCONFIG },
	{ "jsconfig.json", MANIFEST_TSCONFIG },
	{ "pnpm-workspace.yaml", MANIFEST_PNPM_WORKSPACE },
	{ "composer.json", MANIFEST_COMPOSER },
	{ "requirements*.txt", MANIFEST_REQUIREMENTS },
	{ "*requirements.txt", MANIFEST_REQUIREMENTS },
	{ "requirements*.in", MANIFEST_REQUIREMENTS },
	{ "pyproject.toml", MANIFEST_PYPROJECT },
	{ "setup.cfg", MANIFEST_SETUP_CFG },
	{ "setup.py", MANIFEST_SETUP_PY },
	{ "Pipfile", MANIFEST_PIPFILE },
	{ "go.mod", MANIFEST_GO_MOD },
	{ "Cargo.toml", MANIFEST_CARGO },
	{ "pom.xml", MANIFEST_POM },
	{ "*.gradle", MANIFEST_GRADLE },
	{ "*.gradle.kts", MANIFEST_GRADLE },
	{ "*.versions.toml", MANIFEST_GRADLE_CATALOG },
	{ "gradle.properties", MANIFEST_GRADLE_PROPERTIES },
	{ "CMakeLists.txt", MANIFEST_CMAKE },
	{ "*.cmake", MANIFEST_CMAKE },
	{ "meson.build", MANIFEST_MESON },
	{ "Makefile", MANIFEST_MAKEFILE },
	{ "makefile", MANIFEST_MAKEFILE },
	{ "GNUmakefile", MANIFEST_MAKEFILE },
	{ "Makefile.*", MANIFEST_MAKEFILE },
	{ "*.mk", MANIFEST_MAKEFILE },
	{ "configure.ac", MANIFEST_CONFIGURE },
	{ "configure.in", MANIFEST_CONFIGURE },
	{ "Gemfile", MANIFEST_GEMFILE },
	{ "gems.rb", MANIFEST_GEMFILE },
	{ "*.gemspec", MANIFEST_GEMFILE },
	{ "*.[cfv][sb]proj", MANIFEST_MSBUILD },
	{ "Directory.Build.props", MANIFEST_MSBUILD_PROPS },
	{ "Directory.Build.targets", MANIFEST_MSBUILD_PROPS },
	{ "Directory.Packages.props", MANIFEST_NUGET_CENTRAL },
	{ "packages.config", MANIFEST_PACKAGES_CONFIG },
	{ "packages.lock.json", MANIFEST_NUGET_LOCK },
	{ "Dockerfile", MANIFEST_DOCKERFILE },
	{ "Dockerfile.*", MANIFEST_DOCKERFILE },
	{ "*.[Dd]ockerfile", MANIFEST_DOCKERFILE },
	{ "Containerfile*", MANIFEST_DOCKERFILE },
	{ "docker-compose*.y*ml", MANIFEST_COMPOSE },
	{ "compose*.y*ml", MANIFEST_COMPOSE },
	{ "action.y*ml", MANIFEST_ACTIONS },
	{ "*.gitlab-ci.y*ml", MANIFEST_GITLAB_CI },
	{ "Gemfile.lock", MANIFEST_GEMFILE_LOCK },
	{ "gems.locked", MANIFEST_GEMFILE_LOCK },
	{ "package-lock.json", MANIFEST_PACKAGE_LOCK },
	{ "npm-shrinkwrap.json", MANIFEST_PACKAGE_LOCK },
	{ "yarn.lock", MANIFEST_YARN_LOCK },
	{ "pnpm-lock.yaml", MANIFEST_PNPM_LOCK },
	{ "poetry.lock", MANIFEST_POETRY_LOCK },
	{ "uv.lock", MANIFEST_UV_LOCK },
	{ "Pipfile.lock", MANIFEST_PIPFILE_LOCK },
	{ "Cargo.lock", MANIFEST_CARGO_LOCK },
	{ "go.sum", MANIFEST_GO_SUM },
	{ "composer.lock", MANIFEST_COMPOSER_LOCK },
};

/* What a kind is called, where its dependencies belong, who reads it. */
static const struct {
	const char *name;
	enum ecosystem eco;
	manifest_reader *read;
} TYPES[] = {
	[MANIFEST_NONE] = { "", ECO_NONE, NULL },
	[MANIFEST_PACKAGE_JSON] = { "package.json", ECO_NPM, manifest_package_json },
	[MANIFEST_TSCONFIG] = { "tsconfig", ECO_NPM, manifest_tsconfig },
	[MANIFEST_PNPM_WORKSPACE] = { "pnpm-workspace", ECO_NPM, manifest_pnpm_workspace },
	[MANIFEST_COMPOSER] = { "composer.json", ECO_PACKAGIST, manifest_composer },
	[MANIFEST_REQUIREMENTS] = { "requirements", ECO_PYPI, manifest_requirements },
	[MANIFEST_PYPROJECT] = { "pyproject", ECO_PYPI, manifest_pyproject },
	[MANIFEST_SETUP_CFG] = { "setup.cfg", ECO_PYPI, manifest_setup_cfg },
	[MANIFEST_SETUP_PY] = { "setup.py", ECO_PYPI, manifest_setup_py },
	[MANIFEST_PIPFILE] = { "pipfile", ECO_PYPI, manifest_pipfile },
	[MANIFEST_GO_MOD] = { "go.mod", ECO_GO, manifest_go_mod },
	[MANIFEST_CARGO] = { "cargo", ECO_CARGO, manifest_cargo },
	[MANIFEST_POM] = { "pom", ECO_MAVEN, manifest_pom },
	[MANIFEST_GRADLE] = { "gradle", ECO_MAVEN, manifest_gradle },
	[MANIFEST_GRADLE_CATALOG] = { "gradle-catalog", ECO_MAVEN, manifest_gradle_catalog },
	[MANIFEST_GRADLE_PROPERTIES] = { "gradle-properties", ECO_MAVEN,
	                                 manifest_gradle_properties },
	[MANIFEST_CMAKE] = { "cmake", ECO_SYSTEM, manifest_cmake },
	[MANIFEST_MESON] = { "meson", ECO_SYSTEM, manifest_meson },
	[MANIFEST_MAKEFILE] = { "makefile", ECO_SYSTEM, manifest_makefile },
	[MANIFEST_CONFIGURE] = { "configure", ECO_SYSTEM, manifest_configure },
	[MANIFEST_GEMFILE] = { "gemfile", ECO_RUBYGEMS, manifest_gemfile },
	[MANIFEST_MSBUILD] = { "msbuild", ECO_NUGET, manifest_msbuild },
	[MANIFEST_MSBUILD_PROPS] = { "msbuild-props", ECO_NUGET, manifest_msbuild },
	[MANIFEST_NUGET_CENTRAL] = { "nuget-central", ECO_NUGET, manifest_msbuild },
	[MANIFEST_PACKAGES_CONFIG] = { "packages.config", ECO_NUGET, manifest_packages_config },
	[MANIFEST_NUGET_LOCK] = { "packages.lock.json", ECO_NUGET, manifest_nuget_lock },
	[MANIFEST_DOCKERFILE] = { "dockerfile", ECO_DOCKER, manifest_dockerfile },
	[MANIFEST_COMPOSE] = { "compose", ECO_DOCKER, manifest_compose },
	[MANIFEST_ACTIONS] = { "github-actions", ECO_ACTIONS, manifest_actions },
	[MANIFEST_GITLAB_CI] = { "gitlab-ci", ECO_GITLAB, manifest_gitlab_ci },
	[MANIFEST_GEMFILE_LOCK] = { "gemfile.lock", ECO_RUBYGEMS, manifest_gemfile_lock },
	[MANIFEST_PACKAGE_LOCK] = { "package-lock", ECO_NPM, manifest_package_lock },
	[MANIFEST_YARN_LOCK] = { "yarn.lock", ECO_NPM, manifest_yarn_lock },
	[MANIFEST_PNPM_LOCK] = { "pnpm-lock", ECO_NPM, manifest_pnpm_lock },
	[MANIFEST_POETRY_LOCK] = { "poetry.lock", ECO_PYPI, manifest_python_lock },
	[MANIFEST_UV_LOCK] = { "uv.lock", ECO_PYPI, manifest_python_lock },
	[MANIFEST_PIPFILE_LOCK] = { "pipfile.lock", ECO_PYPI, manifest_pipfile_lock },
	[MANIFEST_CARGO_LOCK] = { "cargo.lock", ECO_CARGO, manifest_cargo_lock },
	[MANIFEST_GO_SUM] = { "go.sum", ECO_GO, manifest_go_sum },
	[MANIFEST_COMPOSER_LOCK] = { "composer.lock", ECO_PACKAGIST, manifest_composer_lock },
};

/* .github/workflows/name.yml */
static bool is_workflow(struct span path, struct span name)
{
	static const char FOLDER[] = ".github/workflows/";
	size_t n = sizeof(FOLDER) - 1, dir = path.len - name.len;
	const char *dot = memrchr(name.data, '.', name.len);

	return dir >= n && memcmp(path.data + dir - n, FOLDER, n) == 0 &&
	       (dir == n || path.data[dir - n - 1] == '/') && dot != NULL &&
	       (strcmp(dot, ".yml") == 0 || strcmp(dot, ".yaml") == 0);
}

/* Whether the first or the last byte does not speak against it, as it does of nearly all. */
static bool may_match(const char *pattern, const char *name, size_t len)
{
	char last = pattern[strlen(pattern) - 1];

	if (*pattern != '*')
		return *pattern == *name;
	return last == '*' || last == ']' || (len > 0 && last == name[len - 1]);
}

enum manifest_type manifest_detect(struct span path)
{
	const char *slash = memrchr(path.data, '/', path.len);
	const char *start = slash != NULL ? slash + 1 : path.data;
	size_t len = path.len - (size_t)(start - path.data);
	char name[64];

	if (len >= sizeof(name))
		return MANIFEST_NONE;
	memcpy(name, start, len);
	name[len] = '\0';
	for (size_t i = 0; i < COUNT(NAMES); i++)
		if (may_match(NAMES[i].pattern, name, len) &&
		    fnmatch(NAMES[i].pattern, name, 0) == 0)
			return NAMES[i].type;
	if (len > 4 && memcmp(name + len - 4, ".txt", 4) == 0 && slash != NULL &&
	    memmem(path.data, (size_t)(slash + 1 - path.data), "requirements/", 13) != NULL)
		return MANIFEST_REQUIREMENTS;
	if (is_workflow(path, (struct span){ name, len }))
		return MANIFEST_ACTIONS;
	return MANIFEST_NONE;
}

void manifest_read(struct arena *arena, struct arena *scratch, enum manifest_type type,
                   struct span path, struct span text, struct manifest *ret)
{
	struct manifest_in in = {
		.arena = arena, .scratch = scratch, .path = path, .text = text, .out = ret
	};

	assert(type > MANIFEST_NONE && type < MANIFEST_TYPE_COUNT);
	*ret = (struct manifest){ .type = type, .name = "", .group = "" };
	if (text.len > (manifest_is_lock(type) ? MANIFEST_LOCK_TEXT_MAX : DOC_TEXT_MAX)) {
		ret->truncated = true;
		in.text.len = 0;
	}
	TYPES[type].read(&in);
}

bool manifest_is_lock(enum manifest_type type)
{
	return type >= MANIFEST_GEMFILE_LOCK && type <= MANIFEST_NUGET_LOCK;
}

enum ecosystem manifest_ecosystem(enum manifest_type type)
{
	assert((size_t)type < COUNT(TYPES));
	return TYPES[type].eco;
}

const char *manifest_type_name(enum manifest_type type)
{
	assert((size_t)type < COUNT(TYPES));
	return TYPES[type].name;
}

const char *ecosystem_name(enum ecosystem eco)
{
	static const char *const ECOSYSTEMS[] = {
		[ECO_NONE] = "",
		[ECO_NPM] = "npm",
		[ECO_PYPI] = "pypi",
		[ECO_GO] = "go",
		[ECO_CARGO] = "cargo",
		[ECO_MAVEN] = "maven",
		[ECO_SYSTEM] = "system",
		[ECO_RUBYGEMS] = "rubygems",
		[ECO_PACKAGIST] = "packagist",
		[ECO_NUGET] = "nuget",
		[ECO_DOCKER] = "docker",
		[ECO_ACTIONS] = "github-actions",
		[ECO_GITLAB] = "gitlab-ci",
	};

	assert((size_t)eco < COUNT(ECOSYSTEMS));
	return ECOSYSTEMS[eco];
}

void manifest_dep(struct manifest_in *in, const char *name, const char *spec, const char *scope,
                  uint32_t line)
{
	manifest_dep_in(in, ECO_NONE, name, spec, scope, line);
}

void manifest_dep_in(struct manifest_in *in, enum ecosystem eco, const char *name, const char *spec,
                     const char *scope, uint32_t line)
{
	struct manifest *m = in->out;

	if (*name == '\0')
		return;
	if (m->ndeps >= MANIFEST_DEPS_MAX) {
		m->truncated = true;
		return;
	}
	if (m->ndeps == in->deps_cap) {
		size_t cap = in->deps_cap != 0 ? in->deps_cap * 2 : 8;

		m->deps = arena_grow(in->arena, m->deps, in->deps_cap * sizeof(*m->deps),
		                     cap * sizeof(*m->deps));
		in->deps_cap = cap;
	}
	m->deps[m->ndeps++] = (struct manifest_dep){
		.name = arena_strdup(in->arena, name),
		.spec = arena_strdup(in->arena, spec),
		.scope = arena_strdup(in->arena, scope),
		.line = line,
		.eco = eco,
	};
}

void manifest_item(struct manifest_in *in, enum item_kind kind, const char *key, const char *value,
                   uint32_t line)
{
	struct manifest *m = in->out;

	if (m->nitems >= (kind == ITEM_LOCKED ? MANIFEST_LOCKED_MAX : MANIFEST_ITEMS_MAX)) {
		m->truncated = true;
		return;
	}
	if (m->nitems == in->items_cap) {
		size_t cap = in->items_cap != 0 ? in->items_cap * 2 : 8;

		m->items = arena_grow(in->arena, m->items, in->items_cap * sizeof(*m->items),
		                      cap * sizeof(*m->items));
		in->items_cap = cap;
	}
	m->items[m->nitems++] = (struct manifest_item){
		.kind = kind,
		.line = line,
		.key = arena_strdup(in->arena, key != NULL ? key : ""),
		.value = arena_strdup(in->arena, value != NULL ? value : ""),
	};
}

void manifest_locked(struct manifest_in *in, const char *key, const char *version, uint32_t line)
{
	in->out->nlocked++;
	if (*key != '\0' && *version != '\0')
		manifest_item(in, ITEM_LOCKED, key, version, line);
}

void manifest_licence(struct manifest_in *in, const struct doc *doc)
{
	if (doc == NULL)
		return;
	if (doc->type == DOC_ARRAY) {
		for (const struct doc *d = doc->child; d != NULL; d = d->next)
			manifest_licence(in, d->type == DOC_OBJECT ? doc_get(d, "type") : d);
		return;
	}
	if (doc->type == DOC_OBJECT)
		doc = doc_get(doc, "type") != NULL ? doc_get(doc, "type") : doc_get(doc, "text");
	if (*doc_text(doc) != '\0')
		manifest_item(in, ITEM_LICENCE, "", doc->text, doc->line);
}

void manifest_name(struct manifest_in *in, const char *name)
{
	if (*in->out->name == '\0')
		in->out->name = arena_strdup(in->arena, name);
}

struct lines lines_of(struct span text)
{
	return (struct lines){ .p = text.data, .end = text.data + text.len };
}

bool lines_next(struct lines *lines)
{
	const char *stop;

	if (lines->p >= lines->end)
		return false;
	stop = memchr(lines->p, '\n', (size_t)(lines->end - lines->p));
	if (stop == NULL)
		stop = lines->end;
	lines->line = (struct span){ lines->p, (size_t)(stop - lines->p) };
	lines->number++;
	lines->p = stop < lines->end ? stop + 1 : lines->end;
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span s)
{
	while (s.len > 0 && is_space(s.data[0])) {
		s.data++;
		s.len--;
	}
	while (s.len > 0 && is_space(s.data[s.len - 1]))
		s.len--;
	return s;
}

bool span_starts(struct span s, const char *with)
{
	size_t n = strlen(with);

	return s.len >= n && memcmp(s.data, with, n) == 0;
}

bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

const char *span_text(struct manifest_in *in, struct span s)
{
	return arena_strndup(in->scratch, s.data, s.len);
}

bool span_quoted(struct span *s, struct span *ret)
{
	const char *p = s->data, *end = s->data + s->len, *close;

	while (p < end && *p != '"' && *p != '\'')
		p++;
	if (p >= end)
		return false;
	close = memchr(p + 1, *p, (size_t)(end - p - 1));
	if (close == NULL)
		return false;
	*ret = (struct span){ p + 1, (size_t)(close - p - 1) };
	*s = (struct span){ close + 1, (size_t)(end - close - 1) };
	return true;
}

bool span_word(struct span *s, const char *stops, struct span *ret)
{
	const char *p = s->data, *end = s->data + s->len, *start;

	while (p < end && (is_space(*p) || (*p != '\0' && strchr(stops, *p) != NULL)))
		p++;
	start = p;
	while (p < end && !is_space(*p) && (*p == '\0' || strchr(stops, *p) == NULL))
		p++;
	*ret = (struct span){ start, (size_t)(p - start) };
	*s = (struct span){ p, (size_t)(end - p) };
	return ret->len > 0;
}
