/* PHP: Composer's rules of loading, require, packages; see the header. */
#include "maps/resolve_php.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define ROOTS_MAX    64  /* tried for one class */
#define PACKAGES_MAX 200 /* of one vendor, compared with one class */

static void add_root(struct resolver *r, struct php_load *load, const char *prefix,
                     struct php_root root)
{
	size_t len = strlen(prefix);
	uint32_t first = strmap_get(&load->prefixes, prefix, len);

	if (load->nroots == load->roots_cap) {
		size_t cap = load->roots_cap != 0 ? load->roots_cap * 2 : 16;

		load->roots =
			arena_grow(r->arena, load->roots, load->roots_cap * sizeof(*load->roots),
		                   cap * sizeof(*load->roots));
		load->roots_cap = cap;
	}
	root.next = first;
	load->roots[load->nroots] = root;
	if (first == STRMAP_NONE)
		strmap_add(&load->prefixes, prefix, len, (uint32_t)load->nroots++);
	else
		strmap_set(&load->prefixes, prefix, len, (uint32_t)load->nroots++);
}

static void index_manifest(struct resolver *r, struct php_load *load, const struct manifest *m)
{
	for (size_t i = 0; i < m->nitems; i++) {
		const struct manifest_item *item = &m->items[i];
		bool psr0 = item->kind == ITEM_AUTOLOAD_PSR0;

		if (item->kind == ITEM_AUTOLOAD_PSR4 || psr0)
			add_root(r, load, item->key,
			         (struct php_root){ m->file, item->value, psr0, STRMAP_NONE });
		load->psr0 |= psr0;
		if (item->kind != ITEM_AUTOLOAD)
			continue;
		join_dir(r, dir_of(r, m->file));
		if (join_path(r, item->value, strlen(item->value)))
			strmap_add(&load->listed, arena_memdup(r->arena, r->join, r->join_len + 1),
			           r->join_len, 1);
	}
}

/* A name in lower case without its '-'. */
static size_t plain(const char *name, size_t len, char *to, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < cap; i++)
		if (name[i] != '-' && name[i] != '_')
			to[n++] = (char)tolower((unsigned char)name[i]);
	return n;
}

static void index_packages(struct resolver *r, struct php_load *load)
{
	size_t n = r->out->nexternals;

	load->next = arena_array(r->arena, n, sizeof(uint32_t));
	for (size_t i = n; i-- > 0;) {
		const char *name = r->out->externals[i].name, *slash = strchr(name, '/');
		char key[128];
		size_t len;
		uint32_t first;

		load->next[i] = STRMAP_NONE;
		if (r->out->externals[i].eco != ECO_PACKAGIST || slash == NULL)
			continue;
		len = plain(name, (size_t)(slash - name), key, sizeof(key));
		first = strmap_get(&load->vendors, key, len);
		load->next[i] = first;
		if (first == STRMAP_NONE)
			strmap_add(&load->vendors, arena_memdup(r->arena, key, len), len,
			           (uint32_t)i);
		else
			strmap_set(&load->vendors, key, len, (uint32_t)i);
		len = plain(slash + 1, strlen(slash + 1), key, sizeof(key));
		strmap_add(&load->packages, arena_memdup(r->arena, key, len), len, (uint32_t)i);
	}
}

void php_load_index(struct resolver *r, struct php_load *load)
{
	*load = (struct php_load){ .prefixes = strmap_new(r->arena, 16),
		                   .listed = strmap_new(r->arena, 16),
		                   .vendors = strmap_new(r->arena, 16),
		                   .packages = strmap_new(r->arena, 16) };
	for (size_t i = 0; i < r->in->nmanifests; i++)
		if (r->in->manifests[i].type == MANIFEST_COMPOSER)
			index_manifest(r, load, &r->in->manifests[i]);
	index_packages(r, load);
}

/* Go on from r->join by a class's name, \ made into /.  @ret false when too long */
static bool join_class(struct resolver *r, const char *name, bool psr0)
{
	char path[2 * FACTS_TARGET_MAX];
	const char *last = strrchr(name, '\\');
	size_t len = strlen(name);

	if (len >= sizeof(path))
		return false;
	for (size_t i = 0; i <= len; i++) {
		bool split = name[i] == '\\' ||
		             (psr0 && name[i] == '_' && (last == NULL || name + i > last));

		path[i] = split ? '/' : name[i];
	}
	return join_path(r, path, len);
}

/* Whether a prefix may end there: behind a \, for PSR-0 also at each end of a word. */
static bool may_end(const struct php_load *load, const char *name, size_t len)
{
	if (name[len - 1] == '\\')
		return true;
	return load->psr0 && (name[len - 1] == '_' || name[len] == '_' || name[len] == '\\');
}

