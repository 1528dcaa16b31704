/* Completion of manifests from others, see the header. */
#include "maps/manifest_complete.h"

#include "maps/strmap.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define PARENTS_MAX 16

struct completion {
	struct arena *arena, *scratch;
	const struct map_file *files;
	struct manifest *manifests;
	size_t n;
	struct strmap by_dir; /* "type folder" -> first manifest, chained by next */
	uint32_t *next;
	struct strmap values; /* "manifest p key", "manifest d key" -> index of the item, the dep */
	struct strmap poms;   /* artifact -> manifest */
	struct manifest_dep *deps; /* room for those of one script */
	char key[1024];
};

enum value_kind {
	VALUE_PROPERTY = 'p',
	VALUE_VERSION = 'v',
	VALUE_ALIAS = 'a',
	VALUE_BUNDLE = 'b'
};

static struct span folder_of(const struct completion *c, uint32_t manifest)
{
	struct span path = c->files[c->manifests[manifest].file].path;
	const char *slash = memrchr(path.data, '/', path.len);

	return (struct span){ path.data, slash != NULL ? (size_t)(slash - path.data) : 0 };
}

static struct span above(struct span folder)
{
	const char *slash = folder.len > 0 ? memrchr(folder.data, '/', folder.len) : NULL;

	return (struct span){ folder.data, slash != NULL ? (size_t)(slash - folder.data) : 0 };
}

/* @ret length of a key in c->key; 0 when too long.  Packages of NuGet are compared without case. */
static size_t value_key(struct completion *c, uint32_t manifest, enum value_kind kind,
                        const char *name, size_t len)
{
	if (len + 8 > sizeof(c->key))
		return 0;
	memcpy(c->key, &manifest, 4);
	c->key[4] = (char)kind;
	for (size_t i = 0; i < len; i++)
		c->key[5 + i] =
			kind == VALUE_VERSION ? (char)tolower((unsigned char)name[i]) : name[i];
	return 5 + len;
}

static void add_value(struct completion *c, uint32_t manifest, enum value_kind kind,
                      const char *name, size_t index)
{
	size_t len = value_key(c, manifest, kind, name, strlen(name));

	if (len > 0 && strmap_get(&c->values, c->key, len) == STRMAP_NONE)
		strmap_add(&c->values, arena_memdup(c->scratch, c->key, len), len, (uint32_t)index);
}

static uint32_t get_value(struct completion *c, uint32_t manifest, enum value_kind kind,
                          const char *name, size_t n)
{
	size_t len = value_key(c, manifest, kind, name, n);

	return len > 0 ? strmap_get(&c->values, c->key, len) : STRMAP_NONE;
}

static size_t dir_key(struct completion *c, enum manifest_type type, struct span folder)
{
	if (folder.len + 2 > sizeof(c->key))
		return 0;
	c->key[0] = (char)type;
	memcpy(c->key + 1, folder.data, folder.len);
	return folder.len + 1;
}

/* @ret the first manifest of a type in a folder, STRMAP_NONE without one; more by c->next */
static uint32_t in_folder(struct completion *c, enum manifest_type type, struct span folder)
{
	size_t len = dir_key(c, type, folder);

	return len > 0 ? strmap_get(&c->by_dir, c->key, len) : STRMAP_NONE;
}

static void index_all(struct completion *c)
{
	for (uint32_t i = (uint32_t)c->n; i-- > 0;) { /* from the end: chains are in order */
		const struct manifest *m = &c->manifests[i];
		size_t len = dir_key(c, m->type, folder_of(c, i));

		c->next[i] = len > 0 ? strmap_get(&c->by_dir, c->key, len) : STRMAP_NONE;
		if (len > 0)
			strmap_set(&c->by_dir, arena_memdup(c->scratch, c->key, len), len, i);
		if (m->type == MANIFEST_POM && *m->name != '\0')
			strmap_set(&c->poms, m->name, strlen(m->name), i);
		for (size_t k = 0; k < m->nitems; k++) {
			if (m->items[k].kind == ITEM_PROPERTY)
				add_value(c, i, VALUE_PROPERTY, m->items[k].key, k);
			if (m->items[k].kind == ITEM_ALIAS)
				add_value(c, i, VALUE_ALIAS, m->items[k].key, k);
			if (m->items[k].kind == ITEM_BUNDLE)
				add_value(c, i, VALUE_BUNDLE, m->items[k].key, k);
		}
		for (size_t k = 0; k < m->ndeps; k++)
			if (strcmp(m->deps[k].scope, "managed") == 0 ||
			    m->type == MANIFEST_GRADLE_CATALOG)
				add_value(c, i, VALUE_VERSION, m->deps[k].name, k);
	}
}

