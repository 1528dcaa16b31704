/* One request: key, address, clocks, stream. */
#include "ai/exchange.h"

#include "ai/owner.h"
#include "ai/provider.h"
#include "auth/vault.h"
#include "base/utf8.h"
#include "config/config.h"

#include <string.h>

#define READ_BYTES  ((size_t)16 << 10)
#define PIECE_BYTES ((size_t)4 << 10) /* most text that a watcher gets at once */

/* Why a request was stopped from our side. */
enum stop { STOP_NOT = 0, STOP_ASKED, STOP_FIRST, STOP_GAP };

struct pace {
	struct ctx *cx;
	const struct exchange *ex;
	int64_t begun_ms, stage_ms; /* monotonic: its beginning, the end of the present stage */
	bool began;                 /* the first token has come */
	enum stop why;
};

static int64_t mono_ms(const struct ctx *cx)
{
	return cx->app->clock->mono_us(cx->app->clock) / 1000;
}

static bool should_stop(void *arg)
{
	struct pace *pace = arg;

	if (pace->why == STOP_NOT && pace->ex->cancelled != NULL &&
	    pace->ex->cancelled(pace->ex->arg))
		pace->why = STOP_ASKED;
	else if (pace->why == STOP_NOT && mono_ms(pace->cx) >= pace->stage_ms)
		pace->why = pace->began ? STOP_GAP : STOP_FIRST;
	return pace->why != STOP_NOT;
}

/* What the HTTP client calls cancelled may be a time-out of ours. */
static enum err explain(struct ctx *cx, const struct pace *pace, enum err e)
{
	const struct config *config = cx->app->config;
	const char *provider = pace->ex->to->provider;

	if (e != ERR_CANCELLED)
		return e;
	if (pace->why == STOP_FIRST)
		return err_set(cx, ERR_TIMEOUT, "provider %s sent no token in %lld s", provider,
		               (long long)config->model_first_token_s);
	if (pace->why == STOP_GAP)
		return err_set(cx, ERR_TIMEOUT, "provider %s fell silent for %lld s in its answer",
		               provider, (long long)config->model_gap_s);
	return err_set(cx, ERR_CANCELLED, "the call was cancelled");
}

static const char *header_of(const void *from, const char *name)
{
	return http_header(from, name);
}

/* A status that is not 200. */
static enum err refused(struct ctx *cx, struct exchange *ex, struct http_answer *answer)
{
	const char *again = http_header(answer, "x-should-retry");
	struct dialect_error error = { .type = "", .code = "", .message = "" };
	struct span body = { 0 };
	enum err e;

	if (http_read_all(cx, answer, EXCHANGE_ERROR_MAX, &body) == ERR_OK)
		dialect_read_error(cx, body, &error);
	err_clear(cx);
	error.status = http_status(answer);
	ex->wait_ms = exchange_wait_ms(cx, header_of, answer);
	ex->alive = error.status < 500 || error.status == 529;
	e = dialect_fail(cx, &error);
	ex->again = err_info(e)->retry;
	if (again != NULL)
		ex->again = strcmp(again, "true") == 0;
	if (e == ERR_PROVIDER_BUSY && ex->wait_ms > 0)
		err_retry(cx, (ex->wait_ms + 999) / 1000);
	return e;
}

/* What an exchange keeps while it lasts. */
struct line {
	struct pace pace;
	struct vault_opened key;
	struct http_header headers[DIALECT_HEADERS_MAX + 2];
	struct http_request rq;
	struct http_client *client;
	struct http_answer *answer;
};

static void hang_up(struct line *line)
{
	http_end(&line->answer);
	http_client_free(&line->client);
	vault_close(&line->key);
}

static enum err make_client(struct ctx *cx, struct exchange *ex, struct line *line)
{
	const struct config *config = cx->app->config;
	struct http_options options = { .cancelled = should_stop, .arg = &line->pace };
	int64_t left = ex->deadline_ms - mono_ms(cx);
	struct net_url url;

