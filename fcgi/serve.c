/* One request: match, admit, decode, run, reply, log. */
#include "serve.h"

#include "admit.h"
#include "cors.h"
#include "health.h"
#include "limit.h"
#include "openapi.h"
#include "problem.h"
#include "raw.h"
#include "replay.h"

#include "audit/refusal.h"
#include "auth/key.h"
#include "auth/session.h"
#include "base/log.h"
#include "config/config.h"
#include "events/bell.h"

#include <string.h>

#define AUDIT_MS           1000 /* for a row about a request that was answered */
#define DOCUMENT_MAX_BYTES ((size_t)4 * 1024 * 1024)

struct server *server_new(struct arena *arena, const struct app *app,
                          const struct route *const tables[], const char **ret_why)
{
	struct server *server = arena_alloc(arena, sizeof(*server));
	struct sb openapi = sb_new(arena, DOCUMENT_MAX_BYTES);
	struct sb problems = sb_new(arena, DOCUMENT_MAX_BYTES);
	const struct config *config = app->config;

	server->router = router_new(arena, tables, ret_why);
	if (server->router == NULL)
		return NULL;
	openapi_print_tables(&openapi, tables);
	problem_page(&problems);
	assert(!openapi.failed && !problems.failed);
	server->app = app;
	server->body_max_bytes = (size_t)config->body_max_bytes;
	server->request_timeout_ms = config->request_timeout_ms;
	server->idempotency_hours = config->idempotency_hours;
	server->openapi = (struct span){ openapi.data, openapi.len };
	server->problems = (struct span){ problems.data, problems.len };
	server->health = health_new(arena);
	return server;
}

static enum err no_method(struct ctx *cx, struct exchange *ex, unsigned methods)
{
	struct sb allow = sb_new(cx->arena, 128);

	route_allow(&allow, methods);
	reply_header(&ex->rp, "Allow", allow.data);
	if (ex->rq.method == HTTP_OPTIONS) {
		if (ex->rq.origin != NULL) {
			TRY(limit_address(cx, &ex->rq));
			TRY(cors_listed(cx, &ex->rq));
		}
		cors_preflight(&ex->rp, allow.data);
		ex->rp.status = 204;
		return ERR_OK;
	}
	return err_set(cx, ERR_METHOD, "The path takes %s.", allow.data);
}

/* What comes after admission: shape, then the question or else the handler. */
static enum err work(struct ctx *cx, struct exchange *ex)
{
	struct request *rq = &ex->rq;
	const struct route *route = rq->route;
	bool raw;

	TRY(request_decode_query(cx, rq));
	if (route->if_match)
		TRY(request_version(cx, rq, &rq->version));
	TRY(raw_begin(cx, rq, &ex->body, &raw));
	if (!raw)
		TRY(request_decode_body(cx, rq, &ex->body, rq->server->body_max_bytes));
	ex->rp.status = route->status;
	if (route_keeps(route) && rq->idempotency_key != NULL)
		return replay_run(cx, ex);
	return raw ? raw_run(cx, ex) : route->run(cx, rq, &ex->rp);
}

/*
 * The proof of who is calling rides with the first statement.  Who was refused before one was
 * sent, or needed none, is proven now; a caller who fails that learns nothing of the refusal.
 */
static enum err proven(struct ctx *cx, enum err e)
{
	struct fault fault = cx->fault;
	enum err proof = admit_settle(cx);

	if (proof != ERR_OK)
		return proof;
	cx->fault = fault;
	return e;
}

/* @ret_over it is answered without a handler */
static enum err match(struct ctx *cx, struct exchange *ex, char *const *params, bool *ret_over)
{
	struct request *rq = &ex->rq;
	struct route_match match;

