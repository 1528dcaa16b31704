/* One walk along a chain, from its base to its end. */
#include "audit/verify.h"

#include "audit/verify_repo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define HEX_CHARS        (2 * SECRET_HASH_BYTES)

static const char *const FAULTS[] = { "changed",   "missing",   "inserted", "reordered",
	                              "truncated", "rewritten", NULL };

static const struct field REPORT_FIELDS[] = {
	F_INT(struct verify_report, tenant_id, .doc = "Whose chain; 0: the installation's"),
	F_INT(struct verify_report, rows, .doc = "Rows recomputed"),
	F_INT(struct verify_report, base_seq, .doc = "Rows that retention has taken away before"),
	F_INT(struct verify_report, seq, .doc = "Place of the last seal that is right"),
	F_TEXT(struct verify_report, hash, .doc = "Its hash"),
	F_INT(struct verify_report, unsealed, .doc = "Rows that wait for their seal"),
	F_TEXT(struct verify_report, broken, .nullable = true, .one_of = FAULTS,
	       .doc = "What is wrong first; null: nothing"),
	F_INT(struct verify_report, broken_seq, .zero_is_null = true, .doc = "At which seal"),
	F_INT(struct verify_report, broken_position, .zero_is_null = true, .doc = "Which row"),
	F_TEXT(struct verify_report, why, .nullable = true, .doc = "The same in words"),
};
const struct schema verify_report_schema =
	SCHEMA(struct verify_report, "AuditChainReport", REPORT_FIELDS);

/* The state of a walk; its hashes are hex, which is what the database gives. */
struct walk {
	struct ctx *cx;
	struct arena *kept; /* of the report */
	struct verify_anchor *anchor;
	struct verify_report *report;
	char last[SECRET_HEX_MAX]; /* hash of the seal before */
};

/* Whatever a table holds that somebody may have changed. */
static void keep(struct walk *w, const char *hash)
{
	snprintf(w->last, sizeof(w->last), "%s", hash);
}

/* --- Anchors --- */

enum err verify_anchor_parse(struct ctx *cx, const char *text, struct verify_anchor *ret)
{
	struct verify_anchor anchor = { .tenant_id = -1 };
	const char *hash = text;
	char *end;

	if (strchr(text, ':') != NULL) {
		anchor.tenant_id = strtoll(text, &end, 10);
		if (end == text || *end != ':' || anchor.tenant_id < 0)
			goto wrong;
		anchor.seq = strtoll(end + 1, &end, 10);
		if (*end != ':' || anchor.seq <= 0)
			goto wrong;
		hash = end + 1;
	}
	if (strlen(hash) != HEX_CHARS || strspn(hash, "0123456789abcdef") != HEX_CHARS)
		goto wrong;
	memcpy(anchor.hash, hash, sizeof(anchor.hash));
	*ret = anchor;
	return ERR_OK;
wrong:
	err_set(cx, ERR_INVALID, "\"%s\" is no anchor", text);
	err_fix(cx, "give TENANT:SEQ:HASH as the runner has logged it, or 64 hex digits");
	return ERR_INVALID;
}

/* Compare where the anchor was taken.  @ret false: the chain holds another hash there */
static bool pass_anchor(struct walk *w, int64_t seq, const char *hash)
{
	struct verify_anchor *a = w->anchor;
	bool equal = a != NULL && strcmp(a->hash, hash) == 0;

	if (a == NULL || (a->tenant_id >= 0 && a->tenant_id != w->report->tenant_id))
		return true;
	if (a->seq != 0 && a->seq != seq)
		return true;
	a->found = a->found || equal;
	return equal || a->seq == 0;
}

/* --- Seals --- */

PRINTF(5, 6)
static bool broken(struct walk *w, const char *what, int64_t seq, int64_t position, const char *fmt,
                   ...)
{
	va_list ap;

	w->report->broken = what;
	w->report->broken_seq = seq;
	w->report->broken_position = position;
	va_start(ap, fmt);
	w->report->why = arena_vprintf(w->kept, fmt, ap);
	va_end(ap);
	return false;
}

static bool hash_fits(struct walk *w, const struct verify_seal *s)
{
	unsigned char hash[SECRET_HASH_BYTES];
	char hex[SECRET_HEX_MAX];
	size_t n = 0;

	if (!secret_hex_decode(w->last, hash, sizeof(hash), &n) || n != sizeof(hash) ||
	    !chain_hash(w->cx->arena, hash, &s->row, hash))
		return false;
	secret_hex(hash, sizeof(hash), hex);
	return strcmp(hex, s->hash) == 0;
}

