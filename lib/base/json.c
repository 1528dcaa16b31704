/*
 * JSON: parsing by json-c what the strict check let pass, and reading it by path.
 */
#include "base/json.h"

#include "base/ctx.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static void free_tokener(struct json_tokener **tokener)
{
	if (*tokener != NULL)
		json_tokener_free(*tokener);
}

enum err json_parse(struct ctx *cx, struct span text, const struct json_limits *limits,
                    struct json_object **ret)
{
	CLEANUP(free_tokener) struct json_tokener *tokener = NULL;
	struct json_object *doc;

	TRY(json_check(cx, text, limits));
	assert(text.len < INT32_MAX);
	/* json-c counts the value itself and one more as levels. */
	tokener = json_tokener_new_ex(limits->max_depth + 2);
	if (tokener == NULL)
		return err_set(cx, ERR_INTERNAL, "no memory for a JSON parser");
	/* Not JSON_TOKENER_STRICT: json_check() is stricter, and with it json-c 0.18 refuses all
	   text beyond ASCII, whose bytes it takes for control characters. */
	doc = json_tokener_parse_ex(tokener, text.data, (int)text.len);
	/* A number at the very end is complete only when json-c sees what follows it. */
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		doc = json_tokener_parse_ex(tokener, "", 1);
	if (json_tokener_get_error(tokener) != json_tokener_success) {
		enum json_tokener_error why = json_tokener_get_error(tokener);

		json_object_put(doc);
		return err_set(cx, ERR_MALFORMED, "the JSON cannot be parsed: %s",
		               json_tokener_error_desc(why));
	}
	*ret = doc;
	return ERR_OK;
}

void json_put(struct json_object **doc)
{
	json_object_put(*doc);
}

struct json_object *json_at(struct json_object *doc, const char *path)
{
	while (doc != NULL && *path != '\0') {
		size_t n = strcspn(path, ".");
		char part[128];

		if (n >= sizeof(part))
			return NULL;
		memcpy(part, path, n);
		part[n] = '\0';
		path += path[n] == '.' ? n + 1 : n;
		if (json_object_is_type(doc, json_type_object)) {
			doc = json_object_object_get(doc, part);
		} else if (json_object_is_type(doc, json_type_array)) {
			char *end;
			unsigned long i = strtoul(part, &end, 10);

			if (part[0] < '0' || part[0] > '9' || *end != '\0')
				return NULL;
			doc = json_object_array_get_idx(doc, i);
		} else {
			return NULL;
		}
	}
	return doc;
}

const char *json_text(struct json_object *doc, const char *path, const char *fallback)
{
	struct json_object *at = json_at(doc, path);

	return json_object_is_type(at, json_type_string) ? json_object_get_string(at) : fallback;
}

int64_t json_int(struct json_object *doc, const char *path, int64_t fallback)
{
	struct json_object *at = json_at(doc, path);

	return json_object_is_type(at, json_type_int) ? json_object_get_int64(at) : fallback;
}

bool json_flag(struct json_object *doc, const char *path, bool fallback)
{
	struct json_object *at = json_at(doc, path);

	return json_object_is_type(at, json_type_boolean) ? json_object_get_boolean(at) : fallback;
}
