/* One row a tool: what it is called, what it takes, what it does. */
#include "chats/tools.h"

#include "base/json.h"
#include "base/sb.h"
#include "chats/citation.h"
#include "maps/commits.h"
#include "maps/map_views.h"
#include "maps/reach.h"
#include "maps/search.h"
#include "maps/source.h"
#include "projects/project.h"
#include "retrieval/document.h"
#include "retrieval/search.h"

#include <inttypes.h>
#include <string.h>

#define HITS       8
#define ROWS       40
#define COMMITS    20
#define MAP_TOKENS 2500

struct work {
	struct ctx *cx;
	int64_t project_id;
	bool everything; /* the conversation is about all that the tenant has, documents too */
	const char *commit;
	struct json_object *in;
	struct sb out;
	struct map_index index;
};

#define TEXT(name, what) "\"" name "\":{\"type\":\"string\",\"description\":\"" what "\"}"
#define LINE(name, what) "\"" name "\":{\"type\":\"integer\",\"description\":\"" what "\"}"
#define PROJECT          LINE("project_id", "Where the conversation is about several projects: which")
#define OBJECT(members, required)                                                                  \
	"{\"type\":\"object\",\"properties\":{" members "," PROJECT "},\"required\":[" required    \
	"],\"additionalProperties\":false}"

const struct llm_tool tools_all[] = {
	{ "search", "Find passages of code and documents by words or names.",
	  OBJECT(TEXT("query", "Words, names or a question") "," TEXT(
			 "path", "Only below this folder or file"),
	         "\"query\"") },
	{ "read_file", "Read lines of a file or a document, with their numbers.",
	  OBJECT(TEXT("path", "The file; of a document document/ and its number, or its name") "," LINE(
			 "from", "First line, from 1") "," LINE("to", "Last line"),
	         "\"path\"") },
	{ "list_folder", "List the folders and files of a folder.",
	  OBJECT(TEXT("path", "The folder; empty: the root"), "") },
	{ "find_symbols", "Find definitions by any part of their names.",
	  OBJECT(TEXT("name", "The name or a part of it"), "\"name\"") },
	{ "references", "List where a symbol is used, by its whole name.",
	  OBJECT(TEXT("name", "The name"), "\"name\"") },
	{ "neighbours", "List what a file imports and who imports it.",
	  OBJECT(TEXT("path", "The file"), "\"path\"") },
	{ "impact", "List the files that a change of a file may concern, nearest first.",
	  OBJECT(TEXT("path", "The file"), "\"path\"") },
	{ "map", "Tell what the project is made of: languages, components, entry points, packages.",
	  OBJECT(TEXT("question", "What matters most; may be empty"), "") },
	{ "history",
	  "List commits, newest first: who changed a file or folder, when, and what was said of it.",
	  OBJECT(TEXT("path", "The file or folder; empty: all") "," TEXT(
			 "text",
			 "Words that the first line of the message has") "," TEXT("author",
	                                                                          "Part of the author's name"),
	         "") },
	{ NULL, NULL, NULL },
};

static const char *text_in(struct work *w, const char *name)
{
	return json_text(w->in, name, "");
}

static enum err need_index(struct work *w)
{
	return index_of_project(w->cx, w->project_id, NULL, &w->index);
}

/* As the rules of an answer want it named. */
static const char *name_of(struct work *w, const struct retrieval_hit *hit)
{
	if (hit->document_id != 0)
		return arena_printf(w->cx->arena, CITATION_DOCUMENT "%" PRId64, hit->document_id);
	if (w->project_id != 0)
		return hit->path;
	return arena_printf(w->cx->arena, "%" PRId64 ":%s", hit->project_id, hit->path);
}

static enum err do_search(struct work *w)
{
	const char *path = text_in(w, "path");
	const struct retrieval_query query = {
		.text = text_in(w, "query"),
		.project_id = w->project_id,
		.top_k = HITS,
		.path = path[0] != '\0' ? path : NULL,
	};
	struct retrieval_found found;
	const struct retrieval_hit *hit;

	TRY(retrieval_search(w->cx, &query, &found));
	hit = found.items.items;
	for (size_t i = 0; i < found.items.n; i++)
		sb_addf(&w->out, "%s:%" PRId64 "-%" PRId64 " (%s)\n%s\n\n", name_of(w, &hit[i]),
		        hit[i].start_line, hit[i].end_line,
		        hit[i].document_id != 0 ? hit[i].path : hit[i].kind, hit[i].text);
	return ERR_OK;
}

