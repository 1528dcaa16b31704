/*
 * Schema: from JSON or a query string to a struct, all rules checked.
 *
 * A wrong value is blamed and decoding goes on, so that one answer names every
 * mistake.  The place of a value is a chain on the stack; its pointer is only
 * written out when somebody is to be blamed.
 */
#include "base/schema_decode.h"

#include "base/clock.h"
#include "base/ctx.h"
#include "base/nearest.h"
#include "base/utf8.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX_DEFAULT INT64_C(1048576) /* characters */
#define NAMES_SHOWN_MAX  300              /* bytes of a list of names in an error */
#define NAME_SHOWN_MAX   80               /* bytes of one name in an error */
#define VALUE_SHOWN_MAX  40               /* bytes of a wrong value in an error */
#define POINTER_MAX      4096             /* bytes */

struct decode {
	struct ctx *cx;
	bool trusted; /* a column: blame nobody */
	bool failed;
};

/* Where a value stands.  The root has no name. */
struct place {
	const struct place *up;
	const char *name; /* NULL: item number index */
	size_t index;
	bool query; /* a pair of a query string */
};

static void add_place(struct sb *sb, const struct place *at)
{
	if (at->up == NULL && !at->query)
		return;
	if (at->query) {
		sb_addc(sb, '?');
		sb_add(sb, at->name);
		return;
	}
	add_place(sb, at->up);
	sb_addc(sb, '/');
	if (at->name == NULL) {
		sb_int(sb, (int64_t)at->index);
		return;
	}
	for (const char *p = at->name; *p != '\0'; p++) { /* RFC 6901, section 3 */
		if (*p == '~')
			sb_add(sb, "~0");
		else if (*p == '/')
			sb_add(sb, "~1");
		else
			sb_addc(sb, *p);
	}
}

/* The pointer of a place; one that is too long ends early. */
static const char *pointer_to(const struct decode *dc, const struct place *at)
{
	struct sb sb = sb_new(dc->cx->arena, POINTER_MAX);

	add_place(&sb, at);
	return sb.data == NULL ? "" : sb.data;
}

/* What a person calls the place; a name from outside may be long. */
static const char *label_of(const struct decode *dc, const struct place *at)
{
	if (at->name != NULL)
		return arena_strndup(dc->cx->arena, at->name,
		                     utf8_valid(at->name, strnlen(at->name, NAME_SHOWN_MAX)));
	if (at->up == NULL)
		return "the body";
	return arena_printf(dc->cx->arena, "item %zu of %s", at->index, label_of(dc, at->up));
}

static void blame(struct decode *dc, const struct place *at, enum err code, const char *rule,
                  const char *detail, ...) PRINTF(5, 6);

/* Faults beyond those that are shown are counted and cost nothing. */
static bool enough(struct decode *dc)
{
	if (!dc->trusted && dc->cx->fault.nfields < FAULT_ERRORS_MAX)
		return false;
	dc->failed = true;
	dc->cx->fault.nfields++;
	return true;
}

/* The detail follows the label: "must be ...". */
static void blame(struct decode *dc, const struct place *at, enum err code, const char *rule,
                  const char *detail, ...)
{
	va_list ap;
	const char *text;

	if (enough(dc))
		return;
	dc->failed = true;
	va_start(ap, detail);
	text = arena_vprintf(dc->cx->arena, detail, ap);
	va_end(ap);
	(void)err_field(dc->cx, code, pointer_to(dc, at), rule, "%s %s", label_of(dc, at), text);
}

/* Names with commas between them.  @ret false when there is room for no more, which is then said */
static bool add_name(struct sb *sb, const char *name)
{
	if (sb->len + strlen(name) + 2 > NAMES_SHOWN_MAX) {
		sb_add(sb, ", ...");
		return false;
	}
	if (sb->len > 0)
		sb_add(sb, ", ");
	sb_add(sb, name);
	return true;
}

