/*
 * The doors of OpenAI's form: a client of it talks to a project as the model project/<id>.
 *
 * Each call is a conversation of its own, since such clients send all that was said before.  The last message
 * is the question.  What the form has and a project cannot do (several choices, the client's own tools, pictures)
 * is refused; how a model is to be sampled is the project's own affair, and passed over.
 */
#include "routes/runs.h"
#include "routes/tables.h"

#include "chats/conversation.h"
#include "projects/project.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define MODELS_MAX   200 /* projects that are listed: the newest */
#define MESSAGES_MAX 1000
#define TEXT_BYTES   ((size_t)1 << 20)
#define ALL_PROJECTS "projects"
#define ONE_PROJECT  "project/"

/* --- Models --- */

struct model {
	const char *id, *object, *owned_by;
	int64_t created;
};
struct models {
	const char *object;
	struct list data;
};

static const struct field MODEL_FIELDS[] = {
	F_TEXT(struct model, id, .example = "\"project/7\"", .doc = "What a request calls it"),
	F_TEXT(struct model, object, .doc = "model"),
	F_INT(struct model, created, .doc = "When the project was made, in seconds since 1970"),
	F_TEXT(struct model, owned_by, .doc = "The project's name"),
};
static const struct schema MODEL = SCHEMA(struct model, "CompletionModel", MODEL_FIELDS);
static const struct field MODELS_FIELDS[] = {
	F_TEXT(struct models, object, .doc = "list"),
	F_LIST(struct models, data, .of = &MODEL,
	       .doc = "The newest projects, and all of them as one"),
};
static const struct schema MODELS = SCHEMA(struct models, "CompletionModels", MODELS_FIELDS);

static struct model model_of(struct ctx *cx, const struct project *p)
{
	return (struct model){
		.id = arena_printf(cx->arena, ONE_PROJECT "%" PRId64, p->id),
		.object = "model",
		.owned_by = p->name,
		.created = p->created_us / 1000000,
	};
}

static enum err list_models(struct ctx *cx, UNUSED const struct request *rq, struct reply *rp)
{
	const struct project_filter filter = { .limit = MODELS_MAX };
	struct models models = { .object = "list" };
	const struct project *p;
	struct model *made;
	struct list list;

	TRY(project_list(cx, &filter, &list));
	p = list.items;
	made = arena_array(cx->arena, list.n + 1, sizeof(*made));
	for (size_t i = 0; i < list.n; i++)
		made[i] = model_of(cx, &p[i]);
	made[list.n] =
		(struct model){ .id = ALL_PROJECTS, .object = "model", .owned_by = "portolan" };
	models.data = (struct list){ made, list.n + 1 };
	return reply_json(rp, &MODELS, &models);
}

static enum err get_model(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct project project;
	struct model model;

	TRY(project_get(cx, rq->ids[0], &project));
	model = model_of(cx, &project);
	return reply_json(rp, &MODEL, &model);
}

/* --- Completions --- */

struct said {
	const char *role, *content; /* content: JSON */
};
struct stream_options {
	bool include_usage;
};
struct completion_in {
	const char *model, *tools; /* tools: JSON */
	struct list messages;
	bool stream;
	struct stream_options *stream_options;
	int64_t n;
};

static const char *const ROLES[] = { "system", "developer", "user", "assistant", NULL };
static const struct field SAID_FIELDS[] = {
	F_TEXT(struct said, role, .required = true, .one_of = ROLES, .doc = "Who said it"),
	F_JSON(struct said, content, .required = true, .nullable = true,
	       .doc = "A text, or a list of parts of type text"),
};
static const struct schema SAID = SCHEMA_OPEN(struct said, "CompletionMessage", SAID_FIELDS);
static const struct field OPTIONS_FIELDS[] = {
	F_BOOL(struct stream_options, include_usage, .nullable = true,
	       .doc = "Whether a last chunk tells the usage"),
};
static const struct schema OPTIONS =
	SCHEMA_OPEN(struct stream_options, "CompletionStreamOptions", OPTIONS_FIELDS);
