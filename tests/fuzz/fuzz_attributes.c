/* .gitattributes as a stranger may write it: up to the first NUL a path to judge, the rest the file. */
#include "maps/attributes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)64 << 20);
	struct attributes *attributes = arena_alloc(arena, sizeof(*attributes));
	const char *path = arena_strndup(arena, (const char *)data, size < 4096 ? size : 4096);
	size_t used = strlen(path);

	attributes_read(arena, attributes, SPAN("sub/.gitattributes"),
	                (struct span){ (const char *)data + used, size - used });
	if (attributes->n > ATTRIBUTES_MAX)
		abort();
	(void)!attributes_role(attributes, path, FILE_SOURCE);
	return 0;
}
