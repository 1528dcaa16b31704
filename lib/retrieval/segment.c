/* Segments: files put, terms written, small ones joined, old ones swept. */
#include "retrieval/segment.h"

#include "maps/lang.h"
#include "retrieval/cut.h"
#include "retrieval/segment_repo.h"

#include <inttypes.h>
#include <string.h>

#define ARENA_BYTES   ((size_t)1 << 30)   /* far above SEGMENT_BYTES and one batch */
#define SCRATCH_BYTES ((size_t)256 << 20) /* what one batch needs at most */
#define COUNTS_BYTES  ((size_t)1 << 20)
#define LINES_BYTES   ((size_t)96 << 20)
#define ROW_COLUMNS   7

void segment_begin(struct segment *s, struct ctx *cx, struct job_run *run, int64_t project_id)
{
	*s = (struct segment){ .cx = cx, .run = run, .project_id = project_id };
	s->arena = arena_new(ARENA_BYTES);
	s->scratch = arena_new(SCRATCH_BYTES);
}

void segment_end(struct segment *s)
{
	arena_free(s->arena);
	arena_free(s->scratch);
	s->arena = s->scratch = NULL;
}

enum err segment_tx(struct ctx *cx, struct job_run *run, struct db_tx *tx)
{
	if (run != NULL && run_stopped(run))
		return err_set(cx, ERR_CANCELLED, "stopped while it was indexed");
	return run != NULL ? run_begin(cx, run, tx) : db_begin(cx, tx);
}

/* --- Putting --- */

/* The first segment, or the next one. */
static enum err open_segment(struct segment *s)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	if (s->id != 0)
		return ERR_OK;
	arena_reset(s->arena);
	s->postings = postings_new(s->arena);
	s->counts = sb_new(s->arena, COUNTS_BYTES);
	TRY(segment_tx(s->cx, s->run, &tx));
	TRY(segment_repo_new(s->cx, s->project_id, &s->id));
	return db_commit(&tx);
}

/* What stands up to the next tab or the end; moved on behind it. */
static struct span column(struct span *line)
{
	const char *tab = memchr(line->data, '\t', line->len);
	size_t n = tab != NULL ? (size_t)(tab - line->data) : line->len;
	struct span ret = { line->data, n };

	line->data += tab != NULL ? n + 1 : n;
	line->len -= tab != NULL ? n + 1 : n;
	return ret;
}

static struct span next_line(struct span *rows)
{
	const char *feed = memchr(rows->data, '\n', rows->len);
	size_t n = feed != NULL ? (size_t)(feed - rows->data) : rows->len;
	struct span ret = { rows->data, n };

	rows->data += feed != NULL ? n + 1 : n;
	rows->len -= feed != NULL ? n + 1 : n;
	return ret;
}

static void count_file(struct segment *s, int64_t chunks)
{
	if (chunks == 0)
		return;
	if (s->counts.len > 0)
		sb_addc(&s->counts, ' ');
	sb_int(&s->counts, chunks);
}

/* What a chunk says, as columns of its row. */
struct passage {
	struct span kind, symbols, around, text;
};

static bool is_kind(struct span kind, const char *name)
{
	return kind.len == strlen(name) && memcmp(kind.data, name, kind.len) == 0;
}

/* Whether a folder of the path is of examples or measurements. */
static bool is_beside(const char *path)
{
	static const char *const FOLDERS[] = { "example",   "examples",  "_examples", "demo",
		                               "demos",     "samples",   "bench",     "benches",
		                               "benchmark", "benchmarks" };
	const char *slash;

	for (; (slash = strchr(path, '/')) != NULL; path = slash + 1)
		for (size_t i = 0; i < COUNT(FOLDERS); i++)
			if (strlen(FOLDERS[i]) == (size_t)(slash - path) &&
			    strncasecmp(FOLDERS[i], path, strlen(FOLDERS[i])) == 0)
				return true;
	return false;
}