static const struct field IN_FIELDS[] = {
	F_TEXT(struct completion_in, model, .required = true, .min = 1,
	       .max = TURN_MODEL_MAX + PROJECT_NAME_MAX, .example = "\"project/7\"",
	       .doc = "project/ and its number or name, or projects for all of the tenant's; "
	              "@ and the name of a configured model may follow"),
	F_LIST(struct completion_in, messages, .required = true, .of = &SAID, .min = 1,
	       .max = MESSAGES_MAX, .doc = "What was said, the question last"),
	F_BOOL(struct completion_in, stream, .nullable = true,
	       .doc = "Whether the answer comes as server-sent chunks"),
	F_OBJ(struct completion_in, stream_options, .of = &OPTIONS, .nullable = true,
	      .doc = "How it is streamed"),
	F_INT(struct completion_in, n, .min = 1, .max = 1, .preset = 1, .nullable = true,
	      .doc = "Choices: one"),
	F_JSON(struct completion_in, tools, .nullable = true,
	       .doc = "None: a project uses its own tools, which read alone"),
};
static const struct schema IN = SCHEMA_OPEN(struct completion_in, "CompletionRequest", IN_FIELDS);

/* A text, or the texts of its parts one after the other. */
static enum err text_of(struct ctx *cx, const struct said *said, size_t place, const char **ret)
{
	const char *pointer = arena_printf(cx->arena, "/messages/%zu/content", place);
	CLEANUP(json_put) struct json_object *doc = NULL;
	struct sb sb = sb_new(cx->arena, TEXT_BYTES);
	size_t n;

	*ret = "";
	if (said->content == NULL)
		return ERR_OK;
	TRY(json_parse(cx, (struct span){ said->content, strlen(said->content) }, &json_limits_body,
	               &doc));
	sb_add(&sb, "");
	if (json_object_is_type(doc, json_type_string)) {
		sb_add(&sb, json_object_get_string(doc));
		return sb_finish(cx, &sb, ret);
	}
	if (!json_object_is_type(doc, json_type_array))
		return err_field(cx, ERR_INVALID, pointer, "type",
		                 "must be a text or a list of parts");
	n = json_object_array_length(doc);
	for (size_t i = 0; i < n; i++) {
		struct json_object *part = json_object_array_get_idx(doc, i);

		if (strcmp(json_text(part, "type", ""), "text") != 0)
			return err_field(cx, ERR_INVALID, pointer, "type",
			                 "only parts of type text can be read");
		sb_add(&sb, json_text(part, "text", ""));
	}
	return sb_finish(cx, &sb, ret);
}

/* "project/7", "project/atlas@gpt", "projects" */
static enum err read_model(struct ctx *cx, const char *text, int64_t *ret_project,
                           const char **ret_model)
{
	size_t n = strcspn(text, "@"), name_at = sizeof(ONE_PROJECT) - 1;
	const char *name;
	size_t digits;

	*ret_project = 0;
	*ret_model = text[n] == '@' && text[n + 1] != '\0' ? text + n + 1 : NULL;
	if (n == sizeof(ALL_PROJECTS) - 1 && strncmp(text, ALL_PROJECTS, n) == 0)
		return ERR_OK;
	if (n <= name_at || strncmp(text, ONE_PROJECT, name_at) != 0) {
		err_field(
			cx, ERR_INVALID, "/model", "model",
			"is no model here: project/ and the number or name of a project, or projects");
		err_fix(cx, "GET /v1/models lists them");
		return ERR_INVALID;
	}
	name = arena_strndup(cx->arena, text + name_at, n - name_at);
	digits = strspn(name, "0123456789");
	if (name[digits] != '\0' || digits > 18)
		return project_find(cx, name, ret_project);
	*ret_project = strtoll(name, NULL, 10);
	return ERR_OK;
}

static enum err check_form(struct ctx *cx, const struct completion_in *in)
{
	const struct said *last = (const struct said *)in->messages.items + in->messages.n - 1;

	if (in->tools != NULL && strcmp(in->tools, "[]") != 0)
		return err_field(cx, ERR_INVALID, "/tools", "none",
		                 "cannot be used: a project answers with its own tools");
	if (strcmp(last->role, "user") != 0)
		return err_field(cx, ERR_INVALID, "/messages", "last",
		                 "must end with a message of the user");
	return ERR_OK;
}

/* All but the last message are what was said before. */
static enum err recall(struct ctx *cx, const struct completion_in *in, int64_t conversation_id)
{
	const struct said *said = in->messages.items;

