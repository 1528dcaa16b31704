/* Rules, old messages in short, passages as data, and the question. */
#include "chats/dialogue_parts.h"

#include "chats/conversation_repo.h"
#include "chats/turn_repo.h"

#include <inttypes.h>
#include <string.h>

#define BYTES_A_TOKEN  3 /* to cut a text by; ASCII has four */
#define BEFORE_MAX     200
#define SUMMARY_TOKENS 600
#define STEP_BYTES     ((size_t)64 << 10)

void dialogue_add(struct dialogue *d, const struct llm_message *message)
{
	const char *text = message->text != NULL ? message->text : "";

	if (d->n ==
	    DIALOGUE_MESSAGES) { /* no room, so no tools either: the next call is the last */
		d->left = 0;
		return;
	}
	d->messages[d->n++] = *message;
	d->left -= llm_tokens(text, strlen(text));
}

const char *dialogue_data(struct dialogue *d, const char *source, const char *text, int64_t tokens)
{
	size_t n = strlen(text), most = tokens > 0 ? (size_t)tokens * BYTES_A_TOKEN : 0;
	bool cut = n > most;

	if (cut) {
		n = most;
		while (n > 0 && text[n - 1] != '\n')
			n--;
	}
	return arena_printf(d->cx->arena, "<<data %s %s\n%.*s%s%s\n<<end %s>>", d->mark, source,
	                    (int)n, text, cut ? "(cut off)" : "", "", d->mark);
}

/* --- What was said before --- */

struct compacted {
	const char *summary;
	int64_t upto;
};
static const struct field COMPACTED_FIELDS[] = {
	F_TEXT(struct compacted, summary),
	F_INT(struct compacted, upto),
};
static const struct schema COMPACTED =
	SCHEMA(struct compacted, "CompactedConversation", COMPACTED_FIELDS);

static enum err apply(struct dialogue *d, const struct compacted *c)
{
	const struct conversation_summary summary = { c->summary, c->upto };

	return conversation_repo_summarize(d->cx, d->j->turn->conversation_id, &summary);
}

/* @ret how many of the newest messages fit the tokens */
static size_t newest_that_fit(const struct message *m, size_t n, int64_t tokens)
{
	size_t kept = 0;

	while (kept < n) {
		tokens -= llm_tokens(m[kept].content, strlen(m[kept].content));
		if (tokens < 0)
			break;
		kept++;
	}
	return kept;
}

/* The messages m[from..n), which are the older ones, and the summary of those before them. */
static enum err ask_compact(struct dialogue *d, const struct message *m, size_t from, size_t n,
                            const char *before, struct compacted *ret)
{
	const struct prompt_value values[] = { { "mark", d->mark } };
	struct sb sb = sb_new(d->cx->arena, PROMPT_TEXT_MAX);
	struct llm_message messages[2];
	struct llm_answer answer = { 0 };
	struct prompt prompt;

	TRY(prompt_fill(d->cx, "compact", values, COUNT(values), &prompt));
	sb_addf(&sb, "%s\n", before != NULL ? before : "");
	for (size_t i = n; i > from; i--)
		sb_addf(&sb, "%s: %s\n\n", m[i - 1].role, m[i - 1].content);
	messages[0] = (struct llm_message){ .role = LLM_SYSTEM, .text = prompt.text };
	messages[1] = (struct llm_message){
		.role = LLM_USER,
		.text = dialogue_data(d, "conversation", sb.data, d->left),
	};
	TRY(dialogue_call(d, "putting old messages in short",
	                  &(struct llm_request){
				  .model = d->model->name,
				  .messages = messages,
				  .nmessages = 2,
				  .max_tokens = SUMMARY_TOKENS,
				  .prompt = prompt.name,
				  .prompt_version = prompt.version,
				  .project_id = d->j->turn->project_id,
				  .job_id = d->j->turn->job_id,
				  .user_id = d->j->turn->user_id,
				  .key_id = d->j->turn->key_id,
			  },
	                  false, &answer));
	*ret = (struct compacted){ answer.text, m[from].id };
	return ERR_OK;
}

static enum err compact(struct dialogue *d, const struct message *m, size_t from, size_t n,
                        const char *before)
{
	struct sb sb = sb_new(d->cx->arena, STEP_BYTES);
	struct compacted made;
	const char *output;

	TRY(ask_compact(d, m, from, n, before, &made));
	schema_encode(&sb, &COMPACTED, &made);
	TRY(sb_finish(d->cx, &sb, &output));
	TRY(journal_keep(d->j, "call", "compact",
	                 arena_printf(d->cx->arena, "%zu messages", n - from), output));
	return apply(d, &made);
}

/* An attempt that was killed behind its step has not said so in the conversation. */
static enum err compact_again(struct dialogue *d)
{
	struct compacted made;
	const char *output;

