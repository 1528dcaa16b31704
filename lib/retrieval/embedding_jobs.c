/*
 * search_embed  give passages their vectors
 *
 * A page of passages at a time: those whose text has a vector already take that, the others go to the
 * provider in one call; what came of it is written before the next page is read.  So it may be killed
 * anywhere and run twice, and what was paid for is kept.  A provider that says when to come again is
 * obeyed: the job sleeps until then, which is no attempt.
 */
#include "retrieval/embedding_jobs.h"

#include "ai/llm.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "config/config.h"
#include "jobs/run.h"
#include "retrieval/cut.h"
#include "retrieval/embedding.h"
#include "retrieval/embedding_repo.h"
#include "retrieval/vector.h"

#include <inttypes.h>
#include <string.h>

#define BATCH_BYTES   ((size_t)256 << 20)
#define LINES_BYTES   ((size_t)64 << 20)
#define ARRAY_BYTES   ((size_t)1 << 20)
#define RESULT_BYTES  4096
#define TOKEN_BYTES   3   /* of a text, at least: what fits into a model's context */
#define LEAST_BYTES   200 /* a text is not cut shorter, to make it fit */
#define REFUSED_MAX   3   /* texts in a row that a provider refuses before it is its own fault */
#define SLICE_MS      1500000 /* then other jobs of the queue have their turn */
#define BUSY_S        30      /* where a provider does not say when to come again */
#define SNOOZE_MOST_S 3600    /* a budget may be raised meanwhile */

struct embedding {
	struct ctx *cx;
	struct job_run *run;
	struct llm_model model;
	size_t text_bytes;
	int64_t project_id;           /* of the source at hand */
	int64_t space_id, dimensions; /* 0: none yet; of vectors that have come, 0: none has */
	bool found_space;             /* that of what has come */
	struct arena *batch;
	int64_t until_ms, waiting;         /* monotonic; passages at the beginning */
	int64_t embedded, copied, refused; /* passages */
};

/* A passage of the page. */
struct passage {
	const struct embedding_passage *row;
	const char *text;
	char hash[SECRET_HEX_MAX];
	size_t same;   /* an earlier one of the page that says the same; itself: none does */
	bool known;    /* something that has a vector says the same */
	float *floats; /* NULL: the provider refuses the text, or it points nowhere */
};

struct page {
	struct passage *items;
	size_t n;
};

static bool stopped(void *arg)
{
	return run_stopped(arg);
}

static int64_t mono_ms(const struct ctx *cx)
{
	return cx->app->clock->mono_us(cx->app->clock) / 1000;
}

/* --- Texts --- */

static size_t cut_at(const char *text, size_t most)
{
	return strnlen(text, most) < most ? strlen(text) : utf8_valid(text, most);
}

/* Where it stands, and what it says: not its path, so that a file that is moved costs nothing. */
static const char *text_of(const struct embedding *x, struct ctx *cx,
                           const struct embedding_passage *row)
{
	char *text = arena_printf(cx->arena, "%s%s%s", row->around,
	                          row->around[0] != '\0' ? "\n" : "", row->text);

	for (char *at = text; (at = strchr(at, CUT_SYMBOL)) != NULL;)
		*at = ' ';
	text[cut_at(text, x->text_bytes)] = '\0';
	return text;
}

static void read_passages(const struct embedding *x, struct ctx *cx, const struct list *rows,
                          struct page *ret)
{
	const struct embedding_passage *row = rows->items;

	ret->n = rows->n;
	ret->items = arena_array(cx->arena, rows->n, sizeof(*ret->items));
	for (size_t i = 0; i < rows->n; i++) {
		struct passage *p = &ret->items[i];
		unsigned char hash[SECRET_HASH_BYTES];

		p->row = &row[i];
		p->text = text_of(x, cx, &row[i]);
		secret_hash(p->text, strlen(p->text), NULL, 0, hash);
		secret_hex(hash, sizeof(hash), p->hash);
		for (p->same = 0; strcmp(ret->items[p->same].hash, p->hash) != 0;)
			p->same++;
	}
}

/* Which of them need no call. */
static enum err look_up(const struct embedding *x, struct ctx *cx, struct page *page)
{
	struct sb sb = sb_new(cx->arena, ARRAY_BYTES);
	const struct embedding_known *known;
	const char *hashes;
	struct list found;