/* @page of a PDF, on which the first line stands; 0: it has none */
static void add_lines(struct work *w, const char *text, int64_t line, int64_t page, int64_t lines)
{
	if (page > 0)
		sb_addf(&w->out, "(page %" PRId64 ")\n", page);
	for (const char *p = text; *p != '\0'; line++) {
		size_t feeds = strspn(p, "\f"), n = strcspn(p + feeds, "\n");

		if (page > 0 && feeds > 0)
			sb_addf(&w->out, "(page %" PRId64 ")\n", page += (int64_t)feeds);
		p += feeds;
		sb_addf(&w->out, "%" PRId64 "\t%.*s\n", line, (int)n, p);
		p += n + (p[n] == '\n' ? 1 : 0);
	}
	sb_addf(&w->out, "(%" PRId64 " lines in all)\n", lines);
}

static enum err read_document(struct work *w, int64_t id, int64_t from, int64_t to)
{
	struct document_lines lines = { .from = from, .to = to };
	struct document document;

	TRY(document_read(w->cx, id, &lines));
	if (lines.text == NULL) {
		TRY(document_get(w->cx, id, &document));
		sb_addf(&w->out, "no text: %s\n",
		        document.error_message != NULL ? document.error_message : document.status);
		return ERR_OK;
	}
	sb_addf(&w->out, "(" CITATION_DOCUMENT "%" PRId64 ", %s)\n", id, lines.name);
	add_lines(w, lines.text, from, lines.page, lines.lines);
	return ERR_OK;
}

/* The document that a call of read_file means.  @ret 0: a file */
static enum err document_meant(struct work *w, int64_t *ret)
{
	const char *path = text_in(w, "path");
	struct document document;
	enum err e;

	*ret = w->everything ? citation_document(path) : 0;
	if (*ret != 0 || w->project_id != 0)
		return ERR_OK;
	e = document_find(w->cx, path, &document);
	if (e == ERR_NOT_FOUND) {
		err_clear(w->cx);
		return err_set(w->cx, ERR_INVALID,
		               "there is no document of that name; of a file, project_id must say "
		               "which project is meant");
	}
	TRY(e);
	*ret = document.id;
	return ERR_OK;
}

static enum err do_read(struct work *w)
{
	int64_t from = json_int(w->in, "from", 1), to = json_int(w->in, "to", 0), document;
	struct source source;

	if (from < 1)
		from = 1;
	if (to < from || to - from >= TOOLS_LINES)
		to = from + TOOLS_LINES - 1;
	TRY(document_meant(w, &document));
	if (document != 0)
		return read_document(w, document, from, to);
	TRY(source_read(w->cx, w->project_id, w->commit, text_in(w, "path"), from, to, &source));
	if (source.text == NULL)
		sb_addf(&w->out, "no text: %s\n", source.kind);
	else
		add_lines(w, source.text, from, 0, source.lines);
	return ERR_OK;
}

static enum err do_list(struct work *w)
{
	const struct map_entry *entry;
	struct list list;

	TRY(need_index(w));
	TRY(search_folder(w->cx, &w->index, text_in(w, "path"), 0, SEARCH_LIMIT_MAX, &list));
	entry = list.items;
	for (size_t i = 0; i < list.n; i++) {
		if (strcmp(entry[i].kind, "folder") == 0)
			sb_addf(&w->out, "%s/ (%" PRId64 " files)\n", entry[i].path,
			        entry[i].files);
		else
			sb_addf(&w->out, "%s (%" PRId64 " lines)\n", entry[i].path,
			        entry[i].code + entry[i].comment + entry[i].blank);
	}
	return ERR_OK;
}

static enum err do_symbols(struct work *w)
{
	const struct map_definition *d;
	struct map_found found;

	TRY(need_index(w));
	TRY(search_symbols(w->cx, &w->index, text_in(w, "name"), NULL, ROWS, &found));
	d = found.items.items;
	for (size_t i = 0; i < found.items.n; i++)
		sb_addf(&w->out, "%s %s %s:%" PRId64 "-%" PRId64 " %s\n", d[i].kind, d[i].name,
		        d[i].path, d[i].line, d[i].last_line,
		        d[i].signature != NULL ? d[i].signature : "");
	return ERR_OK;
}

static enum err do_references(struct work *w)
{
	const struct map_use *use;
	struct map_uses uses;

	TRY(need_index(w));
	TRY(search_uses(w->cx, &w->index, text_in(w, "name"), &uses));
	use = uses.items.items;
	sb_addf(&w->out, "%" PRId64 " uses\n", uses.uses);
	for (size_t i = 0; i < uses.items.n && i < ROWS; i++)
		sb_addf(&w->out, "%s:%" PRId64 " (%s)\n", use[i].path, use[i].line, use[i].kind);
	return ERR_OK;
}

static enum err do_neighbours(struct work *w)
{
	struct map_neighbours found;
	const struct map_step *step;