/* Which manifests are asked for what one does not say itself: itself first. */
struct sources {
	uint32_t list[PARENTS_MAX * 4];
	size_t n;
};

static void add_source(struct sources *s, uint32_t manifest)
{
	if (manifest != STRMAP_NONE && s->n < COUNT(s->list))
		s->list[s->n++] = manifest;
}

/* The pom that another names as its parent: by path if it is that one, else by artifact. */
static uint32_t parent_pom(struct completion *c, uint32_t pom)
{
	const struct manifest *m = &c->manifests[pom];
	struct span folder = folder_of(c, pom);
	const char *path = NULL, *artifact = "";
	char dir[MAP_PATH_MAX];
	uint32_t found;
	size_t len;

	for (size_t i = 0; i < m->nitems; i++)
		if (m->items[i].kind == ITEM_EXTENDS) {
			path = m->items[i].value;
			artifact = m->items[i].key;
		}
	if (path == NULL)
		return STRMAP_NONE;
	for (; strncmp(path, "../", 3) == 0; path += 3)
		folder = above(folder);
	len = strlen(path);
	if (len >= 7 && strcmp(path + len - 7, "pom.xml") == 0)
		len -= 7;
	while (len > 0 && path[len - 1] == '/')
		len--;
	if (folder.len + len + 2 < sizeof(dir)) {
		int n = snprintf(dir, sizeof(dir), "%.*s%s%.*s", (int)folder.len, folder.data,
		                 folder.len > 0 && len > 0 ? "/" : "", (int)len, path);

		found = in_folder(c, MANIFEST_POM, (struct span){ dir, (size_t)n });
		if (found != STRMAP_NONE && strcmp(c->manifests[found].name, artifact) == 0)
			return found;
	}
	return strmap_get(&c->poms, artifact, strlen(artifact));
}

/* All manifests of a type, from a folder upwards; for scripts also those in "gradle" folders. */
static void sources_above(struct completion *c, struct sources *s, enum manifest_type type,
                          struct span folder)
{
	char gradle[MAP_PATH_MAX];

	for (;; folder = above(folder)) {
		for (uint32_t at = in_folder(c, type, folder); at != STRMAP_NONE; at = c->next[at])
			add_source(s, at);
		if (type == MANIFEST_GRADLE && folder.len + 8 < sizeof(gradle)) {
			int n = snprintf(gradle, sizeof(gradle), "%.*s%sgradle", (int)folder.len,
			                 folder.data, folder.len > 0 ? "/" : "");

			for (uint32_t at = in_folder(c, type, (struct span){ gradle, (size_t)n });
			     at != STRMAP_NONE; at = c->next[at])
				add_source(s, at);
		}
		if (folder.len == 0)
			break;
	}
}

static void find_sources(struct completion *c, uint32_t manifest, struct sources *s)
{
	struct span folder = folder_of(c, manifest);

	s->n = 0;
	add_source(s, manifest);
	switch (c->manifests[manifest].type) {
	case MANIFEST_POM:
		for (uint32_t at = parent_pom(c, manifest);
		     at != STRMAP_NONE && at != manifest && s->n < PARENTS_MAX;
		     at = parent_pom(c, at))
			add_source(s, at);
		break;
	case MANIFEST_GRADLE:
		sources_above(c, s, MANIFEST_GRADLE, folder);
		sources_above(c, s, MANIFEST_GRADLE_PROPERTIES, folder);
		break;
	case MANIFEST_MSBUILD:
	case MANIFEST_MSBUILD_PROPS:
	case MANIFEST_NUGET_CENTRAL:
		sources_above(c, s, MANIFEST_NUGET_CENTRAL, folder);
		sources_above(c, s, MANIFEST_MSBUILD_PROPS, folder);
		break;
	default:
		break;
	}
}

/* @ret the value of a property by any of the sources, NULL when none has it */
static const char *find_property(struct completion *c, const struct sources *s, const char *name,
                                 size_t len)
{
	for (size_t i = 0; i < s->n; i++) {
		uint32_t at = get_value(c, s->list[i], VALUE_PROPERTY, name, len);

		if (at != STRMAP_NONE)
			return c->manifests[s->list[i]].items[at].value;
	}
	return NULL;
}

