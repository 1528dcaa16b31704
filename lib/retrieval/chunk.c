/* Chunks: where a file is cut. */
#include "retrieval/chunk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define JOIN_LINES  30 /* small neighbours are joined up to so many */
#define ABOVE_MAX   60 /* lines of comment taken with a definition */
#define NESTED_OVER 60 /* lines of a function from which those inside it are cut out */
#define VALUE_LINES 5  /* from which a value is a chunk of its own */
#define HEADING_MAX 100

struct cutter {
	struct arena *arena;
	const char **lines; /* by line from 0, and the end */
	uint32_t nlines;
	struct chunk *chunks;
	size_t n, cap;
	bool complete;
};

static struct cutter begin(struct arena *arena, struct span text)
{
	struct cutter c = { .arena = arena, .complete = true };
	const char *p = text.data, *end = text.data + text.len;
	size_t cap = 0;

	for (const char *q = p; q < end; q++)
		cap += *q == '\n';
	c.lines = arena_array(arena, cap + 2, sizeof(*c.lines));
	while (p < end) {
		const char *feed = memchr(p, '\n', (size_t)(end - p));

		c.lines[c.nlines++] = p;
		p = feed != NULL ? feed + 1 : end;
	}
	c.lines[c.nlines] = end;
	return c;
}

static struct span line_at(const struct cutter *c, uint32_t line)
{
	return (struct span){ c->lines[line], (size_t)(c->lines[line + 1] - c->lines[line]) };
}

static bool says_something(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (isalnum((unsigned char)text.data[i]) || (unsigned char)text.data[i] >= 0x80)
			return true;
	return false;
}

static bool is_blank(const struct cutter *c, uint32_t line)
{
	struct span text = line_at(c, line);

	for (size_t i = 0; i < text.len; i++)
		if (!isspace((unsigned char)text.data[i]))
			return false;
	return true;
}

static struct span lines_text(const struct cutter *c, uint32_t from, uint32_t to)
{
	return (struct span){ c->lines[from], (size_t)(c->lines[to] - c->lines[from]) };
}

/* Lines from, up to but not with to (from 0). */
static struct chunk *add(struct cutter *c, uint32_t from, uint32_t to, const char *kind)
{
	struct chunk *chunk;

	while (from < to && is_blank(c, from))
		from++;
	while (to > from && is_blank(c, to - 1))
		to--;
	if (from == to || !says_something(lines_text(c, from, to)))
		return NULL;
	if (c->n == CHUNKS_MAX) {
		c->complete = false;
		return NULL;
	}
	if (c->n == c->cap) {
		size_t cap = c->cap != 0 ? c->cap * 2 : 32;

		c->chunks = arena_grow(c->arena, c->chunks, c->cap * sizeof(*chunk),
		                       cap * sizeof(*chunk));
		c->cap = cap;
	}
	chunk = &c->chunks[c->n++];
	*chunk = (struct chunk){
		.start = from + 1, .end = to, .text = lines_text(c, from, to), .kind = kind
	};
	return chunk;
}

/* Where a piece that begins at a line ends: a limit, or the last blank line of its second half. */
static uint32_t piece_end(const struct cutter *c, uint32_t from, uint32_t to)
{
	uint32_t end = from, blank = 0;

	while (end < to && end - from < CHUNK_LINES &&
	       (end == from || c->lines[end + 1] - c->lines[from] <= CHUNK_BYTES)) {
		if (end - from >= CHUNK_LINES / 2 && is_blank(c, end))
			blank = end;
		end++;
	}
	return end < to && blank != 0 ? blank : end;
}

/* One line may be longer than a chunk is to be: its front is taken. */
static void add_pieces(struct cutter *c, uint32_t from, uint32_t to, const char *kind)
{
	while (from < to) {
		uint32_t end = piece_end(c, from, to);
		struct chunk *chunk = add(c, from, end, kind);

		if (chunk != NULL && chunk->text.len > CHUNK_BYTES) {
			chunk->text.len = CHUNK_BYTES;
			while (chunk->text.len > 0 &&
			       ((unsigned char)chunk->text.data[chunk->text.len] & 0xc0) == 0x80)
				chunk->text.len--;
		}
		from = end;
	}
}

/* --- Code --- */

struct region {
	uint32_t from, to; /* lines from 0, to not included */
	const char *kind;
};