	if (x->space_id == 0)
		return ERR_OK;
	for (size_t i = 0; i < page->n; i++)
		sb_addf(&sb, "%c%s", i == 0 ? '{' : ',', page->items[i].hash);
	sb_addc(&sb, '}');
	TRY(sb_finish(cx, &sb, &hashes));
	TRY(embedding_repo_known(cx, x->space_id, hashes, &found));
	known = found.items;
	for (size_t k = 0; k < found.n; k++)
		for (size_t i = 0; i < page->n; i++)
			if (strcmp(page->items[i].hash, known[k].hash) == 0)
				page->items[i].known = true;
	return ERR_OK;
}

/* --- Calls --- */

static enum err call(struct embedding *x, struct ctx *cx, const char *const *texts, size_t n,
                     struct llm_vectors *ret)
{
	const struct llm_embed_request rq = {
		.model = x->model.name,
		.texts = texts,
		.ntexts = n,
		.project_id = x->project_id,
		.job_id = x->run->job->id,
		.cancelled = stopped,
		.arg = x->run,
	};

	TRY(llm_embed(cx, &rq, ret));
	if (strcmp(ret->origin, x->model.origin) == 0 && x->dimensions == (int64_t)ret->dimensions)
		return ERR_OK;
	/* The first; or it was changed meanwhile, or its server has another one now. */
	x->dimensions = (int64_t)ret->dimensions;
	x->model.origin = arena_strdup(x->cx->arena, ret->origin);
	x->found_space = false;
	return ERR_OK;
}

static void take(struct ctx *cx, struct passage *p, const struct llm_vectors *vectors, size_t i)
{
	float *floats = arena_memdup(cx->arena, vectors->floats + i * vectors->dimensions,
	                             vectors->dimensions * sizeof(*floats));

	if (vector_unit(floats, vectors->dimensions))
		p->floats = floats;
}

/* @ret whether it is the texts that a provider refuses */
static bool is_of_texts(enum err e)
{
	return e == ERR_CONTEXT_TOO_LONG || e == ERR_PROVIDER_REFUSED || e == ERR_CONTENT_REFUSED;
}

/* One text alone, shorter and shorter while it is refused. */
static enum err embed_one(struct embedding *x, struct ctx *cx, struct passage *p)
{
	struct llm_vectors vectors;
	size_t n = strlen(p->text);
	enum err e;

	for (;;) {
		const char *text = arena_strndup(cx->arena, p->text, cut_at(p->text, n));

		e = call(x, cx, &text, 1, &vectors);
		if (e == ERR_OK)
			take(cx, p, &vectors, 0);
		if (e == ERR_OK || !is_of_texts(e) || n / 2 < LEAST_BYTES)
			return e;
		n /= 2;
		err_clear(cx);
	}
}

/* What it refuses of a page is found out text by text, and left without a vector. */
static enum err embed_alone(struct embedding *x, struct ctx *cx, struct passage **asked, size_t n)
{
	size_t good = 0, bad = 0;

	for (size_t i = 0; i < n; i++) {
		enum err e = embed_one(x, cx, asked[i]);

		if (e == ERR_OK) {
			good++;
			continue;
		}
		if (!is_of_texts(e) || (good == 0 && ++bad >= (n < REFUSED_MAX ? n : REFUSED_MAX)))
			return e;
		err_clear(cx);
		x->refused++;
	}
	return ERR_OK;
}

static enum err embed(struct embedding *x, struct ctx *cx, const struct page *page)
{
	struct passage **asked = arena_array(cx->arena, page->n, sizeof(struct passage *));
	const char **texts = arena_array(cx->arena, page->n, sizeof(*texts));
	struct llm_vectors vectors;
	size_t n = 0;
	enum err e;

	for (size_t i = 0; i < page->n; i++) {
		struct passage *p = &page->items[i];

		if (p->known || p->same != i)
			continue;
		texts[n] = p->text;
		asked[n++] = p;
	}
	if (n == 0)
		return ERR_OK;
	e = call(x, cx, texts, n, &vectors);
	for (size_t i = 0; e == ERR_OK && i < n; i++)
		take(cx, asked[i], &vectors, i);
	if (e == ERR_OK || !is_of_texts(e))
		return e;
	err_clear(cx);
	return embed_alone(x, cx, asked, n);
}

/* --- Writing --- */

/* The space of what has come, made when it is the first.  @ret_moved what was embedded so far is of another */
static enum err find_space(struct embedding *x, struct ctx *cx, bool *ret_moved)
{
	const int64_t before = x->space_id;
	CLEANUP(db_end) struct db_tx tx = { 0 };