/* Tests and lists of changes say the same words as what they are about, and are seldom what is meant. */
static double worth_of(const char *path, struct span kind)
{
	struct span span = { path, strlen(path) };
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	double worth = 1;

	if (lang_file_role(span, LANG_NONE, SPAN("")) == FILE_TEST || is_beside(path))
		worth *= SEGMENT_WORTH_TEST;
	if (strncasecmp(name, "CHANGE", 6) == 0 || strncasecmp(name, "HISTORY", 7) == 0 ||
	    strncasecmp(name, "NEWS", 4) == 0 || strncasecmp(name, "RELEASE", 7) == 0)
		worth *= SEGMENT_WORTH_CHANGES;
	if (is_kind(kind, "section") || is_kind(kind, "page"))
		worth *= SEGMENT_WORTH_SECTION;
	else if (is_kind(kind, "lines"))
		worth *= SEGMENT_WORTH_LINES;
	else if (!is_kind(kind, "function") && !is_kind(kind, "method"))
		worth *= SEGMENT_WORTH_HELD;
	return worth;
}

/* @past of the file, with its first chunk; NULL or "": none */
static void index_chunk(struct segment *s, const char *path, const struct passage *passage,
                        const char *past)
{
	postings_chunk(s->postings);
	postings_add(s->postings, POSTING_TEXT, passage->text);
	postings_add(s->postings, POSTING_SYMBOL, passage->symbols);
	postings_add(s->postings, POSTING_AROUND, passage->around);
	postings_add(s->postings, POSTING_PATH, (struct span){ path, strlen(path) });
	if (past != NULL)
		postings_add(s->postings, POSTING_PAST, (struct span){ past, strlen(past) });
	postings_end(s->postings, worth_of(path, passage->kind));
}

static enum err put_file_rows(struct segment *s, const struct segment_file *files, size_t n,
                              struct list *ret)
{
	struct sb sb = sb_new(s->cx->arena, LINES_BYTES);
	int64_t first = postings_chunks(s->postings);
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const char *lines;

	for (size_t i = 0; i < n; i++) {
		sb_addf(&sb, "%s\t%s\t%s\t%s\t%" PRId64 "\t%" PRId64, files[i].path, files[i].oid,
		        files[i].language, files[i].source, first, files[i].chunks);
		if (files[i].document_id != 0)
			sb_int_after(&sb, '\t', files[i].document_id);
		else
			sb_add(&sb, "\t\\N");
		sb_addc(&sb, '\t');
		sb_add(&sb, files[i].past != NULL ? files[i].past : "");
		sb_addc(&sb, '\n');
		first += files[i].chunks;
	}
	TRY(sb_finish(s->cx, &sb, &lines));
	TRY(segment_tx(s->cx, s->run, &tx));
	TRY(segment_repo_put_files(s->cx, s->id, s->project_id, (struct span){ lines, sb.len },
	                           ret));
	TRY(db_commit(&tx));
	if (ret->n != n)
		return err_set(s->cx, ERR_INTERNAL, "%zu files became %zu rows", n, ret->n);
	return ERR_OK;
}

static enum err put_piece(struct segment *s, struct sb *sb)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const char *lines;

	if (sb->len == 0)
		return ERR_OK;
	TRY(sb_finish(s->cx, sb, &lines));
	TRY(segment_tx(s->cx, s->run, &tx));
	TRY(segment_repo_put_chunks(s->cx, (struct span){ lines, sb->len }));
	TRY(db_commit(&tx));
	sb_truncate(sb, 0);
	return ERR_OK;
}

/* The chunks of one file: into the index, and as lines behind those of others. */
static enum err take_rows(struct segment *s, const struct segment_file *file, int64_t file_id,
                          struct sb *sb)
{
	struct span rows = file->rows;

	for (int64_t i = 0; i < file->chunks; i++) {
		struct span line = next_line(&rows), rest = line, columns[ROW_COLUMNS];

		for (size_t j = 0; j < ROW_COLUMNS; j++)
			columns[j] = column(&rest);
		if (columns[6].len == 0 || rest.len != 0)
			return err_set(s->cx, ERR_INTERNAL, "a chunk came in another form");
		index_chunk(s, file->path,
		            &(struct passage){ columns[3], columns[4], columns[5], columns[6] },
		            i == 0 ? file->past : NULL);
		sb_int(sb, file_id);
		sb_int_after(sb, '\t', i);
		sb_addc(sb, '\t');
		sb_addn(sb, line.data, line.len);
		sb_addc(sb, '\n');
	}
	count_file(s, file->chunks);
	return ERR_OK;
}

