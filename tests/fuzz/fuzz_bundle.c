/* What a subverted analyser may answer: parts lie within it, each under its own name. */
#include "maps/bundle.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct app app = { .clock = &system_clock, .component = "fuzz" };
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)1 << 20);
	static struct bundle bundle;
	size_t bytes = 0;
	struct ctx cx;

	ctx_begin(&cx, &app, arena, NULL);
	if (bundle_read(&cx, (struct span){ (const char *)data, size }, &bundle) != ERR_OK)
		return 0;
	if (bundle.nparts > BUNDLE_PARTS_MAX)
		abort();
	for (size_t i = 0; i < bundle.nparts; i++) {
		const struct bundle_part *part = &bundle.parts[i];

		if (bundle_find(&bundle, part->name) != &part->data)
			abort();
		bytes += part->data.len;
		if ((const uint8_t *)part->data.data < data ||
		    (const uint8_t *)part->data.data + part->data.len >= data + size)
			abort();
	}
	if (bytes > size)
		abort();
	return 0;
}