static bool is_function(const struct fact_def *def)
{
	return def->kind == DEF_FUNCTION || def->kind == DEF_METHOD;
}

static bool is_type(const struct fact_def *def)
{
	return def->kind == DEF_CLASS || def->kind == DEF_STRUCT || def->kind == DEF_INTERFACE ||
	       def->kind == DEF_TRAIT || def->kind == DEF_ENUM || def->kind == DEF_UNION ||
	       def->kind == DEF_TABLE || def->kind == DEF_VIEW;
}

static uint32_t def_start(const struct fact_def *def)
{
	uint32_t line = def->start_line > 0 ? def->start_line : def->line;

	return line > 0 ? line - 1 : 0;
}

static uint32_t indent_of(const struct cutter *c, uint32_t line)
{
	struct span text = line_at(c, line);
	uint32_t n = 0;

	while (n < text.len && (text.data[n] == ' ' || text.data[n] == '\t'))
		n++;
	return n;
}

/* Behind the lines of a value: those that are indented below its first, and the bracket that closes them. */
static uint32_t value_end(const struct cutter *c, uint32_t start)
{
	uint32_t own = indent_of(c, start), end = start + 1;

	while (end < c->nlines && !is_blank(c, end) && indent_of(c, end) > own)
		end++;
	if (end < c->nlines && end > start + 1 && line_at(c, end).len > own &&
	    memchr("})]", c->lines[end][own], 3) != NULL)
		end++;
	return end;
}

/* A value of several lines at the top of a file. */
static bool is_value(const struct cutter *c, const struct fact_def *def)
{
	return (def->kind == DEF_CONSTANT || def->kind == DEF_VARIABLE) && def->parent[0] == '\0' &&
	       value_end(c, def_start(def)) - def_start(def) >= VALUE_LINES;
}

static uint32_t def_end(const struct cutter *c, const struct fact_def *def)
{
	return is_function(def) || is_type(def) ? def->end_line : value_end(c, def_start(def));
}

/* The line on which a block comment opens that ends on this one. */
static uint32_t block_start(const struct cutter *c, uint32_t line, uint32_t floor)
{
	struct span text = line_at(c, line);
	uint32_t from = line;

	if (memmem(text.data, text.len, "*/", 2) == NULL)
		return line;
	while (from > floor && line - from < ABOVE_MAX &&
	       memmem(text.data, text.len, "/*", 2) == NULL)
		text = line_at(c, --from);
	return memmem(text.data, text.len, "/*", 2) != NULL ? from : line;
}

/* Comments and attributes stand right above, without a blank line between. */
static uint32_t with_comment(const struct cutter *c, uint32_t start, uint32_t floor)
{
	static const char OPENS[] = "/*#-@[;%'\"<!";
	uint32_t from = start;

	while (from > floor && start - from < ABOVE_MAX && !is_blank(c, from - 1)) {
		uint32_t above = block_start(c, from - 1, floor);
		struct span line = line_at(c, above);
		size_t i = 0;

		while (i < line.len && (line.data[i] == ' ' || line.data[i] == '\t'))
			i++;
		if (i == line.len || memchr(OPENS, line.data[i], sizeof(OPENS) - 1) == NULL)
			break;
		from = above;
	}
	return from;
}

static int by_start(const void *a, const void *b)
{
	const struct fact_def *x = *(const struct fact_def *const *)a;
	const struct fact_def *y = *(const struct fact_def *const *)b;

	if (def_start(x) != def_start(y))
		return def_start(x) < def_start(y) ? -1 : 1;
	if (x->end_line != y->end_line)
		return x->end_line > y->end_line ? -1 : 1;
	return x < y ? -1 : 1;
}

/* What has lines of its own, in the order of its lines. */
static const struct fact_def **sorted_defs(const struct cutter *c, const struct facts *facts,
                                           size_t *ret_n)
{
	const struct fact_def **defs = arena_array(c->arena, facts->ndefs + 1, sizeof(*defs));
	size_t n = 0;

	for (size_t i = 0; i < facts->ndefs; i++) {
		const struct fact_def *def = &facts->defs[i];

		if (def_start(def) < c->nlines &&
		    (is_function(def) || is_type(def) || is_value(c, def)))
			defs[n++] = def;
	}
	if (n > 1)
		qsort(defs, n, sizeof(*defs), by_start);
	*ret_n = n;
	return defs;
}

