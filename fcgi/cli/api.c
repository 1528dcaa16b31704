/* Calls to the service over the guarded HTTP client. */
#include "cli/api.h"

#include "base/http_client.h"
#include "base/secret.h"

#include <json-c/json.h>
#include <string.h>

#define CONNECT_MS 3000
#define TOTAL_MS   120000
#define BODY_MAX   ((size_t)256 * 1024 * 1024)
#define HEADERS    4

static const struct json_limits ANSWER_LIMITS = {
	.max_bytes = BODY_MAX,
	.max_depth = 64,
	.max_values = 50000000,
};

static enum err need_client(struct cli *cli)
{
	struct http_options options = {
		.policy = { .trusted = true }, /* the operator's own setting */
		.connect_ms = CONNECT_MS,
		.idle_ms = TOTAL_MS,
		.total_ms = TOTAL_MS,
		.user_agent = "portolan-cli",
	};

	if (cli->client != NULL)
		return ERR_OK;
	return http_client_new(cli->cx, &options, &cli->client);
}

/* A service that does not answer: say which, and how to start one. */
static enum err away(struct cli *cli)
{
	const char *why = arena_strdup(cli->cx->arena, cli->cx->fault.detail);

	err_set(cli->cx, ERR_UNAVAILABLE, "the service at %s does not answer: %s", cli->config->url,
	        why);
	err_fix(cli->cx, "start it with \"make up\", or name another with --url or PORTOLAN_URL");
	return ERR_UNAVAILABLE;
}

/* Blame the same fields as the service did. */
static void copy_fields(struct cli *cli, struct json_object *errors)
{
	struct fault *fault = &cli->cx->fault;
	size_t n = errors != NULL ? json_object_array_length(errors) : 0;

	for (size_t i = 0; i < n && i < FAULT_ERRORS_MAX; i++) {
		struct json_object *e = json_object_array_get_idx(errors, i);
		const char *where = json_text(e, "pointer", NULL);

		if (where == NULL)
			where = json_text(e, "parameter", json_text(e, "header", ""));
		fault->fields[fault->nfields++] = (struct fault_field){
			.pointer = arena_strdup(cli->cx->arena, where),
			.rule = arena_strdup(cli->cx->arena, json_text(e, "rule", "")),
			.detail = arena_strdup(cli->cx->arena, json_text(e, "detail", "")),
		};
	}
}

/* Turn a problem of the service into a fault of this call. */
static enum err problem(struct cli *cli, int status, struct json_object *doc)
{
	const char *type = json_text(doc, "type", ""), *hash = strchr(type, '#');
	enum err code = err_by_slug(hash != NULL ? hash + 1 : "");
	const char *fix = json_text(doc, "fix", NULL);

	if (code == ERR_OK)
		code = status == 503 ? ERR_UNAVAILABLE : ERR_REMOTE_FAILED;
	err_set(cli->cx, code, "%s",
	        json_text(doc, "detail", "the service answered with an unknown error"));
	copy_fields(cli, json_at(doc, "errors"));
	if (code == ERR_UNAUTHENTICATED)
		err_fix(cli->cx, "put a key of the service into PORTOLAN_API_KEY; for a "
		                 "development stack: . var/dev.env");
	else if (fix != NULL)
		err_fix(cli->cx, "%s", fix);
	else if (status >= 500)
		err_fix(cli->cx, "the service's log tells more of request %s",
		        json_text(doc, "request_id", "(unknown)"));
	return code;
}

static enum err call_once(struct cli *cli, const struct api_call *call, const char *key,
                          struct api_answer *ret)
{
	CLEANUP(http_end) struct http_answer *answer = NULL;
	struct ctx *cx = cli->cx;
	struct http_header headers[HEADERS];
	struct http_request rq = { .method = call->method, .headers = headers };
	size_t n = 0;

