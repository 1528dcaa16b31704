/*
 * SQL, of the dialects together: what CREATE makes, which tables and views the
 * statements name, and the files that a client's commands read in.
 *
 * The bodies of functions ($$...$$, or BEGIN...END up to a delimiter of the
 * client) belong to their definition; what they do is not looked at.
 */
#include "maps/facts_build.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define TABLES_MAX    4000 /* names in one file */
#define TAG_MAX       64
#define DIALECT_BYTES (64u << 10) /* that are looked at to tell the dialect */
#define MISSES_MAX    8 /* searches for an end that is not there, before there are no more */

struct reader {
	struct lexer *lx;
	struct sink *sk;
	struct token prev, t;
	struct name_set tables;
	struct name_set with;    /* names that WITH gives in this statement */
	char delimiter[TAG_MAX]; /* of MySQL's client; "" is ';' */
	uint32_t misses;
	uint32_t begins;   /* open BEGIN and CASE of a body */
	bool body;         /* in a routine that may have BEGIN...END */
	struct token verb; /* the first word of the statement */
	bool on;           /* behind the next ON stands a table */
	bool data;         /* COPY a FROM stdin: its rows follow */
	bool schema;       /* CREATE SCHEMA a CREATE TABLE b … */
	uint8_t list;      /* words that may come before the comma in front of a further table */
};

static bool is(const struct token *t, const char *word)
{
	return t->kind == TOKEN_IDENT && t->len == strlen(word) &&
	       strncasecmp(t->text, word, t->len) == 0;
}

static bool is_in(const struct token *t, const char *words)
{
	if (t->kind != TOKEN_IDENT)
		return false;
	for (const char *stop; *words; words = *stop ? stop + 1 : stop) {
		stop = strchrnul(words, ' ');
		if ((size_t)(stop - words) == t->len && strncasecmp(words, t->text, t->len) == 0)
			return true;
	}
	return false;
}

/* $tag$ ... $tag$: rd->t is the first $; it is the last one afterwards. */
static void skip_dollars(struct reader *rd)
{
	const char *from = rd->t.text, *end = rd->lx->end, *q = from + 1;
	size_t n;

	if (rd->misses >= MISSES_MAX)
		return;
	while (q < end && q - from < TAG_MAX && *q != '$' && *q != '\n' && *q != ' ')
		q++;
	if (q >= end || *q != '$')
		return;
	n = (size_t)(q + 1 - from);
	q = memmem(q + 1, (size_t)(end - q - 1), from, n);
	if (!q) {
		rd->misses++;
		return;
	}
	while (rd->t.text < q + n - 1 && lex_next(rd->lx, &rd->t))
		;
}

static bool next(struct reader *rd)
{
	rd->prev = rd->t;
	if (!lex_next(rd->lx, &rd->t))
		return false;
	if (rd->t.c == '$' && !(rd->t.glued && rd->prev.kind == TOKEN_IDENT))
		skip_dollars(rd);
	return true;
}

static void advance(struct reader *rd, const char *to)
{
	while (rd->t.text + rd->t.len < to && lex_next(rd->lx, &rd->t))
		;
}

/* a$b is a word, "a""b" has a quote in it. */
static bool plain_part(struct reader *rd, struct span *ret)
{
	const char *from = rd->t.text, *end = rd->lx->end, *q = from + rd->t.len;

	if (rd->t.kind == TOKEN_STRING) {
		while (end - q > 1 && q[0] == '"' && q[1] == '"' && lex_next(rd->lx, &rd->t))
			q = rd->t.text + rd->t.len;
	} else if (q < end && *q == '$') {
		while (q < end && (*q == '$' || *q == '_' || isalnum((unsigned char)*q)))
			q++;
		advance(rd, q);
	}
	*ret = (struct span){ from, (size_t)(q - from) };
	return ret->len > 0;
}

/* A name's part: bare, "quoted", `quoted`, [quoted], :variable or @extschema@.  @ret false when rd->t is none */
static bool name_part(struct reader *rd, struct span *ret)
{
	if (rd->t.c == ':' && (!lex_next(rd->lx, &rd->t) || !rd->t.glued))
		return false; /* :name, a variable of psql */
	if (rd->t.kind == TOKEN_IDENT || (rd->t.kind == TOKEN_STRING && rd->t.text[-1] == '"'))
		return plain_part(rd, ret);
	if (rd->t.c != '`' && rd->t.c != '[' && rd->t.c != '@')
		return false;
	size_t left = (size_t)(rd->lx->end - rd->t.text - 1);
	const char *close = memchr(rd->t.text + 1, rd->t.c == '[' ? ']' : rd->t.c,
	                           left < FACTS_NAME_MAX ? left : FACTS_NAME_MAX);

	if (!close)
		return false;
	*ret = (struct span){ rd->t.text + 1, (size_t)(close - rd->t.text - 1) };
	advance(rd, close + 1);
	return ret->len > 0;
}

