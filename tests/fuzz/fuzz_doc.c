/* The readers of documents below the manifests; also text of any encoding. */
#include "base/utf8.h"
#include "maps/doc.h"
#include "maps/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct doc *(*const READERS[])(
		struct arena *, struct span) = { doc_json, doc_toml, doc_xml, doc_yaml };
	struct arena *arena = arena_new((size_t)512 << 20);
	struct span text, utf8;

	if (size > 0) {
		text = (struct span){ (const char *)data + 1, size - 1 };
		if (READERS[data[0] % COUNT(READERS)](arena, text) == NULL)
			abort();
		utf8 = text_to_utf8(arena, text);
		if (utf8_valid(utf8.data, utf8.len) != utf8.len)
			abort();
		(void)text_display(arena, text);
	}
	arena_free(arena);
	return 0;
}
