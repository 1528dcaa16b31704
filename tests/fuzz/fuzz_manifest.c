/* Manifests as a stranger may write them: the first byte picks the reader, the rest is the file. */
#include "maps/manifest.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)512 << 20);
	struct manifest manifest;
	enum manifest_type type;

	if (size > 0) {
		type = (enum manifest_type)(1 + data[0] % (MANIFEST_TYPE_COUNT - 1));
		manifest_read(arena, arena, type, SPAN("requirements/dev.txt"),
		              (struct span){ (const char *)data + 1, size - 1 }, &manifest);
		for (size_t i = 0; i < manifest.ndeps; i++)
			if (manifest.deps[i].line == 0 || *manifest.deps[i].name == '\0')
				abort();
		if (manifest.ndeps > MANIFEST_DEPS_MAX || manifest.nitems > MANIFEST_LOCKED_MAX ||
		    (manifest.nitems > MANIFEST_ITEMS_MAX && !manifest_is_lock(type)))
			abort();
	}
	arena_free(arena);
	return 0;
}
