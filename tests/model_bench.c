/* The bench of models. */
#include "model_bench.h"

#include "ai/model.h"
#include "auth/vault.h"
#include "base/http_client.h"
#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const model_bench_names[] = {
	"openai", "azure", "classic", "anthropic", "local", NULL
};

struct ctx *model_bench_ctx(struct model_bench *b)
{
	return fixture_db_ctx(b->f);
}

void model_bench_provider(struct model_bench *b, const char *name, const char *json)
{
	struct ctx *cx = &b->f->cx;
	struct provider_put put;
	struct provider made;

	assert_err(cx, schema_decode(cx, &provider_put_schema, quotes(cx, json), &put), ERR_OK);
	assert_err(cx, provider_set(cx, name, PROVIDER_ABSENT, &put, &made), ERR_OK);
}

void model_bench_model(struct model_bench *b, const char *name, const char *json)
{
	struct ctx *cx = &b->f->cx;
	struct model_put put;
	struct model made;

	assert_err(cx, schema_decode(cx, &model_put_schema, quotes(cx, json), &put), ERR_OK);
	assert_err(cx, model_set(cx, name, PROVIDER_ABSENT, &put, &made), ERR_OK);
}

/* Input costs one millionth a token, from the cache a half, output two. */
#define PRICES "'price_input': 1000000, 'price_cached': 500000, 'price_output': 2000000"

static void make_models(struct model_bench *b)
{
	static const struct {
		const char *name, *kind, *path, *more;
	} ROWS[] = {
		{ "openai", "openai", "/v1", "" },
		{ "azure", "azure", "", "" },
		{ "classic", "azure", "", "'api_version': '2024-10-21'," },
		{ "anthropic", "anthropic", "", "" },
		{ "local", "compatible", "/local/v1", "" },
	};
	struct arena *a = b->f->cx.arena;

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		const char *secret =
			strcmp(ROWS[i].kind, "compatible") == 0
				? ""
				: arena_printf(a, "'secret_id': %" PRId64 ",", b->secret_id);

		model_bench_provider(
			b, ROWS[i].name,
			arena_printf(a, "{'kind': '%s', %s %s 'base_url': 'http://%s%s/'}",
		                     ROWS[i].kind, ROWS[i].more, secret, b->hosts[0],
		                     ROWS[i].path));
		model_bench_model(b, ROWS[i].name,
		                  arena_printf(a,
		                               "{'provider': '%s', 'kind': 'chat', 'remote_name':"
		                               " 'fake-1', " PRICES "}",
		                               ROWS[i].name));
	}
}

static void make_secret(struct model_bench *b)
{
	const struct secret_new in = {
		.name = "provider",
		.kind = "provider_key",
		.value = MODEL_BENCH_KEY,
	};
	struct secret made;

	assert_err(&b->f->cx, vault_create(&b->f->cx, &in, &made), ERR_OK);
	b->secret_id = made.id;
}

int model_bench_open(void **state)
{
	static const char *const ARGV[] = { "python3", "tests/fakes/models.py", NULL };
	struct model_bench *b = calloc(1, sizeof(*b));
	void *fixture = NULL;

	assert_non_null(b);
	if (fixture_db_open(&fixture) != 0)
		return -1;
	b->f = fixture;
	clone_bench_serve(&b->fake, ARGV);
	b->hosts[0] = b->fake.allowed;
	b->hosts[1] = "127.0.0.1:1";
	b->f->config.model_hosts = (struct config_list){ b->hosts, 2 };
	model_bench_ctx(b);
	make_secret(b);
	make_models(b);
	*state = b;
	return 0;
}

int model_bench_close(void **state)
{
	struct model_bench *b = *state;
	void *fixture = b->f;

	clone_bench_unserve(&b->fake);
	free(b);
	return fixture_db_close(&fixture);
}