	TRY(need_index(w));
	TRY(reach_neighbours(w->cx, &w->index, text_in(w, "path"), REACH_BOTH, NULL, ROWS, &found));
	step = found.items.items;
	for (size_t i = 0; i < found.items.n; i++)
		sb_addf(&w->out, "%s:%" PRId64 " imports %s\n", step[i].from, step[i].line,
		        step[i].to);
	sb_addf(&w->out, "(%" PRId64 " in all)\n", found.total);
	return ERR_OK;
}

static enum err do_impact(struct work *w)
{
	const struct map_reached *reached;
	struct map_impact found;

	TRY(need_index(w));
	TRY(reach_impact(w->cx, &w->index, text_in(w, "path"), REACH_IN, REACH_DEPTH, ROWS,
	                 &found));
	reached = found.items.items;
	for (size_t i = 0; i < found.items.n; i++)
		sb_addf(&w->out, "%s, %" PRId64 " steps away through %s\n", reached[i].path,
		        reached[i].depth, reached[i].via);
	sb_addf(&w->out, "(%" PRId64 " files in all)\n", found.total);
	return ERR_OK;
}

static enum err do_map(struct work *w)
{
	const char *question = text_in(w, "question");
	struct project project;
	struct span text;
	struct map map;

	TRY(project_get(w->cx, w->project_id, &project));
	TRY(map_newest(w->cx, w->project_id, &map));
	TRY(map_digest(w->cx, &map, project.name, question[0] != '\0' ? question : NULL, MAP_TOKENS,
	               &text));
	sb_addn(&w->out, text.data, text.len);
	return ERR_OK;
}

static enum err do_history(struct work *w)
{
	const struct commits_query query = {
		.path = text_in(w, "path"),
		.text = text_in(w, "text"),
		.author = text_in(w, "author"),
		.limit = COMMITS,
	};
	const struct commits_entry *e;
	struct commits_found found;

	TRY(commits_read(w->cx, w->project_id, w->commit, &query, &found));
	e = found.items.items;
	for (size_t i = 0; i < found.items.n; i++)
		sb_addf(&w->out, "%s\n", commits_line(w->cx->arena, &e[i]));
	sb_addf(&w->out, "(%" PRId64 " commits looked at%s)\n", found.looked_at,
	        found.complete ? "" : "; not all");
	return ERR_OK;
}

/* In the order of tools_all. */
static enum err (*const RUN[])(struct work *w) = {
	do_search,     do_read,   do_list, do_symbols, do_references,
	do_neighbours, do_impact, do_map,  do_history,
};
static_assert(COUNT(RUN) + 1 == COUNT(tools_all), "each tool is done by something");

/* What tells of the call, and not of this machine. */
static bool tells_of_call(enum err e)
{
	return e == ERR_NOT_FOUND || e == ERR_INVALID || e == ERR_STATE || e == ERR_LIMIT ||
	       e == ERR_REPO_BROKEN || e == ERR_MALFORMED;
}

static enum err do_call(struct work *w, const char *name)
{
	size_t i = 0;

	while (tools_all[i].name != NULL && strcmp(tools_all[i].name, name) != 0)
		i++;
	if (tools_all[i].name == NULL)
		return err_set(w->cx, ERR_NOT_FOUND, "there is no tool of that name");
	w->everything = w->project_id == 0;
	if (w->everything)
		w->project_id = json_int(w->in, "project_id", 0);
	if (w->project_id < 0)
		w->project_id = 0;
	if (w->project_id == 0 && RUN[i] != do_search && RUN[i] != do_read)
		return err_set(w->cx, ERR_INVALID, "project_id must say which project is meant");
	return RUN[i](w);
}

enum err tools_run(struct ctx *cx, int64_t project_id, const char *commit,
                   const struct llm_tool_call *call, struct tool_output *ret)
{
	CLEANUP(json_put) struct json_object *doc = NULL;
	struct work w = {
		.cx = cx,
		.project_id = project_id,
		.commit = commit,
		.out = sb_new(cx->arena, TOOLS_OUTPUT_MAX),
	};
	enum err e = ERR_MALFORMED;

	if (!call->malformed)
		e = json_parse(cx, (struct span){ call->arguments, strlen(call->arguments) },
		               &json_limits_body, &doc);
	w.in = doc;
	if (e == ERR_OK)
		e = do_call(&w, call->name);
	if (e == ERR_OK) {
		const char *text = w.out.len > 0 ? w.out.data : "nothing was found";

		*ret = (struct tool_output){
			w.out.failed ? arena_printf(cx->arena, "%s\n(cut off)", text) : text, false
		};
		return ERR_OK;
	}
	if (!tells_of_call(e) && e != ERR_ENCODING)
		return e;
	*ret = (struct tool_output){ cx->fault.detail != NULL ? cx->fault.detail
		                                              : "the arguments are not JSON",
		                     true };
	ret->text = arena_strdup(cx->arena, ret->text);
	err_clear(cx);
	return ERR_OK;
}
