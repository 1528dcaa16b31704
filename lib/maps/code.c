/* Code: one walk along a table for each direction; nested as deep as tables are, whatever the bytes. */
#include "maps/code.h"

#include "maps/checksum.h"

#include <string.h>

#define MORE 0x80u /* bit of a byte: the number goes on */

void code_put(struct sb *sb, uint64_t n)
{
	while (n >= MORE) {
		sb_addc(sb, (char)(n | MORE));
		n >>= 7;
	}
	sb_addc(sb, (char)n);
}

static uint64_t number_at(const void *member, uint8_t size)
{
	uint32_t four;
	uint64_t eight;

	if (size == 1)
		return *(const uint8_t *)member;
	if (size == 4) {
		memcpy(&four, member, sizeof(four));
		return four;
	}
	assert(size == sizeof(eight));
	memcpy(&eight, member, sizeof(eight));
	return eight;
}

/* 0 is for NULL where a text may be that. */
static void put_text(struct sb *sb, struct store *store, const char *text, bool nullable)
{
	if (nullable && text == NULL)
		code_put(sb, 0);
	else
		code_put(sb, (uint64_t)store_index(store, text != NULL ? text : "") + nullable);
}

static size_t count_at(const struct code_field *field, const char *row)
{
	size_t n;

	memcpy(&n, row + field->count_offset, sizeof(n));
	return n < field->max ? n : (size_t)field->max;
}

/* Whether rows of a table are texts and numbers alone. */
static bool is_flat(const struct code_table *table)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->fields[i].type != CODE_TYPE_TEXT &&
		    table->fields[i].type != CODE_TYPE_NUMBER)
			return false;
	return true;
}

#define NUMBER_MAX 10 /* bytes of a number */

static char *put_at(char *to, uint64_t n)
{
	for (; n >= MORE; n >>= 7)
		*to++ = (char)(n | MORE);
	*to++ = (char)n;
	return to;
}

#define FIELDS_MAX 8  /* of a flat table */
#define BLOCK_MAX  32 /* rows whose texts are looked for together */

/* The texts of some rows of a list: what each row has at a field that the row before has not. */
struct block {
	const char *before[FIELDS_MAX]; /* of the last row so far, by field */
	uint32_t number[FIELDS_MAX];    /* the same as it was written */
	const char *texts[BLOCK_MAX * FIELDS_MAX];
	uint32_t numbers[BLOCK_MAX * FIELDS_MAX];
	bool is_new[BLOCK_MAX * FIELDS_MAX];
};

static bool is_text(const struct code_field *field)
{
	return field->type == CODE_TYPE_TEXT;
}

static const char *text_at(const struct code_field *field, const char *row)
{
	const char *text;

	memcpy(&text, row + field->offset, sizeof(text));
	return text == NULL && field->max != 1 ? "" : text;
}

/* Fill the block from the rows.  NULL, which a field may be, has no number to be looked for. */
static void find_texts(struct block *b, struct store *store, const struct code_table *table,
                       const char *rows, size_t n)
{
	size_t at = 0, ntexts = 0;

	for (const char *row = rows; row < rows + n * table->size; row += table->size)
		for (size_t i = 0; i < table->n; i++, at++) {
			const char *text;

			if (!is_text(&table->fields[i]))
				continue;
			text = text_at(&table->fields[i], row);
			b->is_new[at] = text != b->before[i];
			b->before[i] = text;
			if (b->is_new[at] && text != NULL)
				b->texts[ntexts++] = text;
		}
	store_index_all(store, b->texts, ntexts, b->numbers);
}

/* Rows whose texts were found.  @ret behind them */
static char *put_rows(char *to, struct block *b, const struct code_table *table, const char *rows,
                      size_t n)
{
	const uint32_t *next = b->numbers;
	size_t at = 0;

	for (const char *row = rows; row < rows + n * table->size; row += table->size)
		for (size_t i = 0; i < table->n; i++, at++) {
			const struct code_field *field = &table->fields[i];

			if (!is_text(field)) {
				to = put_at(to, number_at(row + field->offset, field->size));
				continue;
			}
			if (b->is_new[at])
				b->number[i] = text_at(field, row) == NULL
				                       ? 0
				                       : *next++ + (field->max == 1);
			to = put_at(to, b->number[i]);
		}
	return to;
}