	*ret_moved = false;
	if (x->found_space || x->dimensions == 0)
		return ERR_OK;
	TRY(run_begin(cx, x->run, &tx));
	TRY(vector_space(cx, x->model.origin, (size_t)x->dimensions, &x->space_id));
	if (x->space_id == 0)
		TRY(vector_space_make(cx, x->model.origin, (size_t)x->dimensions, &x->space_id));
	x->found_space = true;
	*ret_moved = before != 0 && before != x->space_id;
	return db_commit(&tx);
}

static void add_lines(struct embedding *x, const struct page *page, struct sb *put, struct sb *copy)
{
	for (size_t i = 0; i < page->n; i++) {
		const struct passage *p = &page->items[i], *same = &page->items[p->same];
		struct sb *sb = p->known ? copy : put;

		if (!p->known && same->floats == NULL)
			continue;
		sb_int(sb, p->row->file_id);
		sb_int_after(sb, '\t', p->row->number);
		sb_addc(sb, '\t');
		sb_add(sb, p->hash);
		if (!p->known) {
			sb_addc(sb, '\t');
			vector_text(sb, same->floats, (size_t)x->dimensions);
			sb_addc(sb, '\t');
			vector_signs(sb, same->floats, (size_t)x->dimensions);
		}
		sb_addc(sb, '\n');
		*(p->known || p->same != i ? &x->copied : &x->embedded) += 1;
	}
}

/* @moved what is copied is of another space: then no file is done */
static enum err write_page(struct embedding *x, struct ctx *cx, const struct page *page, bool moved)
{
	struct sb put = sb_new(cx->arena, LINES_BYTES), copy = sb_new(cx->arena, LINES_BYTES),
		  files = sb_new(cx->arena, ARRAY_BYTES);
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const char *put_lines, *copy_lines, *marked;

	for (size_t i = 0; i < page->n; i++)
		if (page->items[i].row->last && !moved)
			sb_int_after(&files, files.len == 0 ? '{' : ',',
			             page->items[i].row->file_id);
	sb_add(&files, files.len == 0 ? "{}" : "}");
	add_lines(x, page, &put, &copy);
	sb_add(&put, "");
	sb_add(&copy, "");
	TRY(sb_finish(cx, &put, &put_lines));
	TRY(sb_finish(cx, &copy, &copy_lines));
	TRY(sb_finish(cx, &files, &marked));
	TRY(run_begin(cx, x->run, &tx));
	if (put.len > 0)
		TRY(embedding_repo_put(cx, x->project_id, x->space_id, x->dimensions,
		                       (struct span){ put_lines, put.len }));
	if (copy.len > 0)
		TRY(embedding_repo_copy(cx, x->project_id, x->space_id,
		                        (struct span){ copy_lines, copy.len }));
	TRY(embedding_repo_mark(cx, x->space_id, marked));
	return db_commit(&tx);
}

/* --- A source --- */

/* @after moved on; @ret_more false: that was all */
static enum err next_page(struct embedding *x, struct ctx *cx, struct embedding_passage *after,
                          bool *ret_more)
{
	const int64_t limit = cx->app->config->embed_batch;
	struct page page;
	struct list rows;
	bool moved;

	TRY(embedding_repo_page(cx, x->project_id, x->space_id, after, limit, &rows));
	*ret_more = rows.n > 0;
	if (rows.n == 0)
		return ERR_OK;
	read_passages(x, cx, &rows, &page);
	TRY(look_up(x, cx, &page));
	TRY(embed(x, cx, &page));
	TRY(find_space(x, cx, &moved));
	TRY(write_page(x, cx, &page, moved));
	after->file_id = page.items[page.n - 1].row->file_id;
	after->number = page.items[page.n - 1].row->number;
	if (moved) /* what was passed over waits again */
		*after = (struct embedding_passage){ .number = -1 };
	return ERR_OK;
}

static enum err embed_source(struct embedding *x, struct ctx *own)
{
	struct embedding_passage after = { .number = -1 };
	bool more = true;

	while (more) {
		int64_t done = x->embedded + x->copied + x->refused;

		if (run_stopped(x->run))
			return err_set(own, ERR_CANCELLED, "stopped while passages were embedded");
		if (mono_ms(own) >= x->until_ms)
			return run_snooze(own, x->run, 1, "others have their turn");
		arena_reset(x->batch);
		TRY(next_page(x, own, &after, &more));
		run_progress(own, x->run, (int)(x->waiting > 0 ? done * 99 / x->waiting : 99),
		             "embedding passages");
	}
	return embedding_repo_sweep(own, x->project_id);
}

