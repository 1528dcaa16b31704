/* Schema: finding fields, writing JSON, filling structs from columns. */
#include "base/schema.h"

#include "base/clock.h"
#include "base/schema_decode.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define EPOCH_US INT64_C(946684800000000) /* 2000-01-01, from which PostgreSQL counts */

const struct field *schema_field(const struct schema *s, const char *name)
{
	for (size_t i = 0; i < s->nfields; i++) {
		if (strcmp(s->fields[i].name, name) == 0)
			return &s->fields[i];
	}
	return NULL;
}

bool schema_given(const struct schema *s, const void *obj, const char *name)
{
	const struct field *f = schema_field(s, name);
	uint64_t given;

	assert(f != NULL && s->given_offset != SIZE_MAX);
	memcpy(&given, (const char *)obj + s->given_offset, sizeof(given));
	return (given >> (f - s->fields) & 1) != 0;
}

static void encode_text(struct sb *sb, const char *text)
{
	if (text == NULL)
		sb_addn(sb, "null", 4);
	else
		sb_json(sb, text);
}

static void encode_time(struct sb *sb, int64_t at_us)
{
	char text[CLOCK_TEXT_MAX];

	if (at_us == 0) {
		sb_addn(sb, "null", 4);
		return;
	}
	clock_format(at_us, text);
	sb_json(sb, text);
}

static void encode_list(struct sb *sb, const struct field *f, const struct list *list)
{
	if (f->nullable && list->items == NULL) {
		sb_addn(sb, "null", 4);
		return;
	}
	if (f->of != NULL) {
		schema_encode_array(sb, f->of, list->items, list->n);
		return;
	}
	sb_addc(sb, '[');
	for (size_t i = 0; i < list->n; i++) {
		if (i > 0)
			sb_addc(sb, ',');
		if (f->item == FIELD_TEXT)
			encode_text(sb, ((const char *const *)list->items)[i]);
		else
			sb_int(sb, ((const int64_t *)list->items)[i]);
	}
	sb_addc(sb, ']');
}

static void encode_int(struct sb *sb, const struct field *f, int64_t value)
{
	if (value == 0 && f->zero_is_null)
		sb_addn(sb, "null", 4);
	else
		sb_int(sb, value);
}

static void encode_member(struct sb *sb, const struct field *f, const void *member)
{
	const void *nested;
	const char *json;

	switch (f->type) {
	case FIELD_TEXT:
		encode_text(sb, *(const char *const *)member);
		return;
	case FIELD_INT:
		encode_int(sb, f, *(const int64_t *)member);
		return;
	case FIELD_BOOL:
		sb_add(sb, *(const bool *)member ? "true" : "false");
		return;
	case FIELD_TIME:
		encode_time(sb, *(const int64_t *)member);
		return;
	case FIELD_JSON:
		json = *(const char *const *)member;
		sb_add(sb, json == NULL ? "null" : json);
		return;
	case FIELD_OBJ:
		memcpy(&nested, member, sizeof(nested));
		if (nested == NULL)
			sb_addn(sb, "null", 4);
		else
			schema_encode(sb, f->of, nested);
		return;
	case FIELD_LIST:
		encode_list(sb, f, member);
		return;
	case FIELD_UNSET:
		break;
	}
	assert(!"a field without a type");
}

void schema_encode(struct sb *sb, const struct schema *s, const void *obj)
{
	for (size_t i = 0; i < s->nfields; i++) {
		const struct field *f = &s->fields[i];

		sb_json_member(sb, i == 0 ? '{' : ',', f->name);
		encode_member(sb, f, (const char *)obj + f->offset);
	}
	if (s->nfields == 0)
		sb_addc(sb, '{');
	sb_addc(sb, '}');
}

void schema_encode_array(struct sb *sb, const struct schema *s, const void *items, size_t n)
{
	sb_addc(sb, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			sb_addc(sb, ',');
		schema_encode(sb, s, (const char *)items + i * s->size);
	}
	sb_addc(sb, ']');
}

void schema_set_column(struct arena *arena, const struct field *f, const char *text, size_t len,
                       void *obj)
{
	void *member = (char *)obj + f->offset;

	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_JSON:
		*(const char **)member = text == NULL ? NULL : arena_strndup(arena, text, len);
		return;
	case FIELD_INT:
	case FIELD_TIME:
		*(int64_t *)member = text == NULL ? 0 : strtoll(text, NULL, 10);
		return;
	case FIELD_BOOL:
		*(bool *)member = text != NULL && text[0] == 't';
		return;
	case FIELD_OBJ:
	case FIELD_LIST:
		schema_decode_column(arena, f, (struct span){ text, len }, member);
		return;
	case FIELD_UNSET:
		break;
	}
	assert(!"a field without a type");
}

/* A smallint, integer or bigint; a tid: its block, and its line in the low 16 bits. */
static int64_t binary_number(const char *data, size_t len)
{
	uint64_t n = ((unsigned char)data[0] & 0x80) != 0 ? UINT64_MAX : 0;

	if (len == sizeof(n)) {
		memcpy(&n, data, sizeof(n));
		return (int64_t)be64toh(n);
	}
	for (size_t i = 0; i < len; i++)
		n = n << 8 | (unsigned char)data[i];
	return (int64_t)n;
}

void schema_set_binary(struct arena *arena, const struct field *f, const char *data, size_t len,
                       void *obj)
{
	void *member = (char *)obj + f->offset;
	int64_t since_us;

	switch (f->type) {
	case FIELD_TEXT:
		*(const char **)member = data == NULL ? NULL : arena_strndup(arena, data, len);
		return;
	case FIELD_JSON: /* a version, 1, and the text */
		assert(data == NULL || (len > 0 && data[0] == 1));
		*(const char **)member =
			data == NULL ? NULL : arena_strndup(arena, data + 1, len - 1);
		return;
	case FIELD_INT:
		*(int64_t *)member = data == NULL ? 0 : binary_number(data, len);
		return;
	case FIELD_TIME:
		since_us = data == NULL ? -EPOCH_US : binary_number(data, len);
		*(int64_t *)member =
			since_us > INT64_MAX - EPOCH_US ? INT64_MAX : since_us + EPOCH_US;
		return;
	case FIELD_BOOL:
		*(bool *)member = data != NULL && data[0] != 0;
		return;
	case FIELD_OBJ:
	case FIELD_LIST:
	case FIELD_UNSET:
		break;
	}
	assert(!"a field that has no binary form");
}

enum err schema_check_trimmed(struct ctx *cx, const char *pointer, const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || (text[0] != ' ' && text[n - 1] != ' '))
		return ERR_OK;
	return err_field(cx, ERR_INVALID, pointer, "trimmed", "begins or ends with a space");
}