/* Most of what is written are lists of such rows. */
static void put_flat(struct sb *sb, struct store *store, const struct code_table *table,
                     const char *items, size_t n)
{
	struct block b;

	assert(table->n <= FIELDS_MAX);
	memset(b.before, 0, sizeof(b.before));
	memset(b.number, 0, sizeof(b.number));
	for (size_t i = 0, some; i < n; i += some) {
		const char *rows = items + i * table->size;
		char *to;

		some = n - i < BLOCK_MAX ? n - i : BLOCK_MAX;
		to = sb_room(sb, some * table->n * NUMBER_MAX);
		if (to == NULL)
			return;
		find_texts(&b, store, table, rows, some);
		sb_took(sb, put_rows(to, &b, table, rows, some));
	}
}

static void put_texts(struct sb *sb, struct store *store, const char *const *texts, size_t n)
{
	uint32_t numbers[BLOCK_MAX];

	for (size_t i = 0, some; i < n; i += some) {
		some = n - i < BLOCK_MAX ? n - i : BLOCK_MAX;
		store_index_all(store, texts + i, some, numbers);
		for (size_t k = 0; k < some; k++)
			code_put(sb, numbers[k]);
	}
}

static void put_list(struct sb *sb, struct store *store, const struct code_field *field,
                     const char *row)
{
	size_t n = count_at(field, row);
	const char *items;

	memcpy(&items, row + field->offset, sizeof(items));
	code_put(sb, n);
	if (n == 0)
		return; /* and the list may be NULL */
	if (field->type == CODE_TYPE_TEXTS)
		put_texts(sb, store, (const char *const *)(const void *)items, n);
	else if (is_flat(field->of))
		put_flat(sb, store, field->of, items, n);
	else
		for (size_t i = 0; i < n; i++)
			code_write(sb, store, field->of, items + i * field->of->size);
}

/* How many bytes they take stands before the rows, and is known behind them. */
static void put_packed(struct sb *sb, struct store *store, const struct code_field *field,
                       const char *row)
{
	size_t n = count_at(field, row), start, len;
	struct span packed;
	const char *items;

	memcpy(&items, row + field->offset, sizeof(items));
	memcpy(&packed, row + field->packed_offset, sizeof(packed));
	code_put(sb, n);
	if (n == 0)
		return;
	if (items == NULL) {
		code_put(sb, packed.len);
		sb_addn(sb, packed.data, packed.len);
		return;
	}
	start = sb->len;
	put_flat(sb, store, field->of, items, n);
	len = sb->len - start;
	code_put(sb, len);
	if (!sb->failed) {
		char size[10];
		size_t nsize = sb->len - start - len;

		memcpy(size, sb->data + start + len, nsize);
		memmove(sb->data + start + nsize, sb->data + start, len);
		memcpy(sb->data + start, size, nsize);
	}
}

void code_write(struct sb *sb, struct store *store, const struct code_table *table, const void *row)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct code_field *field = &table->fields[i];
		const char *member = (const char *)row + field->offset;
		const char *text;

		switch (field->type) {
		case CODE_TYPE_TEXT:
			memcpy(&text, member, sizeof(text));
			put_text(sb, store, text, field->max == 1);
			break;
		case CODE_TYPE_NUMBER:
			code_put(sb, number_at(member, field->size));
			break;
		case CODE_TYPE_TEXTS:
		case CODE_TYPE_ROWS:
			put_list(sb, store, field, row);
			break;
		case CODE_TYPE_PACKED:
			put_packed(sb, store, field, row);
			break;
		case CODE_TYPE_ONE:
			code_write(sb, store, field->of, member);
			break;
		}
	}
}