	for (size_t i = 0; i + 1 < in->messages.n; i++) {
		bool answer = strcmp(said[i].role, "assistant") == 0;
		const char *text;

		TRY(text_of(cx, &said[i], i, &text));
		if (strlen(text) > CONVERSATION_TEXT_MAX)
			return err_field(cx, ERR_INVALID,
			                 arena_printf(cx->arena, "/messages/%zu/content", i),
			                 "max_bytes", "may have %zu bytes", CONVERSATION_TEXT_MAX);
		if (text[0] != '\0')
			TRY(conversation_recall(cx, conversation_id, answer ? "assistant" : "user",
			                        text));
	}
	return ERR_OK;
}

static enum err ask(struct ctx *cx, const struct completion_in *in, struct turn *ret)
{
	const struct said *said = in->messages.items;
	size_t last = in->messages.n - 1;
	struct conversation_new new = { 0 };
	struct turn_new turn = { 0 };
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct conversation conversation;

	TRY(check_form(cx, in));
	TRY(text_of(cx, &said[last], last, &turn.content));
	if (turn.content[0] == '\0' || strlen(turn.content) > CONVERSATION_QUESTION_MAX)
		return err_field(cx, ERR_INVALID,
		                 arena_printf(cx->arena, "/messages/%zu/content", last), "length",
		                 "must have 1 to %d bytes", CONVERSATION_QUESTION_MAX);
	TRY(db_begin(cx, &tx));
	TRY(read_model(cx, in->model, &new.project_id, &turn.model));
	TRY(conversation_begin(cx, &new, "completions", &conversation));
	TRY(recall(cx, in, conversation.id));
	TRY(turn_ask(cx, conversation.id, &turn, ret));
	return db_commit(&tx);
}

static enum err post_completion(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct completion_in *in = request_body(rq, &IN);
	struct turn turn;

	TRY(ask(cx, in, &turn));
	if (in->stream)
		return reply_chat(cx, rq, rp, &turn,
		                  in->stream_options != NULL && in->stream_options->include_usage);
	return reply_run(cx, rq, rp, LIVE_COMPLETION, LIVE_ANSWER_WAIT_S, &turn);
}

#define CALLER .tag = "AI", .auth = AUTH_ANY
#define READS                                                                                      \
	.method = HTTP_GET, CALLER, .area = AREA_PROJECTS, .role = ROLE_VIEWER, .rate = RATE_READ, \
	.status = 200
#define MODEL_EXAMPLE                                                                              \
	"{\"id\":\"project/7\",\"object\":\"model\",\"created\":1795243500,\"owned_by\":\"Atlas\"}"

const struct route completion_routes[] = {
	{
		READS,
		.path = "/v1/models",
		.op = "listCompletionModels",
		.reply = &MODELS,
		.run = list_models,
		.doc = "List what a client of OpenAI's form can talk to: the projects.",
		.detail = "Errors below /v1/ are {\"error\":{message,type,param,code}}.",
		.example = "{\"object\":\"list\",\"data\":[" MODEL_EXAMPLE "]}",
	},
	{
		READS,
		.path = "/v1/models/project/{id}",
		.op = "getCompletionModel",
		.reply = &MODEL,
		.fails = { ERR_NOT_FOUND },
		.run = get_model,
		.doc = "Read one of them.",
		.example = MODEL_EXAMPLE,
	},
	{
		.method = HTTP_POST,
		CALLER,
		.area = AREA_CHATS,
		.role = ROLE_MEMBER,
		.rate = RATE_WRITE,
		.path = "/v1/chat/completions",
		.op = "createChatCompletion",
		.audit = "conversation.created run.queued",
		.body = &IN,
		.status = 200,
		.reply = &answer_completion_schema,
		.fails = { ERR_NOT_FOUND, ERR_LIMIT },
		.run = post_completion,
		.doc = "Ask a project as a model of OpenAI's form, also streamed.",
		.detail =
			"The member portolan of the answer, and of the last chunk, has the run, its mode "
			"and its citations. An answer that takes longer than 50 seconds is 504, and the "
			"run goes on: stream what may take long. Who hangs up cancels the run.",
	},
	ROUTES_END,
};