const char *model_bench_script(struct model_bench *b, const char *steps)
{
	struct ctx *cx = &b->f->cx;

	return arena_printf(cx->arena, "fake:{\"key\":\"k%d\",\"steps\":%s}", ++b->keys,
	                    quotes(cx, steps).data);
}

static enum err hear_model(void *arg, UNUSED const char *model, UNUSED int64_t call_id)
{
	((struct model_ear *)arg)->models++;
	return ERR_OK;
}

static enum err hear_text(void *arg, const char *text, size_t n)
{
	struct model_ear *ear = arg;

	sb_addn(&ear->text, text, n);
	ear->texts++;
	if (ear->fail_after > 0 && ear->texts >= ear->fail_after)
		return err_set(ear->cx, ERR_CONFLICT, "the watcher has had enough");
	return ERR_OK;
}

static enum err hear_tool(void *arg, const struct llm_tool_call *call)
{
	assert_true(call->id[0] != '\0');
	((struct model_ear *)arg)->tools++;
	return ERR_OK;
}

static enum err hear_usage(void *arg, UNUSED const struct llm_usage *usage)
{
	((struct model_ear *)arg)->usages++;
	return ERR_OK;
}

static enum err hear_finish(void *arg, enum llm_finish finish)
{
	assert_true(finish != LLM_FINISH_NONE);
	((struct model_ear *)arg)->finishes++;
	return ERR_OK;
}

static bool hear_stop(void *arg)
{
	const struct model_ear *ear = arg;

	return ear->stop_after > 0 && ear->texts >= ear->stop_after;
}

struct llm_watch model_bench_watch(struct model_ear *ear)
{
	return (struct llm_watch){
		.arg = ear,
		.model = hear_model,
		.text = hear_text,
		.tool = hear_tool,
		.usage = hear_usage,
		.finish = hear_finish,
		.cancelled = hear_stop,
	};
}

enum err model_bench_ask(struct model_bench *b, const char *model, const char *steps,
                         struct model_ear *ear, struct llm_answer *ret)
{
	struct ctx *cx = &b->f->cx;
	struct llm_message message = { LLM_USER, .text = model_bench_script(b, steps) };
	struct llm_request rq = { .model = model, .messages = &message, .nmessages = 1 };
	struct llm_watch watch;

	if (ear == NULL)
		return llm_call(cx, &rq, NULL, ret);
	ear->cx = cx;
	ear->text = sb_new(cx->arena, LLM_ANSWER_BYTES);
	watch = model_bench_watch(ear);
	return llm_call(cx, &rq, &watch, ret);
}

int64_t model_bench_journal(struct model_bench *b, const char *what)
{
	static const struct json_limits LIMITS = { (size_t)16 << 20, 10, 1000000 };
	struct ctx *cx = &b->f->cx;
	CLEANUP(http_client_free) struct http_client *client = NULL;
	CLEANUP(http_end) struct http_answer *answer = NULL;
	CLEANUP(json_put) struct json_object *doc = NULL;
	const struct http_options options = { .policy.trusted = true };
	const struct http_request rq = {
		.url = arena_printf(cx->arena, "http://%s/journal", b->hosts[0]),
	};
	struct span body;

	assert_err(cx, http_client_new(cx, &options, &client), ERR_OK);
	assert_err(cx, http_start(cx, client, &rq, &answer), ERR_OK);
	assert_err(cx, http_read_all(cx, answer, (size_t)16 << 20, &body), ERR_OK);
	assert_err(cx, json_parse(cx, body, &LIMITS, &doc), ERR_OK);
	return json_int(doc, what, -1);
}

int64_t model_bench_ledger(struct model_bench *b, const char *what, const char *where)
{
	struct ctx *cx = &b->f->cx;

	return fixture_db_int(cx, arena_printf(cx->arena,
	                                       "SELECT coalesce(%s, 0)::bigint FROM app.llm_call"
	                                       " WHERE tenant_id = %" PRId64 " AND %s",
	                                       what, b->f->tenant_id, where));
}