/* What stands between definitions; small ones are joined to the one before. */
static void between(struct cutter *c, uint32_t from, uint32_t to)
{
	struct chunk *last = c->n > 0 ? &c->chunks[c->n - 1] : NULL;

	if (from >= to)
		return;
	if (last != NULL && strcmp(last->kind, "lines") == 0 && last->end >= from &&
	    to - (last->start - 1) <= JOIN_LINES) {
		last->end = to;
		last->text = lines_text(c, last->start - 1, to);
		return;
	}
	add_pieces(c, from, to, "lines");
}

/*
 * Where the lines of a definition end that are its own: of a type before its first method or inner
 * type, of a long function before the first one inside it that has a body.
 */
static uint32_t own_end(const struct cutter *c, const struct fact_def *const *defs, size_t n,
                        uint32_t start, uint32_t end)
{
	bool type = is_type(defs[0]);

	if (!type && end - start <= NESTED_OVER)
		return end;
	for (size_t i = 1; i < n && def_start(defs[i]) < end; i++)
		if (def_start(defs[i]) > start &&
		    (type || (is_function(defs[i]) && defs[i]->end_line > defs[i]->line + 3)))
			return with_comment(c, def_start(defs[i]), start + 1);
	return end;
}

/* Add a name to a list that holds each once. */
static void add_name(struct cutter *c, const char ***names, size_t *n, const char *name)
{
	if (name[0] == '\0' || *n == CHUNK_SYMBOLS)
		return;
	for (size_t i = 0; i < *n; i++)
		if (strcmp((*names)[i], name) == 0)
			return;
	if (*names == NULL)
		*names = arena_array(c->arena, CHUNK_SYMBOLS, sizeof(**names));
	(*names)[(*n)++] = name;
}

static void name_chunk(struct cutter *c, struct chunk *chunk, const char *name)
{
	add_name(c, &chunk->symbols, &chunk->nsymbols, name);
}

/* The chunk that has a line, or NULL. */
static struct chunk *chunk_at(const struct cutter *c, uint32_t line)
{
	size_t low = 0, high = c->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c->chunks[mid].end < line)
			low = mid + 1;
		else
			high = mid;
	}
	return low < c->n && c->chunks[low].start <= line ? &c->chunks[low] : NULL;
}

static void name_chunks(struct cutter *c, const struct facts *facts)
{
	for (size_t i = 0; i < facts->ndefs; i++) {
		const struct fact_def *def = &facts->defs[i];
		struct chunk *chunk = chunk_at(c, def->line);

		if (chunk == NULL)
			continue;
		name_chunk(c, chunk, def->name);
		add_name(c, &chunk->around, &chunk->naround, def->parent);
	}
}

/* The pieces of a long one tell whose they are. */
static void add_definition(struct cutter *c, uint32_t from, uint32_t to, const struct fact_def *def)
{
	size_t first = c->n;

	add_pieces(c, from, to, def_kind_name((enum def_kind)def->kind));
	for (size_t i = first + 1; i < c->n; i++)
		add_name(c, &c->chunks[i].around, &c->chunks[i].naround, def->name);
}

void chunk_code(struct arena *arena, struct span text, const struct facts *facts,
                struct chunk_list *ret)
{
	struct cutter c = begin(arena, text);
	size_t n;
	const struct fact_def **defs = sorted_defs(&c, facts, &n);
	uint32_t at = 0; /* lines that are cut */

	for (size_t i = 0; i < n; i++) {
		uint32_t start = def_start(defs[i]), end = def_end(&c, defs[i]), from;

		if (start < at)
			continue;
		if (end <= start)
			end = start + 1;
		if (end > c.nlines)
			end = c.nlines;
		from = with_comment(&c, start, at);
		between(&c, at, from);
		at = own_end(&c, defs + i, n - i, start, end);
		add_definition(&c, from, at, defs[i]);
	}
	between(&c, at, c.nlines);
	name_chunks(&c, facts);
	*ret = (struct chunk_list){ c.chunks, c.n, c.complete };
}

/* --- Prose --- */

