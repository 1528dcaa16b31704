/* Java and Kotlin: names that no file has, and the dependencies that may. */
#include "maps/resolve_java.h"

#include <string.h>

#define KOTLINX "org.jetbrains.kotlinx"

/* Dependencies whose group is no beginning of their packages: junit:junit has org.junit. */
void java_index_artifacts(struct resolver *r, struct java_index *j)
{
	j->artifacts = strmap_new(j->arena, 64);
	for (size_t i = 0; i < r->out->nexternals; i++) {
		const char *name = r->out->externals[i].name;
		const char *colon = strchr(name, ':');
		size_t len = colon != NULL ? strlen(colon + 1) : 0;

		if (r->out->externals[i].eco != ECO_MAVEN || len == 0)
			continue;
		if (len == (size_t)(colon - name) && memcmp(name, colon + 1, len) == 0)
			strmap_set(&j->artifacts, colon + 1, len, (uint32_t)i);
		else
			strmap_add(&j->artifacts, colon + 1, len, (uint32_t)i);
	}
}

/* The dependency whose artifact is called like a part of the package, the first that is. */
static uint32_t external_by_part(struct resolver *r, const struct java_index *j,
                                 struct import_at at)
{
	const char *p = at.import->target;

	while (*p != '\0') {
		size_t n = strcspn(p, ".");
		uint32_t found = strmap_get(&j->artifacts, p, n);

		if (found != STRMAP_NONE) {
			const char *name = r->out->externals[found].name;

			return use_external(r, at.file, ECO_MAVEN, name, strlen(name));
		}
		p += n + (p[n] == '.');
	}
	return RESOLVE_NONE;
}

/* How many words of an artifact's name are parts of the package, those that are not taken off. */
static int likeness(const char *artifact, const char *package)
{
	int found = 0;

	while (*artifact != '\0') {
		size_t word = strcspn(artifact, "-."), n;
		bool part = false;

		for (const char *p = package; *p != '\0' && !part; p += n + (p[n] == '.')) {
			n = strcspn(p, ".");
			part = n == word && memcmp(p, artifact, n) == 0;
		}
		found += part ? 2 : -1;
		artifact += word + (artifact[word] != '\0');
	}
	return found;
}

static void note_alike(struct java_index *j, uint32_t external)
{
	if (j->nalike == j->alike_cap) {
		size_t cap = j->alike_cap != 0 ? j->alike_cap * 2 : 256;

		j->alike = arena_grow(j->arena, j->alike, j->alike_cap * sizeof(*j->alike),
		                      cap * sizeof(*j->alike));
		j->alike_cap = cap;
	}
	j->alike[j->nalike++] = external;
}

/* Of a group's artifacts those that are called most like the package.  @ret whether there are any */
static bool alike_of_group(struct resolver *r, struct java_index *j, struct span group,
                           const char *package, struct java_miss *ret)
{
	enum { CHAIN_MAX = 200 };
	uint32_t at = first_external(r, ECO_MAVEN, group.data, group.len);
	int most = 0;

	ret->first = (uint32_t)j->nalike;
	for (int i = 0; at != RESOLVE_NONE && i < CHAIN_MAX; at = r->next_external[at], i++) {
		const char *colon = strchr(r->out->externals[at].name, ':');
		int found = colon != NULL ? likeness(colon + 1, package) : 0;

		if (i > 0 && found < most)
			continue;
		if (found > most)
			j->nalike = ret->first;
		most = i == 0 || found > most ? found : most;
		note_alike(j, at);
	}
	ret->n = (uint32_t)j->nalike - ret->first;
	return ret->n > 0;
}

/* The dependencies whose group is the longest beginning of a package. */
static enum java_fate fate_of(struct resolver *r, struct java_index *j, const char *name,
                              struct java_miss *ret)
{
	const struct span kotlinx = { KOTLINX, sizeof(KOTLINX) - 1 };
	size_t len = strlen(name);

	if (std_java_package(name))
		return FATE_STANDARD;
	if (strncmp(name, "kotlinx.", 8) == 0 && alike_of_group(r, j, kotlinx, name, ret))
		return FATE_GROUP;
	while (len > 0) {
		if (strmap_get(&j->packages, name, len) != STRMAP_NONE)
			return FATE_NOT_FOUND;
		if (alike_of_group(r, j, (struct span){ name, len }, name, ret))
			return FATE_GROUP;
		while (len > 0 && name[len - 1] != '.')
			len--;
		if (len > 0)
			len--;
	}
	return FATE_PART;
}

struct java_miss *java_miss_of(struct java_index *j, const char *name)
{
	uint32_t at = strmap_add_seen(&j->misses, j->asked_misses, name, (uint32_t)j->nmiss);

	if (at < j->nmiss)
		return &j->miss[at];
	if (j->nmiss == j->miss_cap) {
		size_t cap = j->miss_cap != 0 ? j->miss_cap * 2 : 256;

		j->miss = arena_grow(j->arena, j->miss, j->miss_cap * sizeof(*j->miss),
		                     cap * sizeof(*j->miss));
		j->miss_cap = cap;
	}
	j->miss[j->nmiss] = (struct java_miss){ .fate = FATE_UNASKED };
	return &j->miss[j->nmiss++];
}

/* Of dependencies that fit equally the nearest, the first of those: one for all files of a folder. */
static uint32_t nearest_alike(struct resolver *r, const struct java_index *j, uint32_t file,
                              struct java_miss *miss)
{
	struct span path = r->in->files[file].path;
	uint32_t best = j->alike[miss->first];
	size_t most = 0;

	if (miss->dir == r->file_dir[file] + 1)
		return miss->nearest;
	for (uint32_t i = 0; i < miss->n && miss->n > 1; i++) {
		uint32_t at = j->alike[miss->first + i];
		size_t shared =
			common_dirs(path, r->in->files[r->out->externals[at].manifest].path);

		if (i == 0 || shared > most) {
			best = at;
			most = shared;
		}
	}
	miss->dir = r->file_dir[file] + 1;
	miss->nearest = best;
	return best;
}

void java_report_miss(struct resolver *r, struct java_index *j, struct import_at at)
{
	struct java_miss *miss = java_miss_of(j, at.import->target);
	uint32_t external;

	if (miss->fate == FATE_UNASKED)
		miss->fate = fate_of(r, j, at.import->target, miss);
	switch (miss->fate) {
	case FATE_UNASKED:
	case FATE_STANDARD:
		unresolved(r, at, MISS_STANDARD, RESOLVE_NONE);
		break;
	case FATE_NOT_FOUND:
		unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
		break;
	case FATE_GROUP:
		external = nearest_alike(r, j, at.file, miss);
		count_external(r, at.file, external);
		unresolved(r, at, MISS_EXTERNAL, external);
		break;
	case FATE_PART:
		unresolved(r, at, MISS_EXTERNAL, external_by_part(r, j, at));
		break;
	}
}
