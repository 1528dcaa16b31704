/*
 * Cache: the file, its segments, and the index of records.
 *
 *     segment: struct head, offsets of the texts (4 bytes each), texts (each ended by NUL),
 *              records, zeros up to a multiple of 8
 *     record:  its bytes (number), 20 bytes of blob id, path (text), what record.h lists
 *     tree:    the same with its id, "" and the bytes of the object
 */
#include "maps/cache.h"

#include "maps/checksum.h"
#include "maps/segment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC        0x32544341464c5450u /* "PTLFACT2" */
#define RECORD_MAX   ((size_t)32 << 20)  /* bytes of one record */
#define ARENA_MAX    (SIZE_MAX / 2)      /* the sandbox is the limit */
#define RECORDS_MAX  (RECORD_MAX + CACHE_SEGMENT_BYTES)
#define INDEX_LEAST  1024
#define SLOT_NONE    0
#define TREE_PATH    "" /* no file has it */
#define ROUND(bytes) (((bytes) + 7) & ~(size_t)7)

struct head {
	uint64_t magic, sum; /* of all that follows */
	uint64_t print;      /* of analyser and layout */
	uint32_t first_text; /* texts in the segments before */
	uint32_t ntexts, text_bytes, record_bytes;
};

/* Where a record stands, by blob id and path. */
struct entry {
	const unsigned char *oid;
	uint32_t path;    /* number of the text */
	struct span body; /* behind the path: what record_table says */
	bool used;        /* in this run */
};

struct cache {
	struct arena *arena; /* of what is loaded or kept */
	struct arena *index; /* of what finds texts; NULL after cache_finish() */
	struct store store;
	struct segment_file file; /* without its data */
	char *texts, *bodies; /* of the file; bodies, its records, are there until cache_finish() */
	struct entry *entries;
	size_t nentries, entries_cap;
	size_t next; /* the entry behind the one found last: files mostly come as they were written */
	uint32_t *slots; /* entry + 1; open addressing, at most half full */
	size_t nslots;
	uint64_t used_bytes, all_bytes; /* of records */
	bool loaded;                    /* any; only then can the file hold what is of no use */

	/* What is kept and not written: */
	struct arena *pending;
	struct sb records;
	size_t texts_written;
	uint64_t bytes_written; /* of store.bytes */
};

/* --- Opening --- */

struct cache *cache_open(const char *path, uint64_t max_bytes, const char *analyser)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct cache *cache = arena_alloc(arena, sizeof(*cache));

	cache->arena = arena;
	cache->pending = arena_new(ARENA_MAX);
	cache->records = sb_new(cache->pending, RECORDS_MAX);
	cache->index = arena_new(ARENA_MAX);
	cache->store = store_new_apart(arena, cache->index);
	segment_file_open(&cache->file, path, max_bytes,
	                  code_print(&record_table,
	                             checksum(analyser, strlen(analyser), sizeof(struct head))));
	return cache;
}

void cache_close(struct cache *cache)
{
	if (cache == NULL)
		return;
	segment_file_close(&cache->file);
	free(cache->texts);
	free(cache->bodies);
	arena_free(cache->index);
	arena_free(cache->pending);
	arena_free(cache->arena);
}

void cache_close_ptr(struct cache **cache)
{
	cache_close(*cache);
}

/* --- The index --- */

static bool is_of(const struct cache *cache, const struct entry *entry, const unsigned char *oid,
                  const char *path)
{
	return memcmp(entry->oid, oid, MAP_OID_BYTES) == 0 &&
	       strcmp(cache->store.texts[entry->path], path) == 0;
}

static size_t slot_of(const struct cache *cache, const unsigned char *oid, const char *path)
{
	size_t at = (size_t)checksum(path, strlen(path), 0), start;

	memcpy(&start, oid, sizeof(start));
	for (at ^= start;; at++) {
		uint32_t slot = cache->slots[at & (cache->nslots - 1)];
		const struct entry *entry = &cache->entries[slot - 1];

		if (slot == SLOT_NONE || is_of(cache, entry, oid, path))
			return at & (cache->nslots - 1);
	}
}

