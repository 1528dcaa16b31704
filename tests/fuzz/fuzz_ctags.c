/* What ctags says, as it may say it after a stranger's file has taken it over. */
#include "maps/ctags.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the language and with the second how many lines the file has. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena;
	struct facts facts = { .package = "" };

	if (size < 2)
		return 0;
	arena = arena_new((size_t)512 << 20);
	facts.lang = (enum lang)(1 + data[0] % (LANG_COUNT - 1));
	facts.code = data[1];
	ctags_tags(arena, (struct span){ (const char *)data + 2, size - 2 }, &facts);
	for (size_t i = 0; i < facts.ndefs; i++) {
		const struct fact_def *def = &facts.defs[i];

		if (*def->name == '\0' || strlen(def->name) > FACTS_NAME_MAX || def->line == 0 ||
		    def->line > def->end_line || def->end_line > facts.code ||
		    def->kind == DEF_NONE || def->kind >= DEF_KIND_COUNT ||
		    (i > 0 && facts.defs[i - 1].line > def->line))
			abort();
	}
	arena_free(arena);
	return 0;
}
