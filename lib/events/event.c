/* Events: the payload made from its schema, the row from the context. */
#include "events/event.h"

#include "events/bell.h"
#include "events/event_repo.h"

#include <string.h>

#define PAYLOAD_MAX_BYTES ((size_t)256 * 1024)
#define SEQUENCE_ROWS     1000 /* in one transaction */
#define SEQUENCE_TURNS    20

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

void event_take_request(struct ctx *cx, const struct event *event)
{
	if (event->request_id != NULL && strlen(event->request_id) <= REQUEST_ID_MAX)
		memcpy(cx->request_id, event->request_id, strlen(event->request_id) + 1);
}

/* --- Reading --- */

/* So many that a caller's own events are among them, were the outbox ever that full. */
static enum err sequence(struct ctx *cx)
{
	int64_t moved = SEQUENCE_ROWS;

	for (int turn = 0; turn < SEQUENCE_TURNS && moved >= SEQUENCE_ROWS; turn++)
		TRY(event_repo_sequence(cx, SEQUENCE_ROWS, &moved));
	return ERR_OK;
}

static bool page_is_large(const struct event *events, size_t n)
{
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += strlen(events[i].payload);
	return bytes >= EVENT_PAGE_BYTES;
}

static bool is_filtered(const struct event_filter *f)
{
	return f->kinds.n > 0 || f->hidden.n > 0 || f->project_id > 0 || f->actor != NULL ||
	       f->request_id != NULL;
}

static enum err list_back(struct ctx *cx, const struct event_filter *filter, struct event_page *ret)
{
	struct event_filter f = *filter;
	struct event_reach reach;
	const struct event *events;
	struct list items;

	if (f.before == 0) {
		TRY(event_repo_head(cx, &f.before));
		f.before++;
	}
	TRY(event_repo_reach_back(cx, f.before, is_filtered(&f) ? EVENT_SCAN : f.limit, &reach));
	if (reach.upto <= f.after) /* the rest is not wanted */
		reach = (struct event_reach){ f.after + 1, false };
	TRY(event_repo_list_back(cx, &f, reach.upto, &items));
	events = items.items;
	*ret = (struct event_page){ .items = items,
		                    .next_after = f.before - 1,
		                    .next_before = reach.full ? reach.upto : 0,
		                    .more = reach.full };
	if (items.n == 0 || events[items.n - 1].position == reach.upto)
		return ERR_OK;
	if (items.n == (size_t)f.limit || page_is_large(events, items.n)) {
		ret->next_before = events[items.n - 1].position;
		ret->more = true;
	}
	return ERR_OK;
}

enum err event_list(struct ctx *cx, const struct event_filter *filter, struct event_page *ret)
{
	struct event_reach reach;
	struct list items;
	const struct event *events;

	assert(filter->limit >= 1 && filter->limit <= EVENT_PAGE_MAX);
	TRY(sequence(cx));
	if (filter->newest_first)
		return list_back(cx, filter, ret);
	TRY(event_repo_reach(cx, filter->after, is_filtered(filter) ? EVENT_SCAN : filter->limit,
	                     &reach));
	if (filter->before > 0 && reach.upto >= filter->before)
		reach = (struct event_reach){ filter->before - 1, false };
	TRY(event_repo_list(cx, filter, reach.upto, &items));
	events = items.items;
	*ret = (struct event_page){ .items = items, .next_after = reach.upto, .more = reach.full };
	if (items.n == 0 || events[items.n - 1].position == reach.upto)
		return ERR_OK;
	/* Did the page end for want of room, or of events? */
	if (items.n == (size_t)filter->limit || page_is_large(events, items.n)) {
		ret->next_after = events[items.n - 1].position;
		ret->more = true;
	}
	return ERR_OK;
}

enum err event_position_at(struct ctx *cx, int64_t time_us, int64_t *ret)
{
	TRY(sequence(cx));
	return event_repo_position_at(cx, time_us, ret);
}

enum err event_head(struct ctx *cx, int64_t *ret)
{
	TRY(sequence(cx));
	return event_repo_head(cx, ret);
}