	if (left <= 0)
		return err_set(cx, ERR_TIMEOUT, "there is no time left for the call");
	TRY(net_url_parse(cx, line->rq.url, &url));
	options.policy = provider_policy(cx, &url);
	options.connect_ms = config->model_connect_s * 1000;
	options.total_ms = left;
	options.idle_ms = left; /* the stages below are shorter */
	line->pace.begun_ms = mono_ms(cx);
	line->pace.stage_ms = line->pace.begun_ms + config->model_first_token_s * 1000;
	return http_client_new(cx, &options, &line->client);
}

static enum err open_key(struct ctx *cx, const struct target *to, struct vault_opened *ret)
{
	CLEANUP(owner_end) struct owner_turn turn = owner_begin(cx, to);

	return to->secret_id == 0 ? ERR_OK : vault_open(cx, to->secret_id, ret);
}

/* Send, and wait for the head of the answer.  @line is hung up by the caller */
static enum err dial(struct ctx *cx, struct exchange *ex, struct line *line)
{
	const struct dialect *dialect = dialect_find(ex->to->provider_kind);
	size_t n;
	enum err e;

	ex->wait_ms = ex->first_ms = -1;
	ex->answered = ex->alive = ex->again = false;
	line->pace = (struct pace){ .cx = cx, .ex = ex };
	TRY(open_key(cx, ex->to, &line->key));
	n = dialect->headers(cx, line->key.value, line->headers);
	if (ex->body.len > 0)
		line->headers[n++] =
			(struct http_header){ .name = "Content-Type", .value = "application/json" };
	line->headers[n++] = (struct http_header){
		.name = "Accept",
		.value = strcmp(ex->what, "chat") == 0 ? "text/event-stream" : "application/json",
	};
	line->rq = (struct http_request){
		.url = dialect->url(cx, ex->to, ex->what),
		.headers = line->headers,
		.nheaders = n,
		.body = ex->body,
		.no_redirects = true,
		.max_bytes = EXCHANGE_STREAM_MAX,
	};
	TRY(make_client(cx, ex, line));
	ex->again = true;
	e = http_start(cx, line->client, &line->rq, &line->answer);
	if (e != ERR_OK) {
		ex->again = err_info(e)->retry || e == ERR_CANCELLED;
		return explain(cx, &line->pace, e);
	}
	ex->remote_id = http_header(line->answer, "x-request-id");
	if (ex->remote_id == NULL)
		ex->remote_id = http_header(line->answer, "request-id");
	if (http_status(line->answer) != 200)
		return refused(cx, ex, line->answer);
	ex->answered = true;
	return ERR_OK;
}

/* Hand on what is new, in pieces of whole characters. */
static enum err tell(const struct llm_watch *watch, struct reader *r)
{
	while (r->fresh < r->text.len) {
		const char *text = r->text.data + r->fresh;
		size_t n = r->text.len - r->fresh;

		if (n > PIECE_BYTES)
			n = utf8_valid(text, PIECE_BYTES);
		r->fresh += n;
		if (watch != NULL && watch->text != NULL)
			TRY(watch->text(watch->arg, text, n));
	}
	return ERR_OK;
}

static enum err take_event(struct ctx *cx, struct exchange *ex, struct line *line,
                           const struct llm_watch *watch, struct reader *r,
                           const struct sse_event *event)
{
	TRY(dialect_find(ex->to->provider_kind)->event(cx, r, event));
	if (r->too_large) {
		ex->again = false;
		return err_set(cx, ERR_TOO_LARGE,
		               "the answer passes %zu bytes or %d calls of tools", LLM_ANSWER_BYTES,
		               LLM_TOOL_CALLS_MAX);
	}
	if (r->began && ex->first_ms < 0)
		ex->first_ms = mono_ms(cx) - line->pace.begun_ms;
	line->pace.began = r->began;
	if (r->began)
		line->pace.stage_ms = mono_ms(cx) + cx->app->config->model_gap_s * 1000;
	return tell(watch, r);
}