/* @ret false: the walk ends here */
static bool step(struct walk *w, const struct verify_seal *s)
{
	int64_t want = w->report->seq + 1;

	if (s->seq != want)
		return broken(w, "missing", want, 0,
		              "seal %" PRId64 " is gone; the next is %" PRId64 " of row %" PRId64,
		              want, s->seq, s->place);
	if (strcmp(s->prev_hash, w->last) != 0)
		return broken(w, "reordered", s->seq, s->place,
		              "seal %" PRId64 " of row %" PRId64
		              " does not follow the one before it",
		              s->seq, s->place);
	if (!s->here)
		return broken(w, "missing", s->seq, s->place, "row %" PRId64 " is gone", s->place);
	if (!hash_fits(w, s))
		return broken(w, "changed", s->seq, s->place,
		              "row %" PRId64 " is not what was sealed", s->place);
	if (!pass_anchor(w, s->seq, s->hash))
		return broken(w, "rewritten", s->seq, s->place,
		              "seal %" PRId64 " of row %" PRId64 " is not that of the anchor",
		              s->seq, s->place);
	keep(w, s->hash);
	w->report->seq = s->seq;
	w->report->rows++;
	return true;
}

/* Page by page, each in memory of its own: a chain may be longer than memory. */
static enum err walk_seals(struct walk *w, struct arena *page)
{
	struct ctx *cx = w->cx;

	for (;;) {
		const struct verify_seal *seals;
		struct list list = { 0 };
		enum err e;

		arena_reset(page);
		cx->arena = page;
		e = verify_repo_seals(cx, w->report->tenant_id, w->report->seq, &list);
		seals = list.items;
		for (size_t i = 0; e == ERR_OK && i < list.n; i++) {
			if (!step(w, &seals[i]))
				break;
		}
		cx->arena = w->kept;
		if (e != ERR_OK) /* its words are in the page */
			return err_set(cx, e, "%s", cx->fault.detail);
		if (w->report->broken != NULL || list.n < VERIFY_PAGE)
			return ERR_OK;
	}
}

/* --- Both ends --- */

static void check_end(struct walk *w, const struct verify_ends *ends)
{
	struct verify_report *r = w->report;
	const struct verify_anchor *a = w->anchor;

	if (r->seq < ends->seq)
		broken(w, "truncated", r->seq + 1, 0,
		       "the chain ends at seal %" PRId64 ", and it had %" PRId64, r->seq,
		       ends->seq);
	else if (r->seq > ends->seq || strcmp(w->last, ends->hash) != 0)
		broken(w, "inserted", r->seq, 0,
		       "the chain goes on to seal %" PRId64 ", and the sealer made %" PRId64,
		       r->seq, ends->seq);
	else if (a != NULL && a->tenant_id == r->tenant_id && a->seq > r->seq)
		broken(w, "truncated", r->seq + 1, 0,
		       "the chain ends at seal %" PRId64 ", before the anchor's %" PRId64, r->seq,
		       a->seq);
	else if (a != NULL && a->tenant_id == r->tenant_id && a->seq != 0 && !a->found)
		broken(w, "rewritten", a->seq, 0,
		       "seal %" PRId64 " of the anchor was taken away by retention, which left"
		       " another, or none to compare with",
		       a->seq);
}

static enum err walk_chain(struct walk *w)
{
	CLEANUP(arena_free_ptr) struct arena *page = arena_new(PAGE_ARENA_BYTES);
	struct ctx *cx = w->cx;
	struct verify_report *r = w->report;
	struct verify_ends ends = { 0 };
	int64_t stray;
	enum err e;

	memset(w->last, '0', HEX_CHARS);
	w->last[HEX_CHARS] = '\0';
	e = verify_repo_ends(cx, r->tenant_id, &ends);
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		ends.hash = arena_strdup(cx->arena, w->last);
	} else {
		TRY(e);
		keep(w, ends.base_hash);
	}
	r->seq = r->base_seq = ends.base_seq;
	if (r->seq > 0)
		(void)pass_anchor(w, r->seq, w->last);
	TRY(walk_seals(w, page));
	TRY(verify_repo_unsealed(cx, r->tenant_id, &r->unsealed));
	TRY(verify_repo_stray(cx, r->tenant_id, &stray));
	if (r->broken == NULL)
		check_end(w, &ends);
	if (r->broken == NULL && stray != 0)
		broken(w, "inserted", 0, stray,
		       "row %" PRId64 " has no seal, though all of its time are sealed", stray);
	r->hash = arena_strdup(cx->arena, w->last);
	return ERR_OK;
}

enum err verify_chains(struct ctx *cx, struct list *ret)
{
	return verify_repo_chains(cx, ret);
}

enum err verify_chain(struct ctx *cx, int64_t tenant_id, struct verify_anchor *anchor,
                      struct verify_report *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct walk w = { .cx = cx, .kept = cx->arena, .anchor = anchor, .report = ret };

	*ret = (struct verify_report){ .tenant_id = tenant_id };
	TRY(db_begin(cx, &tx));
	TRY(verify_repo_freeze(cx));
	TRY(walk_chain(&w));
	return db_commit(&tx);
}

void verify_no_anchor(struct verify_report *report)
{
	report->broken = "truncated";
	report->why = "no chain that was looked at holds the anchor";
}
