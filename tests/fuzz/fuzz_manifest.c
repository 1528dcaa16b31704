/*
 * Manifests as a stranger may write them.  The first byte picks the reader, unless FUZZ_ONLY names
 * one; FUZZ_ONLY=list lists them.  The rest is the file.
 */
#include "maps/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum manifest_type only;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("FUZZ_ONLY");

	(void)argc;
	(void)argv;
	for (int i = MANIFEST_NONE + 1; name != NULL && i < MANIFEST_TYPE_COUNT; i++) {
		if (strcmp(name, "list") == 0)
			puts(manifest_type_name((enum manifest_type)i));
		else if (strcmp(name, manifest_type_name((enum manifest_type)i)) == 0)
			only = (enum manifest_type)i;
	}
	if (name != NULL && only == MANIFEST_NONE)
		exit(strcmp(name, "list") != 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)512 << 20);
	struct manifest manifest;
	enum manifest_type type;

	if (size > 0) {
		type = only != MANIFEST_NONE
		               ? only
		               : (enum manifest_type)(1 + data[0] % (MANIFEST_TYPE_COUNT - 1));
		manifest_read(arena, arena, type, SPAN("requirements/dev.txt"),
		              (struct span){ (const char *)data + 1, size - 1 }, &manifest);
		for (size_t i = 0; i < manifest.ndeps; i++)
			if (manifest.deps[i].line == 0 || *manifest.deps[i].name == '\0')
				abort();
		if (manifest.ndeps > MANIFEST_DEPS_MAX || manifest.nitems > MANIFEST_ITEMS_MAX)
			abort();
	}
	arena_free(arena);
	return 0;
}
