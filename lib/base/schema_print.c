/* Schema as JSON Schema 2020-12, as OpenAPI 3.1 embeds it. */
#include "base/schema.h"

#include <string.h>

/* "type":"string" or "type":["string","null"] */
static void add_type(struct sb *sb, const struct field *f, const char *type)
{
	bool null = f->nullable || f->zero_is_null;

	sb_addf(sb, null ? "\"type\":[\"%s\",\"null\"]" : "\"type\":\"%s\"", type);
}

static void add_choices(struct sb *sb, const struct field *f, bool null)
{
	sb_add(sb, ",\"enum\":[");
	for (const char *const *choice = f->one_of; *choice != NULL; choice++) {
		if (choice != f->one_of)
			sb_addc(sb, ',');
		sb_json(sb, *choice);
	}
	sb_add(sb, null ? ",null]" : "]");
}

static void add_pattern(struct sb *sb, const struct field *f)
{
	if (f->pattern == NULL)
		return;
	sb_add(sb, ",\"pattern\":");
	sb_json(sb, f->pattern);
}

static void add_text(struct sb *sb, const struct field *f)
{
	add_type(sb, f, "string");
	if (f->min > 0)
		sb_addf(sb, ",\"minLength\":%lld", (long long)f->min);
	if (f->max > 0)
		sb_addf(sb, ",\"maxLength\":%lld", (long long)f->max);
	if (f->one_of != NULL)
		add_choices(sb, f, f->nullable);
	add_pattern(sb, f);
}

static void add_int(struct sb *sb, const struct field *f)
{
	add_type(sb, f, "integer");
	sb_add(sb, ",\"format\":\"int64\"");
	if (f->min != 0 || f->max != 0)
		sb_addf(sb, ",\"minimum\":%lld,\"maximum\":%lld", (long long)f->min,
		        (long long)f->max);
	if (f->preset != 0)
		sb_addf(sb, ",\"default\":%lld", (long long)f->preset);
}

static void add_ref(struct sb *sb, const struct schema *of)
{
	sb_addf(sb, "\"$ref\":\"#/components/schemas/%s\"", of->name);
}

static void add_object(struct sb *sb, const struct field *f)
{
	if (!f->nullable) {
		add_ref(sb, f->of);
		return;
	}
	sb_add(sb, "\"anyOf\":[{");
	add_ref(sb, f->of);
	sb_add(sb, "},{\"type\":\"null\"}]");
}

static void add_list(struct sb *sb, const struct field *f)
{
	add_type(sb, f, "array");
	sb_add(sb, ",\"items\":{");
	if (f->of != NULL) {
		add_ref(sb, f->of);
	} else if (f->item == FIELD_INT) {
		sb_add(sb, "\"type\":\"integer\",\"format\":\"int64\"");
	} else {
		sb_add(sb, "\"type\":\"string\"");
		if (f->one_of != NULL)
			add_choices(sb, f, false);
		add_pattern(sb, f);
	}
	sb_addc(sb, '}');
	if (f->min > 0)
		sb_addf(sb, ",\"minItems\":%lld", (long long)f->min);
	if (f->max > 0)
		sb_addf(sb, ",\"maxItems\":%lld", (long long)f->max);
}

static void add_rules(struct sb *sb, const struct field *f)
{
	switch (f->type) {
	case FIELD_TEXT:
		add_text(sb, f);
		return;
	case FIELD_INT:
		add_int(sb, f);
		return;
	case FIELD_BOOL:
		add_type(sb, f, "boolean");
		if (f->preset != 0)
			sb_add(sb, ",\"default\":true");
		return;
	case FIELD_TIME:
		add_type(sb, f, "string");
		sb_add(sb, ",\"format\":\"date-time\"");
		return;
	case FIELD_JSON:
		return; /* anything */
	case FIELD_OBJ:
		add_object(sb, f);
		return;
	case FIELD_LIST:
		add_list(sb, f);
		return;
	case FIELD_UNSET:
		break;
	}
	assert(!"a field without a type");
}

void schema_print_field(struct sb *sb, const struct field *f)
{
	sb_addc(sb, '{');
	add_rules(sb, f);
	sb_addc(sb, '}');
}

static void add_field(struct sb *sb, const struct field *f)
{
	size_t from;

	sb_json(sb, f->name);
	sb_add(sb, ":{");
	from = sb->len;
	add_rules(sb, f);
	if (f->doc != NULL) {
		sb_add(sb, sb->len > from ? ",\"description\":" : "\"description\":");
		sb_json(sb, f->doc);
	}
	if (f->example != NULL)
		sb_addf(sb, "%s\"examples\":[%s]", sb->len > from ? "," : "", f->example);
	sb_addc(sb, '}');
}

void schema_print(struct sb *sb, const struct schema *s)
{
	bool any = false;

	sb_add(sb, "{\"type\":\"object\",\"title\":");
	sb_json(sb, s->name);
	sb_add(sb, ",\"properties\":{");
	for (size_t i = 0; i < s->nfields; i++) {
		if (i > 0)
			sb_addc(sb, ',');
		add_field(sb, &s->fields[i]);
	}
	sb_addc(sb, '}');
	for (size_t i = 0; i < s->nfields; i++) {
		if (!s->fields[i].required)
			continue;
		sb_add(sb, any ? "," : ",\"required\":[");
		sb_json(sb, s->fields[i].name);
		any = true;
	}
	sb_addf(sb, "%s,\"additionalProperties\":%s}", any ? "]" : "", s->open ? "true" : "false");
}
