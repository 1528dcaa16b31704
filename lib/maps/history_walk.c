/* History: commits, newest first. */
#include "maps/history_parts.h"

#include <stdlib.h>
#include <string.h>

#define COMMIT_BYTES_MAX ((size_t)4 << 20)
#define SLOTS_FIRST      4096
#define CHECK_EVERY      1024 /* commits, between looks at the clock */

/* --- What a commit says --- */

static bool starts(struct span text, const char *with)
{
	size_t n = strlen(with);

	return text.len >= n && memcmp(text.data, with, n) == 0;
}

static struct span take_line(struct span *text)
{
	const char *nl = text->len > 0 ? memchr(text->data, '\n', text->len) : NULL;
	size_t len = nl != NULL ? (size_t)(nl - text->data) : text->len;
	struct span line = { text->data, len };

	text->data += len + (nl != NULL);
	text->len -= len + (nl != NULL);
	return line;
}

bool commit_id(const char *hex, unsigned char ret[MAP_OID_BYTES])
{
	for (size_t i = 0; i < MAP_OID_BYTES * 2; i++) {
		char c = hex[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
		            : c >= 'a' && c <= 'f' ? c - 'a' + 10
		                                   : -1;

		if (digit < 0) /* also where the text ends */
			return false;
		ret[i / 2] = (unsigned char)(i % 2 == 0 ? digit << 4 : ret[i / 2] | digit);
	}
	return true;
}

static bool header_oid(struct span line, const char *header, unsigned char ret[MAP_OID_BYTES])
{
	size_t n = strlen(header);

	return starts(line, header) && line.len == n + MAP_OID_BYTES * 2 &&
	       commit_id(line.data + n, ret);
}

/* "Name <address> 1700000000 +0100": split behind the last '>'. */
static bool split_signature(struct span line, struct span *identity, int64_t *time_s)
{
	const char *close = line.len > 0 ? memrchr(line.data, '>', line.len) : NULL;
	const char *p, *end = line.data + line.len;
	int64_t seconds = 0;

	if (close == NULL)
		return false;
	*identity = (struct span){ line.data, (size_t)(close + 1 - line.data) };
	for (p = close + 1; p < end && *p == ' ';)
		p++;
	for (; p < end && *p >= '0' && *p <= '9' && seconds < HISTORY_TIME_MAX; p++)
		seconds = seconds * 10 + (*p - '0');
	*time_s = seconds < HISTORY_TIME_MAX ? seconds : HISTORY_TIME_MAX;
	return true;
}

bool commit_parse(struct span text, struct commit_text *ret)
{
	struct span line = take_line(&text), unused;
	int64_t authored;
	unsigned char parent[MAP_OID_BYTES];

	*ret = (struct commit_text){ .parents = { text.data, 0 } };
	if (!header_oid(line, "tree ", ret->tree))
		return false;
	for (line = take_line(&text); starts(line, "parent "); line = take_line(&text)) {
		if (!header_oid(line, "parent ", parent) || ret->nparents == HISTORY_PARENTS_MAX)
			return false;
		ret->nparents++;
	}
	ret->parents.len = (size_t)(line.data - ret->parents.data);
	if (!starts(line, "author "))
		return false;
	line.data += strlen("author ");
	line.len -= strlen("author ");
	if (!split_signature(line, &ret->author, &authored))
		return false;
	line = take_line(&text);
	return starts(line, "committer ") && split_signature(line, &unused, &ret->time_s);
}

/* --- Which commits there are --- */

static void *room(struct arena *arena, void *items, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap != 0 ? *cap * 2 : 1024;

	if (n < *cap)
		return items;
	items = arena_grow(arena, items, *cap * size, more * size);
	*cap = more;
	return items;
}

static size_t slot_of(const struct history_walk *w, const unsigned char *oid)
{
	uint64_t hash;
	size_t at;

	memcpy(&hash, oid, sizeof(hash));
	for (at = hash & (w->nslots - 1); w->slots[at] != 0; at = (at + 1) & (w->nslots - 1))
		if (memcmp(w->commits[w->slots[at] - 1].oid, oid, MAP_OID_BYTES) == 0)
			break;
	return at;
}

static void widen_slots(struct history_walk *w)
{
	w->nslots = w->nslots != 0 ? w->nslots * 4 : SLOTS_FIRST;
	w->slots = arena_array(w->arena, w->nslots, sizeof(uint32_t));
	for (size_t i = 0; i < w->ncommits; i++)
		w->slots[slot_of(w, w->commits[i].oid)] = (uint32_t)i + 1;
}

static bool later(const struct history_walk *w, uint32_t a, uint32_t b)
{
	int64_t x = w->commits[a].time_s, y = w->commits[b].time_s;

	return x != y ? x > y : a < b;
}

static void heap_push(struct history_walk *w, uint32_t commit)
{
	size_t at;

	w->heap = room(w->arena, w->heap, w->nheap, &w->heap_cap, sizeof(uint32_t));
	for (at = w->nheap++; at > 0 && later(w, commit, w->heap[(at - 1) / 2]); at = (at - 1) / 2)
		w->heap[at] = w->heap[(at - 1) / 2];
	w->heap[at] = commit;
}

static uint32_t heap_pop(struct history_walk *w)
{
	uint32_t top = w->heap[0], last = w->heap[--w->nheap];
	size_t at = 0;

	for (size_t below = 1; below < w->nheap; below = 2 * at + 1) {
		if (below + 1 < w->nheap && later(w, w->heap[below + 1], w->heap[below]))
			below++;
		if (!later(w, w->heap[below], last))
			break;
		w->heap[at] = w->heap[below];
		at = below;
	}
	w->heap[at] = last;
	return top;
}

static void read_commit(struct history_walk *w, struct commit *commit)
{
	struct commit_text text;
	struct scan_blob object;
	enum skip_reason why =
		scan_object(w->scan, commit->oid, SCAN_COMMIT, COMMIT_BYTES_MAX, &object);

	commit->state = COMMIT_UNREADABLE;
	commit->author = HISTORY_NONE;
	if (why != SKIP_NONE) {
		if (why == SKIP_MISSING)
			commit->state = COMMIT_MISSING;
		return;
	}
	if (commit_parse(object.text, &text)) {
		commit->state = COMMIT_READ;
		memcpy(commit->tree, text.tree, MAP_OID_BYTES);
		commit->time_s = text.time_s;
		commit->author = authors_find(&w->authors, text.author);
		commit->first_parent = (uint32_t)w->nparent_oids;
		commit->nparents = (uint32_t)text.nparents;
		for (size_t i = 0; i < text.nparents; i++) {
			w->parent_oids = room(w->arena, w->parent_oids, w->nparent_oids,
			                      &w->parent_oids_cap, sizeof(*w->parent_oids));
			header_oid(take_line(&text.parents), "parent ",
			           w->parent_oids[w->nparent_oids++].id);
		}
	}
	scan_blob_free(&object);
}

/* @ret the commit of that id, which waits for its turn if it is new */
static uint32_t discover(struct history_walk *w, const unsigned char *oid)
{
	struct commit commit = { 0 };
	size_t slot;

	if ((w->ncommits + 1) * 2 > w->nslots)
		widen_slots(w);
	slot = slot_of(w, oid);
	if (w->slots[slot] != 0)
		return w->slots[slot] - 1;
	memcpy(commit.oid, oid, MAP_OID_BYTES);
	read_commit(w, &commit);
	w->commits = room(w->arena, w->commits, w->ncommits, &w->commits_cap, sizeof(commit));
	w->commits[w->ncommits] = commit;
	w->slots[slot] = (uint32_t)++w->ncommits;
	w->out->unreadable += commit.state == COMMIT_UNREADABLE;
	if (commit.state == COMMIT_READ)
		heap_push(w, (uint32_t)w->ncommits - 1);
	return (uint32_t)w->ncommits - 1;
}

/* --- One after the other --- */

static void note_times(struct history *out, int64_t time_s)
{
	if (out->commits + out->merges == 0 || time_s < out->first_s)
		out->first_s = time_s;
	if (out->commits + out->merges == 0 || time_s > out->last_s)
		out->last_s = time_s;
}

bool history_counts_lines(const struct history_walk *w)
{
	return w->out->line_commits < w->out->limits.line_commits;
}

static void keep_changes(struct history_walk *w, const struct commit *commit)
{
	w->visits = room(w->arena, w->visits, w->nvisits + 1, &w->visits_cap, sizeof(*w->visits));
	w->visits[w->nvisits++] = (struct visit){ .time_s = commit->time_s,
		                                  .author = commit->author,
		                                  .first = (uint32_t)w->ntouched };
	for (size_t i = 0; i < w->nchanges; i++) {
		w->touched =
			room(w->arena, w->touched, w->ntouched, &w->touched_cap, sizeof(uint32_t));
		w->touched[w->ntouched++] = w->changes[i].name;
	}
	w->visits[w->nvisits].first = (uint32_t)w->ntouched;
}

/* @at index, since discoveries move the commits */
static void take_commit(struct history_walk *w, uint32_t at)
{
	uint32_t first = w->commits[at].first_parent, n = w->commits[at].nparents, parent = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct oid oid = w->parent_oids[first + i];

		parent = discover(w, oid.id);
	}
	note_times(w->out, w->commits[at].time_s);
	if (n > 1) {
		w->out->merges++;
		return;
	}
	w->out->commits++;
	w->nchanges = 0;
	if (n == 1 && w->commits[parent].state != COMMIT_READ) {
		w->out->cut++;
	} else {
		history_changes(w, n == 1 ? &w->commits[parent] : NULL, &w->commits[at]);
		history_renames(w);
		if (history_counts_lines(w)) {
			w->out->line_commits++;
			history_lines(w);
		}
	}
	keep_changes(w, &w->commits[at]);
}