static void grow_index(struct cache *cache)
{
	cache->nslots = cache->nslots != 0 ? cache->nslots * 2 : INDEX_LEAST;
	cache->slots = arena_array(cache->arena, cache->nslots, sizeof(*cache->slots));
	for (size_t i = 0; i < cache->nentries; i++) {
		const struct entry *entry = &cache->entries[i];
		size_t at = slot_of(cache, entry->oid, cache->store.texts[entry->path]);

		cache->slots[at] = (uint32_t)i + 1;
	}
}

/* A record that is there already is replaced: what comes later knows better. */
static void index_entry(struct cache *cache, const struct entry *entry)
{
	size_t at;

	if (cache->nentries * 2 >= cache->nslots)
		grow_index(cache);
	at = slot_of(cache, entry->oid, cache->store.texts[entry->path]);
	if (cache->slots[at] != SLOT_NONE) {
		cache->entries[cache->slots[at] - 1] = *entry;
		return;
	}
	if (cache->nentries == cache->entries_cap) {
		size_t cap = cache->entries_cap != 0 ? cache->entries_cap * 2 : INDEX_LEAST;

		cache->entries =
			arena_grow(cache->arena, cache->entries,
		                   cache->entries_cap * sizeof(*entry), cap * sizeof(*entry));
		cache->entries_cap = cap;
	}
	cache->entries[cache->nentries++] = *entry;
	cache->slots[at] = (uint32_t)cache->nentries;
}

/* --- Loading --- */

/* What is read of a file that stands whole: texts and records of all segments, each one behind the other. */
struct loading {
	struct cache *cache;
	uint64_t at; /* in the file */
	size_t ntexts;
	char *texts, *bodies; /* where those of the next segment go */
};

static bool read_at(const struct cache *cache, uint64_t at, void *to, uint64_t n)
{
	for (uint64_t done = 0; done < n;) {
		ssize_t got =
			pread(cache->file.fd, (char *)to + done, n - done, (off_t)(at + done));

		if (got <= 0 && !(got < 0 && errno == EINTR))
			return false;
		done += got > 0 ? (uint64_t)got : 0;
	}
	return true;
}

static uint64_t texts_bytes(const struct head *head)
{
	return (uint64_t)head->ntexts * sizeof(uint32_t) + head->text_bytes;
}

/* What stands behind the texts: the records, and zeros. */
static uint64_t bodies_bytes(const struct head *head)
{
	return ROUND(sizeof(*head) + texts_bytes(head) + head->record_bytes) - sizeof(*head) -
	       texts_bytes(head);
}

/* Texts and records are summed apart, since they are read to different places. */
static uint64_t sum_of(const struct head *head, const char *texts, const char *bodies)
{
	uint64_t sum = checksum(&head->print, sizeof(*head) - offsetof(struct head, print), 0);

	sum = checksum(texts, texts_bytes(head), sum);
	return checksum(bodies, bodies_bytes(head), sum);
}

/* The head at l->at, where one is that may be of a whole segment; its parts lie where it says. */
static bool next_head(const struct loading *l, struct head *ret)
{
	const struct cache *cache = l->cache;
	uint64_t left = cache->file.size - l->at;

	return left >= sizeof(*ret) && read_at(cache, l->at, ret, sizeof(*ret)) &&
	       ret->magic == MAGIC && ret->print == cache->file.print &&
	       ret->first_text == l->ntexts &&
	       sizeof(*ret) + texts_bytes(ret) + bodies_bytes(ret) <= left;
}

static uint64_t segment_bytes(const struct head *head)
{
	return sizeof(*head) + texts_bytes(head) + bodies_bytes(head);
}

/* Make room for all that the heads promise.  @ret false: there is nothing to read */
static bool make_room(struct cache *cache)
{
	struct loading l = { .cache = cache };
	uint64_t texts = 0, bodies = 0;
	struct stat st;
	struct head head;

	if (cache->file.fd < 0 || fstat(cache->file.fd, &st) != 0 || st.st_size <= 0)
		return false;
	cache->file.size = (uint64_t)st.st_size;
	if (cache->file.size > cache->file.max)
		return false;
	for (; next_head(&l, &head); l.at += segment_bytes(&head)) {
		texts += texts_bytes(&head);
		bodies += bodies_bytes(&head);
		l.ntexts += head.ntexts;
	}
	if (l.at == 0)
		return false;
	cache->texts = malloc(texts + 1);
	cache->bodies = malloc(bodies + 1);
	if (cache->texts == NULL || cache->bodies == NULL)
		return false;
	arena_expect(cache->texts, texts);
	arena_expect(cache->bodies, bodies);
	return true;
}