static enum err put_batch(struct segment *s, const struct segment_file *files, size_t n)
{
	struct sb sb = sb_new(s->cx->arena, LINES_BYTES);
	struct list ids;

	TRY(open_segment(s));
	TRY(put_file_rows(s, files, n, &ids));
	for (size_t i = 0; i < n; i++) {
		TRY(take_rows(s, &files[i], ((const int64_t *)ids.items)[i], &sb));
		if (sb.len >= SEGMENT_PIECE_BYTES)
			TRY(put_piece(s, &sb));
	}
	return put_piece(s, &sb);
}

/* What a batch needs of memory ends with it; only why it failed is kept. */
static enum err in_scratch(struct segment *s,
                           enum err (*work)(struct segment *s, const struct segment_file *files,
                                            size_t n),
                           const struct segment_file *files, size_t n)
{
	struct ctx *cx = s->cx, own = *cx;
	enum err e;

	arena_reset(s->scratch);
	own.arena = s->scratch;
	s->cx = &own;
	e = work(s, files, n);
	s->cx = cx;
	if (e == ERR_OK)
		return ERR_OK;
	err_set(cx, e, "%s", own.fault.detail != NULL ? own.fault.detail : "");
	if (own.fault.cause != NULL)
		err_cause(cx, "%s", own.fault.cause);
	return e;
}

static bool is_full(const struct segment *s)
{
	return postings_chunks(s->postings) >= SEGMENT_CHUNKS ||
	       postings_bytes(s->postings) >= SEGMENT_BYTES;
}

enum err segment_put(struct segment *s, const struct segment_file *files, size_t n)
{
	TRY(in_scratch(s, put_batch, files, n));
	return is_full(s) ? segment_publish(s) : ERR_OK;
}

/* --- Publishing --- */

struct term_piece {
	struct segment *s;
	struct sb sb;
};

static enum err put_terms(struct term_piece *piece)
{
	struct segment *s = piece->s;
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const char *lines;

	if (piece->sb.len == 0)
		return ERR_OK;
	TRY(sb_finish(s->cx, &piece->sb, &lines));
	TRY(segment_tx(s->cx, s->run, &tx));
	TRY(segment_repo_put_terms(s->cx, s->id, (struct span){ lines, piece->sb.len }));
	TRY(db_commit(&tx));
	sb_truncate(&piece->sb, 0);
	return ERR_OK;
}

static enum err take_term(void *arg, const char *term, uint32_t chunks, const char *text)
{
	struct term_piece *piece = arg;

	sb_add(&piece->sb, term);
	sb_int_after(&piece->sb, '\t', chunks);
	sb_addc(&piece->sb, '\t');
	sb_add(&piece->sb, text);
	sb_addc(&piece->sb, '\n');
	return piece->sb.len >= SEGMENT_PIECE_BYTES ? put_terms(piece) : ERR_OK;
}

static enum err write_terms(struct segment *s, const struct segment_file *files, size_t n)
{
	struct term_piece piece = { s, sb_new(s->cx->arena, LINES_BYTES) };

	(void)files;
	(void)n;
	TRY(postings_write(s->postings, take_term, &piece));
	return put_terms(&piece);
}

enum err segment_publish(struct segment *s)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const char *counts;

	if (s->id == 0)
		return ERR_OK;
	TRY(in_scratch(s, write_terms, NULL, 0));
	TRY(sb_finish(s->cx, &s->counts, &counts));
	TRY(segment_tx(s->cx, s->run, &tx));
	if (s->project_id != 0)
		TRY(segment_repo_replace(s->cx, s->project_id, s->id));
	TRY(segment_repo_publish(s->cx, s->id, postings_chunks(s->postings), counts));
	TRY(segment_repo_count_dead(s->cx, s->project_id));
	TRY(db_commit(&tx));
	s->id = 0;
	return ERR_OK;
}