/* [[database.]schema.]name; rd->t is its last token afterwards. */
static bool read_name(struct reader *rd, struct span *schema, struct span *name)
{
	*schema = (struct span){ "", 0 };
	if (!name_part(rd, name))
		return false;
	for (;;) {
		const char *after = rd->t.text + rd->t.len;

		after += rd->t.kind == TOKEN_STRING; /* the quote */
		if (after >= rd->lx->end || *after != '.' || !next(rd) || !next(rd))
			return true;
		*schema = *name;
		if (!name_part(rd, name))
			return false;
	}
}

static void lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text + 'a' - 'A');
}

/* A statement names a table at rd->t; where a function may stand as well, one with brackets is it. */
static void use_table(struct reader *rd, bool or_function)
{
	uint32_t line = rd->t.line;
	struct span schema, name;
	char *text;

	if (!read_name(rd, &schema, &name) || schema.len + name.len + 1 > FACTS_NAME_MAX ||
	    name_set_has(&rd->with, name))
		return;
	if (or_function && rd->t.kind == TOKEN_IDENT && rd->t.text + rd->t.len < rd->lx->end &&
	    rd->t.text[rd->t.len] == '(')
		return;
	text = schema.len > 0 ? arena_printf(rd->sk->arena, "%.*s.%.*s", (int)schema.len,
	                                     schema.data, (int)name.len, name.data)
	                      : arena_strndup(rd->sk->arena, name.data, name.len);
	lower(text);
	name = (struct span){ text, strlen(text) };
	if (!name_set_add(rd->sk->arena, &rd->tables, name, TABLES_MAX))
		return;
	sink_import(rd->sk, IMPORT_TABLE, name, line);
}

static enum def_kind kind_of(const struct token *t)
{
	return is(t, "table")                                  ? DEF_TABLE
	       : is(t, "view")                                 ? DEF_VIEW
	       : is_in(t, "function procedure proc aggregate") ? DEF_FUNCTION
	       : is(t, "trigger")                              ? DEF_TRIGGER
	       : is(t, "index")                                ? DEF_INDEX
	       : is_in(t, "type domain")                       ? DEF_TYPE
	       : is_in(t, "schema package database")           ? DEF_MODULE
	                                                       : DEF_NONE;
}

/* Behind CREATE.  @ret the definition, or DEF_DROPPED */
static uint32_t read_create(struct reader *rd)
{
	enum def_kind kind = DEF_NONE;
	struct span schema, name;
	bool of_tables = false;
	uint32_t line;

	for (int i = 0; i < 16 && kind == DEF_NONE; i++) {
		if (!next(rd) || rd->t.c == ';')
			return DEF_DROPPED;
		kind = kind_of(&rd->t);
		of_tables = is(&rd->t, "schema");
		rd->on = kind == DEF_INDEX || kind == DEF_TRIGGER || is(&rd->t, "policy");
		if (is_in(&rd->t, "extension role user policy rule cast operator sequence server "
		                  "access collation conversion language transform tablespace text "
		                  "publication subscription statistics"))
			return DEF_DROPPED;
	}
	if (kind == DEF_NONE || !next(rd))
		return DEF_DROPPED;
	while (is_in(&rd->t, "if not exists concurrently body"))
		if (!next(rd))
			return DEF_DROPPED;
	if (is(&rd->t, "on"))
		return DEF_DROPPED; /* an index without a name */
	line = rd->t.line;
	rd->schema |= of_tables;
	if ((of_tables && is(&rd->t, "authorization")) || !read_name(rd, &schema, &name))
		return DEF_DROPPED;
	rd->body =
		kind == DEF_FUNCTION || kind == DEF_TRIGGER || (kind == DEF_MODULE && !of_tables);
	return sink_def(rd->sk, kind, name, sink_text(rd->sk, schema, FACTS_NAME_MAX), line);
}

/* A word, maybe quoted, up to the end of the line or a ';'. */
static struct span argument(const struct reader *rd, const char *q)
{
	const char *end = rd->lx->end, *from;
	char quote = 0;

	while (q < end && (*q == ' ' || *q == '\t'))
		q++;
	if (q < end && (*q == '\'' || *q == '"'))
		quote = *q++;
	from = q;
	while (q < end && *q != '\n' && (quote ? *q != quote : !strchr(" \t\r;", *q) || !*q))
		q++;
	return (struct span){ from, (size_t)(q - from) };
}

static void skip_line(struct reader *rd)
{
	const char *newline = memchr(rd->lx->p, '\n', (size_t)(rd->lx->end - rd->lx->p));

	lex_advance(rd->lx, newline ? newline : rd->lx->end, LINE_CODE);
}