static bool add_texts(struct cache *cache, const struct head *head, const char *offsets)
{
	const char *texts = offsets + (size_t)head->ntexts * sizeof(uint32_t);
	uint32_t at;

	if (head->ntexts == 0)
		return true;
	if (head->text_bytes == 0 || texts[head->text_bytes - 1] != '\0')
		return false;
	store_expect(&cache->store, head->ntexts);
	for (uint32_t i = 0; i < head->ntexts; i++) {
		memcpy(&at, offsets + (size_t)i * sizeof(at), sizeof(at));
		if (at >= head->text_bytes)
			return false;
		store_add(&cache->store, texts + at);
	}
	return true;
}

/* The record at the start of the bytes.  @ret false: there is none, or not all of it */
static bool take_record(struct cache *cache, struct span *bytes, struct entry *ret)
{
	struct code_in in = { .bytes = *bytes, .store = &cache->store };
	uint64_t len = code_take(&in, RECORD_MAX);

	if (in.bad || len > in.bytes.len || len < MAP_OID_BYTES)
		return false;
	*bytes = (struct span){ in.bytes.data + len, in.bytes.len - len };
	*ret = (struct entry){ .oid = (const unsigned char *)in.bytes.data };
	in.bytes = (struct span){ in.bytes.data + MAP_OID_BYTES, len - MAP_OID_BYTES };
	ret->path = (uint32_t)code_take(&in, cache->store.ntexts - 1);
	ret->body = in.bytes;
	return !in.bad && cache->store.ntexts > 0;
}

/* The segment at l->at, if it is whole. */
static bool add_segment(struct loading *l)
{
	struct cache *cache = l->cache;
	struct head head;
	struct entry entry;
	struct span records;

	if (!next_head(l, &head) ||
	    !read_at(cache, l->at + sizeof(head), l->texts, texts_bytes(&head)) ||
	    !read_at(cache, l->at + sizeof(head) + texts_bytes(&head), l->bodies,
	             bodies_bytes(&head)) ||
	    head.sum != sum_of(&head, l->texts, l->bodies) || !add_texts(cache, &head, l->texts))
		return false;
	records = (struct span){ l->bodies, head.record_bytes };
	while (records.len > 0) {
		if (!take_record(cache, &records, &entry))
			return false;
		cache->all_bytes += entry.body.len;
		index_entry(cache, &entry);
	}
	l->texts += texts_bytes(&head);
	l->bodies += bodies_bytes(&head);
	l->ntexts += head.ntexts;
	l->at += segment_bytes(&head);
	return true;
}

void cache_load(struct cache *cache)
{
	struct loading l = { .cache = cache };

	if (make_room(cache)) {
		l.texts = cache->texts;
		l.bodies = cache->bodies;
		while (add_segment(&l))
			cache->file.end = l.at;
	}
	cache->texts_written = cache->store.ntexts;
	cache->loaded = cache->nentries > 0;
}

/* --- Writing --- */

/* The segment of all that is pending. */
static char *build(struct cache *cache, size_t *ret_bytes)
{
	struct store *store = &cache->store;
	struct head head = {
		.magic = MAGIC,
		.print = cache->file.print,
		.first_text = (uint32_t)cache->texts_written,
		.ntexts = (uint32_t)(store->ntexts - cache->texts_written),
		.record_bytes = (uint32_t)cache->records.len,
	};
	size_t texts_at = sizeof(head) + head.ntexts * sizeof(uint32_t);
	char *data;

	for (size_t i = cache->texts_written; i < store->ntexts; i++)
		head.text_bytes += (uint32_t)strlen(store->texts[i]) + 1;
	*ret_bytes = ROUND(texts_at + head.text_bytes + head.record_bytes);
	data = arena_alloc(cache->pending, *ret_bytes);
	for (uint32_t i = 0, at = 0; i < head.ntexts; i++) {
		const char *text = store->texts[cache->texts_written + i];
		size_t n = strlen(text) + 1;

		memcpy(data + sizeof(head) + i * sizeof(at), &at, sizeof(at));
		memcpy(data + texts_at + at, text, n);
		at += (uint32_t)n;
	}
	memcpy(data + texts_at + head.text_bytes, cache->records.data, head.record_bytes);
	memcpy(data, &head, sizeof(head));
	head.sum = sum_of(&head, data + sizeof(head), data + texts_at + head.text_bytes);
	memcpy(data, &head, sizeof(head));
	return data;
}

