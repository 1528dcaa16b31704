/* Packs: an index by search, entries by offset, deltas from the whole entry back to the object. */
#include "maps/pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define OID_BYTES   20
#define PATH_BYTES  4096
#define INDEX_MAGIC "\377tOc\0\0\0\2"
#define INDEX_HEAD  8
#define FAN_BYTES   1024
#define INDEX_TAIL  40                  /* two sums */
#define INDEX_MAX   ((size_t)256 << 20) /* bytes of all that are mapped */
#define FAR         0x80000000u /* bit of an offset: the rest is its place in the table of far ones */
#define READ_LEAST  ((size_t)8 << 10) /* most entries are smaller */
#define READ_KEEP   ((size_t)1 << 20) /* a buffer that grew beyond it is given back */
#define HEAD_MAX    64                /* bytes of an entry before what is compressed */
#define BASE_SLOTS  256
#define TYPE_OFFSET 6 /* deltas: the base stands so many bytes before, */
#define TYPE_REF    7 /* ... or is told by its id */

struct pack {
	unsigned char *index; /* mapped */
	size_t index_len;
	uint32_t nobjects;
	int fd;
	uint64_t size;
};

/* An object that deltas were made of; at one place by its offset. */
struct base {
	const struct pack *pack;
	uint64_t offset;
	struct pack_object *object;
};

struct packs {
	struct pack packs[PACK_PACKS_MAX];
	size_t n, last; /* last: where the object before was */
	struct libdeflate_decompressor *inflater;

	/* What was read of a pack last. */
	const struct pack *pack;
	uint64_t at;
	size_t len, cap;
	unsigned char *bytes;

	struct base bases[BASE_SLOTS];
	size_t bases_bytes;
};

/* Where an entry stands, and what its head says. */
struct entry {
	uint64_t offset, base; /* base: where that of a delta stands */
	uint64_t packed;       /* where the compressed bytes start */
	uint64_t len;          /* of what they hold */
	unsigned type;
};

static uint32_t big(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* --- Opening --- */

static size_t entries_bytes(uint64_t n)
{
	return n * (OID_BYTES + 4 + 4);
}

static bool is_index(const struct pack *pack)
{
	const unsigned char *fan = pack->index + INDEX_HEAD;
	uint32_t n = 0;

	if (memcmp(pack->index, INDEX_MAGIC, INDEX_HEAD) != 0)
		return false;
	for (int i = 0; i < 256; i++) {
		if (big(fan + 4 * (size_t)i) < n)
			return false;
		n = big(fan + 4 * (size_t)i);
	}
	return pack->index_len - INDEX_HEAD - FAN_BYTES - INDEX_TAIL >= entries_bytes(n);
}

static void close_pack(struct pack *pack)
{
	if (pack->index != NULL)
		munmap(pack->index, pack->index_len);
	if (pack->fd >= 0)
		close(pack->fd);
}

static bool map_index(struct pack *pack, const char *path, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *map = MAP_FAILED;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && st.st_size >= INDEX_HEAD + FAN_BYTES + INDEX_TAIL &&
	    (uint64_t)st.st_size <= max)
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return false;
	pack->index = map;
	pack->index_len = (size_t)st.st_size;
	pack->nobjects = big(pack->index + INDEX_HEAD + FAN_BYTES - 4);
	return is_index(pack);
}

/* The file "pack-….pack" beside an index. */
static bool open_entries(struct pack *pack, const char *index)
{
	char path[PATH_BYTES];
	size_t len = strlen(index) - strlen("idx");
	struct stat st;

	memcpy(path, index, len);
	memcpy(path + len, "pack", sizeof("pack"));
	pack->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (pack->fd < 0 || fstat(pack->fd, &st) != 0 || st.st_size <= 0)
		return false;
	pack->size = (uint64_t)st.st_size;
	return true;
}

/* @name  "pack-….idx" */
static bool open_pack(struct pack *pack, const char *folder, const char *name, size_t max)
{
	char path[PATH_BYTES - 1];

	*pack = (struct pack){ .fd = -1 };
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path) &&
	    map_index(pack, path, max) && open_entries(pack, path))
		return true;
	close_pack(pack);
	return false;
}

static bool is_index_name(const char *name)
{
	size_t n = strlen(name);

	return n > 9 && n < 256 && memcmp(name, "pack-", 5) == 0 &&
	       strcmp(name + n - 4, ".idx") == 0;
}

static void open_packs(struct packs *packs, const char *folder, DIR *dir)
{
	const struct dirent *item;
	size_t max = INDEX_MAX;

	while (packs->n < PACK_PACKS_MAX && (item = readdir(dir)) != NULL)
		if (is_index_name(item->d_name) &&
		    open_pack(&packs->packs[packs->n], folder, item->d_name, max))
			max -= packs->packs[packs->n++].index_len;
}