	TRY(request_read(cx, params, rq));
	if (!router_match(rq->server->router, rq->method, rq->path, &match))
		return err_set(cx, ERR_NO_ROUTE, "There is nothing at this path.");
	*ret_over = match.route == NULL;
	if (match.route == NULL)
		return no_method(cx, ex, match.methods);
	rq->route = match.route;
	cx->remote = rq->remote;
	memcpy(rq->ids, match.ids, sizeof(rq->ids));
	rq->name = match.name[0] != '\0' ? arena_strdup(cx->arena, match.name) : "";
	return ERR_OK;
}

static enum err let_in(struct ctx *cx, struct request *rq)
{
	TRY(limit_address(cx, rq));
	TRY(cors_listed(cx, rq));
	TRY(admit(cx, rq));
	if (rq->route->auth == AUTH_NONE || rq->local)
		return ERR_OK;
	TRY(limit_caller(cx, rq));
	return cors_caller(cx, rq);
}

static enum err answer(struct ctx *cx, struct exchange *ex)
{
	struct request *rq = &ex->rq;

	TRY(let_in(cx, rq));
	if (rq->route->auth == AUTH_NONE || rq->local)
		return work(cx, ex);
	return proven(cx, work(cx, ex));
}

/* The same, as far as the question. */
static enum err ask(struct ctx *cx, struct exchange *ex)
{
	struct request *rq = &ex->rq;
	enum err e;

	TRY(let_in(cx, rq));
	e = request_decode_query(cx, rq);
	if (e == ERR_OK)
		e = request_decode_body(cx, rq, &ex->body, rq->server->body_max_bytes);
	ex->rp.status = rq->route->status;
	if (e == ERR_OK)
		e = rq->route->ask(cx, rq);
	return e == ERR_OK ? ERR_OK : proven(cx, e);
}

static void end(struct ctx *cx, struct exchange *ex, enum err outcome)
{
	ex->step = SERVE_OVER;
	ex->outcome = outcome;
	if (outcome == ERR_OK)
		return;
	if (outcome == ERR_UNAUTHENTICATED && ex->rq.route->auth != AUTH_NONE) {
		/* An open route judges a credential in its body, and says so itself. */
		admit_refused(cx, &ex->rq);
		limit_forget(cx, &ex->rq);
	}
	if (outcome == ERR_UNAUTHENTICATED || outcome == ERR_RATE)
		cors_nobody(cx, &ex->rq);
	if (outcome != ERR_METHOD)
		reply_clear(&ex->rp); /* which keeps nothing but a 405's Allow */
	problem_reply(&ex->rp);
}

bool serve_begin(struct ctx *cx, const struct server *server, char *const *params,
                 const struct body_source *body, struct exchange *ex)
{
	const struct clock *clock = cx->app->clock;
	bool over = true;
	enum err e;

	memset(ex, 0, sizeof(*ex));
	ex->begin_us = clock->mono_us(clock);
	ex->rq.server = server;
	ex->body = *body;
	cx->deadline_ms = ex->begin_us / 1000 + server->request_timeout_ms;
	reply_begin(&ex->rp, cx, &ex->rq);
	e = match(cx, ex, params, &over);
	if (e != ERR_OK || over)
		end(cx, ex, e);
	else if (ex->rq.route->ask != NULL) {
		e = ask(cx, ex);
		ex->step = SERVE_ASKED;
		if (e != ERR_OK)
			end(cx, ex, e);
	}
	return ex->step == SERVE_OVER || ex->rq.asked != NULL;
}

void serve_finish(struct ctx *cx, struct exchange *ex)
{
	struct request *rq = &ex->rq;

	if (ex->step == SERVE_MATCHED)
		end(cx, ex, answer(cx, ex));
	else if (ex->step == SERVE_ASKED)
		end(cx, ex, proven(cx, rq->route->run(cx, rq, &ex->rp)));
	if (rq->asked != NULL)
		db_forget(cx, rq->asked);
}

void serve(struct ctx *cx, const struct server *server, char *const *params,
           const struct body_source *body, struct exchange *ex)
{
	serve_begin(cx, server, params, body, ex);
	serve_finish(cx, ex);
}

