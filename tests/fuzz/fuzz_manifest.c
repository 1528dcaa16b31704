/*
 * Manifests as a stranger may write them: the first byte picks the reader, unless FUZZ_ONLY names one
 * (FUZZ_ONLY=list lists them); the rest is the file; a NUL ends it and begins another one the same
 * way.  Then they complete each other.
 */
#include "maps/manifest_complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 4

static enum manifest_type only;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where each file stands: above, beside and below others, so that it is asked for what they lack. */
static const char *const PATHS[FILES_MAX] = {
	"a/settings.gradle",
	"gradle/libs.versions.toml",
	"pom.xml",
	"requirements/dev.txt",
};

static void check(const struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->ndeps; i++)
		if (manifest->deps[i].line == 0 || *manifest->deps[i].name == '\0')
			abort();
	if (manifest->ndeps > MANIFEST_DEPS_MAX || manifest->nitems > MANIFEST_LOCKED_MAX ||
	    (manifest->nitems > MANIFEST_ITEMS_MAX && !manifest_is_lock(manifest->type)))
		abort();
}

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
	struct map_file files[FILES_MAX] = { 0 };
	struct manifest manifests[FILES_MAX];
	uint32_t n = 0;

	while (size > 0 && n < FILES_MAX) {
		const uint8_t *end = memchr(data + 1, 0, size - 1);
		size_t len = end != NULL ? (size_t)(end - data) - 1 : size - 1;
		enum manifest_type type =
			only != MANIFEST_NONE
				? only
				: (enum manifest_type)(1 + data[0] % (MANIFEST_TYPE_COUNT - 1));

		files[n].path = (struct span){ PATHS[n], strlen(PATHS[n]) };
		manifest_read(arena, arena, type, files[n].path,
		              (struct span){ (const char *)data + 1, len }, &manifests[n]);
		check(&manifests[n]);
		manifests[n].file = n;
		n++;
		data += len + 1;
		size -= len + 1;
		if (size > 0) { /* the NUL */
			data++;
			size--;
		}
	}
	manifest_complete(arena, files, manifests, n);
	for (uint32_t i = 0; i < n; i++)
		check(&manifests[i]);
	arena_free(arena);
	return 0;
}