struct packs *packs_open(const char *objects)
{
	char folder[PATH_BYTES];
	DIR *dir = snprintf(folder, sizeof(folder), "%s/pack", objects) < (int)sizeof(folder)
	                   ? opendir(folder)
	                   : NULL;
	struct packs *packs = dir != NULL ? calloc(1, sizeof(*packs)) : NULL;

	if (packs != NULL) {
		open_packs(packs, folder, dir);
		packs->inflater = libdeflate_alloc_decompressor();
		if (packs->n == 0 || packs->inflater == NULL) {
			packs_close(packs);
			packs = NULL;
		}
	}
	if (dir != NULL)
		closedir(dir);
	return packs;
}

static void drop_base(struct packs *packs, struct base *base)
{
	if (base->object != NULL)
		packs->bases_bytes -= base->object->len;
	pack_object_free(base->object);
	*base = (struct base){ 0 };
}

void packs_close(struct packs *packs)
{
	if (packs == NULL)
		return;
	for (size_t i = 0; i < packs->n; i++)
		close_pack(&packs->packs[i]);
	for (size_t i = 0; i < BASE_SLOTS; i++)
		drop_base(packs, &packs->bases[i]);
	if (packs->inflater != NULL)
		libdeflate_free_decompressor(packs->inflater);
	free(packs->bytes);
	free(packs);
}

/* --- Looking for an object --- */

#define GUESSES 6u /* as a rule three are enough */

/*
 * Ids are spread evenly, so how far one is from the ends of its range tells where it is; where it does
 * not, since somebody made them, the range is halved after some guesses.
 *
 * @ret the place of an id in the index, or nobjects
 */
static uint32_t place_of(const struct pack *pack, const unsigned char *oid)
{
	const unsigned char *fan = pack->index + INDEX_HEAD, *oids = fan + FAN_BYTES;
	uint32_t low = oid[0] > 0 ? big(fan + 4 * (size_t)(oid[0] - 1)) : 0;
	uint32_t high = big(fan + 4 * (size_t)oid[0]);
	uint32_t want = big(oid), from = want & 0xff000000u, to = from | 0xffffffu;

	for (unsigned tries = 0; low < high; tries++) {
		uint64_t n = high - low;
		bool guess = tries < GUESSES && from <= want && want < to;
		uint32_t at = low + (uint32_t)(guess ? n * (want - from) / (to - from) : n / 2);
		const unsigned char *there = oids + (size_t)at * OID_BYTES;
		int order = memcmp(there, oid, OID_BYTES);

		if (order == 0)
			return at;
		if (order < 0) {
			low = at + 1;
			from = big(there);
		} else {
			high = at;
			to = big(there);
		}
	}
	return pack->nobjects;
}

/* @ret where the entry of an id stands in its pack; 0: nowhere */
static uint64_t offset_of(const struct pack *pack, const unsigned char *oid)
{
	uint32_t place = place_of(pack, oid), offset;
	size_t n = pack->nobjects, far;
	const unsigned char *offsets = pack->index + INDEX_HEAD + FAN_BYTES + n * (OID_BYTES + 4);

	if (place == pack->nobjects)
		return 0;
	offset = big(offsets + (size_t)place * 4);
	if ((offset & FAR) == 0)
		return offset;
	far = INDEX_HEAD + FAN_BYTES + entries_bytes(n) + (size_t)(offset & ~FAR) * 8;
	if (far + 8 + INDEX_TAIL > pack->index_len)
		return 0;
	return (uint64_t)big(pack->index + far) << 32 | big(pack->index + far + 4);
}

/* --- Entries --- */

static bool make_room(struct packs *packs, size_t n)
{
	if (packs->cap < n || packs->cap > READ_KEEP) {
		free(packs->bytes);
		packs->bytes = malloc(n);
		packs->cap = packs->bytes != NULL ? n : 0;
	}
	packs->len = 0;
	return packs->bytes != NULL;
}

/* The n bytes at an offset, as far as the pack has them.  @ret NULL: none */
static const unsigned char *read_at(struct packs *packs, const struct pack *pack, uint64_t at,
                                    size_t n, size_t *ret_len)
{
	ssize_t got = 0;

	if (at >= pack->size)
		return NULL;
	n = n < pack->size - at ? n : (size_t)(pack->size - at);
	if (packs->pack != pack || at < packs->at || at + n > packs->at + packs->len) {
		size_t wants = n < READ_LEAST ? READ_LEAST : n;

		if (!make_room(packs, wants))
			return NULL;
		packs->pack = pack;
		packs->at = at;
		do
			got = pread(pack->fd, packs->bytes, wants, (off_t)at);
		while (got < 0 && errno == EINTR);
		packs->len = got > 0 ? (size_t)got : 0;
		if (packs->len < n)
			return NULL;
	}
	*ret_len = (size_t)(packs->at + packs->len - at);
	return packs->bytes + (at - packs->at);
}

