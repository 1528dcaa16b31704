/*
 * SQL: files that a client's commands read in, and the file that creates a table
 * or view that others name.  The latter only where one file alone creates it, so
 * that copies of a schema (dumps, one per dialect) give no edges.  What undoes a
 * migration creates nothing: it brings back what the migration took away.
 */
#include "maps/resolver.h"

#include <string.h>
#include <strings.h>

#define AMBIGUOUS (RESOLVE_NONE - 1) /* in the index: more than one file creates it */

static void lower_name(char *to, const char *from)
{
	for (; *from; from++)
		*to++ = *from >= 'A' && *from <= 'Z' ? (char)(*from + 'a' - 'A') : *from;
	*to = '\0';
}

static void add_name(struct strmap *tables, const char *name, uint32_t file)
{
	uint32_t had = strmap_get(tables, name, strlen(name));

	if (had == STRMAP_NONE)
		strmap_add(tables, name, strlen(name), file);
	else if (had != file)
		strmap_set(tables, name, strlen(name), AMBIGUOUS);
}

/* Whether one of a path's words, between / . _ and -, says that the file goes back. */
static bool undoes(struct span path)
{
	static const char *const WORDS[] = { "down", "undo", "revert", "rollback" };
	const char *end = path.data + path.len;

	for (const char *word = path.data, *p = word; p < end; p++) {
		if (strchr("/._-", *p) == NULL)
			continue;
		for (size_t i = 0; i < COUNT(WORDS); i++)
			if ((size_t)(p - word) == strlen(WORDS[i]) &&
			    strncasecmp(word, WORDS[i], strlen(WORDS[i])) == 0 &&
			    (*p == '/' || memchr(p + 1, '.', (size_t)(end - p - 1)) == NULL))
				return true;
		word = p + 1;
	}
	return false;
}

/* By "schema.name" and by "name". */
static void index_tables(struct resolver *r, struct strmap *tables, uint32_t file)
{
	const struct facts *facts = &r->in->files[file].facts;

	for (size_t i = 0; i < facts->ndefs; i++) {
		const struct fact_def *def = &facts->defs[i];
		char *name;

		if (def->kind != DEF_TABLE && def->kind != DEF_VIEW)
			continue;
		name = arena_alloc(r->arena, strlen(def->name) + 1);
		lower_name(name, def->name);
		add_name(tables, name, file);
		if (*def->parent == '\0')
			continue;
		char *full = arena_printf(r->arena, "%s.%s", def->parent, def->name);

		lower_name(full, full);
		add_name(tables, full, file);
	}
}

static void resolve_table(struct resolver *r, const struct strmap *tables, struct import_at at)
{
	const char *name = at.import->target;
	uint32_t file = strmap_get(tables, name, strlen(name));

	if (file != STRMAP_NONE && file != AMBIGUOUS)
		resolved(r, at, file, RULE_SQL_TABLE);
}

static void resolve_file(struct resolver *r, struct import_at at)
{
	const char *target = at.import->target;
	bool relative = at.import->flags & IMPORT_F_PATH;
	const struct span dirs[] = { dir_of(r, at.file), { "", 0 } };

	for (size_t i = 0; i < (relative ? 1 : COUNT(dirs)) && *target != '/'; i++) {
		uint32_t to = RESOLVE_NONE;

		join_dir(r, dirs[i]);
		if (join_path(r, target, strlen(target))) {
			to = join_file(r, "");
			if (to == RESOLVE_NONE)
				to = join_file(r, ".sql");
		}
		if (to == RESOLVE_NONE)
			continue;
		resolved(r, at, to, relative ? RULE_SQL_RELATIVE : RULE_SQL_WORKING_DIR);
		return;
	}
	unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
}

void resolve_sql(struct resolver *r)
{
	struct strmap tables = strmap_new(r->arena, 64);

	for (size_t i = 0; i < r->in->nfiles; i++)
		if (r->in->files[i].facts.lang == LANG_SQL && !undoes(r->in->files[i].path))
			index_tables(r, &tables, (uint32_t)i);
	for (size_t i = 0; i < r->in->nfiles; i++) {
		const struct facts *facts = &r->in->files[i].facts;

		for (size_t k = 0; facts->lang == LANG_SQL && k < facts->nimports; k++) {
			struct import_at at = { (uint32_t)i, &facts->imports[k] };

			if (at.import->kind == IMPORT_TABLE)
				resolve_table(r, &tables, at);
			else
				resolve_file(r, at);
		}
	}
}
