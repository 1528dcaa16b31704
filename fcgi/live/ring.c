/* Encoded events, held by counts, in a ring bounded by number and bytes. */
#include "live/ring.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX_BYTES ((size_t)2 * 1024 * 1024) /* a payload has 256 KiB at most */

/*
 * The run that an event of that kind is about.  The payload is as the database writes JSON: a quote that is
 * part of a text has a backslash before it, so what is found is the member.
 */
static int64_t run_of(const struct event *event)
{
	static const char MEMBER[] = "\"run_id\":";
	const char *at;

	if (strncmp(event->kind, "run.", 4) != 0)
		return 0;
	at = strstr(event->payload, MEMBER);
	return at != NULL ? strtoll(at + sizeof(MEMBER) - 1, NULL, 10) : 0;
}

struct live_event *live_event_new(struct ctx *cx, int64_t tenant_id, const struct event *event)
{
	struct sb sb = sb_new(cx->arena, TEXT_MAX_BYTES);
	struct live_event *made;
	size_t kind_at, json_at;

	sb_add(&sb, "id: ");
	sb_int(&sb, event->position);
	sb_add(&sb, "\nevent: ");
	kind_at = sb.len;
	sb_add(&sb, event->kind);
	sb_add(&sb, "\ndata: ");
	json_at = sb.len;
	schema_encode(&sb, &event_schema, event);
	sb_add(&sb, "\n\n");
	if (sb.failed)
		return NULL;
	made = malloc(sizeof(*made) + sb.len);
	if (made == NULL)
		abort(); /* as an arena does */
	*made = (struct live_event){
		.held = 1,
		.position = event->position,
		.tenant_id = tenant_id,
		.project_id = event->project_id,
		.run_id = run_of(event),
		.created_us = event->created_us,
		.frame_bytes = (uint32_t)sb.len,
		.kind_at = (uint32_t)kind_at,
		.kind_bytes = (uint32_t)strlen(event->kind),
		.json_at = (uint32_t)json_at,
		.json_bytes = (uint32_t)(sb.len - 2 - json_at),
	};
	memcpy(made->text, sb.data, sb.len);
	return made;
}

struct live_event *live_event_hold(struct live_event *event)
{
	event->held++;
	return event;
}

void live_event_drop(struct live_event *event)
{
	if (event != NULL && --event->held == 0)
		free(event);
}

static bool is_listed(const char *kinds, const char *kind, size_t n)
{
	while (*kinds != '\0') {
		size_t len = strcspn(kinds, ",");

		if (len == n && memcmp(kinds, kind, n) == 0)
			return true;
		kinds += len + (kinds[len] == ',' ? 1 : 0);
	}
	return false;
}

bool live_event_fits(const struct live_event *event, const struct live_filter *filter)
{
	const char *kind = event->text + event->kind_at;
	size_t n = event->kind_bytes;

	if (event->tenant_id != filter->tenant_id)
		return false;
	if (filter->project_id != 0 && event->project_id != filter->project_id)
		return false;
	if (filter->run_id != 0 && event->run_id != filter->run_id)
		return false;
	if (filter->kinds != NULL && !is_listed(filter->kinds, kind, n))
		return false;
	return filter->hidden == NULL || !is_listed(filter->hidden, kind, n);
}

void ring_open(struct ring *ring, size_t max_events, size_t max_bytes)
{
	*ring = (struct ring){ .max = max_events, .max_bytes = max_bytes };
	ring->slots = calloc(max_events, sizeof(struct live_event *));
	if (ring->slots == NULL)
		abort();
}

static void forget_first(struct ring *ring)
{
	struct live_event *event = ring->slots[ring->first];

	ring->floor = event->position;
	ring->bytes -= event->frame_bytes;
	ring->slots[ring->first] = NULL;
	ring->first = (ring->first + 1) % ring->max;
	ring->n--;
	live_event_drop(event);
}

void ring_begin(struct ring *ring, int64_t position)
{
	while (ring->n > 0)
		forget_first(ring);
	ring->floor = ring->newest = position;
}

void ring_close(struct ring *ring)
{
	ring_begin(ring, 0);
	free(ring->slots);
	ring->slots = NULL;
}

void ring_add(struct ring *ring, struct live_event *event)
{
	assert(event->position > ring->newest);
	while (ring->n == ring->max ||
	       (ring->n > 0 && ring->bytes + event->frame_bytes > ring->max_bytes))
		forget_first(ring);
	ring->slots[(ring->first + ring->n) % ring->max] = event;
	ring->n++;
	ring->bytes += event->frame_bytes;
	ring->newest = event->position;
}

struct live_event *ring_at(const struct ring *ring, size_t place)
{
	assert(place < ring->n);
	return ring->slots[(ring->first + place) % ring->max];
}

size_t ring_after(const struct ring *ring, int64_t position)
{
	size_t low = 0, high = ring->n;

	/* Most readers have seen all, or all but the last few. */
	if (position >= ring->newest)
		return ring->n;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (ring_at(ring, middle)->position > position)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}
