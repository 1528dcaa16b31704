/* History: commits, newest first. */
#include "maps/history_parts.h"

#include <stdlib.h>
#include <string.h>

#define COMMIT_BYTES_MAX ((size_t)4 << 20)
#define SLOTS_FIRST      4096
#define CHECK_EVERY      1024 /* commits, between looks at the clock */

/* In memory, about: of a commit with its places in lists, and of an author beside the name's length. */
#define COMMIT_COST (sizeof(struct commit) + sizeof(struct visit) + 4 * sizeof(uint32_t))
#define AUTHOR_COST 256

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

static void add_parent(struct history_walk *w, const unsigned char *oid)
{
	w->parent_oids = room(w->arena, w->parent_oids, w->nparent_oids, &w->parent_oids_cap,
	                      sizeof(*w->parent_oids));
	memcpy(w->parent_oids[w->nparent_oids++].id, oid, MAP_OID_BYTES);
}

/* Up to a NUL, at most so long: what is kept of it is a text. */
static uint32_t identity_text(struct history_walk *w, struct span identity)
{
	size_t max = identity.len < HISTORY_IDENTITY_BYTES ? identity.len : HISTORY_IDENTITY_BYTES;

	return history_kept_text(w->kept,
	                         (struct span){ identity.data, strnlen(identity.data, max) });
}

static void read_commit(struct history_walk *w, struct commit *commit)
{
	struct commit_text text;
	struct scan_blob object;
	enum skip_reason why =
		scan_object(w->scan, commit->oid, SCAN_COMMIT, COMMIT_BYTES_MAX, &object);

	commit->state = why == SKIP_MISSING ? COMMIT_MISSING : COMMIT_UNREADABLE;
	if (why != SKIP_NONE)
		return;
	if (commit_parse(object.text, &text)) {
		commit->state = COMMIT_READ;
		commit->has_tree = true;
		memcpy(commit->tree, text.tree, MAP_OID_BYTES);
		commit->time_s = text.time_s;
		commit->identity = identity_text(w, text.author);
		commit->nparents = (uint32_t)text.nparents;
		for (size_t i = 0; i < text.nparents; i++) {
			unsigned char parent[MAP_OID_BYTES];

			header_oid(take_line(&text.parents), "parent ", parent);
			add_parent(w, parent);
		}
	}
	scan_blob_free(&object);
}

static uint32_t author_of(struct history_walk *w, uint32_t identity)
{
	const struct kept_texts *texts = history_kept_texts(w->kept);
	struct kept_use *use = &texts->uses[identity];
	struct span text = { texts->items[identity], strlen(texts->items[identity]) };
	size_t before = w->authors.raw.used;

	if (use->author == HISTORY_NONE)
		use->author = authors_find(&w->authors, text);
	if (w->authors.raw.used > before)
		w->memory += AUTHOR_COST + text.len;
	return use->author;
}

/* What it is: as it was kept, or from the object. */
static void look_at(struct history_walk *w, struct commit *commit)
{
	struct span parents;

	commit->author = HISTORY_NONE;
	commit->first_parent = (uint32_t)w->nparent_oids;
	if (history_kept_find(w->kept, commit->oid, commit, &parents))
		for (; parents.len > 0; parents.len -= MAP_OID_BYTES) {
			add_parent(w, (const unsigned char *)parents.data);
			parents.data += MAP_OID_BYTES;
		}
	else
		read_commit(w, commit);
	if (commit->state == COMMIT_READ)
		commit->author = author_of(w, commit->identity);
	w->memory += COMMIT_COST + commit->nparents * sizeof(struct oid);
}