	rq.url = arena_printf(cx->arena, "%s%s", cli->config->url, call->path);
	if (cli->config->api_key[0] != '\0')
		headers[n++] = (struct http_header){
			.name = "Authorization",
			.value = arena_printf(cx->arena, "Bearer %s", cli->config->api_key),
			.secret = true,
		};
	if (key != NULL)
		headers[n++] = (struct http_header){ .name = "Idempotency-Key", .value = key };
	if (call->if_match != NULL)
		headers[n++] = (struct http_header){ .name = "If-Match", .value = call->if_match };
	if (call->body != NULL) {
		headers[n++] =
			(struct http_header){ .name = "Content-Type", .value = "application/json" };
		rq.body = (struct span){ call->body, strlen(call->body) };
	}
	if (call->bytes_type != NULL) {
		headers[n++] =
			(struct http_header){ .name = "Content-Type", .value = call->bytes_type };
		rq.body = call->bytes;
	}
	rq.has_body = call->body != NULL || strcmp(call->method, "POST") == 0;
	rq.nheaders = n;
	rq.max_bytes = (int64_t)BODY_MAX;
	TRY(http_start(cx, cli->client, &rq, &answer));
	ret->status = http_status(answer);
	ret->etag = http_header(answer, "ETag");
	if (ret->etag != NULL)
		ret->etag = arena_strdup(cx->arena, ret->etag);
	ret->next_cursor = http_header(answer, "Next-Cursor");
	if (ret->next_cursor != NULL)
		ret->next_cursor = arena_strdup(cx->arena, ret->next_cursor);
	return http_read_all(cx, answer, BODY_MAX, &ret->body);
}

enum err api_call(struct cli *cli, const struct api_call *call, struct api_answer *ret)
{
	bool post = strcmp(call->method, "POST") == 0;
	char key[37];
	enum err e;

	TRY(need_client(cli));
	secret_uuid7(cli->cx->app->clock->wall_us(cli->cx->app->clock), key);
	e = call_once(cli, call, post ? key : NULL, ret);
	if (e == ERR_REMOTE_FAILED && strcmp(call->method, "DELETE") != 0)
		e = call_once(cli, call, post ? key : NULL, ret);
	if (e != ERR_OK)
		return e == ERR_CANCELLED ? e : away(cli);
	if (ret->status >= 300 || !call->raw) {
		if (ret->body.len > 0 &&
		    json_parse(cli->cx, ret->body, &ANSWER_LIMITS, &ret->doc) != ERR_OK)
			return err_set(cli->cx, ERR_REMOTE_FAILED,
			               "%s answers with something that is not this service's "
			               "JSON (status %d)",
			               cli->config->url, ret->status);
	}
	return ret->status >= 300 ? problem(cli, ret->status, ret->doc) : ERR_OK;
}

enum err api_get(struct cli *cli, struct api_answer *ret, const char *path, ...)
{
	struct api_call call = { .method = "GET" };
	va_list ap;

	va_start(ap, path);
	call.path = arena_vprintf(cli->cx->arena, path, ap);
	va_end(ap);
	return api_call(cli, &call, ret);
}

void api_done(struct api_answer *answer)
{
	json_put(&answer->doc);
}

const char *api_quote(struct arena *arena, const char *text)
{
	static const char PLAIN[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";
	struct sb sb = sb_new(arena, strlen(text) * 3);

	sb_add(&sb, "");
	for (; *text != '\0'; text++) {
		if (strchr(PLAIN, *text) != NULL)
			sb_addc(&sb, *text);
		else
			sb_addf(&sb, "%%%02X", (unsigned char)*text);
	}
	return sb.data;
}

void api_query(struct cli *cli, struct sb *path, const char *name, const char *value)
{
	if (value == NULL)
		return;
	sb_addc(path, strchr(path->data, '?') == NULL ? '?' : '&');
	sb_addf(path, "%s=%s", name, api_quote(cli->cx->arena, value));
}