static void blame_unknown(struct decode *dc, const struct place *at, const struct schema *s)
{
	struct sb names = sb_new(dc->cx->arena, NAMES_SHOWN_MAX + 8);
	struct nearest near = nearest_to(at->name);

	if (enough(dc))
		return;
	for (size_t i = 0; i < s->nfields; i++)
		nearest_offer(&near, s->fields[i].name);
	for (size_t i = 0; i < s->nfields && add_name(&names, s->fields[i].name); i++)
		continue;
	if (near.best != NULL)
		blame(dc, at, ERR_UNKNOWN_FIELD, "unknown", "is not a field here; did you mean %s?",
		      near.best);
	else if (names.len > 0)
		blame(dc, at, ERR_UNKNOWN_FIELD, "unknown", "is not a field here; known are %s",
		      names.data);
	else
		blame(dc, at, ERR_UNKNOWN_FIELD, "unknown", "is not a field; none are known here");
}

/* --- Rules: the same for JSON and for query strings --- */

static bool has_control(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
		bool c1 = p[0] == 0xC2 && p[1] >= 0x80 && p[1] <= 0x9F;

		if (p[0] < 0x20 || p[0] == 0x7F || c1)
			return true;
	}
	return false;
}

static bool is_one_of(const char *text, const char *const *allowed)
{
	for (; *allowed != NULL; allowed++) {
		if (strcmp(*allowed, text) == 0)
			return true;
	}
	return false;
}

static void blame_choice(struct decode *dc, const struct place *at, const char *text,
                         const char *const *allowed)
{
	struct sb names = sb_new(dc->cx->arena, NAMES_SHOWN_MAX + 8);

	if (enough(dc))
		return;
	while (*allowed != NULL && add_name(&names, *allowed))
		allowed++;
	blame(dc, at, ERR_INVALID, "one_of", "must be one of %s, got \"%.*s\"",
	      names.data == NULL ? "nothing" : names.data,
	      (int)utf8_valid(text, strnlen(text, VALUE_SHOWN_MAX)), text);
}

static bool check_length(struct decode *dc, const struct place *at, int64_t min, int64_t max,
                         int64_t n)
{
	if (n >= min && n <= max)
		return true;
	if (min > 0)
		blame(dc, at, ERR_INVALID, n < min ? "min_length" : "max_length",
		      "must be %lld to %lld characters long, got %lld", (long long)min,
		      (long long)max, (long long)n);
	else
		blame(dc, at, ERR_INVALID, "max_length",
		      "must be at most %lld characters long, got %lld", (long long)max,
		      (long long)n);
	return false;
}

/* A text by its field's rules, which for items of a list do not include the length. */
static void take_text(struct decode *dc, const struct place *at, const struct field *f,
                      const char *text, size_t len, const char **ret)
{
	bool item = f->type == FIELD_LIST;
	int64_t min = item ? 0 : f->min, max = item || f->max == 0 ? TEXT_MAX_DEFAULT : f->max;

	*ret = arena_strndup(dc->cx->arena, text, len);
	if (dc->trusted)
		return;
	if (utf8_valid(text, len) != len) {
		blame(dc, at, ERR_ENCODING, "utf8", "must be valid UTF-8");
		return;
	}
	if (!check_length(dc, at, min, max, (int64_t)utf8_length(text, len)))
		return;
	if (f->one_line && (has_control(*ret) || utf8_hides(*ret)))
		blame(dc, at, ERR_INVALID, "one_line",
		      "must be one line without control or invisible characters");
	else if (f->one_of != NULL && !is_one_of(*ret, f->one_of))
		blame_choice(dc, at, *ret, f->one_of);
	else if (f->check != NULL && f->check(dc->cx, pointer_to(dc, at), *ret) != ERR_OK)
		dc->failed = true;
}

static void take_int(struct decode *dc, const struct place *at, const struct field *f,
                     int64_t value, int64_t *ret)
{
	bool ranged = f->type == FIELD_INT && (f->min != 0 || f->max != 0);

	if (ranged && (value < f->min || value > f->max))
		blame(dc, at, ERR_INVALID, "range",
		      "must be a whole number from %lld to %lld, got %lld", (long long)f->min,
		      (long long)f->max, (long long)value);
	*ret = value;
}