/* How far back the base of a delta stands: gitformat-pack(5), "offset encoding". */
static bool take_back(const unsigned char **p, const unsigned char *end, uint64_t *ret)
{
	uint64_t back = 0;

	for (int i = 0; i < 9 && *p < end; i++) {
		unsigned c = *(*p)++;

		back = (i > 0 ? (back + 1) << 7 : 0) | (c & 0x7f);
		if ((c & 0x80) == 0) {
			*ret = back;
			return true;
		}
	}
	return false;
}

/* A number, seven bits a byte, the least first. */
static bool take_size(const unsigned char **p, const unsigned char *end, int shift, uint64_t *io)
{
	for (; shift < 56 && *p < end; shift += 7) {
		unsigned c = *(*p)++;

		*io |= (uint64_t)(c & 0x7f) << shift;
		if ((c & 0x80) == 0)
			return true;
	}
	return false;
}

static bool read_head(struct packs *packs, const struct pack *pack, uint64_t offset,
                      struct entry *ret)
{
	size_t n;
	const unsigned char *start = read_at(packs, pack, offset, HEAD_MAX, &n), *p, *end;
	uint64_t back;

	if (start == NULL)
		return false;
	p = start;
	end = start + (n < HEAD_MAX ? n : HEAD_MAX);
	*ret = (struct entry){ .offset = offset, .type = *p >> 4 & 7, .len = *p & 15 };
	if ((*p++ & 0x80) != 0 && !take_size(&p, end, 4, &ret->len))
		return false;
	if (ret->type == TYPE_OFFSET) {
		if (!take_back(&p, end, &back) || back == 0 || back >= offset)
			return false;
		ret->base = offset - back;
	} else if (ret->type == TYPE_REF) {
		if (end - p < OID_BYTES)
			return false;
		ret->base = offset_of(pack, p);
		p += OID_BYTES;
		if (ret->base == 0)
			return false;
	}
	ret->packed = offset + (uint64_t)(p - start);
	return ret->type != 0 && ret->type != 5;
}

/* At most so many bytes does zlib make of n; where somebody made more of them, libgit2 reads it. */
static size_t packed_most(size_t n)
{
	return n + n / 1000 + 64;
}

/* Mostly a few bytes are there already that hold all: only then is more of the pack read. */
static bool inflate_entry(struct packs *packs, const struct pack *pack, const struct entry *entry,
                          char *to)
{
	size_t len = (size_t)entry->len, n = 0, first = len / 2 + HEAD_MAX;
	const unsigned char *from = read_at(packs, pack, entry->packed, 1, &n);

	if (from != NULL && n >= first &&
	    libdeflate_zlib_decompress(packs->inflater, from, n, to, len, NULL) ==
	            LIBDEFLATE_SUCCESS)
		return true;
	if (n >= packed_most(len))
		return false;
	from = read_at(packs, pack, entry->packed, packed_most(len), &n);
	return from != NULL && libdeflate_zlib_decompress(packs->inflater, from, n, to, len,
	                                                  NULL) == LIBDEFLATE_SUCCESS;
}

/* --- Objects --- */

static struct pack_object *object_new(size_t len, enum pack_type type)
{
	struct pack_object *object = malloc(sizeof(*object) + len + 1);

	if (object != NULL) {
		*object = (struct pack_object){ .refs = 1, .len = len, .type = type };
		object->data[len] = '\0';
	}
	return object;
}

void pack_object_free(struct pack_object *object)
{
	if (object != NULL && --object->refs == 0)
		free(object);
}

static struct pack_object *read_whole(struct packs *packs, const struct pack *pack,
                                      const struct entry *entry)
{
	struct pack_object *object = object_new((size_t)entry->len, (enum pack_type)entry->type);

	if (object != NULL && !inflate_entry(packs, pack, entry, object->data)) {
		pack_object_free(object);
		return NULL;
	}
	return object;
}

/* Where and how much of the base a delta copies: bits of the command say which bytes follow. */
static bool take_copy(const unsigned char **p, const unsigned char *end, unsigned command,
                      size_t *ret_at, size_t *ret_n)
{
	size_t at = 0, n = 0;

	for (int i = 0; i < 7; i++) {
		if ((command >> i & 1) == 0)
			continue;
		if (*p == end)
			return false;
		if (i < 4)
			at |= (size_t) * (*p)++ << 8 * i;
		else
			n |= (size_t) * (*p)++ << 8 * (i - 4);
	}
	*ret_at = at;
	*ret_n = n != 0 ? n : 0x10000;
	return true;
}

