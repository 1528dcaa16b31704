/* Followers: their turn at the sequencer, and their membership. */
#include "events/follow.h"

#include "base/secret.h"
#include "events/follow_repo.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SEQUENCE_ROWS 1000 /* a turn at the sequencer; its lock holds others up */
#define TURNS         10   /* others that are waited for; the bell brings us back anyway */

/*
 * While another is at it, it may be moving just what we were rung for, and nobody rings again: so wait
 * until it is done.  @ret_left whether it may have left something
 */
static enum err sequence(struct ctx *cx, bool *ret_left)
{
	int64_t moved;

	TRY(follow_repo_sequence(cx, SEQUENCE_ROWS, &moved));
	*ret_left = moved < 0;
	return moved < 0 ? follow_repo_wait(cx) : ERR_OK;
}

/* What it has left is looked for when there is nothing to tell. */
enum err event_follow(struct ctx *cx, int64_t after, int64_t limit, struct list *ret)
{
	bool left = true;

	assert(limit > 0);
	*ret = (struct list){ 0 };
	for (int turn = 0; turn < TURNS && left && ret->n == 0; turn++) {
		TRY(sequence(cx, &left));
		TRY(follow_repo_list(cx, after, limit, ret));
	}
	return ERR_OK;
}

enum err event_newest(struct ctx *cx, int64_t *ret)
{
	bool left = true;

	for (int turn = 0; turn < TURNS && left; turn++)
		TRY(sequence(cx, &left));
	return follow_repo_newest(cx, ret);
}

/* --- Readers --- */

static enum err listen(struct ctx *cx, const struct event_reader *reader)
{
	char channel[EVENT_READER_ID_MAX + 8] = "event_";
	size_t n = strlen(channel);

	for (const char *p = reader->id; *p != '\0'; p++) {
		if (*p != '-')
			channel[n++] = *p;
	}
	channel[n] = '\0';
	return db_listen(cx, channel);
}

enum err event_reader_join(struct ctx *cx, struct event_reader *reader, const char *host)
{
	*reader = (struct event_reader){ 0 };
	secret_uuid7(cx->app->clock->wall_us(cx->app->clock), reader->id);
	snprintf(reader->host, sizeof(reader->host), "%s", host);
	TRY(follow_repo_beat(cx, reader, getpid()));
	return listen(cx, reader);
}

enum err event_reader_beat(struct ctx *cx, const struct event_reader *reader)
{
	return follow_repo_beat(cx, reader, getpid());
}

enum err event_reader_sleep(struct ctx *cx, const struct event_reader *reader, bool asleep)
{
	return follow_repo_sleep(cx, reader, asleep);
}

enum err event_is_followed(struct ctx *cx, const char *component, bool *ret)
{
	int64_t n;

	TRY(follow_repo_count(cx, component, &n));
	*ret = n > 0;
	return ERR_OK;
}

enum err event_reader_leave(struct ctx *cx, const struct event_reader *reader)
{
	return follow_repo_leave(cx, reader);
}