static void read_file(struct reader *rd, const char *from, bool relative)
{
	struct span target = argument(rd, from);
	struct fact_import *im;

	if (target.len == 0 || memchr(target.data, ':', target.len) ||
	    memchr(target.data, '&', target.len))
		return; /* a variable of the client */
	im = sink_import(rd->sk, IMPORT_LOAD, target, rd->t.line);
	if (im && relative) {
		im->flags |= IMPORT_F_PATH;
		im->level = 1;
	}
}

/* \i file, \ir file (psql), \. file, source file (MySQL), .read file (SQLite), @file (SQL*Plus) */
static bool read_command(struct reader *rd, bool start)
{
	const char *p = rd->t.text, *end = rd->lx->end, *word = p + 1, *q = word;

	if (!rd->t.first || rd->begins > 0)
		return false;
	if (start && is(&rd->t, "delimiter")) {
		struct span d = argument(rd, p + rd->t.len);

		memset(rd->delimiter, 0, sizeof(rd->delimiter));
		if (d.len > 0 && d.len < TAG_MAX && !(d.len == 1 && *d.data == ';'))
			memcpy(rd->delimiter, d.data, d.len);
		skip_line(rd);
		return true;
	}
	if (start && is(&rd->t, "source")) {
		read_file(rd, p + rd->t.len, false);
		skip_line(rd);
		return true;
	}
	if (start && rd->t.c == '@' && rd->t.margin) {
		bool twice = word < end && *word == '@';

		read_file(rd, word + twice, twice);
		skip_line(rd);
		return true;
	}
	if (rd->t.c != '\\' && rd->t.c != '.')
		return false;
	while (q < end && ((*q >= 'a' && *q <= 'z') || *q == '_'))
		q++;
	struct span name = { word, (size_t)(q - word) };
	struct token t = { .kind = TOKEN_IDENT, .text = name.data, .len = name.len };

	if (rd->t.c == '.' ? is(&t, "read") : is_in(&t, "i include"))
		read_file(rd, q, false);
	else if (rd->t.c == '\\' && is_in(&t, "ir include_relative"))
		read_file(rd, q, true);
	else if (rd->t.c == '\\' && word < end && *word == '.')
		read_file(rd, word + 1, false);
	skip_line(rd);
	return true;
}

/* COPY ... FROM stdin; its data stand in the file, up to a line "\." */
static void skip_copied(struct reader *rd)
{
	const char *p = rd->lx->p, *end = rd->lx->end, *stop;

	if (rd->misses >= MISSES_MAX)
		return;
	stop = memmem(p, (size_t)(end - p), "\n\\.", 3);
	rd->misses += stop == NULL;
	if (stop)
		lex_advance(rd->lx, stop + 3, LINE_CODE);
}

/* Names given by WITH a AS (...), b AS (...): an identifier, AS and a bracket. */
static void note_with(struct reader *rd, struct token name)
{
	const char *q = rd->t.text + rd->t.len, *end = rd->lx->end;

	while (q < end && (*q == ' ' || *q == '\n'))
		q++;
	if (q < end && *q == '(' && name.kind == TOKEN_IDENT)
		name_set_add(rd->sk->arena, &rd->with, token_span(&name), TABLES_MAX);
}

/* BEGIN and END of a body. */
static void count_begins(struct reader *rd)
{
	if (!rd->body)
		return;
	if (is_in(&rd->t, "begin case") && !is(&rd->prev, "end"))
		rd->begins++;
	else if (is(&rd->t, "end") && rd->begins > 0)
		rd->begins--;
	else if (is_in(&rd->t, "if loop while repeat for") && is(&rd->prev, "end"))
		rd->begins++; /* END IF closes no BEGIN */
}

/* What stands in front of a table, or in its place. */
#define BEFORE_TABLE "if exists only lateral table concurrently analyze full freeze verbose"
#define NO_TABLE                                                                                   \
	"select set of on to stdin unnest values current cascade restrict no schema function "     \
	"procedure routine sequence database all language type domain foreign large parameter "    \
	"tablespace nowait skip"

/* The tables behind rd->t: one, or with commas. */
static void use_tables(struct reader *rd, bool or_function, bool list)
{
	rd->list = 0;
	do {
		if (!next(rd))
			return;
	} while (is_in(&rd->t, BEFORE_TABLE));
	if (is_in(&rd->t, NO_TABLE) || rd->t.c == ';') {
		lex_push(rd->lx, &rd->t);
		rd->t = rd->prev;
		return;
	}
	rd->list = list ? 3 : 0; /* AS, and the table's other name */
	use_table(rd, or_function);
}