static void flush(struct cache *cache)
{
	size_t n;
	char *data;

	if (cache->records.len > 0 && cache->file.writes) {
		data = build(cache, &n);
		if (cache->file.end + n <= cache->file.max)
			segment_file_append(&cache->file, data, n);
		else
			cache->file.writes = false;
	}
	arena_reset(cache->pending);
	cache->records = sb_new(cache->pending, RECORDS_MAX);
	cache->texts_written = cache->store.ntexts;
	cache->bytes_written = cache->store.bytes;
}

/* What stands in a record behind its length; the body begins at *ret_body. */
static struct span write_record(struct cache *cache, struct arena *scratch,
                                const unsigned char *oid, const char *path,
                                const struct record *record, size_t *ret_body)
{
	struct sb sb = sb_new(scratch, RECORD_MAX);

	sb_addn(&sb, (const char *)oid, MAP_OID_BYTES);
	code_put(&sb, store_index(&cache->store, path));
	*ret_body = sb.len;
	code_write(&sb, &cache->store, &record_table, record);
	assert(!sb.failed); /* the limits of facts and manifests keep it far below */
	return (struct span){ sb.data, sb.len };
}

/* Append a record to what is pending. */
static void add_record(struct cache *cache, struct span record)
{
	if (cache->records.len + cache->store.bytes - cache->bytes_written >= CACHE_SEGMENT_BYTES)
		flush(cache);
	code_put(&cache->records, record.len);
	sb_addn(&cache->records, record.data, record.len);
}

static struct span write_tree(struct cache *cache, struct arena *scratch, const unsigned char *oid,
                              struct span bytes)
{
	struct sb sb = sb_new(scratch, RECORD_MAX);

	sb_addn(&sb, (const char *)oid, MAP_OID_BYTES);
	code_put(&sb, store_index(&cache->store, TREE_PATH));
	sb_addn(&sb, bytes.data, bytes.len);
	return (struct span){ sb.data, sb.len };
}

/*
 * What is of no use outweighs the rest: begin the file anew, with what this run has used.  The
 * texts get new numbers, since most of them go.
 */
static void rewrite(struct cache *cache)
{
	struct store old = cache->store;
	CLEANUP(arena_free_ptr) struct arena *scratch = arena_new(ARENA_MAX);

	cache->file.end = 0;
	arena_reset(cache->index);
	cache->store = store_new_apart(cache->arena, cache->index);
	cache->texts_written = 0;
	cache->bytes_written = 0;
	for (size_t i = 0; i < cache->nentries && cache->file.writes; i++) {
		const struct entry *entry = &cache->entries[i];
		struct code_in in = {
			.bytes = entry->body, .store = &old, .arena = scratch, .unpacks = true
		};
		struct record record = { 0 };
		size_t body;

		if (!entry->used)
			continue;
		if (*old.texts[entry->path] == '\0') {
			add_record(cache, write_tree(cache, scratch, entry->oid, entry->body));
		} else {
			code_read(&in, &record_table, &record);
			add_record(cache, write_record(cache, scratch, entry->oid,
			                               old.texts[entry->path], &record, &body));
		}
		arena_reset(scratch);
	}
	flush(cache);
	cache->store = old; /* what was found goes by its numbers */
}

void cache_finish(struct cache *cache)
{
	flush(cache);
	if (cache->file.writes && cache->loaded &&
	    cache->all_bytes - cache->used_bytes >
	            CACHE_DEAD_TIMES * cache->used_bytes + CACHE_DEAD_BYTES)
		rewrite(cache);
	free(cache->bodies);
	cache->bodies = NULL;
	arena_free(cache->index);
	cache->index = NULL;
	cache->store.slots = NULL;
	cache->nentries = cache->nslots = 0;
}

