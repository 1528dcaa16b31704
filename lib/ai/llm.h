/*
 * Models: the one way from this program to a model of language, or of embeddings.
 *
 * What a call costs is reserved before it and settled after it, whatever becomes of it; a provider that
 * fails again and again is left alone for a while; a call that cannot begin with one model goes on to
 * the next.  Nothing else of the program talks to a provider.
 *
 *     struct llm_message messages[] = {
 *             { .role = LLM_SYSTEM, .text = prompt.text },
 *             { .role = LLM_USER, .text = question },
 *     };
 *     struct llm_request rq = {
 *             .messages = messages, .nmessages = COUNT(messages),
 *             .prompt = prompt.name, .prompt_version = prompt.version,
 *             .project_id = project_id, .user_id = user_id,
 *     };
 *     struct llm_watch watch = { .arg = me, .text = on_text, .cancelled = on_poll };
 *     struct llm_answer answer;
 *     enum err e = llm_call(cx, &rq, &watch, &answer);
 *
 *   Ownership  Answers live in cx->arena.  Requests are borrowed for the call.
 *   Tenancy    Models, keys, budgets and the ledger are those of cx->who.tenant_id.
 *   Time       As long as the model takes, within .total_ms, the settings model_*_s and cx->deadline_ms.  Call
 *              it from a job, never inside a transaction: it writes its ledger in transactions of its own.
 *   Streaming  The provider is always asked to stream, so that closing the connection ends its work.
 *   Text       Code points that nobody sees (ai/strip.h) are taken out of what goes in and what comes out.
 *   Again      Before the first token, a provider that is busy or away is asked again and then the model's
 *              fallbacks are; after it nothing is repeated: the call fails, and the answer holds what there was.
 *   Errors     err.def says of each whether a job should try again; where the provider said when, or a
 *              budget begins anew, cx->fault.retry_s holds the seconds to wait.
 *                ERR_INVALID             the request breaks a rule below; the fault names the field
 *                ERR_NO_MODEL            no model of that name, or none configured
 *                ERR_BUDGET              a budget is used up                         give up, or wait retry_s
 *                ERR_CONTEXT_TOO_LONG    the messages do not fit the model's context         give up
 *                ERR_CONTENT_REFUSED     the provider's filter refused the messages          give up
 *                ERR_CREDENTIAL_REFUSED  the provider refused the key                        give up
 *                ERR_PROVIDER_QUOTA      the account at the provider is used up              give up
 *                ERR_PROVIDER_REFUSED    the provider refused the request as it is           give up
 *                ERR_PROVIDER_BUSY       rate limit, overload, or left alone for now: retry_s    again
 *                ERR_REMOTE_UNREACHABLE, ERR_REMOTE_FAILED, ERR_TIMEOUT, ERR_TOO_LARGE           again
 *                ERR_URL_REFUSED, ERR_UNSEALABLE   the provider as it is configured          give up
 *                ERR_CANCELLED           .cancelled said so, or the watcher's own error
 */
#ifndef AI_LLM_H
#define AI_LLM_H

#include "base/ctx.h"

#define LLM_NAME_MAX         100               /* bytes of a model's or a tool's name */
#define LLM_MESSAGES_MAX     1000              /* of one call */
#define LLM_TOOLS_MAX        128               /* of one call */
#define LLM_TOOL_CALLS_MAX   64                /* of one answer */
#define LLM_REQUEST_BYTES    ((size_t)4 << 20) /* of all texts of one call */
#define LLM_ANSWER_BYTES     ((size_t)1 << 20) /* of the text and the arguments of an answer */
#define LLM_EMBED_TEXTS_MAX  2048              /* of one call */
#define LLM_EMBED_FLOATS_MAX ((size_t)1 << 20) /* of one answer: texts x dimensions */

/* --- What is asked --- */

enum llm_role { LLM_SYSTEM = 1, LLM_USER, LLM_ASSISTANT, LLM_TOOL };

/* A tool that the model wants to be used. */
struct llm_tool_call {
	const char *id;        /* as the provider named it; never empty */
	const char *name;      /* may be no tool that was offered: who runs it looks */
	const char *arguments; /* JSON text of an object; as the model wrote it when .malformed */
	bool malformed;        /* not the JSON of an object: answer with a failed tool message */
};

struct llm_message {
	enum llm_role role;
	const char *text;                  /* may be NULL with calls */
	const struct llm_tool_call *calls; /* of an assistant, as it was answered */
	size_t ncalls;
	const char *call_id; /* of a tool: which call it answers */
	bool failed;         /* of a tool: it did not work, the text says why */
};

struct llm_tool {
	const char *name; /* A-Z a-z 0-9 _ -, 1 to 64 */
	const char *description;
	const char *parameters; /* JSON Schema of an object, as JSON text; NULL: none */
};

enum llm_choice { LLM_CHOICE_AUTO = 0, LLM_CHOICE_NONE, LLM_CHOICE_REQUIRED };

struct llm_request {
	const char *model; /* name of a configured model; NULL: the tenant's default */
	const struct llm_message *messages;
	size_t nmessages; /* 1 to LLM_MESSAGES_MAX */
	const struct llm_tool *tools;
	size_t ntools;
	enum llm_choice choice;
	int64_t max_tokens; /* of the answer; 0: the model's configured most, else model_output_tokens */
	bool has_temperature;        /* else the model's own */
	int64_t temperature_percent; /* 0 to 200: 0.00 to 2.00 */
	int64_t total_ms;            /* whole, retries included; 0: model_total_s */
	bool cache; /* an equal request of the last model_cache_s seconds may answer instead; not with tools */