/*
 * Where in a text the next variable stands: ${name}, $(name), $name.
 *
 * @ret its name; *end behind it all.  Of Gradle's "versions.name" also the last part may be meant.
 */
static struct span next_variable(const char *text, const char **start, const char **end)
{
	const char *p = strchr(text, '$'), *stop;

	if (p == NULL || p[1] == '\0')
		return (struct span){ 0 };
	*start = p++;
	if (*p == '{' || *p == '(') {
		stop = strchr(p, *p == '{' ? '}' : ')');
		if (stop == NULL)
			return (struct span){ 0 };
		*end = stop + 1;
		return (struct span){ p + 1, (size_t)(stop - p - 1) };
	}
	for (stop = p; isalnum((unsigned char)*stop) || *stop == '_'; stop++)
		;
	*end = stop;
	return (struct span){ p, (size_t)(stop - p) };
}

static const char *expand(struct completion *c, const struct sources *s, const char *text)
{
	for (int i = 0; i < MANIFEST_EXPAND_MAX; i++) {
		const char *start, *end, *value, *dot;
		struct span name = next_variable(text, &start, &end);

		if (name.len == 0 || strlen(text) > MANIFEST_VALUE_MAX)
			break;
		value = find_property(c, s, name.data, name.len);
		dot = memrchr(name.data, '.', name.len);
		if (value == NULL && dot != NULL &&
		    c->manifests[s->list[0]].type == MANIFEST_GRADLE)
			value = find_property(c, s, dot + 1,
			                      (size_t)(name.data + name.len - dot - 1));
		if (value == NULL)
			break;
		text = arena_printf(c->arena, "%.*s%s%s", (int)(start - text), text, value, end);
	}
	return text;
}

/* @ret the version that one of the sources manages, "" when none does */
static const char *managed_version(struct completion *c, const struct sources *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++) {
		uint32_t at = get_value(c, s->list[i], VALUE_VERSION, name, strlen(name));

		if (at != STRMAP_NONE && *c->manifests[s->list[i]].deps[at].spec != '\0')
			return c->manifests[s->list[i]].deps[at].spec;
	}
	return "";
}

/* The catalogue "libs" that a script sees: gradle/libs.versions.toml of the nearest folder above. */
static uint32_t find_catalog(struct completion *c, uint32_t script, struct span name)
{
	struct span folder = folder_of(c, script);
	char file[MAP_PATH_MAX];

	if (folder.len + name.len + 32 > sizeof(file))
		return STRMAP_NONE;
	for (;; folder = above(folder)) {
		size_t n = folder.len;
		uint32_t at;

		memcpy(file, folder.data, n);
		n += (size_t)snprintf(file + n, sizeof(file) - n, "%sgradle", n > 0 ? "/" : "");
		at = in_folder(c, MANIFEST_GRADLE_CATALOG, (struct span){ file, n });
		for (; at != STRMAP_NONE; at = c->next[at]) {
			struct span path = c->files[c->manifests[at].file].path;

			if (path.len == n + 1 + name.len + strlen(".versions.toml") &&
			    memcmp(path.data + n + 1, name.data, name.len) == 0)
				return at;
		}
		if (folder.len == 0)
			return STRMAP_NONE;
	}
}

/*
 * The library of a catalogue that an alias stands for; several may be versions of one.  Both were
 * noted in the order of the file.  @ret ndeps without one
 */
static size_t catalog_dep(const struct manifest *catalog, const struct manifest_item *alias)
{
	size_t low = 0, high = catalog->ndeps;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (catalog->deps[middle].line < alias->line)
			low = middle + 1;
		else
			high = middle;
	}
	while (low < catalog->ndeps && catalog->deps[low].line == alias->line &&
	       strcmp(catalog->deps[low].name, alias->value) != 0)
		low++;
	return low < catalog->ndeps && catalog->deps[low].line == alias->line ? low
	                                                                      : catalog->ndeps;
}

static void add_dep(struct manifest *m, const struct manifest *catalog, uint32_t item,
                    const char *scope, uint32_t line)
{
	const char *name = catalog->items[item].value;
	size_t at = catalog_dep(catalog, &catalog->items[item]);

	if (m->ndeps >= MANIFEST_DEPS_MAX) {
		m->truncated = true;
		return;
	}
	m->deps[m->ndeps++] = (struct manifest_dep){
		.name = name,
		.spec = at < catalog->ndeps ? catalog->deps[at].spec : "",
		.scope = scope,
		.line = line,
	};
}