/*
 * A change that left nothing in the audit log, or something else than its row says, is a mistake of
 * ours.  Here every request of every test looks for it.
 */
static void check_audit(struct ctx *cx, const struct exchange *ex)
{
	const struct route *r = ex->rq.route;
	const char *said = r == NULL ? NULL : r->audit;
	size_t n = cx->audited == NULL ? 0 : strlen(cx->audited);

	if (said == NULL || ex->outcome != ERR_OK || ex->replayed || ex->rq.method == HTTP_OPTIONS)
		return;
	for (; n > 0 && said != NULL; said = strchr(said, ' ')) {
		said += strspn(said, " ");
		if (strncmp(said, cx->audited, n) == 0 && (said[n] == '\0' || said[n] == ' '))
			return;
	}
	LOG(cx, LOG_ERROR, "a change is not in the audit log", LOG_TEXT("route", r->op),
	    LOG_TEXT("wanted", r->audit), LOG_TEXT("found", cx->audited));
}

/*
 * Who was refused is written down after the answer, so that nobody waits for it, and with nothing
 * of the request's transaction, which is over.
 */
static void audit_refusal(struct ctx *cx, const struct exchange *ex)
{
	const struct clock *clock = cx->app->clock;
	const struct refusal refusal = {
		.reason = ex->outcome == ERR_OK ? NULL : err_info(ex->outcome)->slug,
		.op = ex->rq.route == NULL ? NULL : ex->rq.route->op,
		.status = ex->rp.status,
		/* Who was let in has a role; whom the database denied, it has named. */
		.proven = cx->who.role != ROLE_UNSET || cx->denied.actor != NULL,
	};
	bool refused = refusal.op != NULL && (refusal.status == 401 || refusal.status == 403);
	enum err e;

	if (cx->db == NULL)
		return;
	if (cx->denied.actor != NULL)
		cx->who = cx->denied;
	cx->deadline_ms = clock->mono_us(clock) / 1000 + AUDIT_MS;
	err_clear(cx);
	e = refused ? refusal_note(cx, &refusal) : refusal_due(cx);
	if (e != ERR_OK)
		log_fault(cx, LOG_WARNING, "a refused access is not in the audit log");
}

void serve_end(struct ctx *cx, struct exchange *ex)
{
	const struct clock *clock = cx->app->clock;
	const struct request *rq = &ex->rq;
	const struct fault *fault = &cx->fault;
	bool failed = ex->outcome != ERR_OK;
	int64_t took_us = clock->mono_us(clock) - ex->begin_us;
	bool quiet = !failed && rq->route != NULL && rq->route->rate == RATE_PROBE;

	LOG(cx,
	    ex->rp.status >= 500 ? LOG_ERROR
	    : quiet              ? LOG_DEBUG
	                         : LOG_INFO,
	    "request", LOG_WORD("route", rq->route == NULL ? NULL : rq->route->op),
	    LOG_TEXT("method", rq->method_name), LOG_TEXT("path", rq->path),
	    LOG_INT("status", ex->rp.status), LOG_INT("dur_us", took_us),
	    LOG_INT("bytes", (int64_t)reply_body_bytes(&ex->rp)), LOG_TEXT("remote", rq->remote),
	    LOG_WORD("replayed", ex->replayed ? "yes" : NULL),
	    LOG_WORD("problem", failed ? err_info(ex->outcome)->slug : NULL),
	    LOG_TEXT("detail", failed ? fault->detail : NULL),
	    LOG_TEXT("field", failed && fault->nfields > 0 ? fault->fields[0].pointer : NULL),
	    LOG_TEXT("cause", failed ? fault->cause : NULL));
	check_audit(cx, ex);
	key_used(cx);
	bell_ring(cx);
	audit_refusal(cx, ex);
	if (session_seen(cx) != ERR_OK)
		log_fault(cx, LOG_WARNING, "a session's last use is not written");
}
