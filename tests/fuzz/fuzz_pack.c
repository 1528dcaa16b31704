/*
 * Packs that anybody may have made: whatever entries and deltas say, what is read keeps to the limit
 * and is the same the next time.
 *
 * The input is a list of entries, which are compressed here, since no mutation makes a good sum: a byte
 * for the type and whether the length told is a lie, one for the base, one for the length, the bytes.
 */
#include "maps/pack.h"

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES_MAX 24
#define PACK_MAX    65536
#define OBJECT_MAX  20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char objects[64], index_path[96], pack_path[96];

struct made {
	unsigned char pack[PACK_MAX];
	size_t len;
	uint32_t offsets[ENTRIES_MAX];
	size_t n;
};

static void remove_all(void)
{
	char folder[80];

	snprintf(folder, sizeof(folder), "%s/pack", objects);
	unlink(index_path);
	unlink(pack_path);
	rmdir(folder);
	rmdir(objects);
}

static void make_folder(void)
{
	char folder[80];

	if (*objects != '\0')
		return;
	/* In memory where there is such a folder: the files are new for each input. */
	snprintf(objects, sizeof(objects), "%s/portolan-fuzz.XXXXXX",
	         access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(objects) == NULL)
		abort();
	snprintf(folder, sizeof(folder), "%s/pack", objects);
	if (mkdir(folder, 0700) != 0)
		abort();
	snprintf(index_path, sizeof(index_path), "%.70s/pack-a.idx", folder);
	snprintf(pack_path, sizeof(pack_path), "%.70s/pack-a.pack", folder);
	atexit(remove_all);
}

static void put_file(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
		abort();
}

static void add_byte(struct made *m, unsigned byte)
{
	m->pack[m->len++] = (unsigned char)byte;
}

static void add_head(struct made *m, unsigned type, uint64_t len)
{
	unsigned more = len > 15;

	add_byte(m, more << 7 | type << 4 | (unsigned)(len & 15));
	for (len >>= 4; more; len >>= 7) {
		more = len > 127;
		add_byte(m, more << 7 | (unsigned)(len & 127));
	}
}

/* Where the base stands: by distance, which may lead anywhere, or by id. */
static void add_base(struct made *m, unsigned type, unsigned base)
{
	uint32_t here = m->offsets[m->n];
	uint32_t back = m->n > 0 ? here - m->offsets[base % m->n] : base;

	if (base > 250)
		back = base;
	if (type == 6) {
		if (back >= 128)
			add_byte(m, 0x80 | ((back >> 7) - 1) % 128);
		add_byte(m, back % 128);
	} else if (type == 7) {
		add_byte(m, base % ENTRIES_MAX);
		memset(m->pack + m->len, 0, 19);
		m->len += 19;
	}
}

static void add_entry(struct made *m, struct libdeflate_compressor *c, unsigned what, unsigned base,
                      const uint8_t *bytes, size_t n)
{
	unsigned type = what & 7;

	m->offsets[m->n] = (uint32_t)m->len;
	add_head(m, type, what < 248 ? n : n * what);
	add_base(m, type, base);
	m->len += libdeflate_zlib_compress(c, bytes, n, m->pack + m->len, PACK_MAX - m->len);
	m->n++;
}

static void write_made(const struct made *m)
{
	static unsigned char index[8 + 1024 + ENTRIES_MAX * 28 + 40];
	unsigned char *at = index + 8 + 1024;
	uint32_t n = (uint32_t)m->n;

	memset(index, 0, sizeof(index));
	memcpy(index, "\377tOc\0\0\0\2", 8);
	for (uint32_t i = 0; i < 256; i++)
		index[8 + 4 * i + 3] = (unsigned char)(i < n ? i + 1 : n);
	for (uint32_t i = 0; i < n; i++, at += 20)
		*at = (unsigned char)i;
	at += (size_t)n * 4;
	for (uint32_t i = 0; i < n; i++, at += 4) {
		at[2] = (unsigned char)(m->offsets[i] >> 8);
		at[3] = (unsigned char)m->offsets[i];
	}
	put_file(index_path, index, 8 + 1024 + (size_t)n * 28 + 40);
	put_file(pack_path, m->pack, m->len);
}

static void read_all(size_t n)
{
	struct packs *packs = packs_open(objects);

	for (size_t i = 0; packs != NULL && i < n; i++) {
		unsigned char oid[20] = { (unsigned char)i };
		struct pack_object *once = packs_read(packs, oid, OBJECT_MAX);
		struct pack_object *again = packs_read(packs, oid, OBJECT_MAX);

		if ((once == NULL) != (again == NULL))
			abort();
		if (once != NULL && (once->len > OBJECT_MAX || once->len != again->len ||
		                     once->data[once->len] != 0 || once->type != again->type ||
		                     memcmp(once->data, again->data, once->len) != 0))
			abort();
		pack_object_free(once);
		pack_object_free(again);
	}
	packs_close(packs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct made made;
	static struct libdeflate_compressor *c;

	if (c == NULL)
		c = libdeflate_alloc_compressor(0);
	make_folder();
	made.len = 12;
	made.n = 0;
	while (size >= 3 && made.n < ENTRIES_MAX && made.len < PACK_MAX - 2048) {
		size_t n = data[2] < size - 3 ? data[2] : size - 3;

		add_entry(&made, c, data[0], data[1], data + 3, n);
		data += 3 + n;
		size -= 3 + n;
	}
	write_made(&made);
	read_all(made.n);
	return 0;
}