static void take_time(struct decode *dc, const struct place *at, const char *text, int64_t *ret)
{
	if (!clock_parse(text, ret))
		blame(dc, at, ERR_INVALID, "format",
		      "must be a time as in RFC 3339, like 2026-11-21T06:45:00Z");
}

static bool check_items(struct decode *dc, const struct place *at, const struct field *f, size_t n)
{
	if (dc->trusted || ((int64_t)n >= f->min && (f->max == 0 || (int64_t)n <= f->max)))
		return true;
	if (f->max == 0)
		blame(dc, at, ERR_INVALID, "min_items", "must have at least %lld items, got %zu",
		      (long long)f->min, n);
	else
		blame(dc, at, ERR_INVALID, (int64_t)n < f->min ? "min_items" : "max_items",
		      "must have %lld to %lld items, got %zu", (long long)f->min, (long long)f->max,
		      n);
	return false;
}

/* --- JSON --- */

static void decode_object(struct decode *dc, const struct place *at, const struct schema *s,
                          struct json_object *doc, char *ret);

/* The value is of the type, or is blamed for not being so. */
static bool is_type(struct decode *dc, const struct place *at, struct json_object *value,
                    enum json_type type, const char *wanted)
{
	static const char *const NAMES[] = {
		[json_type_null] = "null",
		[json_type_boolean] = "a boolean",
		[json_type_double] = "a number with a fraction or exponent",
		[json_type_int] = "a number",
		[json_type_object] = "an object",
		[json_type_array] = "a list",
		[json_type_string] = "a text",
	};

	if (json_object_get_type(value) == type)
		return true;
	blame(dc, at, ERR_INVALID, "type", "must be %s, got %s", wanted,
	      NAMES[json_object_get_type(value)]);
	return false;
}

static void decode_text(struct decode *dc, const struct place *at, const struct field *f,
                        struct json_object *value, const char **ret)
{
	if (is_type(dc, at, value, json_type_string, "a text"))
		take_text(dc, at, f, json_object_get_string(value),
		          (size_t)json_object_get_string_len(value), ret);
}

static void decode_int(struct decode *dc, const struct place *at, const struct field *f,
                       struct json_object *value, int64_t *ret)
{
	if (is_type(dc, at, value, json_type_int, "a whole number"))
		take_int(dc, at, f, json_object_get_int64(value), ret);
}

static void decode_items(struct decode *dc, const struct place *at, const struct field *f,
                         struct json_object *array, size_t n, struct list *ret)
{
	size_t size = f->of != NULL           ? f->of->size
	              : f->item == FIELD_TEXT ? sizeof(const char *)
	                                      : sizeof(int64_t);
	char *items = arena_array(dc->cx->arena, n, size);

	for (size_t i = 0; i < n; i++) {
		const struct place item = { .up = at, .index = i };
		struct json_object *value = json_object_array_get_idx(array, i);
		void *slot = items + i * size;

		if (f->of == NULL && f->item == FIELD_TEXT)
			decode_text(dc, &item, f, value, slot);
		else if (f->of == NULL)
			decode_int(dc, &item, f, value, slot);
		else if (is_type(dc, &item, value, json_type_object, "an object"))
			decode_object(dc, &item, f->of, value, slot);
	}
	*ret = (struct list){ items, n };
}

static void decode_json(struct decode *dc, struct json_object *value, const char **ret)
{
	int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;

	*ret = arena_strdup(dc->cx->arena, json_object_to_json_string_ext(value, flags));
}

static void decode_nested(struct decode *dc, const struct place *at, const struct field *f,
                          struct json_object *value, void *member)
{
	char *nested;

	if (!is_type(dc, at, value, json_type_object, "an object"))
		return;
	nested = arena_alloc(dc->cx->arena, f->of->size);
	decode_object(dc, at, f->of, value, nested);
	memcpy(member, &nested, sizeof(nested));
}

