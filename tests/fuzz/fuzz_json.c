/*
 * Fuzz: the strict check against json-c.
 *
 * What json_check() takes, json-c takes too, and what json-c prints of it passes the check again.
 */
#include "base/json.h"

#include "base/ctx.h"
#include "base/secret.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct ctx cx = { .arena = arena };
	const struct span text = { (const char *)data, n };

	secret_init();
	if (json_check(&cx, text, &json_limits_body) == ERR_OK) {
		struct json_object *doc = NULL;
		const char *printed;

		if (json_parse(&cx, text, &json_limits_body, &doc) != ERR_OK)
			abort();
		printed = json_object_to_json_string_ext(doc, JSON_C_TO_STRING_PLAIN);
		if (strlen(printed) <= json_limits_body.max_bytes &&
		    json_check(&cx, (struct span){ printed, strlen(printed) }, &json_limits_body) !=
		            ERR_OK)
			abort();
		json_put(&doc);
	} else if (cx.fault.detail == NULL) {
		abort();
	}
	arena_free(arena);
	return 0;
}