/* @ret whether to go on */
static bool within_limits(struct history_walk *w, uint32_t at, int64_t oldest_s)
{
	struct history *out = w->out;

	if (w->commits[at].time_s < oldest_s) {
		out->end = HISTORY_DAYS_LIMIT; /* and so are all that wait */
		return false;
	}
	if (out->commits + out->merges >= out->limits.max_commits)
		out->end = HISTORY_COMMITS_LIMIT;
	else if (arena_used(w->arena) > HISTORY_MEMORY_BYTES)
		out->end = HISTORY_MEMORY_LIMIT;
	else if (w->stopped || w->ncommits > (size_t)out->limits.max_commits * 2 + CHECK_EVERY)
		out->end = HISTORY_WORK_LIMIT;
	else
		return true;
	return false;
}

enum err history_walk(struct history_walk *w, const unsigned char *head)
{
	uint32_t start = discover(w, head);
	int64_t oldest_s = w->commits[start].time_s - (int64_t)w->out->limits.max_days * 86400;

	if (w->out->limits.max_days == 0)
		oldest_s = INT64_MIN;
	w->visits = room(w->arena, w->visits, 0, &w->visits_cap, sizeof(*w->visits));
	while (w->nheap > 0) {
		uint32_t at = heap_pop(w), done = w->out->commits + w->out->merges;

		if (!within_limits(w, at, oldest_s))
			break;
		if (done % CHECK_EVERY == 0 && ctx_left_ms(w->cx) == 0)
			return err_set(w->cx, ERR_TIMEOUT,
			               "the time ended after %u commits of the history", done);
		take_commit(w, at);
	}
	if (w->stopped && w->out->end == HISTORY_WHOLE) /* by the last one */
		w->out->end = HISTORY_WORK_LIMIT;
	return ERR_OK;
}
