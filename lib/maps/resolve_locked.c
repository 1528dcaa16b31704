/*
 * Lock files: the version that each declared dependency is fixed to.
 *
 * The lock file is the nearest one of the ecosystem at or above the manifest, so
 * that of a workspace speaks for its members.  What the key of a package is:
 *
 *   package-lock  the name; "member/node_modules/name" where a member has its own
 *   yarn, go.sum  "name@spec": the version that this very spec was resolved to
 *   pnpm          "member name", "." being the lock file's folder
 *   all others    the name; of several versions (Cargo) the one that the spec allows
 */
#include "maps/resolver.h"

#include <string.h>

#define CANDIDATES_MAX 32 /* versions of one package in one lock file */

/* One lock file, indexed when the first manifest asks. */
struct lock {
	bool made;
	struct strmap keys; /* -> first item, chained */
	uint32_t *next;
	bool *declared; /* by item */
};

/* Which lock files an ecosystem has. */
static const struct {
	enum ecosystem eco;
	enum manifest_type type;
} LOCKS[] = {
	{ ECO_NPM, MANIFEST_PACKAGE_LOCK },      { ECO_NPM, MANIFEST_YARN_LOCK },
	{ ECO_NPM, MANIFEST_PNPM_LOCK },         { ECO_PYPI, MANIFEST_POETRY_LOCK },
	{ ECO_PYPI, MANIFEST_UV_LOCK },          { ECO_PYPI, MANIFEST_PIPFILE_LOCK },
	{ ECO_CARGO, MANIFEST_CARGO_LOCK },      { ECO_GO, MANIFEST_GO_SUM },
	{ ECO_RUBYGEMS, MANIFEST_GEMFILE_LOCK }, { ECO_PACKAGIST, MANIFEST_COMPOSER_LOCK },
	{ ECO_NUGET, MANIFEST_NUGET_LOCK },
};

static const struct manifest *find_lock(struct resolver *r, const struct resolve_external *e)
{
	const struct manifest *best = NULL;

	for (size_t i = 0; i < COUNT(LOCKS); i++) {
		const struct manifest *m;

		if (LOCKS[i].eco != e->eco)
			continue;
		m = nearest_manifest(r, r->file_dir[e->manifest], LOCKS[i].type);
		if (m != NULL &&
		    (best == NULL || dir_of(r, m->file).len > dir_of(r, best->file).len))
			best = m;
	}
	return best;
}

static void index_lock(struct resolver *r, const struct manifest *m, struct lock *lock)
{
	enum ecosystem eco = manifest_ecosystem(m->type);

	lock->made = true;
	lock->keys = strmap_new(r->arena, m->nitems);
	lock->next = arena_array(r->arena, m->nitems, sizeof(uint32_t));
	lock->declared = arena_array(r->arena, m->nitems, sizeof(bool));
	for (size_t i = m->nitems; i-- > 0;) {
		char key[EXTERNAL_KEY_MAX];
		size_t n = external_key(eco, m->items[i].key, strlen(m->items[i].key), key,
		                        sizeof(key));

		if (n == 0)
			continue;
		lock->next[i] = strmap_get(&lock->keys, key, n);
		strmap_set(&lock->keys, arena_memdup(r->arena, key, n), n, (uint32_t)i);
	}
}

static uint32_t find_key(const struct lock *lock, enum ecosystem eco, const char *name)
{
	char key[EXTERNAL_KEY_MAX];
	size_t n = external_key(eco, name, strlen(name), key, sizeof(key));

	return n > 0 ? strmap_get(&lock->keys, key, n) : STRMAP_NONE;
}

/* The manifest's folder below that of the lock file. */
static struct span member_of(struct resolver *r, const struct resolve_external *e,
                             const struct manifest *lock)
{
	struct span dir = dir_of(r, e->manifest), base = dir_of(r, lock->file);
	size_t skip = base.len > 0 && dir.len > base.len ? base.len + 1 : base.len;

	return (struct span){ dir.data + skip, dir.len - skip };
}

/* Whether a requirement of Cargo allows a version: the same up to the first part that is not 0. */
static bool allows(const char *spec, const char *version)
{
	spec += strcspn(spec, "0123456789");
	for (; *spec >= '0' && *spec <= '9'; spec++, version++) {
		bool zero = *spec == '0';
		size_t n = strspn(spec, "0123456789");

		if (strspn(version, "0123456789") != n || strncmp(spec, version, n) != 0)
			return false;
		spec += n;
		version += n;
		if (!(zero && n == 1) || *spec != '.' || *version != '.')
			return true;
	}
	return *spec == '\0' || *spec == '*';
}

/* Of several versions the one that is allowed; not sure when that are several, too. */
static uint32_t choose(const struct lock *lock, const struct manifest *m, uint32_t at,
                       const char *spec)
{
	uint32_t found = STRMAP_NONE;

	if (at == STRMAP_NONE || lock->next[at] == STRMAP_NONE)
		return at;
	for (int i = 0; at != STRMAP_NONE && i < CANDIDATES_MAX; at = lock->next[at], i++) {
		if (!allows(spec, m->items[at].value))
			continue;
		if (found != STRMAP_NONE)
			return STRMAP_NONE;
		found = at;
	}
	return found;
}

static uint32_t find_locked(struct resolver *r, const struct resolve_external *e,
                            const struct manifest *m, const struct lock *lock)
{
	struct span member = member_of(r, e, m);
	uint32_t at = STRMAP_NONE;

	switch (m->type) {
	case MANIFEST_PACKAGE_LOCK:
		if (member.len > 0)
			at = find_key(lock, e->eco,
			              arena_printf(r->arena, "%.*s/node_modules/%s",
			                           (int)member.len, member.data, e->name));
		return at != STRMAP_NONE ? at : find_key(lock, e->eco, e->name);
	case MANIFEST_PNPM_LOCK:
		if (member.len == 0)
			member = (struct span){ ".", 1 };
		return find_key(
			lock, e->eco,
			arena_printf(r->arena, "%.*s %s", (int)member.len, member.data, e->name));
	case MANIFEST_YARN_LOCK:
	case MANIFEST_GO_SUM:
		return find_key(lock, e->eco, arena_printf(r->arena, "%s@%s", e->name, e->spec));
	default:
		return choose(lock, m, find_key(lock, e->eco, e->name), e->spec);
	}
}

void resolve_locked(struct resolver *r)
{
	struct resolve_out *out = r->out;
	struct lock *locks = arena_array(r->arena, r->in->nmanifests, sizeof(*locks));

	out->declared = arena_array(r->arena, r->in->nmanifests, sizeof(uint32_t));
	for (size_t i = 0; i < out->nexternals; i++) {
		struct resolve_external *e = &out->externals[i];
		const struct manifest *m = find_lock(r, e);
		struct lock *lock;
		uint32_t item;

		e->locked = "";
		if (m == NULL)
			continue;
		lock = &locks[m - r->in->manifests];
		if (!lock->made)
			index_lock(r, m, lock);
		item = find_locked(r, e, m, lock);
		if (item == STRMAP_NONE)
			continue;
		e->locked = m->items[item].value;
		out->declared[m - r->in->manifests] += !lock->declared[item];
		lock->declared[item] = true;
	}
}