/* A value that is not null. */
static void decode_member(struct decode *dc, const struct place *at, const struct field *f,
                          struct json_object *value, void *member)
{
	switch (f->type) {
	case FIELD_TEXT:
		decode_text(dc, at, f, value, member);
		return;
	case FIELD_INT:
		decode_int(dc, at, f, value, member);
		return;
	case FIELD_BOOL:
		if (is_type(dc, at, value, json_type_boolean, "true or false"))
			*(bool *)member = json_object_get_boolean(value);
		return;
	case FIELD_TIME:
		if (is_type(dc, at, value, json_type_string, "a time in a text"))
			take_time(dc, at, json_object_get_string(value), member);
		return;
	case FIELD_JSON:
		decode_json(dc, value, member);
		return;
	case FIELD_OBJ:
		decode_nested(dc, at, f, value, member);
		return;
	case FIELD_LIST:
		if (is_type(dc, at, value, json_type_array, "a list") &&
		    check_items(dc, at, f, json_object_array_length(value)))
			decode_items(dc, at, f, value, json_object_array_length(value), member);
		return;
	case FIELD_UNSET:
		break;
	}
	assert(!"a field without a type");
}

static void set_preset(const struct field *f, void *member)
{
	if (f->type == FIELD_INT)
		*(int64_t *)member = f->preset;
	else if (f->type == FIELD_BOOL)
		*(bool *)member = f->preset != 0;
}

/* Blame required fields that were not given; give the others their presets; tell what was given. */
static void finish(struct decode *dc, const struct place *at, const struct schema *s,
                   uint64_t given, char *ret)
{
	for (size_t i = 0; i < s->nfields; i++) {
		const struct field *f = &s->fields[i];
		const struct place here = { .up = at, .name = f->name, .query = at->query };

		if ((given >> i & 1) != 0)
			continue;
		if (f->required)
			blame(dc, &here, ERR_INVALID, "required", "is required");
		else
			set_preset(f, ret + f->offset);
	}
	if (s->given_offset != SIZE_MAX)
		memcpy(ret + s->given_offset, &given, sizeof(given));
}

static void decode_object(struct decode *dc, const struct place *at, const struct schema *s,
                          struct json_object *doc, char *ret)
{
	uint64_t given = 0;

	assert(s->nfields <= SCHEMA_FIELDS_MAX);
	json_object_object_foreach(doc, name, value)
	{
		const struct place here = { .up = at, .name = name };
		const struct field *f = schema_field(s, name);

		if (f == NULL) {
			if (!s->open)
				blame_unknown(dc, &here, s);
			continue;
		}
		given |= UINT64_C(1) << (f - s->fields);
		if (value != NULL)
			decode_member(dc, &here, f, value, ret + f->offset);
		else if (f->nullable)
			set_preset(f, ret + f->offset);
		else if (f->type == FIELD_JSON)
			decode_json(dc, value, (const char **)(ret + f->offset));
		else
			blame(dc, &here, ERR_INVALID, "null", "must not be null");
	}
	finish(dc, at, s, given, ret);
}

enum err schema_decode(struct ctx *cx, const struct schema *s, struct span body, void *ret)
{
	CLEANUP(json_put) struct json_object *doc = NULL;
	struct decode dc = { .cx = cx };
	const struct place root = { 0 };
	char *made = arena_alloc(cx->arena, s->size);

	err_clear(cx);
	TRY(json_parse(cx, body, &json_limits_body, &doc));
	if (is_type(&dc, &root, doc, json_type_object, "a JSON object"))
		decode_object(&dc, &root, s, doc, made);
	if (dc.failed)
		return cx->fault.code;
	memcpy(ret, made, s->size);
	return ERR_OK;
}

void schema_decode_column(struct arena *arena, const struct field *f, struct span text,
                          void *member)
{
	static const struct json_limits LIMITS = { INT32_MAX - 1, 64, INT32_MAX };
	CLEANUP(json_put) struct json_object *doc = NULL;
	struct ctx cx = { .arena = arena };
	struct decode dc = { .cx = &cx, .trusted = true };

	if (text.data != NULL && json_parse(&cx, text, &LIMITS, &doc) == ERR_OK && doc != NULL)
		decode_member(&dc, &(struct place){ 0 }, f, doc, member);
}