/* One name of a catalogue in a script: a library, or a bundle of them. */
static void add_from_catalog(struct completion *c, struct manifest *m,
                             const struct manifest_item *item)
{
	size_t first = strcspn(item->value, ".");
	const char *rest = item->value + first + (item->value[first] == '.');
	uint32_t script = (uint32_t)(m - c->manifests), at;
	uint32_t found = find_catalog(c, script, (struct span){ item->value, first });
	const struct manifest *catalog = found != STRMAP_NONE ? &c->manifests[found] : NULL;

	if (catalog == NULL)
		return;
	at = get_value(c, found, VALUE_ALIAS, rest, strlen(rest));
	if (at != STRMAP_NONE) {
		add_dep(m, catalog, at, item->key, item->line);
		return;
	}
	if (strncmp(rest, "bundles.", 8) != 0)
		return;
	rest += 8;
	/* The items of one bundle stand one after the other. */
	for (size_t i = get_value(c, found, VALUE_BUNDLE, rest, strlen(rest));
	     i < catalog->nitems && catalog->items[i].kind == ITEM_BUNDLE &&
	     strcmp(catalog->items[i].key, rest) == 0;
	     i++) {
		const char *name = catalog->items[i].value;

		at = get_value(c, found, VALUE_ALIAS, name, strlen(name));
		if (at != STRMAP_NONE)
			add_dep(m, catalog, at, item->key, item->line);
	}
}

/* Dependencies and names of catalogues, in the order in which they stand in the script. */
static void complete_gradle(struct completion *c, struct manifest *m)
{
	const struct manifest_dep *had = m->deps;
	size_t nhad = m->ndeps, taken = 0;
	bool any = false;

	for (size_t i = 0; i < m->nitems; i++)
		any |= m->items[i].kind == ITEM_CATALOG;
	if (!any)
		return;
	m->deps = c->deps;
	m->ndeps = 0;
	for (size_t i = 0; i < m->nitems; i++) {
		if (m->items[i].kind != ITEM_CATALOG)
			continue;
		while (taken < nhad && m->ndeps < MANIFEST_DEPS_MAX &&
		       had[taken].line <= m->items[i].line)
			m->deps[m->ndeps++] = had[taken++];
		add_from_catalog(c, m, &m->items[i]);
	}
	while (taken < nhad && m->ndeps < MANIFEST_DEPS_MAX)
		m->deps[m->ndeps++] = had[taken++];
	m->truncated |= taken < nhad;
	m->deps =
		m->ndeps > 0 ? arena_memdup(c->arena, c->deps, m->ndeps * sizeof(*m->deps)) : NULL;
}

static void complete_versions(struct completion *c, uint32_t index)
{
	struct manifest *m = &c->manifests[index];
	struct sources s;

	find_sources(c, index, &s);
	for (size_t i = 0; i < m->ndeps; i++) {
		struct manifest_dep *dep = &m->deps[i];

		if (strchr(dep->name, '$') != NULL)
			dep->name = expand(c, &s, dep->name);
		if (*dep->spec == '\0')
			dep->spec = managed_version(c, &s, dep->name);
		if (strchr(dep->spec, '$') != NULL)
			dep->spec = expand(c, &s, dep->spec);
	}
}

void manifest_complete(struct arena *arena, const struct map_file *files,
                       struct manifest *manifests, size_t nmanifests)
{
	CLEANUP(arena_free_ptr) struct arena *scratch = arena_new(SIZE_MAX / 2);
	struct completion c = { .arena = arena,
		                .scratch = scratch,
		                .files = files,
		                .manifests = manifests,
		                .n = nmanifests,
		                .by_dir = strmap_new(scratch, nmanifests),
		                .values = strmap_new(scratch, 256),
		                .poms = strmap_new(scratch, 16),
		                .next = arena_array(scratch, nmanifests, sizeof(uint32_t)),
		                .deps = arena_array(scratch, MANIFEST_DEPS_MAX,
		                                    sizeof(struct manifest_dep)) };

	index_all(&c);
	for (uint32_t i = 0; i < nmanifests; i++) {
		switch (manifests[i].type) {
		case MANIFEST_GRADLE:
			complete_gradle(&c, &manifests[i]);
			complete_versions(&c, i);
			break;
		case MANIFEST_POM:
		case MANIFEST_MSBUILD:
		case MANIFEST_MSBUILD_PROPS:
		case MANIFEST_NUGET_CENTRAL:
			complete_versions(&c, i);
			break;
		default:
			break;
		}
	}
}