	if (!journal_has(d->j, "call", "compact", &output))
		return ERR_OK;
	TRY(schema_decode(d->cx, &COMPACTED, (struct span){ output, strlen(output) }, &made));
	return apply(d, &made);
}

static enum err add_before(struct dialogue *d)
{
	const int64_t share = d->left / 4;
	struct conversation_summary summary;
	const struct message *m;
	struct list list;
	size_t kept;

	TRY(compact_again(d));
	TRY(conversation_repo_summary(d->cx, d->j->turn->conversation_id, &summary));
	TRY(turn_repo_before(d->cx, d->j->turn->id, BEFORE_MAX, &list));
	m = list.items;
	kept = newest_that_fit(m, list.n, share);
	if (kept < list.n) {
		TRY(compact(d, m, kept, list.n, summary.summary));
		TRY(conversation_repo_summary(d->cx, d->j->turn->conversation_id, &summary));
	}
	if (summary.summary != NULL)
		dialogue_add(d, &(struct llm_message){
					.role = LLM_USER,
					.text = dialogue_data(d, "what was said before, in short",
		                                              summary.summary, share),
				});
	for (size_t i = kept; i > 0; i--)
		dialogue_add(d, &(struct llm_message){
					.role = strcmp(m[i - 1].role, "user") == 0 ? LLM_USER
		                                                                   : LLM_ASSISTANT,
					.text = m[i - 1].content,
				});
	return ERR_OK;
}

/* --- Passages --- */

static void number_lines(struct sb *sb, const char *text, int64_t line)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		sb_addf(sb, "%" PRId64 "\t%.*s\n", line++, (int)n, text);
		text += n + (text[n] == '\n' ? 1 : 0);
	}
}

/* What the model is to call a place; of a document also what that is called. */
static const char *name_of(struct dialogue *d, const struct citation *c)
{
	const char *lines = arena_printf(d->cx->arena, "%" PRId64 "-%" PRId64, c->start, c->end);

	if (c->document_id != 0)
		return arena_printf(d->cx->arena, CITATION_DOCUMENT "%" PRId64 ":%s (%s)",
		                    c->document_id, lines, citation_place(d->cx->arena, c));
	if (d->j->turn->project_id != 0)
		return arena_printf(d->cx->arena, "%s:%s", c->path, lines);
	return arena_printf(d->cx->arena, "%" PRId64 ":%s:%s", c->project_id, c->path, lines);
}

static enum err add_passage(struct dialogue *d, struct sb *all, const struct passage *p,
                            int64_t *share)
{
	struct citation c = {
		.project_id = p->project_id,
		.document_id = p->document_id,
		.commit = p->commit,
		.path = p->path,
		.start = p->start,
		.end = p->end,
		.blob = p->blob,
	};
	struct sb sb = sb_new(d->cx->arena, (size_t)1 << 21);
	const char *source, *text;
	bool good;

	TRY(ahead_check(d->cx, &d->j->ahead, &c, &good, &text));
	if (!good)
		return ERR_OK;
	source = name_of(d, &c);
	number_lines(&sb, text, c.start);
	text = dialogue_data(d, source, sb.data != NULL ? sb.data : "", *share);
	*share -= llm_tokens(text, strlen(text));
	sb_add(all, text);
	sb_add(all, "\n\n");
	return ERR_OK;
}

static enum err add_question(struct dialogue *d, const char *question)
{
	const struct passage *p = d->found->items.items;
	struct sb sb = sb_new(d->cx->arena, (size_t)4 << 20);
	int64_t share = d->left / 2;

	for (size_t i = 0; i < d->found->items.n && share > 0; i++)
		TRY(add_passage(d, &sb, &p[i], &share));
	if (!d->found->mapped)
		sb_add(&sb, "(The project has no map yet: nothing of it can be found.)\n\n");
	sb_addf(&sb, "Question: %s", question);
	dialogue_add(d, &(struct llm_message){ .role = LLM_USER, .text = sb.data });
	return ERR_OK;
}

enum err dialogue_prepare(struct dialogue *d, const char *question)
{
	const bool one = d->j->turn->project_id != 0;
	const struct prompt_value values[] = {
		{ "project", one && d->project != NULL ? d->project : "a team's projects" },
		{ "naming",
		  one ? ""
		      : "Put the number of the project in front, as in [7:path/to/file.c:12]; a document "
		        "is named by its own, as in [" CITATION_DOCUMENT "4:12-20]." },
		{ "mark", d->mark },
	};

	TRY(prompt_fill(d->cx, "answer", values, COUNT(values), &d->rules));
	dialogue_add(d, &(struct llm_message){ .role = LLM_SYSTEM, .text = d->rules.text });
	TRY(add_before(d));
	return add_question(d, question);
}