	/* For the ledger. */
	const char *prompt, *prompt_version; /* of ai/prompt.h; NULL: none */
	int64_t project_id, job_id;          /* 0: none */
	int64_t user_id, key_id; /* whose budgets pay besides the tenant's; both 0: of cx->who */
};

/* --- What comes --- */

/* How the model ended. */
enum llm_finish {
	LLM_FINISH_NONE = 0, /* it did not: the call failed or was cancelled */
	LLM_FINISH_STOP,
	LLM_FINISH_LENGTH, /* max_tokens, or the model's context, is used up */
	LLM_FINISH_TOOLS,  /* it waits for the answers to its calls */
	LLM_FINISH_FILTER, /* the provider's filter cut it off, or the model refused */
};

/* Tokens of one attempt or of a whole call; money in millionths of the currency that prices are in. */
struct llm_usage {
	int64_t input_tokens;     /* all of the request, cached ones included */
	int64_t cached_tokens;    /* of those, read from the provider's cache */
	int64_t output_tokens;    /* reasoning included */
	int64_t reasoning_tokens; /* of those */
	int64_t cost_micro;       /* by the prices of the model's row; 0: it has none */
	bool estimated;           /* the provider told none, or not all: counted by llm_tokens() */
};

/*
 * Who looks on.  Any function may be NULL.  One that returns an error ends the call, which then fails with
 * that error; cx->fault is left as the function set it.  They are called on the caller's thread, and may
 * use cx->db.
 */
struct llm_watch {
	void *arg;
	/* The model that answers is known, before its first token; a second call says that another began. */
	enum err (*model)(void *arg, const char *model, int64_t call_id);
	/* Some more text: whole characters, cleaned, at most some kilobytes. */
	enum err (*text)(void *arg, const char *text, size_t n);
	/* A call of a tool, whole; after all text. */
	enum err (*tool)(void *arg, const struct llm_tool_call *call);
	/* Tokens so far, as the provider tells them: at the end, often only there. */
	enum err (*usage)(void *arg, const struct llm_usage *usage);
	enum err (*finish)(void *arg, enum llm_finish finish);
	/* Asked at least every 100 ms while a provider is waited for: stop now?  It must not use cx->db. */
	bool (*cancelled)(void *arg);
};

/* Filled in whatever the call returns: on an error it holds what there was. */
struct llm_answer {
	const char *text; /* "" when there is none */
	const struct llm_tool_call *calls;
	size_t ncalls; /* none unless .finish is set: half a call is no call */
	enum llm_finish finish;
	struct llm_usage usage; /* of all attempts */
	const char *model;      /* name of the one that answered; NULL: none did */
	const char *provider;
	int64_t call_id;  /* of its row in the ledger; 0: none was written */
	int64_t attempts; /* requests sent to providers; 0: from the cache */
	bool cached;
};

/** Ask a model.  @watch may be NULL.  @ret also on an error */
NODISCARD
enum err llm_call(struct ctx *cx, const struct llm_request *rq, const struct llm_watch *watch,
                  struct llm_answer *ret);

/** @ret name of a way to end, "stop", "length", "tool_calls", "content_filter"; "" for LLM_FINISH_NONE */
const char *llm_finish_name(enum llm_finish finish);

/* --- Embeddings --- */

struct llm_embed_request {
	const char *model; /* NULL: the tenant's default for embeddings */
	const char *const *texts;
	size_t ntexts;      /* 1 to LLM_EMBED_TEXTS_MAX, none empty */
	int64_t dimensions; /* asked for; 0: the model's own */
	int64_t total_ms;   /* 0: model_total_s */
	int64_t project_id, job_id, user_id, key_id;
	bool (*cancelled)(void *arg); /* as in struct llm_watch; may be NULL */
	void *arg;
};

struct llm_vectors {
	const float *floats; /* ntexts rows of .dimensions, in the order of the texts; all finite */
	size_t dimensions;
	const char *model;
	const char *origin; /* that made them: kind, address, its name of the model; vectors of two
	                       do not compare */
	struct llm_usage usage;
};

/**
 * Turn texts into vectors: one request, without fallback (another model's vectors would not fit).
 * Returns what llm_call() returns
 */
NODISCARD
enum err llm_embed(struct ctx *cx, const struct llm_embed_request *rq, struct llm_vectors *ret);

/* --- Which models there are --- */

enum llm_kind { LLM_CHAT = 1, LLM_EMBEDDING };

/* What is known of a capability: configured or probed, never guessed. */
enum llm_can { LLM_UNKNOWN = 0, LLM_YES, LLM_NO };

struct llm_model {
	int64_t id;
	const char *name;     /* what a request calls it */
	const char *provider; /* name of its provider */
	const char *origin;   /* as of struct llm_vectors */
	enum llm_kind kind;
	int64_t context_tokens, output_tokens, dimensions; /* 0: not known */
	enum llm_can tools, json_schema, vision;
};

/**
 * Look a model up without calling it: whether there is one, and how much fits.
 * @name  NULL: the default of its kind
 * Returns ERR_NO_MODEL
 */
NODISCARD
enum err llm_find(struct ctx *cx, enum llm_kind kind, const char *name, struct llm_model *ret);

/** @ret about so many tokens as a text is: an ASCII character is a quarter, another one a whole */
int64_t llm_tokens(const char *text, size_t n);

#endif