/* What a provider or a budget says of when to come again. */
static enum err come_again(struct embedding *x, enum err e)
{
	int64_t s = x->cx->fault.retry_s > 0 ? x->cx->fault.retry_s : BUSY_S;
	const char *why = x->cx->fault.detail;

	if (e != ERR_PROVIDER_BUSY && e != ERR_BUDGET)
		return e;
	return run_snooze(x->cx, x->run, (s < SNOOZE_MOST_S ? s : SNOOZE_MOST_S) * 1000, why);
}

struct outcome {
	const char *model;
	int64_t dimensions, embedded, copied, refused;
};

static const struct field OUTCOME_FIELDS[] = {
	F_TEXT(struct outcome, model, .doc = "The model that was asked"),
	F_INT(struct outcome, dimensions, .doc = "Length of its vectors; 0: it was not asked"),
	F_INT(struct outcome, embedded, .doc = "Passages that it was asked about"),
	F_INT(struct outcome, copied, .doc = "Passages of which the vector was known"),
	F_INT(struct outcome, refused, .doc = "Passages that it does not take"),
};
static const struct schema OUTCOME = SCHEMA(struct outcome, "SearchEmbedResult", OUTCOME_FIELDS);

static enum err finish(struct embedding *x)
{
	const struct outcome out = { x->model.name, x->dimensions, x->embedded, x->copied,
		                     x->refused };
	struct sb sb = sb_new(x->cx->arena, RESULT_BYTES);
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const char *result;

	schema_encode(&sb, &OUTCOME, &out);
	TRY(sb_finish(x->cx, &sb, &result));
	TRY(run_begin(x->cx, x->run, &tx));
	TRY(run_complete(x->cx, x->run, result));
	return db_commit(&tx);
}

/* The sources one after the other, each page in memory of its own. */
static enum err embed_all(struct embedding *x, const struct list *sources)
{
	const struct embedding_source *items = sources->items;
	struct ctx own = *x->cx;
	enum err e = ERR_OK;

	own.arena = x->batch;
	for (size_t i = 0; i < sources->n; i++) {
		int64_t waiting;

		TRY(embedding_repo_count(x->cx, items[i].project_id, x->space_id, &waiting));
		x->waiting += waiting;
	}
	for (size_t i = 0; e == ERR_OK && i < sources->n; i++) {
		x->project_id = items[i].project_id;
		e = embed_source(x, &own);
	}
	if (e == ERR_OK)
		return ERR_OK;
	err_set(x->cx, e, "%s", own.fault.detail != NULL ? own.fault.detail : "");
	x->cx->fault.retry_s = own.fault.retry_s;
	if (own.fault.cause != NULL)
		err_cause(x->cx, "%s", own.fault.cause);
	return come_again(x, e);
}

/* A model that takes less than a passage may have gets as much as fits. */
static size_t text_bytes(const struct ctx *cx, const struct llm_model *model)
{
	int64_t most = cx->app->config->embed_text_bytes;

	if (model->context_tokens != 0 && model->context_tokens * TOKEN_BYTES < most)
		most = model->context_tokens * TOKEN_BYTES;
	return most < LEAST_BYTES ? LEAST_BYTES : (size_t)most;
}

static enum err run_embed(struct ctx *cx, struct job_run *run, const void *arguments)
{
	const struct search_embed_args *args = arguments;
	CLEANUP(arena_free_ptr) struct arena *batch = arena_new(BATCH_BYTES);
	struct embedding x = { cx, run, .batch = batch, .until_ms = mono_ms(cx) + SLICE_MS };
	struct list sources;
	enum err e = llm_find(cx, LLM_EMBEDDING, NULL, &x.model);

	if (e == ERR_NO_MODEL) { /* gone meanwhile */
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	x.text_bytes = text_bytes(cx, &x.model);
	TRY(vector_space(cx, x.model.origin, 0, &x.space_id));
	TRY(embedding_repo_sources(cx, args->project_id, &sources));
	run_step(cx, run, 0, "embedding passages");
	TRY(embed_all(&x, &sources));
	return finish(&x);
}

const struct job_handler embedding_jobs[] = {
	{ .kind = &search_embed_job, .run = run_embed },
	{ .kind = NULL },
};
