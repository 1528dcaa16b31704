/* Messages of clients, and the answers. */
#include "live/message.h"

#include <string.h>

static const struct field FIELDS[] = {
	F_INT(struct live_message, after, .min = 0, .max = INT64_MAX,
	      .doc = "Go on after this position"),
	F_LIST(struct live_message, types, .item = FIELD_TEXT, .max = EVENT_PATTERNS_MAX,
	       .doc = "Kinds of events to be told of; none: all"),
	F_JSON(struct live_message, ping, .nullable = true, .doc = "Comes back as pong"),
};
const struct schema live_message_schema = SCHEMA_PATCH(struct live_message, "LiveMessage", FIELDS);

enum err message_read(struct ctx *cx, struct span text, struct live_message *ret)
{
	if (text.len > LIVE_MESSAGE_MAX)
		return err_set(cx, ERR_TOO_LARGE, "A message may have up to %zu bytes.",
		               LIVE_MESSAGE_MAX);
	TRY(schema_decode(cx, &live_message_schema, text, ret));
	if (ret->given == 0)
		return err_set(cx, ERR_INVALID, "A message has after, types or ping.");
	return ERR_OK;
}

void message_error(struct sb *sb, const struct ctx *cx, const char *correlation_id)
{
	const struct fault *fault = &cx->fault;
	const char *field = fault->nfields > 0 ? fault->fields[0].pointer : "";

	sb_add(sb, "{\"error\":");
	sb_json(sb, fault->nfields > 0      ? fault->fields[0].detail
	            : fault->detail != NULL ? fault->detail
	                                    : err_info(fault->code)->title);
	if (field[0] != '\0') {
		sb_add(sb, ",\"field\":");
		sb_jsonn(sb, field, strnlen(field, 100));
	}
	sb_add(sb, ",\"correlation_id\":");
	sb_json(sb, correlation_id);
	sb_addc(sb, '}');
}

/* The state without its closing brace. */
static void add_state(struct sb *sb, const char *kinds, int64_t after)
{
	sb_add(sb, "{\"after\":");
	sb_int(sb, after);
	sb_add(sb, ",\"types\":[");
	while (*kinds != '\0') {
		size_t n = strcspn(kinds, ",");

		sb_jsonn(sb, kinds, n);
		kinds += n;
		if (*kinds == ',')
			sb_addc(sb, *kinds++);
	}
	sb_addc(sb, ']');
}

void message_state(struct sb *sb, const char *kinds, int64_t after)
{
	add_state(sb, kinds, after);
	sb_addc(sb, '}');
}

void message_answer(struct sb *sb, const struct live_message *message, const char *kinds,
                    int64_t after)
{
	bool moved = schema_given(&live_message_schema, message, "after") ||
	             schema_given(&live_message_schema, message, "types");

	if (moved)
		add_state(sb, kinds, after);
	if (schema_given(&live_message_schema, message, "ping")) {
		sb_add(sb, moved ? ",\"pong\":" : "{\"pong\":");
		sb_add(sb, message->ping == NULL ? "null" : message->ping);
	}
	sb_addc(sb, '}');
}