static uint64_t take_long(struct code_in *in, uint64_t max)
{
	const unsigned char *p = (const unsigned char *)in->bytes.data;
	uint64_t n = 0;

	for (size_t i = 0; i < in->bytes.len && i < 10; i++) {
		n |= (uint64_t)(p[i] & (MORE - 1)) << 7 * i;
		if (p[i] & MORE)
			continue;
		in->bytes.data += i + 1;
		in->bytes.len -= i + 1;
		in->bad |= n > max;
		return n <= max ? n : 0;
	}
	in->bad = true;
	in->bytes.len = 0;
	return 0;
}

/* Most numbers are one byte, two or three. */
static inline uint64_t take(struct code_in *in, uint64_t max)
{
	const unsigned char *p = (const unsigned char *)in->bytes.data;
	uint64_t n;
	size_t used = 1;

	if (in->bytes.len < 3)
		return take_long(in, max);
	n = p[0] & (MORE - 1);
	if (p[0] & MORE) {
		n |= (uint64_t)(p[1] & (MORE - 1)) << 7;
		used = 2;
		if (p[1] & MORE) {
			n |= (uint64_t)p[2] << 14;
			used = 3;
		}
	}
	if (n > max || (used == 3 && (p[2] & MORE)))
		return take_long(in, max);
	in->bytes.data += used;
	in->bytes.len -= used;
	return n;
}

uint64_t code_take(struct code_in *in, uint64_t max)
{
	return take(in, max);
}

/* What is bad is "", so that nothing that follows meets NULL. */
static inline const char *take_text(struct code_in *in, bool nullable)
{
	uint64_t n = take(in, UINT32_MAX);

	if (nullable && n == 0)
		return NULL;
	n -= nullable;
	in->bad |= n >= in->store->ntexts;
	return in->bad ? "" : in->store->texts[n];
}

static void set_number(void *member, uint8_t size, uint64_t n)
{
	uint32_t four = (uint32_t)n;

	if (size == 1)
		*(uint8_t *)member = (uint8_t)n;
	else if (size == 4)
		memcpy(member, &four, sizeof(four));
	else
		memcpy(member, &n, sizeof(n));
}

/* What is long, near the end or too much, by the usual way.  @ret where the next number stands */
static const unsigned char *take_odd(struct code_in *in, const unsigned char *p, uint64_t max,
                                     uint64_t *ret)
{
	const char *end = in->bytes.data + in->bytes.len;

	in->bytes = (struct span){ (const char *)p, (size_t)(end - (const char *)p) };
	*ret = take_long(in, max);
	return (const unsigned char *)in->bytes.data;
}

/* One number.  @ret where the next one stands */
static inline const unsigned char *take_at(struct code_in *in, const unsigned char *p,
                                           const unsigned char *safe, uint64_t max, uint64_t *ret)
{
	uint64_t n;

	if (p >= safe)
		return take_odd(in, p, max, ret);
	n = p[0];
	if (n < MORE) {
		*ret = n;
		return n <= max ? p + 1 : take_odd(in, p, max, ret);
	}
	n = (n & (MORE - 1)) | (uint64_t)(p[1] & (MORE - 1)) << 7;
	if (p[1] < MORE) {
		*ret = n;
		return n <= max ? p + 2 : take_odd(in, p, max, ret);
	}
	*ret = n | (uint64_t)p[2] << 14;
	return p[2] < MORE && *ret <= max ? p + 3 : take_odd(in, p, max, ret);
}

