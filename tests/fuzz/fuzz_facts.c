/*
 * Facts of any bytes in any language: the promises of maps/facts.h hold, and nothing overruns.
 * The first byte chooses the language, unless FUZZ_ONLY names one; FUZZ_ONLY=list lists them.
 */
#include "maps/lang.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum lang only;

static uint32_t count_lines(struct span text)
{
	uint32_t n = 0;
	size_t bom = text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	for (size_t i = bom; i < text.len; i++)
		n += text.data[i] == '\n';
	return n + (text.len > bom && text.data[text.len - 1] != '\n');
}

static void check_refs(const struct facts *f, uint32_t lines)
{
	for (size_t i = 0; i < f->nrefs; i++) {
		const struct fact_ref *ref = &f->refs[i], *last = i > 0 ? ref - 1 : NULL;
		int order = last ? strcmp(last->name, ref->name) : -1;

		assert(*ref->name && strlen(ref->name) <= FACTS_NAME_MAX);
		assert(ref->line >= 1 && ref->line <= lines);
		assert(ref->kind > REF_NONE && ref->kind < REF_KIND_COUNT);
		assert(order < 0 || (order == 0 && last->line < ref->line));
	}
}

static void check_surface(const struct facts *f, uint32_t lines)
{
	for (size_t i = 0; i < f->nroutes; i++) {
		const struct fact_route *route = &f->routes[i];

		assert(*route->method && *route->pattern == '/');
		assert(strlen(route->pattern) <= FACTS_PATTERN_MAX && route->handler &&
		       route->owner);
		assert(route->line >= 1 && route->line <= lines);
		assert(route->framework > WEB_NONE && route->framework < WEB_COUNT);
		assert(i == 0 || f->routes[i - 1].line <= route->line);
	}
	for (size_t i = 0; i < f->nmounts; i++) {
		const struct fact_mount *mount = &f->mounts[i];

		assert(mount->base && mount->name && mount->owner && mount->prefix);
		assert(mount->import_line <= lines);
	}
	for (size_t i = 0; i < f->nenv; i++) {
		assert(*f->env[i].name && f->env[i].line >= 1 && f->env[i].line <= lines);
		assert(i == 0 || f->env[i - 1].line < f->env[i].line ||
		       strcmp(f->env[i - 1].name, f->env[i].name) < 0);
	}
	for (size_t i = 0; i < f->nentries; i++)
		assert(f->entries[i].line >= 1 && f->entries[i].line <= lines);
	for (size_t i = 0; i < f->nlicences; i++)
		assert(*f->licences[i].expression && f->licences[i].line <= lines &&
		       f->licences[i].percent <= 100);
	assert((f->test_cases == 0) == (f->test_framework == TEST_NONE));
	assert(f->test_framework < TEST_COUNT);
}

static void check(const struct facts *f, struct span text)
{
	uint32_t lines = count_lines(text);

	assert(f->code + f->comment + f->blank == lines);
	for (size_t i = 0; i < f->nimports; i++) {
		const struct fact_import *im = &f->imports[i];

		assert(im->line >= 1 && im->line <= lines);
		assert(im->kind > IMPORT_NONE && im->kind < IMPORT_KIND_COUNT);
		assert(strlen(im->target) <= FACTS_TARGET_MAX &&
		       strlen(im->name) <= FACTS_NAME_MAX && strlen(im->alias) <= FACTS_NAME_MAX);
		assert(im->kind != IMPORT_NAME || f->lang == LANG_PHP || f->lang == LANG_JAVA);
		assert(!(im->flags & IMPORT_F_GLOBAL) || f->lang == LANG_CSHARP);
	}
	for (size_t i = 0; i < f->ndefs; i++) {
		const struct fact_def *def = &f->defs[i];

		assert(*def->name && strlen(def->name) <= FACTS_NAME_MAX);
		assert(def->start_line >= 1 && def->start_line <= def->line);
		assert(strlen(def->signature) <= FACTS_SIGN_MAX);
		assert(def->line >= 1 && def->line <= def->end_line && def->end_line <= lines);
		assert(def->kind > DEF_NONE && def->kind < DEF_KIND_COUNT);
		assert(i == 0 || f->defs[i - 1].line <= def->line);
	}
	check_refs(f, lines);
	check_surface(f, lines);
	for (size_t i = 1; i < f->nnames; i++)
		assert(strcmp(f->names[i - 1], f->names[i]) < 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("FUZZ_ONLY");

	(void)argc;
	(void)argv;
	for (int i = LANG_NONE + 1; name != NULL && i < LANG_COUNT; i++) {
		if (strcmp(name, "list") == 0 && lang_has_facts((enum lang)i))
			puts(lang_name((enum lang)i));
		else if (strcmp(name, lang_name((enum lang)i)) == 0)
			only = (enum lang)i;
	}
	if (name != NULL && only == LANG_NONE)
		exit(strcmp(name, "list") != 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena;
	struct facts facts;
	struct span text;
	enum lang lang;

	if (size < 1)
		return 0;
	text = (struct span){ (const char *)data + 1, size - 1 };
	arena = arena_new((size_t)256 << 20);
	lang = only != LANG_NONE ? only : (enum lang)(1 + data[0] % (LANG_COUNT - 1));
	facts_read(arena, lang, text, &facts);
	check(&facts, text);
	arena_free(arena);
	return 0;
}
