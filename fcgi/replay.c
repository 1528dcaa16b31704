/* Idempotency-Key at the edge; storage is auth/replay.h. */
#include "replay.h"

#include "problem.h"
#include "raw.h"

#include "auth/keyring.h"
#include "auth/replay.h"

#include <string.h>

#define HEADERS_MAX_BYTES 4096

/* Refusals that depend on nothing but the request and what is stored. */
static bool is_final(enum err e)
{
	switch (e) {
	case ERR_INVALID:
	case ERR_NOT_FOUND:
	case ERR_CONFLICT:
	case ERR_STATE:
	case ERR_LIMIT:
	case ERR_URL_REFUSED:
		return true;
	default:
		return false;
	}
}

/*
 * All that makes the request this one.  Hashed under a key, because it may hold a secret that could be
 * guessed; @ret_hashes is the same under every key there is, for an answer that was stored before.
 */
static void hash_of(struct ctx *cx, const struct request *rq, unsigned char ret[SECRET_HASH_BYTES],
                    const char **ret_hashes)
{
	struct sb sb = sb_new(cx->arena, SIZE_MAX / 4);

	sb_addf(&sb, "%s %lld %lld %s\n", rq->route->op, (long long)rq->ids[0],
	        (long long)rq->ids[1], rq->raw_query == NULL ? "" : rq->raw_query);
	if (rq->source != NULL)
		sb_addf(&sb, "%s %s", rq->upload.media_type, rq->upload.hash);
	sb_addn(&sb, rq->body.data, rq->body.len);
	keyring_hash(cx->app->keyring, KEYRING_REPLAY, sb.data, sb.len, ret);
	*ret_hashes = keyring_hashes(cx->arena, cx->app->keyring, KEYRING_REPLAY, sb.data, sb.len);
	secret_wipe(sb.data, sb.len);
}

/* What a route that shows a secret has not said to keep is not kept. */
static void add_body(struct sb *sb, const struct request *rq, const struct reply *rp)
{
	if (rq->route->secret && rp->status < 400) {
		sb_addn(sb, rp->kept.data, rp->kept.len);
		return;
	}
	for (int i = 0; i < rp->npieces; i++)
		sb_addn(sb, rp->pieces[i].data, rp->pieces[i].len);
}

static enum err store(struct ctx *cx, const struct request *rq, const struct reply *rp,
                      const unsigned char hash[SECRET_HASH_BYTES])
{
	struct sb headers = sb_new(cx->arena, HEADERS_MAX_BYTES);
	struct sb body = sb_new(cx->arena, REPLY_JSON_MAX);
	struct replay_answer answer = { .status = rp->status };

	for (int i = 0; i < rp->nheaders; i++)
		sb_addf(&headers, "%s: %s\n", rp->headers[i].name, rp->headers[i].value);
	add_body(&body, rq, rp);
	TRY(sb_finish(cx, &headers, &answer.headers));
	TRY(sb_finish(cx, &body, &answer.body));
	return replay_store(cx, rq->idempotency_key, hash, &answer);
}

static void restore(struct ctx *cx, struct exchange *ex, const struct replay_answer *stored)
{
	const char *p = stored->headers == NULL ? "" : stored->headers;
	const char *body = stored->body == NULL ? "" : stored->body;
	struct reply *rp = &ex->rp;

	while (*p != '\0' && rp->nheaders < REPLY_HEADERS_MAX - 1) {
		size_t n = strcspn(p, "\n");
		char *line = arena_strndup(cx->arena, p, n);
		char *colon = strstr(line, ": ");

		if (colon != NULL) {
			*colon = '\0';
			reply_header(rp, line, colon + 2);
		}
		p += n + (p[n] == '\n' ? 1 : 0);
	}
	reply_header(rp, "Idempotency-Replayed", "true");
	rp->status = (int)stored->status;
	if (*body != '\0')
		reply_text(rp, rp->status >= 400 ? PROBLEM_MEDIA : "application/json",
		           (struct span){ body, strlen(body) });
	ex->replayed = true;
}

/* In a savepoint, so that a refusal leaves the transaction good for storing it. */
static enum err run_apart(struct ctx *cx, struct exchange *ex)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(db_begin(cx, &tx));
	TRY(ex->rq.route->run(cx, &ex->rq, &ex->rp));
	return db_commit(&tx);
}

enum err replay_run(struct ctx *cx, struct exchange *ex)
{
	struct request *rq = &ex->rq;
	unsigned char hash[SECRET_HASH_BYTES];
	struct replay_answer stored;
	const char *hashes;
	bool found = false;
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct fault fault;
	enum err e;

	if (!replay_key_is_sound(rq->idempotency_key))
		return err_field(cx, ERR_INVALID, "Idempotency-Key:", "format",
		                 "A key has 1 to %d printable ASCII characters.", REPLAY_KEY_MAX);
	TRY(db_begin(cx, &tx));
	TRY(raw_take(cx, rq));
	hash_of(cx, rq, hash, &hashes);
	TRY(replay_claim(cx, rq->idempotency_key, hashes, rq->server->idempotency_hours, &stored,
	                 &found));
	if (found) {
		TRY(upload_drop(cx, &rq->upload));
		restore(cx, ex, &stored);
		return db_commit(&tx);
	}
	e = run_apart(cx, ex);
	if (e != ERR_OK && !is_final(e))
		return e;
	fault = cx->fault;
	if (e != ERR_OK) {
		reply_clear(&ex->rp);
		problem_reply(&ex->rp);
	}
	TRY(upload_drop(cx, &rq->upload));
	TRY(store(cx, rq, &ex->rp, hash));
	TRY(db_commit(&tx));
	cx->fault = fault;
	return e;
}