static enum err take_bytes(struct ctx *cx, struct exchange *ex, struct line *line,
                           const struct llm_watch *watch, struct reader *r, struct span bytes)
{
	struct sse_event event;
	size_t used;

	while (bytes.len > 0 && !r->done) {
		TRY(sse_take(cx, &ex->sse, bytes.data, bytes.len, &used, &event));
		bytes.data += used;
		bytes.len -= used;
		if (event.data.data != NULL)
			TRY(take_event(cx, ex, line, watch, r, &event));
	}
	return ERR_OK;
}

static enum err read_stream(struct ctx *cx, struct exchange *ex, struct line *line,
                            const struct llm_watch *watch, struct reader *r)
{
	struct sse_event event;
	char bytes[READ_BYTES];
	size_t n;

	if (ex->sse.line.arena == NULL)
		ex->sse = sse_new(cx->arena);
	sse_reset(&ex->sse);
	while (!r->done) {
		enum err e = http_read(cx, line->answer, bytes, sizeof(bytes), &n);

		/* An answer that has come to its end is not lost when what follows it is. */
		if (e != ERR_OK && r->finish != LLM_FINISH_NONE && line->pace.why != STOP_ASKED) {
			err_clear(cx);
			return ERR_OK;
		}
		if (e != ERR_OK)
			return explain(cx, &line->pace, e);
		if (n == 0)
			break;
		TRY(take_bytes(cx, ex, line, watch, r, (struct span){ bytes, n }));
	}
	if (!r->done) {
		TRY(sse_end(cx, &ex->sse, &event));
		if (event.data.data != NULL)
			TRY(take_event(cx, ex, line, watch, r, &event));
	}
	if (r->finish == LLM_FINISH_NONE)
		return err_set(cx, ERR_REMOTE_FAILED, "provider %s ended its answer before the end",
		               ex->to->provider);
	return ERR_OK;
}

enum err exchange_chat(struct ctx *cx, struct exchange *ex, const struct llm_watch *watch,
                       struct reader *r)
{
	CLEANUP(hang_up) struct line line = { 0 };
	enum err e;

	TRY(dial(cx, ex, &line));
	e = read_stream(cx, ex, &line, watch, r);
	ex->again = ex->again && !r->began && err_info(e == ERR_OK ? ERR_TIMEOUT : e)->retry;
	ex->alive = e == ERR_OK || (!err_info(e)->retry && e != ERR_CANCELLED) ||
	            e == ERR_PROVIDER_BUSY;
	return e;
}

static enum err read_whole(struct ctx *cx, struct exchange *ex, struct http_answer *answer,
                           size_t max_bytes)
{
	char bytes[READ_BYTES];
	size_t n;

	if (ex->whole.arena == NULL)
		ex->whole = sb_new(cx->arena, max_bytes);
	sb_truncate(&ex->whole, 0);
	do {
		TRY(http_read(cx, answer, bytes, sizeof(bytes), &n));
		sb_addn(&ex->whole, bytes, n);
	} while (n > 0 && !ex->whole.failed);
	if (!ex->whole.failed)
		return ERR_OK;
	ex->whole.failed = ex->again = false;
	return err_set(cx, ERR_TOO_LARGE, "provider %s sends more than %zu bytes", ex->to->provider,
	               max_bytes);
}

enum err exchange_whole(struct ctx *cx, struct exchange *ex, size_t max_bytes, struct span *ret)
{
	CLEANUP(hang_up) struct line line = { 0 };
	enum err e;

	TRY(dial(cx, ex, &line));
	e = read_whole(cx, ex, line.answer, max_bytes);
	if (e != ERR_OK)
		return explain(cx, &line.pace, e);
	*ret = (struct span){ ex->whole.data == NULL ? "" : ex->whole.data, ex->whole.len };
	ex->alive = true;
	ex->again = false; /* it has been paid */
	ex->first_ms = mono_ms(cx) - line.pace.begun_ms;
	return ERR_OK;
}
