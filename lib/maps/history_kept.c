/*
 * Kept history: the file, and the index of its records.
 *
 *     record:  its bytes (number), 20 bytes of commit id, parents (number), 20 bytes of each, time,
 *              identity (text), and for a commit that counts what history_deed_table lists
 */
#include "maps/history_parts.h"

#include "maps/checksum.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_MAX  ((size_t)32 << 20) /* bytes of one record */
#define PENDING_MAX (RECORD_MAX + HISTORY_SEGMENT_BYTES)
#define ARENA_MAX   (SIZE_MAX / 2) /* the sandbox is the limit */
#define INDEX_LEAST 1024
#define LAYOUT      1 /* of a record before its deed */

struct record {
	const unsigned char *oid;
	struct span body; /* behind the id */
};

struct history_kept {
	struct arena *self;  /* of this */
	struct arena *arena; /* of texts and index */
	struct segment_file file;
	struct kept_texts texts;
	struct strmap numbers; /* text -> number, of the first texts */
	size_t numbered;
	struct record *records;
	size_t nrecords, records_cap;
	uint32_t *slots; /* record + 1; open addressing, at most half full */
	size_t nslots;
	uint64_t used_bytes; /* of records that this walk asked for */

	/* What is kept and not written: */
	struct arena *pending_arena, *scratch;
	struct sb pending;
	size_t texts_written;
	uint64_t text_bytes;
	bool full; /* no more fits into the file */
};

/* Whatever says what a record means; another print, another history. */
static uint64_t print_of(const char *analyser)
{
	static const uint64_t WHAT[] = {
		LAYOUT,
		HISTORY_CHANGES_COMMIT,
		HISTORY_TREE_BYTES_COMMIT,
		HISTORY_PATH_BYTES_COMMIT,
		HISTORY_IDENTITY_BYTES,
		HISTORY_SIMILAR_FILES,
		HISTORY_SIMILAR_BYTES,
		HISTORY_LINES_BYTES,
		HISTORY_LINES_TOTAL,
		MAP_PATH_MAX,
	};

	return code_print(&history_deed_table,
	                  checksum(analyser, strlen(analyser), checksum(WHAT, sizeof(WHAT), 0)));
}

struct history_kept *history_kept_open(const char *path, uint64_t max_bytes, const char *analyser)
{
	struct arena *self = arena_new(sizeof(struct history_kept) * 2);
	struct history_kept *kept = arena_alloc(self, sizeof(*kept));

	kept->self = self;
	kept->arena = arena_new(ARENA_MAX);
	kept->numbers = strmap_new(kept->arena, INDEX_LEAST);
	kept->pending_arena = arena_new(ARENA_MAX);
	kept->pending = sb_new(kept->pending_arena, PENDING_MAX);
	kept->scratch = arena_new(ARENA_MAX);
	segment_file_open(&kept->file, path, max_bytes, print_of(analyser));
	return kept;
}

void history_kept_close(struct history_kept *kept)
{
	if (kept == NULL)
		return;
	segment_file_close(&kept->file);
	arena_free(kept->scratch);
	arena_free(kept->pending_arena);
	arena_free(kept->arena);
	arena_free(kept->self);
}

void history_kept_close_ptr(struct history_kept **kept)
{
	history_kept_close(*kept);
}

/* --- Texts --- */

static void add_text(struct history_kept *kept, const char *text)
{
	struct kept_texts *t = &kept->texts;

	if (t->n == t->cap) {
		size_t cap = t->cap != 0 ? t->cap * 2 : INDEX_LEAST;

		t->items = arena_grow(kept->arena, t->items, t->cap * sizeof(*t->items),
		                      cap * sizeof(*t->items));
		t->uses = arena_grow(kept->arena, t->uses, t->cap * sizeof(*t->uses),
		                     cap * sizeof(*t->uses));
		t->cap = cap;
	}
	t->uses[t->n] = (struct kept_use){ HISTORY_NONE, HISTORY_NONE };
	t->items[t->n++] = text;
}

