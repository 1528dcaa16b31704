/* Events: the payload made from its schema, the row from the context. */
#include "events/event.h"

#include "events/bell.h"
#include "events/event_repo.h"

#include <string.h>

#define PAYLOAD_MAX_BYTES ((size_t)256 * 1024)

static const struct field EVENT_FIELDS[] = {
	F_INT(struct event, position,
	      .doc = "Place in the log: give it as `after` to go on from here"),
	F_TEXT(struct event, kind, .doc = "What happened, as listEventKinds tells"),
	F_INT(struct event, version, .doc = "Version of the payload's schema"),
	F_INT(struct event, project_id, .zero_is_null = true, .nullable = true,
	      .doc = "The project that it is about"),
	F_JSON(struct event, payload, .doc = "What is told, as the kind's schema has it"),
	F_TEXT(struct event, actor, .doc = "Who did it"),
	F_TEXT(struct event, request_id, .nullable = true,
	       .doc = "Id of the request or job in which it happened"),
	F_TIME(struct event, created_us, .name = "created_at", .doc = "When it happened"),
};
const struct schema event_schema = SCHEMA(struct event, "Event", EVENT_FIELDS);

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
