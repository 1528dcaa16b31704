/*
 * Facts as text, so that a test is a table of sources and what they say.
 *
 *   imports  "LINE kind target", then " name=…", " as=…", " in=…", " level=…", " optional", " path"
 *   defs     "LINE-END kind name", then " of parent"
 */
#ifndef TESTS_UNIT_MAPS_FACTS_TEXT_H
#define TESTS_UNIT_MAPS_FACTS_TEXT_H

#include "fixture.h"

#include "base/sb.h"
#include "maps/lang.h"

#include <string.h>

struct facts_case {
	enum lang lang;
	const char *source;
	const char *expected; /* lines, each with its newline */
};

static inline struct facts facts_of(struct ctx *cx, enum lang lang, const char *source)
{
	struct facts facts;

	facts_read(cx->arena, lang, (struct span){ source, strlen(source) }, &facts);
	return facts;
}

static inline const char *imports_text(struct ctx *cx, const struct facts *facts)
{
	struct sb sb = sb_new(cx->arena, 64 * 1024);
	const char *text;

	for (size_t i = 0; i < facts->nimports; i++) {
		const struct fact_import *im = &facts->imports[i];

		sb_addf(&sb, "%u %s %s", im->line, import_kind_name(im->kind), im->target);
		if (*im->name)
			sb_addf(&sb, " name=%s", im->name);
		if (*im->alias)
			sb_addf(&sb, " as=%s", im->alias);
		if (*im->scope)
			sb_addf(&sb, " in=%s", im->scope);
		if (im->level)
			sb_addf(&sb, " level=%u", im->level);
		if (im->flags & IMPORT_F_OPTIONAL)
			sb_add(&sb, " optional");
		if (im->flags & IMPORT_F_PATH)
			sb_add(&sb, " path");
		sb_addc(&sb, '\n');
	}
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	return text;
}

static inline const char *defs_text(struct ctx *cx, const struct facts *facts)
{
	struct sb sb = sb_new(cx->arena, 64 * 1024);
	const char *text;

	for (size_t i = 0; i < facts->ndefs; i++) {
		const struct fact_def *def = &facts->defs[i];

		sb_addf(&sb, "%u-%u %s %s", def->line, def->end_line, def_kind_name(def->kind),
		        def->name);
		if (*def->parent)
			sb_addf(&sb, " of %s", def->parent);
		sb_addc(&sb, '\n');
	}
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	return text;
}

static inline const char *names_text(struct ctx *cx, const struct facts *facts)
{
	struct sb sb = sb_new(cx->arena, 64 * 1024);
	const char *text;

	for (size_t i = 0; i < facts->nnames; i++)
		sb_addf(&sb, "%s%s", i ? " " : "", facts->names[i]);
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	return text;
}

static inline void check_imports(struct ctx *cx, const struct facts_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct facts facts = facts_of(cx, cases[i].lang, cases[i].source);

		assert_string_equal(imports_text(cx, &facts), cases[i].expected);
		assert_false(facts.truncated);
	}
}

static inline void check_defs(struct ctx *cx, const struct facts_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct facts facts = facts_of(cx, cases[i].lang, cases[i].source);

		assert_string_equal(defs_text(cx, &facts), cases[i].expected);
		assert_false(facts.truncated);
	}
}

/* Units that a hostile file repeats: the reader ends soon and within its limits. */
static inline void check_hostile(struct ctx *cx, enum lang lang, const char *const *units, size_t n)
{
	enum { BYTES = 1 << 20 };
	char *text = arena_alloc(cx->arena, BYTES);

	for (size_t i = 0; i < n; i++) {
		struct arena *arena = arena_new((size_t)192 << 20); /* what the analyser gives */
		struct facts facts;

		for (size_t k = 0; k < BYTES; k++)
			text[k] = units[i][k % strlen(units[i])];
		facts_read(arena, lang, (struct span){ text, BYTES }, &facts);
		assert_true(facts.ndefs <= FACTS_DEFS_MAX && facts.nimports <= FACTS_IMPORTS_MAX);
		arena_free(arena);
	}
}

#endif