/* Those of the file are looked up only when something new is found. */
static void number_texts(struct history_kept *kept)
{
	if (kept->numbered == 0 && kept->texts.n > 0)
		kept->numbers = strmap_new(kept->arena, kept->texts.n * 2);
	for (; kept->numbered < kept->texts.n; kept->numbered++) {
		const char *text = kept->texts.items[kept->numbered];

		strmap_set(&kept->numbers, text, strlen(text), (uint32_t)kept->numbered);
	}
}

uint32_t history_kept_text(struct history_kept *kept, struct span text)
{
	uint32_t number;

	number_texts(kept);
	number = strmap_get(&kept->numbers, text.data, text.len);
	if (number != STRMAP_NONE)
		return number;
	add_text(kept, arena_strndup(kept->arena, text.data, text.len));
	kept->text_bytes += text.len + 1;
	number_texts(kept);
	return (uint32_t)kept->texts.n - 1;
}

struct kept_texts *history_kept_texts(struct history_kept *kept)
{
	return &kept->texts;
}

/* --- The index --- */

static size_t slot_of(const struct history_kept *kept, const unsigned char *oid)
{
	uint64_t at;

	for (memcpy(&at, oid, sizeof(at));; at++) {
		uint32_t slot = kept->slots[at & (kept->nslots - 1)];

		if (slot == 0 || memcmp(kept->records[slot - 1].oid, oid, MAP_OID_BYTES) == 0)
			return at & (kept->nslots - 1);
	}
}

static void grow_index(struct history_kept *kept)
{
	kept->nslots = kept->nslots != 0 ? kept->nslots * 4 : INDEX_LEAST;
	kept->slots = arena_array(kept->arena, kept->nslots, sizeof(*kept->slots));
	for (size_t i = 0; i < kept->nrecords; i++)
		kept->slots[slot_of(kept, kept->records[i].oid)] = (uint32_t)i + 1;
}

/* A record that is there already is replaced: what comes later knows more. */
static void index_record(struct history_kept *kept, const struct record *record)
{
	size_t at;

	if ((kept->nrecords + 1) * 2 > kept->nslots)
		grow_index(kept);
	at = slot_of(kept, record->oid);
	if (kept->slots[at] != 0) {
		kept->records[kept->slots[at] - 1] = *record;
		return;
	}
	if (kept->nrecords == kept->records_cap) {
		size_t cap = kept->records_cap != 0 ? kept->records_cap * 2 : INDEX_LEAST;

		kept->records =
			arena_grow(kept->arena, kept->records, kept->records_cap * sizeof(*record),
		                   cap * sizeof(*record));
		kept->records_cap = cap;
	}
	kept->records[kept->nrecords++] = *record;
	kept->slots[at] = (uint32_t)kept->nrecords;
}

/* --- Loading --- */

/* The record at the start of the bytes.  @ret false: there is none, or not all of it */
static bool take_record(struct span *bytes, struct record *ret)
{
	struct code_in in = { .bytes = *bytes };
	uint64_t len = code_take(&in, RECORD_MAX);

	if (in.bad || len > in.bytes.len || len < MAP_OID_BYTES)
		return false;
	ret->oid = (const unsigned char *)in.bytes.data;
	ret->body = (struct span){ in.bytes.data + MAP_OID_BYTES, len - MAP_OID_BYTES };
	*bytes = (struct span){ in.bytes.data + len, in.bytes.len - len };
	return true;
}

/* Whether all of it is as it is written; its checksum alone does not say so. */
static bool check_segment(const struct segment *segment)
{
	struct span records = segment->records;
	struct record record;

	for (uint32_t i = 0; i < segment->ntexts; i++)
		if (segment_text(segment, i) == NULL)
			return false;
	while (records.len > 0)
		if (!take_record(&records, &record))
			return false;
	return true;
}

bool history_kept_take(struct history_kept *kept, const struct segment *segment)
{
	struct span records = segment->records;
	struct record record;

	if (!check_segment(segment))
		return false;
	for (uint32_t i = 0; i < segment->ntexts; i++)
		add_text(kept, segment_text(segment, i));
	while (records.len > 0 && take_record(&records, &record))
		index_record(kept, &record);
	return true;
}