static struct span trimmed(struct span text)
{
	while (text.len > 0 && isspace((unsigned char)text.data[text.len - 1]))
		text.len--;
	while (text.len > 0 && (isspace((unsigned char)text.data[0]) || text.data[0] == '#')) {
		text.data++;
		text.len--;
	}
	return text;
}

static const char *heading_text(struct cutter *c, uint32_t line)
{
	struct span text = trimmed(line_at(c, line));

	while (text.len > 0 && (text.data[text.len - 1] == '#' || text.data[text.len - 1] == ' '))
		text.len--;
	if (text.len > HEADING_MAX) {
		text.len = HEADING_MAX;
		while (text.len > 0 && ((unsigned char)text.data[text.len] & 0xc0) == 0x80)
			text.len--;
	}
	return arena_strndup(c->arena, text.data, text.len);
}

static bool is_fence(struct span line)
{
	return line.len >= 3 &&
	       (memcmp(line.data, "```", 3) == 0 || memcmp(line.data, "~~~", 3) == 0);
}

/* A line of one repeated sign, three at least. */
static bool is_underline(struct span line, const char *signs)
{
	line = (struct span){ line.data, line.len };
	while (line.len > 0 && isspace((unsigned char)line.data[line.len - 1]))
		line.len--;
	if (line.len < 3 || strchr(signs, line.data[0]) == NULL)
		return false;
	for (size_t i = 1; i < line.len; i++)
		if (line.data[i] != line.data[0])
			return false;
	return true;
}

static bool is_heading(const struct cutter *c, enum lang lang, uint32_t line)
{
	struct span text = line_at(c, line);
	size_t marks = 0;

	if (lang == LANG_MARKDOWN) {
		while (marks < text.len && text.data[marks] == '#')
			marks++;
		if (marks > 0 && marks <= 6 && marks < text.len && text.data[marks] == ' ')
			return true;
	} else if (lang != LANG_RST) {
		return false;
	}
	if (line + 1 >= c->nlines || is_blank(c, line) || isspace((unsigned char)text.data[0]) ||
	    memchr("-*>|", text.data[0], 4) != NULL ||
	    (line > 0 && !is_blank(c, line - 1) &&
	     !is_underline(line_at(c, line - 1), "=-~^\"'`#*+")))
		return false;
	return is_underline(line_at(c, line + 1), lang == LANG_RST ? "=-~^\"'`#*+" : "=-");
}

static void add_section(struct cutter *c, uint32_t from, uint32_t to, const char *heading)
{
	size_t first = c->n;

	add_pieces(c, from, to, heading != NULL ? "section" : "lines");
	for (size_t i = first; i < c->n && heading != NULL; i++)
		name_chunk(c, &c->chunks[i], heading);
}

void chunk_prose(struct arena *arena, enum lang lang, struct span text, struct chunk_list *ret)
{
	struct cutter c = begin(arena, text);
	const char *heading = NULL;
	uint32_t from = 0;
	bool fenced = false;

	for (uint32_t i = 0; i < c.nlines; i++) {
		if (lang == LANG_MARKDOWN && is_fence(line_at(&c, i)))
			fenced = !fenced;
		if (fenced || !is_heading(&c, lang, i))
			continue;
		add_section(&c, from, i, heading);
		from = i;
		heading = heading_text(&c, i);
	}
	add_section(&c, from, c.nlines, heading);
	*ret = (struct chunk_list){ c.chunks, c.n, c.complete };
}

/* --- Pages --- */

static void add_page(struct cutter *c, uint32_t from, uint32_t to, uint32_t page)
{
	size_t first = c->n;

	add_pieces(c, from, to, "page");
	for (size_t i = first; i < c->n; i++)
		c->chunks[i].page = page;
}

/* A line that begins with form feeds is the first of a page; empty pages leave several. */
void chunk_pages(struct arena *arena, struct span text, struct chunk_list *ret)
{
	struct cutter c = begin(arena, text);
	uint32_t from = 0, page = 1;

	for (uint32_t i = 0; i < c.nlines; i++) {
		struct span line = line_at(&c, i);
		uint32_t feeds = 0;

		while (feeds < line.len && line.data[feeds] == '\f')
			feeds++;
		if (feeds == 0)
			continue;
		add_page(&c, from, i, page);
		from = i;
		page += feeds;
	}
	add_page(&c, from, c.nlines, page);
	*ret = (struct chunk_list){ c.chunks, c.n, c.complete };
}
