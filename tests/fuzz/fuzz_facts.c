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

static void check(const struct facts *f, struct span text)
{
	uint32_t lines = count_lines(text);

	assert(f->code + f->comment + f->blank == lines);
	for (size_t i = 0; i < f->nimports; i++) {
		const struct fact_import *im = &f->imports[i];

		assert(im->line >= 1 && im->line <= lines);
		assert(im->kind > IMPORT_NONE && im->kind < IMPORT_KIND_COUNT);
		assert(strlen(im->target) <= FACTS_TARGET_MAX &&
		       strlen(im->name) <= FACTS_NAME_MAX);
	}
	for (size_t i = 0; i < f->ndefs; i++) {
		const struct fact_def *def = &f->defs[i];

		assert(*def->name && strlen(def->name) <= FACTS_NAME_MAX);
		assert(def->line >= 1 && def->line <= def->end_line && def->end_line <= lines);
		assert(def->kind > DEF_NONE && def->kind < DEF_KIND_COUNT);
		assert(i == 0 || f->defs[i - 1].line <= def->line);
	}
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
	(void)lang_detect(text, text);
	(void)lang_file_role(text, facts.lang, text);
	arena_free(arena);
	return 0;
}