/* @ret whether the tree of a commit is known */
static bool find_tree(struct history_walk *w, uint32_t at)
{
	struct commit *commit = &w->commits[at];
	struct commit_text text;
	struct scan_blob object;

	if (commit->has_tree ||
	    scan_object(w->scan, commit->oid, SCAN_COMMIT, COMMIT_BYTES_MAX, &object) != SKIP_NONE)
		return commit->has_tree;
	commit->has_tree = commit_parse(object.text, &text);
	if (commit->has_tree)
		memcpy(commit->tree, text.tree, MAP_OID_BYTES);
	scan_blob_free(&object);
	return commit->has_tree;
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
	look_at(w, &commit);
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

static void keep_changes(struct history_walk *w, const struct commit *commit)
{
	w->visits = room(w->arena, w->visits, w->nvisits + 1, &w->visits_cap, sizeof(*w->visits));
	w->visits[w->nvisits++] = (struct visit){ .time_s = commit->time_s,
		                                  .author = commit->author,
		                                  .first = (uint32_t)w->ntouched };
	for (size_t i = 0; i < w->deed.nchanges; i++) {
		w->touched =
			room(w->arena, w->touched, w->ntouched, &w->touched_cap, sizeof(uint32_t));
		w->touched[w->ntouched++] = history_name(w, w->deed.changes[i].path);
	}
	w->memory += w->deed.nchanges * 2 * sizeof(uint32_t);
	w->visits[w->nvisits].first = (uint32_t)w->ntouched;
}

/* From the trees.  @parent HISTORY_NONE: it has none */
static void compare(struct history_walk *w, uint32_t at, uint32_t parent)
{
	bool known = find_tree(w, at);

	known = (parent == HISTORY_NONE || find_tree(w, parent)) && known;
	if (known) {
		history_changes(w, parent != HISTORY_NONE ? w->commits[parent].tree : NULL,
		                w->commits[at].tree);
		return;
	}
	w->deed = (struct deed){ 0 };
	w->compared = true;
	w->whole = w->lasting = false;
}

/* What the commit did, as far as it is asked: changes always, similar content and lines where they count. */
static void find_deed(struct history_walk *w, uint32_t at, uint32_t parent, bool *similar,
                      bool *lines)
{
	const struct deed *deed = &w->deed;
	bool counts = w->out->line_commits < w->out->limits.line_commits, starved = false;
	uint32_t lacking;

	w->compared = false;
	w->whole = w->lasting = true;
	if (w->commits[at].deed.data == NULL ||
	    !history_kept_deed(w->kept, w->commits[at].deed, w->scratch, &w->deed))
		compare(w, at, parent);
	if ((deed->flags & DEED_LONE) != 0 && (counts || history_is_lost(w))) {
		starved = w->similar_bytes >= HISTORY_SIMILAR_TOTAL;
		*similar = (deed->flags & DEED_MANY) == 0 && !starved;
		w->out->renames_skipped += !*similar;
	}
	*lines = counts && !starved && w->lines_bytes < HISTORY_LINES_TOTAL;
	lacking = (*similar ? DEED_SIMILAR : 0) | (*lines ? DEED_LINES : 0);
	if ((lacking & ~deed->flags) != 0 && !w->compared)
		compare(w, at, parent);
	lacking &= ~deed->flags;
	if ((lacking & DEED_SIMILAR) != 0)
		history_pair_similar(w);
	if ((lacking & DEED_LINES) != 0)
		history_lines(w);
}

static void take_lines(struct history_walk *w, bool lines)
{
	struct history *out = w->out;
	const struct deed *deed = &w->deed;

	if (out->line_commits >= out->limits.line_commits)
		return;
	out->line_commits++;
	out->lines_skipped += lines ? deed->lines_skipped : (uint32_t)deed->nchanges;
	w->lines_bytes += lines ? deed->lines_bytes : 0;
	for (size_t i = 0; i < deed->nchanges && lines; i++) {
		const struct change *c = &deed->changes[i];
		uint32_t name;

		if (c->added == 0 && c->removed == 0)
			continue;
		name = history_name(w, c->path);
		w->names[name].added += c->added;
		w->names[name].removed += c->removed;
	}
}

/* @parent HISTORY_NONE: it has none */
static void take_deed(struct history_walk *w, uint32_t at, uint32_t parent)
{
	const struct commit *commit = &w->commits[at];
	bool similar = false, lines = false;

	find_deed(w, at, parent, &similar, &lines);
	w->out->damaged += !w->whole && !w->stopped;
	w->tree_bytes += w->deed.tree_bytes;
	if (similar) {
		w->similar_bytes += w->deed.similar_bytes;
		w->out->renames_skipped += (w->deed.flags & DEED_PARTLY) != 0;
	}
	history_renames(w, similar);
	take_lines(w, lines);
	keep_changes(w, commit);
	if (w->compared && w->whole && w->lasting && !w->stopped)
		history_kept_add(w->kept, commit, w->parent_oids + commit->first_parent, &w->deed);
	arena_reset(w->scratch);
}

/* @at index, since discoveries move the commits */
static void take_commit(struct history_walk *w, uint32_t at)
{
	uint32_t first = w->commits[at].first_parent, n = w->commits[at].nparents;
	uint32_t parent = HISTORY_NONE;

	for (uint32_t i = 0; i < n; i++) {
		struct oid oid = w->parent_oids[first + i];

		parent = discover(w, oid.id);
	}
	note_times(w->out, w->commits[at].time_s);
	if (n > 1) {
		w->out->merges++;
		if (w->commits[at].deed.data == NULL)
			history_kept_add(w->kept, &w->commits[at], w->parent_oids + first, NULL);
		return;
	}
	w->out->commits++;
	if (n == 1 && w->commits[parent].state != COMMIT_READ) {
		w->out->cut++;
		w->deed = (struct deed){ 0 };
		keep_changes(w, &w->commits[at]);
		return;
	}
	take_deed(w, at, parent);
}

static bool has_enough(const struct history_walk *w)
{
	return w->tree_bytes > HISTORY_TREE_BYTES_MAX ||
	       w->nnames >= w->in->tree->nfiles + HISTORY_NAMES_MAX ||
	       w->ntouched >= HISTORY_CHANGES_MAX;
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
	else if (w->memory > HISTORY_MEMORY_BYTES)
		out->end = HISTORY_MEMORY_LIMIT;
	else if (w->stopped || has_enough(w) ||
	         w->ncommits > (size_t)out->limits.max_commits * 2 + CHECK_EVERY)
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
	if ((w->stopped || has_enough(w)) && w->out->end == HISTORY_WHOLE) /* by the last one */
		w->out->end = HISTORY_WORK_LIMIT;
	return ERR_OK;
}