/* Most of what is read are lists of such rows, by the hundred thousand. */
static void take_flat(struct code_in *in, const struct code_table *table, char *items, size_t n)
{
	const struct code_field *fields = table->fields, *end_field = fields + table->n;
	const char *const *texts = in->store != NULL ? in->store->texts : NULL;
	const unsigned char *p = (const unsigned char *)in->bytes.data, *end = p + in->bytes.len;
	const unsigned char *safe =
		in->bytes.len > 2 ? end - 2 : p; /* three bytes can be looked at */
	size_t ntexts = in->store != NULL ? in->store->ntexts : 0;

	for (char *row = items, *last = items + n * table->size; row < last; row += table->size) {
		for (const struct code_field *field = fields; field < end_field; field++) {
			char *member = row + field->offset;
			uint64_t got;

			if (field->type == CODE_TYPE_NUMBER) {
				p = take_at(in, p, safe, field->max, &got);
				set_number(member, field->size, got);
				continue;
			}
			p = take_at(in, p, safe, UINT32_MAX, &got);
			if (field->max == 1 && got-- == 0)
				continue;
			in->bad |= got >= ntexts;
			*(const char **)(void *)member = got < ntexts ? texts[got] : "";
		}
		if (in->bad)
			break;
	}
	in->bytes = (struct span){ (const char *)p, (size_t)(end - p) };
}

static void take_list(struct code_in *in, const struct code_field *field, char *row)
{
	bool texts = field->type == CODE_TYPE_TEXTS;
	size_t n = (size_t)take(in, field->max), size = texts ? sizeof(char *) : field->of->size;
	struct arena *arena = !texts && field->of == in->apart ? in->scratch : in->arena;
	char *items;

	in->bad |= n > in->bytes.len; /* each takes a byte at least */
	if (in->bad || n == 0)
		return;
	items = arena_array(arena, n, size);
	if (!texts && is_flat(field->of))
		take_flat(in, field->of, items, n);
	else
		for (size_t i = 0; i < n && !in->bad; i++)
			if (texts)
				((const char **)(void *)items)[i] = take_text(in, false);
			else
				code_read(in, field->of, items + i * size);
	memcpy(row + field->offset, &items, sizeof(items));
	memcpy(row + field->count_offset, &n, sizeof(n));
}

/* @ret n rows in the arena, NULL when the bytes are not as many */
static void *unpack(struct span packed, size_t n, const struct code_table *table,
                    const struct store *store, struct arena *arena)
{
	struct code_in in = { .bytes = packed, .store = store };
	char *items;

	if (n > packed.len) /* each takes a byte at least */
		return NULL;
	items = arena_array(arena, n, table->size);
	take_flat(&in, table, items, n);
	return in.bad || in.bytes.len > 0 ? NULL : items;
}

#define FLAT_MAX 16 /* members of a row that is read as numbers */

bool code_unpack_numbers(struct span packed, size_t n, const struct code_table *table,
                         const struct store *store, uint32_t *ret)
{
	struct code_in in = { .bytes = packed, .store = store };
	const unsigned char *p = (const unsigned char *)packed.data, *end = p + packed.len;
	const unsigned char *safe = packed.len > 2 ? end - 2 : p;
	uint64_t most[FLAT_MAX], got;

	assert(table->n <= FLAT_MAX);
	if (n * table->n > packed.len || store->ntexts == 0) /* each takes a byte at least */
		return n == 0;
	for (size_t k = 0; k < table->n; k++)
		most[k] = table->fields[k].type == CODE_TYPE_NUMBER ? table->fields[k].max
		                                                    : store->ntexts - 1;
	for (size_t i = 0; i < n && !in.bad; i++)
		for (size_t k = 0; k < table->n; k++) {
			p = take_at(&in, p, safe, most[k], &got);
			*ret++ = (uint32_t)got;
		}
	return !in.bad && p == end;
}

/*
 * The next n numbers where eight bytes can be looked at: each ends with a byte without MORE.
 *
 * @ret the bytes that they take, and the first of them; 0: that takes more than three, or all of
 *      them more than eight
 */
static inline size_t look_at(const unsigned char *p, size_t n, uint64_t *ret_first)
{
	uint64_t w, ends, end, first;

	memcpy(&w, p, sizeof(w));
	ends = ~w & UINT64_C(0x8080808080808080);
	end = ends & (0 - ends);
	first = w & (end - 1);
	*ret_first = (first & 0x7f) | (first >> 1 & 0x3f80) | (first >> 2 & 0x1fc000);
	for (; n > 1; n--)
		ends &= ends - 1;
	if (ends == 0 || end > 1u << 23)
		return 0;
	return (size_t)__builtin_ctzll(ends) / 8 + 1;
}

