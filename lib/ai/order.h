/*
 * Orders: calls and probes of models as jobs, for who asks over the API.  The work is bound in the runner
 * alone (ai/model_jobs.h).
 */
#ifndef AI_ORDER_H
#define AI_ORDER_H

#include "ai/llm.h"
#include "jobs/job.h"

/* A message of an order: text alone. */
struct order_message {
	const char *role; /* "system", "user", "assistant" */
	const char *content;
};

struct order_tool {
	const char *name, *description, *parameters; /* parameters: JSON text */
};

/* What a client sends. */
struct order {
	const char *model;
	struct list messages; /* of struct order_message */
	struct list tools;    /* of struct order_tool */
	const char *tool_choice;
	int64_t max_tokens, temperature_percent; /* 0: not said */
	bool cache;
	int64_t project_id;
};

/* Arguments of the jobs. */
struct order_args {
	struct order *order;
	int64_t user_id, key_id;
};
struct probe_args {
	const char *model;
};

extern const struct schema order_schema, order_args_schema, probe_args_schema;
extern const struct job_kind model_call_job, model_probe_job;

/**
 * Have a model called.  @ret_job whose result is the answer
 * Returns ERR_INVALID, ERR_NO_MODEL, ERR_LIMIT
 */
NODISCARD
enum err order_call(struct ctx *cx, struct order *order, int64_t *ret_job);

/** Have a model probed.  Returns ERR_NOT_FOUND, ERR_LIMIT */
NODISCARD
enum err order_probe(struct ctx *cx, const char *model, int64_t *ret_job);

/** Turn an order into a request.  @ret texts are the order's */
NODISCARD
enum err order_request(struct ctx *cx, const struct order *order, struct llm_request *ret);

#endif
