/* The client of ctags' broker, and what its answers mean. */
#include "maps/ctags.h"

#include "maps/broker.h"
#include "maps/ctags_broker.h"
#include "maps/doc.h"
#include "maps/lex.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct ctags {
	int fd;
	pid_t pid;
	bool gone; /* the broker answers no more */
};

/* Whom ctags is asked for, and the extension by which it knows the language. */
static const char *const EXTENSIONS[LANG_COUNT] = {
	[LANG_LUA] = "lua",
	[LANG_PERL] = "pl",
	[LANG_ELIXIR] = "ex",
	[LANG_ERLANG] = "erl",
	[LANG_CLOJURE] = "clj",
	[LANG_LISP] = "lisp",
	[LANG_HASKELL] = "hs",
	[LANG_OCAML] = "ml",
	[LANG_SCALA] = "scala",
	[LANG_SWIFT] = "swift",
	[LANG_R] = "r",
	[LANG_JULIA] = "jl",
	[LANG_D] = "d",
	[LANG_PASCAL] = "pas",
	[LANG_FORTRAN] = "f90",
	[LANG_TCL] = "tcl",
	[LANG_AWK] = "awk",
	[LANG_VIM] = "vim",
	[LANG_PROTO] = "proto",
	[LANG_THRIFT] = "thrift",
	[LANG_VERILOG] = "v",
	[LANG_VHDL] = "vhdl",
	[LANG_POWERSHELL] = "ps1",
	[LANG_CMAKE] = "cmake",
	[LANG_M4] = "m4",
};

/* Extensions of those languages that ctags tells apart. */
static const char *const OWN[] = { "el", "scm", "ss", "rkt", "sv", "svh", "rmd" };

/* ctags' kinds, of all its parsers, that are definitions of the map. */
static const struct {
	const char *kind;
	enum def_kind def;
} KINDS[] = {
	{ "function", DEF_FUNCTION },   { "subroutine", DEF_FUNCTION },
	{ "procedure", DEF_FUNCTION },  { "method", DEF_METHOD },
	{ "rpc", DEF_METHOD },          { "delegate", DEF_FUNCTION },
	{ "guard", DEF_FUNCTION },      { "operator", DEF_FUNCTION },
	{ "task", DEF_FUNCTION },       { "inline", DEF_FUNCTION },
	{ "class", DEF_CLASS },         { "object", DEF_CLASS },
	{ "exception", DEF_CLASS },     { "struct", DEF_STRUCT },
	{ "record", DEF_STRUCT },       { "message", DEF_STRUCT },
	{ "union", DEF_UNION },         { "enum", DEF_ENUM },
	{ "interface", DEF_INTERFACE }, { "service", DEF_INTERFACE },
	{ "protocol", DEF_INTERFACE },  { "trait", DEF_TRAIT },
	{ "type", DEF_TYPE },           { "subtype", DEF_TYPE },
	{ "typedef", DEF_TYPE },        { "macro", DEF_MACRO },
	{ "module", DEF_MODULE },       { "submodule", DEF_MODULE },
	{ "package", DEF_MODULE },      { "namespace", DEF_MODULE },
	{ "program", DEF_MODULE },      { "entity", DEF_MODULE },
	{ "constant", DEF_CONSTANT },
};

static const char *const GAPS[] = {
	[GAP_NONE] = "",
	[GAP_NO_TOOL] = "no_tool",
	[GAP_TOO_LARGE] = "too_large",
	[GAP_TIMED_OUT] = "timed_out",
	[GAP_CRASHED] = "crashed",
	[GAP_TOO_MUCH] = "too_much",
	[GAP_GAVE_UP] = "gave_up",
};

const char *def_gap_name(enum def_gap gap)
{
	assert((size_t)gap < COUNT(GAPS));
	return GAPS[gap];
}

bool ctags_reads(enum lang lang)
{
	return lang < LANG_COUNT && EXTENSIONS[lang] != NULL;
}

static const char *find_program(const char *const *programs)
{
	static const char *const DEBIAN[] = { "/usr/bin/ctags-universal", "/usr/bin/ctags", NULL };

	for (programs = programs != NULL ? programs : DEBIAN; *programs != NULL; programs++)
		if (access(*programs, X_OK) == 0)
			return *programs;
	return NULL;
}