enum err segment_count(struct ctx *cx, int64_t project_id)
{
	return segment_repo_count_dead(cx, project_id);
}

/* --- Joining --- */

/* Segments being made one. */
struct join {
	struct segment s;
	const char *segments; /* as an array */
	int64_t after;        /* file */
	struct sb moved;      /* files and their first chunks */
	bool more;
};

static struct span span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

static void join_file(struct join *j, const struct list *rows)
{
	const struct segment_old_chunk *chunks = rows->items;

	j->after = chunks[0].file_id;
	sb_int(&j->moved, j->after);
	sb_int_after(&j->moved, '\t', postings_chunks(j->s.postings));
	sb_addc(&j->moved, '\n');
	for (size_t i = 0; i < rows->n && chunks[0].chunks > 0; i++)
		index_chunk(&j->s, chunks[i].path,
		            &(struct passage){ span_of(chunks[i].kind), span_of(chunks[i].symbols),
		                               span_of(chunks[i].around), span_of(chunks[i].text) },
		            i == 0 ? chunks[i].past : NULL);
	count_file(&j->s, chunks[0].chunks);
}

/* One file at a time: what it needs of memory ends with it. */
static enum err join_next(struct segment *s, const struct segment_file *files, size_t n)
{
	struct join *j = (struct join *)s; /* its first member */
	struct list rows;

	(void)files;
	(void)n;
	TRY(segment_repo_next_file(s->cx, j->segments, j->after, &rows));
	j->more = rows.n > 0;
	if (j->more)
		join_file(j, &rows);
	return ERR_OK;
}

static enum err swap(struct join *j)
{
	struct segment *s = &j->s;
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const char *counts, *moved;

	TRY(sb_finish(s->cx, &s->counts, &counts));
	TRY(sb_finish(s->cx, &j->moved, &moved));
	TRY(segment_tx(s->cx, s->run, &tx));
	TRY(segment_repo_move(s->cx, s->id, (struct span){ moved, j->moved.len }));
	TRY(segment_repo_publish(s->cx, s->id, postings_chunks(s->postings), counts));
	TRY(segment_repo_retire(s->cx, j->segments));
	return db_commit(&tx);
}

static enum err join_segments(struct join *j)
{
	TRY(open_segment(&j->s));
	j->moved = sb_new(j->s.arena, LINES_BYTES);
	do {
		TRY(in_scratch(&j->s, join_next, NULL, 0));
	} while (j->more);
	TRY(in_scratch(&j->s, write_terms, NULL, 0));
	return swap(j);
}

/* @ret whether joining them is worth it */
static bool worth_joining(const struct list *small)
{
	const struct segment_small *items = small->items;

	for (size_t i = 0; i < small->n; i++)
		if (items[i].heavy)
			return true;
	return small->n > SEGMENT_SMALL_MAX;
}

enum err segment_join(struct ctx *cx, struct job_run *run, int64_t project_id)
{
	struct sb sb = sb_new(cx->arena, COUNTS_BYTES);
	struct join j = { 0 };
	struct list small;
	enum err e;

	TRY(segment_repo_small(cx, project_id, &small));
	if (!worth_joining(&small))
		return ERR_OK;
	for (size_t i = 0; i < small.n; i++) {
		sb_addc(&sb, i == 0 ? '{' : ',');
		sb_int(&sb, ((const struct segment_small *)small.items)[i].id);
	}
	sb_addc(&sb, '}');
	TRY(sb_finish(cx, &sb, &j.segments));
	segment_begin(&j.s, cx, run, project_id);
	e = join_segments(&j);
	segment_end(&j.s);
	return e;
}

/* --- Sweeping --- */

enum err segment_sweep(struct ctx *cx, int64_t project_id)
{
	for (;;) {
		int64_t id, n;

		TRY(segment_repo_stale(cx, project_id, &id));
		if (id == 0)
			return ERR_OK;
		do {
			TRY(segment_repo_drop(cx, id, SEGMENT_PIECE_ROWS, &n));
		} while (n > 0);
	}
}
