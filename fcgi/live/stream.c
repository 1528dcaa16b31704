/* Cursors over the ring and over pages of what is older. */
#include "live/stream.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN_MS 250 /* after an errand that failed */

static void drop_page(struct stream *s)
{
	for (size_t i = s->page_at; i < s->page_n; i++)
		live_event_drop(s->page[i]);
	free(s->page);
	s->page = NULL;
	s->page_n = s->page_at = 0;
}

/* Who takes it from the desk frees it. */
void stream_forget_errand(struct stream *s)
{
	if (s->errand != NULL)
		s->errand->stream = NULL;
	s->errand = NULL;
}

static void drop_now(struct stream *s)
{
	live_event_drop(s->now);
	s->now = NULL;
	s->now_at = 0;
}

static void reach(struct stream *s, int64_t position)
{
	if (s->cursor < position)
		s->cursor = position;
}

/* Empty is nothing. */
static char *copy(const char *text)
{
	char *ret = NULL;

	if (text != NULL && text[0] != '\0') {
		ret = strdup(text);
		if (ret == NULL)
			abort(); /* as an arena does */
	}
	return ret;
}

static void ask_desk(struct source *source, struct stream *s)
{
	struct errand *errand;

	if (s->errand != NULL || source->now_ms < s->errand_at_ms)
		return;
	errand = errand_new(ERRAND_CATCH_UP);
	errand->stream = s;
	errand->filter = (struct live_filter){
		.tenant_id = s->filter.tenant_id,
		.project_id = s->filter.project_id,
		.run_id = s->filter.run_id,
		.kinds = copy(s->filter.kinds),
		.hidden = copy(s->filter.hidden),
	};
	errand->after = s->cursor;
	errand->until = source->ring.newest;
	s->errand = errand;
	desk_ask(source->desk, errand);
}

static struct live_event *next_in_ring(struct source *source, struct stream *s)
{
	const struct ring *ring = &source->ring;

	for (size_t i = ring_after(ring, s->cursor); i < ring->n; i++) {
		struct live_event *event = ring_at(ring, i);

		if (live_event_fits(event, &s->filter))
			return live_event_hold(event);
	}
	reach(s, ring->newest);
	return NULL;
}

struct live_event *stream_next(struct source *source, struct stream *s)
{
	if (s->now != NULL || !source->ready)
		return s->now;
	if (s->page != NULL && s->page_at < s->page_n) {
		s->now = s->page[s->page_at++];
		return s->now;
	}
	if (s->page != NULL) {
		reach(s, s->page_reached);
		drop_page(s);
	}
	if (s->cursor < source->ring.floor)
		ask_desk(source, s);
	else
		s->now = next_in_ring(source, s);
	return s->now;
}

void stream_sent(struct stream *s)
{
	reach(s, s->now->position);
	drop_now(s);
	if (!s->jumps)
		return;
	s->jumps = false;
	stream_jump(s, s->jump_to);
}

void stream_jump(struct stream *s, int64_t position)
{
	if (s->now_at > 0) {
		s->jumps = true;
		s->jump_to = position;
		return;
	}
	drop_now(s);
	drop_page(s);
	stream_forget_errand(s);
	s->cursor = position;
}

void stream_set_kinds(struct stream *s, const char *kinds)
{
	free(s->filter.kinds);
	s->filter.kinds = copy(kinds);
	/* What lies ready was chosen by the kinds before. */
	if (!s->jumps)
		stream_jump(s, s->now_at > 0 ? s->now->position : s->cursor);
}

void stream_set_hidden(struct stream *s, const char *kinds)
{
	free(s->filter.hidden);
	s->filter.hidden = copy(kinds);
}

void stream_take_page(struct source *source, struct stream *s, struct errand *errand)
{
	s->errand = NULL;
	if (errand->outcome == ERR_OK) {
		s->page = errand->events;
		s->page_n = errand->n;
		s->page_at = 0;
		s->page_reached = errand->reached;
		errand->events = NULL;
		errand->n = 0;
	} else {
		s->errand_at_ms = source->now_ms + AGAIN_MS;
	}
	errand_free(errand);
}

void stream_note(struct stream *s, const char *text, size_t n)
{
	free(s->note);
	s->note = malloc(n);
	if (s->note == NULL)
		abort();
	memcpy(s->note, text, n);
	s->note_bytes = n;
	s->note_at = 0;
}

void stream_clear(struct stream *s)
{
	drop_now(s);
	drop_page(s);
	stream_forget_errand(s);
	free(s->filter.kinds);
	free(s->filter.hidden);
	free(s->note);
	free(s->in);
	live_event_drop(s->last);
	s->last = NULL;
	s->filter.kinds = s->filter.hidden = s->note = s->in = NULL;
}
