/*
 * A bench for tests of models: the fake providers of tests/fakes/models.py beside the database's fixture, a
 * provider and a model for each way in which they are spoken to, and a watcher that keeps what it is told.
 *
 *     struct model_bench *b = *state;
 *     struct ctx *cx = model_bench_ctx(b);
 *     enum err e = model_bench_ask(b, "openai", "{'steps': [{'text': 'Hi'}]}", NULL, &answer);
 */
#ifndef TESTS_MODEL_BENCH_H
#define TESTS_MODEL_BENCH_H

#include "fixture_db.h"

#include "ai/llm.h"
#include "clone_bench.h"

#define MODEL_BENCH_KEY "canary-key-of-the-provider" /* what the fake wants to see */

/* Names of the models that answer: "openai", "azure", "classic", "anthropic", "local"; NULL ends them. */
extern const char *const model_bench_names[];

struct model_bench {
	struct fixture_db *f;
	struct clone_server fake;
	const char *hosts[2]; /* the fake's, and one where nobody listens */
	int64_t secret_id;
	int keys; /* scripts so far: each has a key of its own */
};

/* What a watcher was told, and when it says stop. */
struct model_ear {
	struct ctx *cx;
	struct sb text;
	int models, texts, tools, usages, finishes;
	int stop_after; /* texts, from when it is cancelled; 0: never */
	int fail_after; /* texts, from when it returns ERR_CONFLICT; 0: never */
};

/** Group set-up and tear-down. */
int model_bench_open(void **state);
int model_bench_close(void **state);

/** @ret the fixture's context, begun anew */
struct ctx *model_bench_ctx(struct model_bench *b);

/** Set a provider or a model, from the JSON that a client would send (with ' for "). */
void model_bench_provider(struct model_bench *b, const char *name, const char *json);
void model_bench_model(struct model_bench *b, const char *name, const char *json);

/** @ret "fake:{...}" with a key of its own; @steps as JSON with ' for " */
const char *model_bench_script(struct model_bench *b, const char *steps);

/** @ret a watcher that writes into an ear */
struct llm_watch model_bench_watch(struct model_ear *ear);

/** Ask a model with a script and nothing else.  @ear may be NULL */
enum err model_bench_ask(struct model_bench *b, const char *model, const char *steps,
                         struct model_ear *ear, struct llm_answer *ret);

/** @ret a number of the fake's journal: "input", "cached", "output", "charged" */
int64_t model_bench_journal(struct model_bench *b, const char *what);

/** @ret a number that a query over the tenant's rows of app.llm_call tells: "sum(input_tokens)" */
int64_t model_bench_ledger(struct model_bench *b, const char *what, const char *where);

#endif
