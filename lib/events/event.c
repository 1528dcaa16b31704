/* Events: the payload made from its schema, the row from the context. */
#include "events/event.h"

#include "events/event_repo.h"

#define PAYLOAD_MAX_BYTES ((size_t)256 * 1024)

enum err event_emit(struct ctx *cx, const struct event_kind *kind, int64_t project_id,
                    const void *payload)
{
	struct sb sb = sb_new(cx->arena, PAYLOAD_MAX_BYTES);
	const char *text;

	assert(kind->version > 0);
	schema_encode(&sb, kind->payload, payload);
	TRY(sb_finish(cx, &sb, &text));
	TRY(event_repo_insert(cx, kind, project_id, text));
	if (kind->audited)
		cx->audited = kind->type;
	return ERR_OK;
}