/* "FROM a x, b": between the tables of a list.  @ret whether rd->t belongs to it */
static bool read_list(struct reader *rd)
{
	if (rd->list == 0)
		return false;
	if (rd->t.c == ',') {
		use_tables(rd, true, true);
		return true;
	}
	rd->list -= 1;
	if (rd->t.kind != TOKEN_IDENT || is_in(&rd->t, "to from where"))
		rd->list = 0;
	return false;
}

/* TABLE in front of a name that the statement does not make, and what is like it. */
static bool names_table(const struct reader *rd)
{
	const struct token *t = &rd->t, *before = &rd->prev;

	if (is(t, "table"))
		return is_in(before, "alter lock for");
	if (is(t, "view"))
		return is_in(&rd->verb, "alter refresh") && is_in(before, "alter materialized");
	if (is(t, "like"))
		return is(&rd->verb, "create") && (before->c == '(' || before->c == ',');
	if (is(t, "of"))
		return is(before, "partition");
	if (is(t, "partition"))
		return is_in(before, "attach detach");
	if (is(t, "using"))
		return is_in(&rd->verb, "delete merge");
	return is_in(t, "copy truncate analyze vacuum") && t->text == rd->verb.text;
}

/* Words behind which a table stands. */
static void read_use(struct reader *rd)
{
	const struct token *t = &rd->t;

	if (is(t, "on") && (rd->on || is_in(&rd->verb, "grant revoke"))) {
		use_tables(rd, false, !rd->on);
		rd->on = false;
	} else if (rd->body || read_list(rd)) {
		return;
	} else if (is_in(t, "from join") && !is(&rd->prev, "distinct")) {
		use_tables(rd, true, is(t, "from"));
	} else if (is_in(t, "references into update") || names_table(rd)) {
		use_tables(rd, false, is_in(t, "table truncate"));
	} else if (is(t, "inherits") && next(rd) && rd->t.c == '(') {
		use_tables(rd, false, true);
	}
}

/* @ret whether the statement ends at rd->t */
static bool at_end(struct reader *rd)
{
	const char *from = rd->t.text;
	size_t n = strlen(rd->delimiter);

	if (n > 0) {
		if ((size_t)(rd->lx->end - from) < n || memcmp(from, rd->delimiter, n) != 0)
			return false;
		while (rd->t.text + rd->t.len < from + n && lex_next(rd->lx, &rd->t))
			;
		return true;
	}
	if (rd->t.margin && is(&rd->t, "go") && rd->t.first)
		return true;
	return rd->t.c == ';' && rd->begins == 0;
}

/* The one dialect whose strings are others: known by what only it says, near the start. */
static void choose_dialect(struct lexer *lx)
{
	static const char *const WORDS[] = { "ENGINE=", "MySQL", "MariaDB", "AUTO_INCREMENT" };
	struct span text = { lx->p, (size_t)(lx->end - lx->p) };
	size_t near = text.len < DIALECT_BYTES ? text.len : DIALECT_BYTES;
	struct lexer before = *lx;

	for (size_t i = 0; i < COUNT(WORDS); i++) {
		if (memmem(text.data, near, WORDS[i], strlen(WORDS[i])) == NULL)
			continue;
		lex_open(lx, SYNTAX_MYSQL, text, 1);
		lx->on_comment = before.on_comment;
		lx->on_comment_arg = before.on_comment_arg;
		return;
	}
}

/* A statement begins: what the one before left is forgotten. */
static void reset(struct reader *rd)
{
	rd->sk->ret->truncated = rd->sk->ret->truncated || rd->with.dropped;
	rd->with = (struct name_set){ 0 };
	rd->verb = (struct token){ .kind = TOKEN_END };
	rd->begins = rd->list = 0;
	rd->body = rd->on = rd->data = rd->schema = false;
}

void facts_sql(struct lexer *lx, struct sink *sk)
{
	struct reader rd = { .lx = lx, .sk = sk };
	uint32_t def = DEF_DROPPED;
	bool start = true;

	choose_dialect(lx);
	while (next(&rd)) {
		if (read_command(&rd, start)) {
			start = true;
			continue;
		}
		if (start)
			rd.verb = rd.t;
		if ((start || rd.schema) && is(&rd.t, "create")) {
			sink_def_end(sk, def, rd.prev.line);
			def = read_create(&rd);
		}
		if (at_end(&rd)) {
			sink_def_end(sk, def, rd.t.line);
			if (rd.data)
				skip_copied(&rd);
			def = DEF_DROPPED;
			reset(&rd);
			start = true;
			continue;
		}
		if (is(&rd.t, "as") && !rd.body)
			note_with(&rd, rd.prev);
		rd.data |= is(&rd.t, "stdin") && is(&rd.prev, "from") && is(&rd.verb, "copy");
		read_use(&rd);
		start = false;
		count_begins(&rd);
	}
	sk->ret->truncated = sk->ret->truncated || rd.tables.dropped;
}
