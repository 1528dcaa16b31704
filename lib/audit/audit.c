/* Rows of the audit log: what goes into one, and the lists. */
#include "audit/audit.h"

#include "audit/audit_repo.h"

#include "base/log.h"
#include "base/utf8.h"

#include <string.h>

#define ACTOR_MAX  254 /* bytes; an e-mail address */
#define TARGET_MAX 200
#define REMOTE_MAX 64
#define DEPTH_MAX  4 /* of a detail */

static const char *const OUTCOMES[] = { "done", "refused", NULL };

static const struct field FIELDS[] = {
	F_INT(struct audit, position, .example = "4711", .doc = "Number of the row"),
	F_TIME(struct audit, at_us, .name = "at", .doc = "When it happened"),
	F_TEXT(struct audit, actor, .example = "\"key:3\"",
	       .doc = "Who did it; of what was refused, who was claimed"),
	F_INT(struct audit, user_id, .zero_is_null = true, .doc = "The person, when it was one"),
	F_INT(struct audit, key_id, .zero_is_null = true, .doc = "The API key, when it was one"),
	F_TEXT(struct audit, action, .example = "\"project.created\"", .doc = "What was done"),
	F_TEXT(struct audit, target, .nullable = true, .example = "\"project:17\"",
	       .doc = "What it was done to"),
	F_TEXT(struct audit, outcome, .one_of = OUTCOMES, .doc = "done or refused"),
	F_TEXT(struct audit, remote, .nullable = true,
	       .doc = "Address from where it was asked; null: by a program of the installation"),
	F_TEXT(struct audit, request_id, .nullable = true, .doc = "The request that did it"),
	F_JSON(struct audit, detail, .doc = "What it was about, secrets taken out"),
	F_INT(struct audit, tenant_id, .doc = "The tenant whose chain it is in"),
	F_INT(struct audit, seal_seq, .zero_is_null = true,
	      .doc = "Place in the tenant's hash chain; null: not sealed yet"),
	F_TEXT(struct audit, seal_hash, .nullable = true,
	       .doc = "SHA-256 over the chain up to this row, in hex"),
};
const struct schema audit_schema = SCHEMA(struct audit, "AuditEntry", FIELDS);

/* --- What goes in --- */

/* Redacted, and at most max bytes of it, without half a character. */
static const char *clip(struct ctx *cx, const char *text, size_t max)
{
	if (text == NULL)
		return NULL;
	text = log_redact(cx, text);
	if (strlen(text) <= max)
		return text;
	return arena_strndup(cx->arena, text, utf8_valid(text, max));
}

static void *soften(struct ctx *cx, const struct schema *s, const void *obj, int depth);

static void soften_list(struct ctx *cx, const struct field *f, struct list *list, int depth)
{
	if (list->n == 0)
		return;
	if (f->of != NULL) {
		const char *items = list->items;
		char *copy = arena_array(cx->arena, list->n, f->of->size);

		for (size_t i = 0; i < list->n; i++)
			memcpy(copy + i * f->of->size,
			       soften(cx, f->of, items + i * f->of->size, depth + 1), f->of->size);
		list->items = copy;
	} else if (f->item == FIELD_TEXT) {
		const char *const *items = list->items;
		const char **copy = arena_array(cx->arena, list->n, sizeof(*copy));

		for (size_t i = 0; i < list->n; i++)
			copy[i] = clip(cx, items[i], AUDIT_TEXT_MAX);
		list->items = copy;
	}
}

/* A copy whose texts are redacted and cut; free-form JSON, which nobody has looked at, is left out. */
static void *soften(struct ctx *cx, const struct schema *s, const void *obj, int depth)
{
	char *copy = arena_memdup(cx->arena, obj, s->size);

	assert(depth < DEPTH_MAX);
	for (size_t i = 0; i < s->nfields; i++) {
		const struct field *f = &s->fields[i];
		void *member = copy + f->offset;
		const void *nested;

		switch (f->type) {
		case FIELD_TEXT:
			*(const char **)member = clip(cx, *(const char **)member, AUDIT_TEXT_MAX);
			break;
		case FIELD_JSON:
			*(const char **)member = NULL;
			break;
		case FIELD_OBJ:
			memcpy(&nested, member, sizeof(nested));
			if (nested != NULL)
				nested = soften(cx, f->of, nested, depth + 1);
			memcpy(member, &nested, sizeof(nested));
			break;
		case FIELD_LIST:
			soften_list(cx, f, member, depth);
			break;
		default:
			break;
		}
	}
	return copy;
}

static const char *detail_of(struct ctx *cx, const struct schema *s, const void *obj)
{
	struct sb sb = sb_new(cx->arena, AUDIT_DETAIL_MAX);

	if (s == NULL)
		return "{}";
	schema_encode(&sb, s, soften(cx, s, obj, 0));
	return sb.failed ? "{\"omitted\":true}" : sb.data;
}

void audit_texts_of(struct ctx *cx, const struct audit_act *act, struct audit_texts *ret)
{
	const char *actor = cx->who.actor != NULL ? cx->who.actor : cx->app->component;

	*ret = (struct audit_texts){
		.actor = clip(cx, actor[0] != '\0' ? actor : "unknown", ACTOR_MAX),
		.target = clip(cx, act->target, TARGET_MAX),
		.remote = clip(cx, cx->remote, REMOTE_MAX),
		.detail = detail_of(cx, act->schema, act->detail),
	};
}

enum err audit_note(struct ctx *cx, const struct audit_act *act)
{
	struct audit_texts texts;

	assert((act->schema == NULL) == (act->detail == NULL));
	audit_texts_of(cx, act, &texts);
	TRY(audit_repo_insert(cx, act, &texts));
	cx->audited = act->action;
	return ERR_OK;
}

/* --- What comes out --- */

enum err audit_list(struct ctx *cx, const struct audit_filter *filter, struct list *ret)
{
	assert(filter->limit >= 1 && filter->limit <= AUDIT_PAGE_MAX + 1);
	return audit_repo_list(cx, filter, false, ret);
}

enum err audit_list_up(struct ctx *cx, const struct audit_filter *filter, struct list *ret)
{
	assert(filter->limit >= 1 && filter->limit <= AUDIT_PAGE_MAX + 1);
	return audit_repo_list(cx, filter, true, ret);
}

void audit_line(struct sb *sb, const struct audit *row)
{
	schema_encode(sb, &audit_schema, row);
	sb_addc(sb, '\n');
}
