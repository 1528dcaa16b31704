/*
 * Shell: what "source" and "." read.  Exact where the script finds itself; from
 * the repository's root or the script's folder where the path is bare; by the
 * end of the path where its beginning is known at run time only.
 */
#include "maps/resolver.h"

#include <string.h>

#define CANDIDATES_MAX 256

struct shell_index {
	bool made;
	struct strmap names; /* file name -> first file of that name, chained */
	uint32_t *next_named;
};

static struct span file_name(struct span path)
{
	const char *slash = memrchr(path.data, '/', path.len);
	size_t skip = slash != NULL ? (size_t)(slash + 1 - path.data) : 0;

	return (struct span){ path.data + skip, path.len - skip };
}

/* Made when the first path needs it: most repositories have none that does. */
static void index_names(struct resolver *r, struct shell_index *ix)
{
	size_t n = r->in->nfiles;

	if (ix->made)
		return;
	ix->made = true;
	ix->names = strmap_new(r->arena, n);
	ix->next_named = arena_array(r->arena, n, sizeof(uint32_t));
	for (size_t i = n; i-- > 0;) {
		struct span name = file_name(r->in->files[i].path);

		ix->next_named[i] = strmap_get(&ix->names, name.data, name.len);
		strmap_set(&ix->names, name.data, name.len, (uint32_t)i);
	}
}

static bool ends_in(struct span path, struct span target)
{
	if (path.len < target.len ||
	    memcmp(path.data + path.len - target.len, target.data, target.len) != 0)
		return false;
	return path.len == target.len || path.data[path.len - target.len - 1] == '/';
}

/* "./x/../y" is "y", for comparing ends.  @ret false when nothing of it is left */
static bool tidy(struct resolver *r, const char *target, struct span *ret)
{
	join_dir(r, (struct span){ "", 0 });
	while (strncmp(target, "../", 3) == 0)
		target += 3;
	if (!join_path(r, target, strlen(target)))
		return false;
	*ret = (struct span){ r->join, r->join_len };
	return ret->len > 0;
}

static void by_suffix(struct resolver *r, struct shell_index *ix, struct import_at at)
{
	struct span target, name, here = r->in->files[at.file].path;
	uint32_t found = RESOLVE_NONE, p;
	size_t ending = 0, best = 0;
	bool tie = false;

	if (!tidy(r, at.import->target, &target)) {
		unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
		return;
	}
	index_names(r, ix);
	name = file_name(target);
	p = strmap_get(&ix->names, name.data, name.len);
	for (int i = 0; p != RESOLVE_NONE && i < CANDIDATES_MAX; p = ix->next_named[p], i++) {
		const struct map_file *file = &r->in->files[p];
		size_t dirs = common_dirs(here, file->path);
		/* Of those equally far, one that is in none but shared folders. */
		size_t shared = 2 * dirs + (file->path.len - file_name(file->path).len == dirs);

		if (file->skip != SKIP_NONE || file->role == FILE_DOC ||
		    !ends_in(file->path, target))
			continue;
		tie = ending > 0 && (shared == best || (tie && shared < best));
		if (ending == 0 || shared > best)
			found = p;
		best = shared > best ? shared : best;
		ending++;
	}
	if (ending == 1)
		resolved(r, at, found, RULE_SHELL_UNIQUE_SUFFIX);
	else if (ending > 1 && !tie)
		resolved(r, at, found, RULE_SHELL_NEAREST);
	else
		unresolved(r, at, ending > 1 ? MISS_AMBIGUOUS : MISS_NOT_FOUND, RESOLVE_NONE);
}

static void from_file(struct resolver *r, struct import_at at, bool bash)
{
	const char *target = at.import->target;
	uint32_t to = RESOLVE_NONE;
	bool inside = true;

	join_dir(r, r->in->files[at.file].path);
	for (unsigned i = 0; i < at.import->level && inside; i++)
		inside = join_path(r, "..", 2);
	if (inside && join_path(r, target, strlen(target))) {
		to = join_file(r, "");
		if (to == RESOLVE_NONE && bash)
			to = join_file(r, ".bash");
	}
	if (to != RESOLVE_NONE)
		resolved(r, at, to, RULE_SHELL_RELATIVE);
	else
		unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
}

static void from_working_dir(struct resolver *r, struct shell_index *ix, struct import_at at)
{
	const char *target = at.import->target;
	const struct span dirs[] = { dir_of(r, at.file), { "", 0 } };

	if (*target == '/' || *target == '~') {
		unresolved(r, at, MISS_EXTERNAL, RESOLVE_NONE);
		return;
	}
	for (size_t i = 0; i < COUNT(dirs); i++) {
		uint32_t to;

		join_dir(r, dirs[i]);
		if (!join_path(r, target, strlen(target)))
			continue;
		to = join_file(r, "");
		if (to == RESOLVE_NONE) /* installed without it */
			to = join_file(r, ".sh");
		if (to != RESOLVE_NONE) {
			resolved(r, at, to, RULE_SHELL_WORKING_DIR);
			return;
		}
	}
	if (strchr(target, '/') != NULL)
		by_suffix(r, ix, at);
	else
		unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
}

static bool is_bats(struct span path)
{
	return (path.len > 5 && memcmp(path.data + path.len - 5, ".bats", 5) == 0) ||
	       (path.len > 5 && memcmp(path.data + path.len - 5, ".bash", 5) == 0);
}

static void resolve_one(struct resolver *r, struct shell_index *ix, struct import_at at)
{
	const struct fact_import *im = at.import;
	struct span path = r->in->files[at.file].path;

	if (im->kind == IMPORT_LOAD) { /* a command of bats; elsewhere it means something else */
		struct fact_import relative = *im;

		if (!is_bats(path) || im->flags & IMPORT_F_SUFFIX)
			return;
		if (!(im->flags & IMPORT_F_PATH))
			relative.level = 1;
		from_file(r, (struct import_at){ at.file, &relative }, true);
	} else if (im->flags & IMPORT_F_PATH) {
		from_file(r, at, false);
	} else if (im->flags & IMPORT_F_SUFFIX) {
		by_suffix(r, ix, at);
	} else {
		from_working_dir(r, ix, at);
	}
}

void resolve_shell(struct resolver *r)
{
	struct shell_index ix = { .made = false };

	for (size_t i = 0; i < r->in->nfiles; i++) {
		const struct facts *facts = &r->in->files[i].facts;

		for (size_t k = 0; facts->lang == LANG_SHELL && k < facts->nimports; k++)
			resolve_one(r, &ix, (struct import_at){ (uint32_t)i, &facts->imports[k] });
	}
}