/* One row.  @ret where the next one stands */
static const unsigned char *take_numbers(struct code_in *in, const unsigned char *p,
                                         const unsigned char *safe, const struct code_table *table,
                                         uint32_t *ret)
{
	uint64_t got;

	for (size_t k = 0; k < table->n; k++) {
		uint64_t most = table->fields[k].type == CODE_TYPE_NUMBER ? table->fields[k].max
		                                                          : in->store->ntexts - 1;

		p = take_at(in, p, safe, most, &got);
		ret[k] = (uint32_t)got;
	}
	return p;
}

bool code_pick_numbers(struct span packed, size_t n, const struct code_table *table,
                       const struct store *store, const bool *marked, uint32_t *ret, size_t *ret_n)
{
	struct code_in in = { .bytes = packed, .store = store };
	const unsigned char *p = (const unsigned char *)packed.data, *end = p + packed.len;
	const unsigned char *safe = packed.len > 2 ? end - 2 : p;
	size_t ntexts = store->ntexts;

	*ret_n = 0;
	assert(table->n > 0 && table->fields[0].type == CODE_TYPE_TEXT);
	if (n * table->n > packed.len || ntexts == 0) /* each takes a byte at least */
		return n == 0;
	for (size_t i = 0; i < n && !in.bad; i++) {
		uint64_t text;
		size_t row = end - p >= 8 ? look_at(p, table->n, &text) : 0;

		if (row > 0 && text < ntexts && !marked[text]) {
			p += row;
			continue;
		}
		p = take_numbers(&in, p, safe, table, ret);
		if (!in.bad && marked[*ret]) {
			ret += table->n;
			++*ret_n;
		}
	}
	return !in.bad && p == end;
}

static void take_packed(struct code_in *in, const struct code_field *field, char *row)
{
	size_t n = (size_t)take(in, field->max);
	struct span packed = { 0 };
	void *items = NULL;

	if (n == 0)
		return;
	packed.len = (size_t)take(in, in->bytes.len);
	in->bad |= n > packed.len || packed.len > in->bytes.len;
	if (in->bad)
		return;
	packed.data = in->bytes.data;
	in->bytes = (struct span){ packed.data + packed.len, in->bytes.len - packed.len };
	if (in->unpacks) {
		items = unpack(packed, n, field->of, in->store, in->arena);
		in->bad |= items == NULL;
	} else {
		packed.data = arena_memdup(in->arena, packed.data, packed.len);
		memcpy(row + field->packed_offset, &packed, sizeof(packed));
	}
	memcpy(row + field->offset, &items, sizeof(items));
	memcpy(row + field->count_offset, &n, sizeof(n));
}

void code_read(struct code_in *in, const struct code_table *table, void *row)
{
	for (size_t i = 0; i < table->n && !in->bad; i++) {
		const struct code_field *field = &table->fields[i];
		char *member = (char *)row + field->offset;
		const char *text;

		switch (field->type) {
		case CODE_TYPE_TEXT:
			text = take_text(in, field->max == 1);
			memcpy(member, &text, sizeof(text));
			break;
		case CODE_TYPE_NUMBER:
			set_number(member, field->size, take(in, field->max));
			break;
		case CODE_TYPE_TEXTS:
		case CODE_TYPE_ROWS:
			take_list(in, field, row);
			break;
		case CODE_TYPE_PACKED:
			take_packed(in, field, row);
			break;
		case CODE_TYPE_ONE:
			code_read(in, field->of, member);
			break;
		}
	}
}

uint64_t code_print(const struct code_table *table, uint64_t seed)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct code_field *field = &table->fields[i];
		const uint64_t what[] = { field->type, field->size, field->offset, field->max };

		seed = checksum(what, sizeof(what), seed);
		if (field->of != NULL)
			seed = code_print(field->of, seed);
	}
	return seed;
}
