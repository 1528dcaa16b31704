/* Events: the payload made from its schema, the row from the context. */
#include "events/event.h"

#include "events/bell.h"
#include "events/event_repo.h"

#include <string.h>

#define PAYLOAD_MAX_BYTES ((size_t)256 * 1024)

static int64_t id_in(const struct schema *s, const char *name, const void *payload)
{
	const struct field *f = schema_field(s, name);
	int64_t id = 0;

	if (f != NULL && f->type == FIELD_INT)
		memcpy(&id, (const char *)payload + f->offset, sizeof(id));
	return id;
}

/*
 * What the audit log says it was done to: "project:17".  The noun is the type's, the number that of
 * the payload's <noun>_id or id.
 */
static const char *target_of(struct ctx *cx, const struct event_kind *kind, const void *payload)
{
	size_t n = strcspn(kind->type, ".");
	const char *noun = arena_strndup(cx->arena, kind->type, n);
	int64_t id = id_in(kind->payload, arena_printf(cx->arena, "%s_id", noun), payload);

	if (id == 0)
		id = id_in(kind->payload, "id", payload);
	return id == 0 ? NULL : arena_printf(cx->arena, "%s:%lld", noun, (long long)id);
}

static enum err emit_audited(struct ctx *cx, const struct event_kind *kind, int64_t project_id,
                             const void *payload, const char *text)
{
	const struct audit_act act = {
		.action = kind->type,
		.target = target_of(cx, kind, payload),
		.schema = kind->payload,
		.detail = payload,
	};
	struct audit_texts texts;

	audit_texts_of(cx, &act, &texts);
	return event_repo_insert_audited(cx, kind, project_id, text, &texts);
}

enum err event_emit(struct ctx *cx, const struct event_kind *kind, int64_t project_id,
                    const void *payload)
{
	struct sb sb = sb_new(cx->arena, PAYLOAD_MAX_BYTES);
	const char *text;

	assert(kind->version > 0);
	schema_encode(&sb, kind->payload, payload);
	TRY(sb_finish(cx, &sb, &text));
	cx->bells |= BELL_EVENTS;
	if (!kind->audited)
		return event_repo_insert(cx, kind, project_id, text);
	TRY(emit_audited(cx, kind, project_id, payload, text));
	cx->audited = kind->type;
	return ERR_OK;
}