const struct store *cache_store(const struct cache *cache)
{
	return &cache->store;
}

/* --- Asking and keeping --- */

static bool read_body(const struct cache *cache, struct span body, struct arena *arena,
                      struct arena *scratch, bool short_of_memory, struct record *ret)
{
	struct code_in in = {
		.bytes = body,
		.store = &cache->store,
		.arena = arena,
		.scratch = scratch,
		.apart = short_of_memory ? &record_def_table : NULL,
	};

	*ret = (struct record){ 0 };
	code_read(&in, &record_table, ret);
	return !in.bad && in.bytes.len == 0;
}

static struct entry *find(const struct cache *cache, const unsigned char *oid, const char *path)
{
	uint32_t slot;

	if (cache->next < cache->nentries && is_of(cache, &cache->entries[cache->next], oid, path))
		return &cache->entries[cache->next];
	slot = cache->nslots != 0 ? cache->slots[slot_of(cache, oid, path)] : SLOT_NONE;
	return slot != SLOT_NONE ? &cache->entries[slot - 1] : NULL;
}

static void use(struct cache *cache, struct entry *entry)
{
	entry->used = true;
	cache->used_bytes += entry->body.len;
	cache->next = (size_t)(entry - cache->entries) + 1;
}

bool cache_find(struct cache *cache, const struct map_file *file, uint64_t max_blob_bytes,
                struct arena *arena, struct arena *scratch, bool short_of_memory,
                struct record *ret)
{
	struct entry *entry = find(cache, file->oid, file->path.data);

	if (entry == NULL || !read_body(cache, entry->body, arena, scratch, short_of_memory, ret) ||
	    (ret->skip == SKIP_TOO_LARGE && ret->bytes <= max_blob_bytes))
		return false;
	if (ret->bytes > max_blob_bytes)
		*ret = (struct record){ .bytes = ret->bytes, .skip = SKIP_TOO_LARGE };
	use(cache, entry);
	return true;
}

/* Keep it for a rewriting of the file: only one that was loaded can need that. */
static void keep_entry(struct cache *cache, const unsigned char *oid, const char *path,
                       struct span body)
{
	struct entry entry = { .oid = oid, .used = true };

	if (!cache->loaded || !cache->file.writes)
		return;
	entry.path = store_index(&cache->store, path);
	entry.body = (struct span){ arena_memdup(cache->arena, body.data, body.len), body.len };
	cache->all_bytes += body.len;
	cache->used_bytes += body.len;
	index_entry(cache, &entry);
}

void cache_keep(struct cache *cache, const struct map_file *file, const struct record *record,
                struct arena *arena, struct arena *scratch, bool partly, struct record *ret)
{
	size_t start;
	struct span whole =
		write_record(cache, scratch, file->oid, file->path.data, record, &start);
	struct span body = { whole.data + start, whole.len - start };
	bool good = read_body(cache, body, arena, scratch, false, ret);

	assert(good);
	if (partly)
		return;
	add_record(cache, whole);
	keep_entry(cache, file->oid, file->path.data, body);
}

struct span cache_tree(struct cache *cache, const unsigned char *oid)
{
	struct entry *entry = find(cache, oid, TREE_PATH);

	if (entry == NULL)
		return (struct span){ 0 };
	if (!entry->used) /* one tree may be many folders */
		use(cache, entry);
	return entry->body;
}

void cache_keep_tree(struct cache *cache, struct arena *scratch, const unsigned char *oid,
                     struct span bytes)
{
	if (bytes.len > CACHE_TREE_BYTES)
		return;
	add_record(cache, write_tree(cache, scratch, oid, bytes));
	keep_entry(cache, arena_memdup(cache->arena, oid, MAP_OID_BYTES), TREE_PATH, bytes);
	arena_reset(scratch);
}

size_t cache_memory(const struct cache *cache)
{
	return arena_used(cache->arena) + arena_used(cache->pending) +
	       (cache->index != NULL ? arena_used(cache->index) : 0);
}