/* --- Query strings --- */

static bool parse_int(const char *text, int64_t *ret)
{
	const char *p = text + (*text == '-');
	int64_t value = 0;

	if (*p == '\0')
		return false;
	for (; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, *p - '0', &value))
			return false;
	}
	if (*text != '-' && value == INT64_MIN)
		return false;
	*ret = *text == '-' ? value : -value;
	return true;
}

static void pair_int(struct decode *dc, const struct place *at, const struct field *f,
                     const char *text, int64_t *ret)
{
	int64_t value;

	if (parse_int(text, &value))
		take_int(dc, at, f, value, ret);
	else
		blame(dc, at, ERR_INVALID, "type", "must be a whole number");
}

/* Items with commas between them; an empty text is an empty list. */
static void pair_list(struct decode *dc, const struct place *at, const struct field *f,
                      const char *text, struct list *ret)
{
	size_t n = *text != '\0', i = 0;
	const char **texts;
	int64_t *numbers;

	for (const char *p = text; *p != '\0'; p++)
		n += *p == ',';
	if (!check_items(dc, at, f, n))
		return;
	texts = arena_array(dc->cx->arena, n, sizeof(*texts));
	numbers = arena_array(dc->cx->arena, n, sizeof(*numbers));
	for (const char *p = text; i < n; i++) {
		size_t len = strcspn(p, ",");

		take_text(dc, at, f, p, len, &texts[i]);
		if (f->item == FIELD_INT)
			pair_int(dc, at, f, texts[i], &numbers[i]);
		p += len + (p[len] == ',');
	}
	*ret = (struct list){ f->item == FIELD_INT ? (void *)numbers : (void *)texts, n };
}

static void decode_pair(struct decode *dc, const struct place *at, const struct field *f,
                        const char *text, void *member)
{
	switch (f->type) {
	case FIELD_TEXT:
		take_text(dc, at, f, text, strlen(text), member);
		return;
	case FIELD_INT:
		pair_int(dc, at, f, text, member);
		return;
	case FIELD_BOOL:
		*(bool *)member = strcmp(text, "true") == 0;
		if (!*(bool *)member && strcmp(text, "false") != 0)
			blame(dc, at, ERR_INVALID, "type", "must be true or false");
		return;
	case FIELD_TIME:
		take_time(dc, at, text, member);
		return;
	case FIELD_LIST:
		pair_list(dc, at, f, text, member);
		return;
	case FIELD_JSON:
	case FIELD_OBJ:
	case FIELD_UNSET:
		break;
	}
	assert(!"a field that no query string can hold");
}

enum err schema_decode_pairs(struct ctx *cx, const struct schema *s, const struct pair *pairs,
                             size_t n, void *ret)
{
	struct decode dc = { .cx = cx };
	const struct place root = { .query = true };
	char *made = arena_alloc(cx->arena, s->size);
	uint64_t given = 0;

	assert(s->nfields <= SCHEMA_FIELDS_MAX);
	err_clear(cx);
	for (size_t i = 0; i < n; i++) {
		const struct place here = { .up = &root, .name = pairs[i].name, .query = true };
		const struct field *f = schema_field(s, pairs[i].name);
		uint64_t bit = f == NULL ? 0 : UINT64_C(1) << (f - s->fields);

		if (f == NULL)
			blame_unknown(&dc, &here, s);
		else if ((given & bit) != 0)
			blame(&dc, &here, ERR_INVALID, "repeated", "must be given only once");
		else
			decode_pair(&dc, &here, f, pairs[i].value, made + f->offset);
		given |= bit;
	}
	finish(&dc, &root, s, given, made);
	if (dc.failed)
		return cx->fault.code;
	memcpy(ret, made, s->size);
	return ERR_OK;
}