void history_kept_load(struct history_kept *kept)
{
	struct segment segment;

	segment_file_load(&kept->file);
	while (segment_next(&kept->file, kept->texts.n, &segment) &&
	       history_kept_take(kept, &segment))
		kept->file.end += segment.bytes;
	kept->texts_written = kept->texts.n;
}

/* --- Asking --- */

bool history_kept_find(struct history_kept *kept, const unsigned char *oid, struct commit *commit,
                       struct span *parents)
{
	uint32_t slot = kept->nslots != 0 ? kept->slots[slot_of(kept, oid)] : 0;
	struct code_in in = { 0 };
	int64_t time_s;
	uint64_t n, identity;

	if (slot == 0)
		return false;
	in.bytes = kept->records[slot - 1].body;
	kept->used_bytes += in.bytes.len + MAP_OID_BYTES;
	n = code_take(&in, HISTORY_PARENTS_MAX);
	if (in.bad || in.bytes.len < n * MAP_OID_BYTES)
		return false;
	*parents = (struct span){ in.bytes.data, n * MAP_OID_BYTES };
	in.bytes.data += parents->len;
	in.bytes.len -= parents->len;
	time_s = (int64_t)code_take(&in, HISTORY_TIME_MAX);
	identity = code_take(&in, UINT32_MAX);
	if (in.bad || identity >= kept->texts.n)
		return false;
	commit->state = COMMIT_READ;
	commit->time_s = time_s;
	commit->identity = (uint32_t)identity;
	commit->nparents = (uint32_t)n;
	commit->deed = in.bytes;
	return true;
}

bool history_kept_deed(const struct history_kept *kept, struct span bytes, struct arena *arena,
                       struct deed *ret)
{
	struct code_in in = { .bytes = bytes, .arena = arena };

	*ret = (struct deed){ 0 };
	code_read(&in, &history_deed_table, ret);
	return !in.bad && in.bytes.len == 0 && history_deed_check(ret, kept->texts.n);
}

/* --- Keeping --- */

static void flush(struct history_kept *kept)
{
	struct kept_texts *t = &kept->texts;

	if (kept->pending.len == 0) /* texts without a record wait for one */
		return;
	if (kept->file.writes) {
		segment_append(&kept->file, kept->texts_written, t->items + kept->texts_written,
		               t->n - kept->texts_written,
		               (struct span){ kept->pending.data, kept->pending.len });
		kept->full = !kept->file.writes;
	}
	arena_reset(kept->pending_arena);
	kept->pending = sb_new(kept->pending_arena, PENDING_MAX);
	kept->texts_written = t->n;
	kept->text_bytes = 0;
}

void history_kept_add(struct history_kept *kept, const struct commit *commit,
                      const struct oid *parents, const struct deed *deed)
{
	struct sb sb;

	if (!kept->file.writes)
		return;
	sb = sb_new(kept->scratch, RECORD_MAX);
	sb_addn(&sb, (const char *)commit->oid, MAP_OID_BYTES);
	code_put(&sb, commit->nparents);
	for (uint32_t i = 0; i < commit->nparents; i++)
		sb_addn(&sb, (const char *)parents[i].id, MAP_OID_BYTES);
	code_put(&sb, (uint64_t)commit->time_s);
	code_put(&sb, commit->identity);
	if (deed != NULL)
		code_write(&sb, NULL, &history_deed_table, deed);
	if (!sb.failed) { /* what is so large is read again */
		code_put(&kept->pending, sb.len);
		sb_addn(&kept->pending, sb.data, sb.len);
		if (kept->pending.len + kept->text_bytes >= HISTORY_SEGMENT_BYTES)
			flush(kept);
	}
	arena_reset(kept->scratch);
}

void history_kept_write(struct history_kept *kept)
{
	flush(kept);
	if (kept->full && kept->used_bytes < kept->file.end / 2)
		segment_file_empty(&kept->file);
}

void history_kept_forget(struct history_kept *kept)
{
	arena_reset(kept->arena);
	kept->texts = (struct kept_texts){ 0 };
	kept->nslots = 0;
	free(kept->file.data);
	kept->file.data = NULL;
}