const char *ctags_print(struct arena *arena, const struct ctags_options *options)
{
	const char *program = find_program(options->programs);
	struct stat st;

	if (program == NULL || stat(program, &st) != 0)
		return "";
	return arena_printf(arena, "%s %lld %lld.%09ld", program, (long long)st.st_size,
	                    (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static enum err failed(struct ctx *cx, const char *what)
{
	err_set(cx, ERR_INTERNAL, "the analyser cannot start its helper");
	err_cause(cx, "%s: %s", what, strerror(errno));
	return ERR_INTERNAL;
}

enum err ctags_start(struct ctx *cx, const struct ctags_options *options, struct ctags **ret)
{
	const char *program = find_program(options->programs);
	struct ctags *ctags;
	pid_t pid;
	int fd;

	*ret = NULL;
	if (program == NULL)
		return ERR_OK;
	fd = broker_fork(&pid);
	if (fd < 0)
		return failed(cx, "fork");
	if (pid == 0)
		ctags_broker(fd, program, options->file_ms > 0 ? options->file_ms : CTAGS_FILE_MS);
	ctags = arena_alloc(cx->arena, sizeof(*ctags));
	ctags->fd = fd;
	ctags->pid = pid;
	*ret = ctags;
	return ERR_OK;
}

void ctags_stop(struct ctags *ctags)
{
	if (ctags == NULL)
		return;
	close(ctags->fd);
	broker_wait(ctags->pid);
}

void ctags_stop_ptr(struct ctags **ctags)
{
	ctags_stop(*ctags);
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/* The file's own name, of plain letters only, with the extension that tells the language. */
static void name_file(char name[CTAGS_NAME_MAX], struct span path, enum lang lang)
{
	const char *slash = memrchr(path.data, '/', path.len), *end = path.data + path.len;
	const char *base = slash != NULL ? slash + 1 : path.data;
	const char *dot = memrchr(base, '.', (size_t)(end - base)), *extension = EXTENSIONS[lang];
	size_t n = 0;

	for (const char *p = base; p < (dot != NULL ? dot : end) && n < CTAGS_NAME_MAX - 16; p++)
		if (is_plain(*p))
			name[n++] = *p;
	if (n == 0)
		name[n++] = 'f';
	for (size_t i = 0; dot != NULL && i < COUNT(OWN); i++)
		if ((size_t)(end - dot - 1) == strlen(OWN[i]) &&
		    memcmp(dot + 1, OWN[i], strlen(OWN[i])) == 0)
			extension = OWN[i];
	name[n++] = '.';
	memcpy(name + n, extension, strlen(extension) + 1);
}

/*
 * The text with blanks in place of strings that run over lines: they are documentation with
 * examples in it, which ctags would take for code.
 */
static struct span without_long_strings(struct arena *arena, enum syntax_id syntax,
                                        struct span text)
{
	char *copy = arena_strndup(arena, text.data, text.len);
	struct lexer *lx = arena_alloc(arena, sizeof(*lx));
	struct token t;

	lex_open(lx, syntax, text, 1);
	while (lex_next(lx, &t)) {
		if (t.kind != TOKEN_STRING || memchr(t.text, '\n', t.len) == NULL)
			continue;
		for (char *p = copy + (t.text - text.data), *end = p + t.len; p < end; p++)
			if (*p != '\n')
				*p = ' ';
	}
	return (struct span){ copy, text.len };
}

enum def_gap ctags_read(struct ctags *ctags, struct arena *arena, struct span path,
                        struct span text, struct facts *facts)
{
	struct ctags_ask ask = { .bytes = (uint32_t)text.len };
	struct ctags_answer answer;
	char *output;

	if (ctags == NULL)
		return GAP_NO_TOOL;
	if (text.len > CTAGS_FILE_BYTES)
		return GAP_TOO_LARGE;
	if (ctags->gone)
		return GAP_GAVE_UP;
	name_file(ask.name, path, facts->lang);
	if (facts->lang == LANG_ELIXIR || facts->lang == LANG_JULIA)
		text = without_long_strings(
			arena, facts->lang == LANG_ELIXIR ? SYNTAX_ELIXIR : SYNTAX_JULIA, text);
	ctags->gone = !broker_write_all(ctags->fd, &ask, sizeof(ask)) ||
	              !broker_write_all(ctags->fd, text.data, text.len) ||
	              !broker_read_all(ctags->fd, &answer, sizeof(answer)) ||
	              answer.gap >= GAP_COUNT || answer.bytes > CTAGS_OUTPUT_BYTES;
	if (ctags->gone)
		return GAP_CRASHED;
	output = arena_alloc(arena, answer.bytes + 1);
	ctags->gone = !broker_read_all(ctags->fd, output, answer.bytes);
	if (ctags->gone)
		return GAP_CRASHED;
	ctags_tags(arena, (struct span){ output, answer.bytes }, facts);
	return (enum def_gap)answer.gap;
}

static enum def_kind kind_of(const char *kind)
{
	for (size_t i = 0; i < COUNT(KINDS); i++)
		if (strcmp(KINDS[i].kind, kind) == 0)
			return KINDS[i].def;
	return DEF_NONE;
}

/* @ret a number of at most nine digits; 0 for anything else */
static uint32_t number(const struct doc *doc)
{
	const char *text = doc_text(doc);
	size_t n = strspn(text, "0123456789");

	return n > 0 && n < 10 && text[n] == '\0' ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

/* Names that ctags makes up for what has none. */
static bool is_name(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= FACTS_NAME_MAX && strncmp(name, "__anon", 6) != 0 &&
	       strpbrk(name, "\n\t") == NULL;
}

/* Lua writes the table into the name: "a.b:c" is the method c of a.b. */
static void split_name(struct arena *arena, struct fact_def *def)
{
	const char *dot = strrchr(def->name, '.'), *colon = strrchr(def->name, ':');
	const char *at = colon != NULL && (dot == NULL || colon > dot) ? colon : dot;

	if (at == NULL || at == def->name || at[1] == '\0')
		return;
	def->parent = arena_strndup(arena, def->name, (size_t)(at - def->name));
	def->name = at + 1;
	if (at == colon)
		def->kind = DEF_METHOD;
}

static void take_tag(struct arena *arena, struct span line, struct facts *facts, size_t *cap)
{
	const struct doc *tag = doc_json(arena, line);
	enum def_kind kind = kind_of(doc_member(tag, "kind"));
	const char *name = doc_member(tag, "name"), *scope = doc_member(tag, "scope");
	uint32_t lines = facts->code + facts->comment + facts->blank;
	uint32_t at = number(doc_get(tag, "line")), end = number(doc_get(tag, "end"));

	if (strcmp(doc_member(tag, "_type"), "tag") != 0 || kind == DEF_NONE || at == 0 ||
	    at > lines || !is_name(name))
		return;
	if (facts->ndefs >= FACTS_DEFS_MAX) {
		facts->truncated = true;
		return;
	}
	if (facts->ndefs == *cap) {
		size_t more = *cap != 0 ? *cap * 2 : 64;

		facts->defs = arena_grow(arena, facts->defs, *cap * sizeof(*facts->defs),
		                         more * sizeof(*facts->defs));
		*cap = more;
	}
	/* The parsers made of regular expressions take the next module's line for a module's end. */
	if (end < at || end > lines || facts->lang == LANG_ELIXIR)
		end = at;
	facts->defs[facts->ndefs++] = (struct fact_def){ .name = name,
		                                         .parent = is_name(scope) ? scope : "",
		                                         .line = at,
		                                         .end_line = end,
		                                         .kind = (uint8_t)kind };
	if (facts->lang == LANG_LUA)
		split_name(arena, &facts->defs[facts->ndefs - 1]);
}

static int by_line(const void *a, const void *b)
{
	const struct fact_def *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return order != 0 ? order : x->kind < y->kind ? -1 : x->kind > y->kind;
}

/* Sorted, and one of those that are the same (a function of several clauses on one line). */
static void sort_defs(struct facts *facts)
{
	size_t kept = 0;

	if (facts->ndefs < 2)
		return;
	qsort(facts->defs, facts->ndefs, sizeof(*facts->defs), by_line);
	for (size_t i = 1; i < facts->ndefs; i++)
		if (by_line(&facts->defs[kept], &facts->defs[i]) != 0)
			facts->defs[++kept] = facts->defs[i];
	facts->ndefs = kept + 1;
}

void ctags_tags(struct arena *arena, struct span output, struct facts *facts)
{
	const char *p = output.data, *end = output.data + output.len;
	size_t cap = 0;

	facts->defs = NULL;
	facts->ndefs = 0;
	while (p < end) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));

		if (stop == NULL)
			stop = end;
		take_tag(arena, (struct span){ p, (size_t)(stop - p) }, facts, &cap);
		p = stop + (stop < end);
	}
	sort_defs(facts);
}