uint32_t php_load_class(struct resolver *r, const struct php_load *load, uint32_t from,
                        const char *name)
{
	uint32_t best = RESOLVE_NONE;

	for (size_t len = strlen(name);;) {
		uint32_t at = strmap_get(&load->prefixes, name, len);

		for (int i = 0; at != STRMAP_NONE && i < ROOTS_MAX;
		     i++, at = load->roots[at].next) {
			const struct php_root *root = &load->roots[at];
			uint32_t file;

			join_dir(r, dir_of(r, root->manifest));
			if (!join_path(r, root->folder, strlen(root->folder)) ||
			    !join_class(r, root->psr0 ? name : name + len, root->psr0))
				continue;
			file = join_file(r, ".php");
			if (file != RESOLVE_NONE)
				best = best == RESOLVE_NONE ? file
				                            : nearer_file(r, from, best, file);
		}
		if (best != RESOLVE_NONE || len == 0)
			return best;
		len--;
		while (len > 0 && !may_end(load, name, len))
			len--;
	}
}

bool php_load_listed(const struct resolver *r, const struct php_load *load, uint32_t file)
{
	struct span path = r->in->files[file].path;
	size_t len = path.len;

	while (len > 0 && strmap_get(&load->listed, path.data, len) == STRMAP_NONE) {
		const char *slash = memrchr(path.data, '/', len);

		len = slash != NULL ? (size_t)(slash - path.data) : 0;
	}
	return len > 0;
}

bool php_load_owns(const struct php_load *load, const char *name)
{
	for (size_t len = strlen(name); len > 0; len--)
		if (name[len - 1] == '\\' && strmap_get(&load->prefixes, name, len) != STRMAP_NONE)
			return true;
	return false;
}

/* A file by its path below a folder. */
static uint32_t below(struct resolver *r, struct span dir, const char *path)
{
	join_dir(r, dir);
	return join_path(r, path, strlen(path)) ? join_file(r, "") : RESOLVE_NONE;
}

void php_require(struct resolver *r, struct import_at at)
{
	const char *path = at.import->target;
	bool relative = path[0] == '.' && at.import->kind == IMPORT_REQUIRE;
	bool own = true;
	struct span dir = dir_of(r, at.file);
	uint32_t to;

	/* What is not relative is looked for from folders that only running it would tell. */
	for (;; own = false) {
		to = below(r, dir, path);
		if (to != RESOLVE_NONE || relative || dir.len == 0)
			break;
		const char *slash = memrchr(dir.data, '/', dir.len);

		dir.len = slash != NULL ? (size_t)(slash - dir.data) : 0;
	}
	if (to != RESOLVE_NONE)
		resolved(r, at, to,
		         relative                            ? RULE_PHP_REQUIRE
		         : at.import->kind == IMPORT_DYNAMIC ? RULE_PHP_DYNAMIC
		         : own                               ? RULE_PHP_INCLUDE
		                                             : RULE_PHP_INCLUDE_PATH);
	else
		unresolved(r, at,
		           strstr(path, "vendor/") != NULL || strstr(path, "autoload.php") != NULL
		                   ? MISS_EXTERNAL
		                   : MISS_NOT_FOUND,
		           RESOLVE_NONE);
}

/* Words of packages that their namespaces do not repeat. */
static bool says_nothing(const char *word, size_t len)
{
	static const char *const WORDS[] = { "php", "sdk", "core", "lib", "library", "framework" };

	for (size_t i = 0; i < COUNT(WORDS); i++)
		if (strlen(WORDS[i]) == len && memcmp(word, WORDS[i], len) == 0)
			return true;
	return false;
}

/*
 * How well a package's name fits a class's: as one part of it ("promises", Promise), or each word
 * in some part ("http-factory", Http\Message\UriFactoryInterface); 0 is not.
 */
static int likeness(const char *package, const char *class)
{
	char whole[128], part[512];
	size_t n = plain(package, strlen(package), whole, sizeof(whole));
	int found = 0, words = 0;

	for (const char *p = class; *p != '\0';) {
		size_t len = strcspn(p, "\\"), m = plain(p, len, part, sizeof(part));

		if (m > 0 && n >= m && n - m <= 1 && memcmp(whole, part, m) == 0 &&
		    (n == m || whole[m] == 's'))
			return 100;
		p += len + (p[len] == '\\');
	}
	for (const char *w = package; *w != '\0';) {
		size_t word = strcspn(w, "-"), m = plain(class, strlen(class), part, sizeof(part));

		if (!says_nothing(w, word)) {
			words++;
			found += word > 0 && memmem(part, m, w, word) != NULL;
		}
		w += word + (w[word] == '-');
	}
	return words > 0 && found >= words ? found : 0;
}

uint32_t php_external(struct resolver *r, const struct php_load *load, uint32_t from,
                      const char *name)
{
	char key[128];
	size_t len = plain(name, strcspn(name, "\\"), key, sizeof(key));
	uint32_t at = strmap_get(&load->vendors, key, len), best = STRMAP_NONE;
	int most = 0;

	for (int i = 0; at != STRMAP_NONE && i < PACKAGES_MAX; at = load->next[at], i++) {
		const char *slash = strchr(r->out->externals[at].name, '/');
		int found = likeness(slash + 1, name);

		if (found > most) {
			most = found;
			best = at;
		}
	}
	if (best == STRMAP_NONE)
		best = strmap_get(&load->packages, key, len);
	if (best == STRMAP_NONE)
		return RESOLVE_NONE;
	name = r->out->externals[best].name;
	return use_external(r, from, ECO_PACKAGIST, name, strlen(name));
}