/* @ret whether the delta's commands fill the object to its end, and nothing else */
static bool follow(const unsigned char *p, const unsigned char *end, const struct pack_object *base,
                   struct pack_object *ret)
{
	size_t done = 0, at, n;

	while (p < end) {
		unsigned command = *p++;

		if ((command & 0x80) != 0) {
			if (!take_copy(&p, end, command, &at, &n) || at > base->len ||
			    n > base->len - at || n > ret->len - done)
				return false;
			memcpy(ret->data + done, base->data + at, n);
		} else {
			n = command;
			if (n == 0 || n > (size_t)(end - p) || n > ret->len - done)
				return false;
			memcpy(ret->data + done, p, n);
			p += n;
		}
		done += n;
	}
	return done == ret->len;
}

static struct pack_object *apply(const struct pack_object *delta, const struct pack_object *base,
                                 uint64_t max_bytes)
{
	const unsigned char *p = (const unsigned char *)delta->data, *end = p + delta->len;
	uint64_t base_len = 0, len = 0;
	struct pack_object *object;

	if (!take_size(&p, end, 0, &base_len) || !take_size(&p, end, 0, &len) ||
	    base_len != base->len || len > max_bytes)
		return NULL;
	object = object_new((size_t)len, base->type);
	if (object != NULL && !follow(p, end, base, object)) {
		pack_object_free(object);
		return NULL;
	}
	return object;
}

static struct base *base_slot(struct packs *packs, const struct pack *pack, uint64_t offset)
{
	uint64_t hash = (offset ^ (uint64_t)(pack - packs->packs) << 56) * 0x9E3779B185EBCA87u;

	return &packs->bases[hash >> 56];
}
static_assert(BASE_SLOTS == 256, "a slot is a byte of the hash");

static struct pack_object *kept_base(struct packs *packs, const struct pack *pack, uint64_t offset)
{
	struct base *slot = base_slot(packs, pack, offset);

	if (slot->object == NULL || slot->pack != pack || slot->offset != offset)
		return NULL;
	slot->object->refs++;
	return slot->object;
}

/* Others may be made of it: mostly the next version of the same file. */
static void keep_base(struct packs *packs, const struct pack *pack, uint64_t offset,
                      struct pack_object *object)
{
	struct base *slot = base_slot(packs, pack, offset);

	drop_base(packs, slot);
	for (size_t i = 0; i < BASE_SLOTS && packs->bases_bytes + object->len > PACK_BASES_BYTES;
	     i++)
		drop_base(packs, &packs->bases[i]);
	if (object->len > PACK_BASES_BYTES / 4)
		return;
	object->refs++;
	packs->bases_bytes += object->len;
	*slot = (struct base){ pack, offset, object };
}

/* What the delta at an entry makes of a base, whose reference it takes. */
static struct pack_object *next_version(struct packs *packs, const struct pack *pack,
                                        const struct entry *entry, struct pack_object *base,
                                        uint64_t max_bytes)
{
	struct pack_object *delta = read_whole(packs, pack, entry), *ret = NULL;

	if (delta != NULL) {
		keep_base(packs, pack, entry->base, base);
		ret = apply(delta, base, max_bytes);
	}
	pack_object_free(delta);
	pack_object_free(base);
	return ret;
}

static struct pack_object *read_entry(struct packs *packs, const struct pack *pack, uint64_t offset,
                                      uint64_t max_bytes)
{
	struct entry deltas[PACK_DELTAS_MAX], entry = { .base = offset };
	struct pack_object *object = NULL;
	size_t n = 0;

	for (;;) {
		object = n > 0 ? kept_base(packs, pack, entry.base) : NULL;
		if (object != NULL)
			break;
		if (!read_head(packs, pack, entry.base, &entry) || entry.len > max_bytes)
			return NULL;
		if (entry.type != TYPE_OFFSET && entry.type != TYPE_REF) {
			object = read_whole(packs, pack, &entry);
			break;
		}
		if (n == PACK_DELTAS_MAX)
			return NULL;
		deltas[n++] = entry;
	}
	while (n > 0 && object != NULL) {
		n--;
		object = next_version(packs, pack, &deltas[n], object, max_bytes);
	}
	return object;
}

struct pack_object *packs_read(struct packs *packs, const unsigned char *oid, uint64_t max_bytes)
{
	for (size_t i = 0; i < packs->n; i++) {
		size_t which = (packs->last + i) % packs->n;
		uint64_t offset = offset_of(&packs->packs[which], oid);

		if (offset == 0)
			continue;
		packs->last = which;
		return read_entry(packs, &packs->packs[which], offset, max_bytes);
	}
	return NULL;
}
