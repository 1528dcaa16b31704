/*
 * Ruby: require, require_relative, load and autoload, and the constants that a
 * file uses, from which the files of an application that loads by names follow.
 *
 * A path may be put together from __FILE__, __dir__, File.dirname, File.join and
 * File.expand_path; anything else is known when it runs only and left out.
 */
#include "maps/facts_ruby.h"

#include <stdio.h>
#include <string.h>

#define CONSTANTS_MAX 4000 /* of one file */

/* A path that the arguments of a call spell. */
struct spelled {
	char text[FACTS_TARGET_MAX + 1];
	size_t len;
	uint32_t ups;   /* parts taken off the file's path */
	bool from_file; /* it is relative to the file */
	bool dynamic;   /* more than literals */
	bool optional;  /* a modifier follows */
};

static void add(struct spelled *sp, struct span part)
{
	if (sp->len + part.len + 1 >= sizeof(sp->text)) {
		sp->dynamic = true;
		return;
	}
	if (sp->len > 0 && part.len > 0)
		sp->text[sp->len++] = '/';
	memcpy(sp->text + sp->len, part.data, part.len);
	sp->len += part.len;
}

/* "#{__dir__}/x" and "#{File.dirname(__FILE__)}/x" are relative to the file, too. */
static void add_string(struct spelled *sp, struct span text)
{
	static const char *const DIRS[] = { "#{__dir__}/", "#{File.dirname(__FILE__)}/",
		                            "#{File.dirname __FILE__}/" };

	for (size_t i = 0; i < COUNT(DIRS); i++) {
		size_t n = strlen(DIRS[i]);

		if (text.len > n && memcmp(text.data, DIRS[i], n) == 0) {
			text = (struct span){ text.data + n, text.len - n };
			sp->from_file = true;
			sp->ups++;
		}
	}
	if (memmem(text.data, text.len, "#{", 2) || memchr(text.data, '\\', text.len))
		sp->dynamic = true;
	else
		add(sp, text);
}

static void add_word(struct spelled *sp, const struct token *t)
{
	if (token_is(t, "__dir__") || token_is(t, "dirname"))
		sp->ups++;
	else if (!token_in(t, "File expand_path join __FILE__ Pathname new to_s"))
		sp->dynamic = true;
	if (token_in(t, "__dir__ __FILE__"))
		sp->from_file = true;
}

/* The argument, up to the end of the statement, a modifier, a block or a comma outside of calls. */
static void spell(struct ruby_reader *rd, struct spelled *sp)
{
	uint32_t nest = 0;

	while (ruby_next(rd)) {
		const struct token *t = &rd->t;

		if (t->kind == TOKEN_STRING)
			add_string(sp, token_span(t));
		else if (t->c == '(')
			nest++;
		else if (t->c == ')' && nest > 0)
			nest--;
		else if (nest == 0 && (t->kind == TOKEN_NEWLINE || t->c == ';' || t->c == ',' ||
		                       t->c == ')' || t->c == '}' || t->c == '&' || t->c == '|' ||
		                       token_in(t, "if unless rescue and or while until end")))
			break;
		else if (t->kind == TOKEN_IDENT)
			add_word(sp, t);
		else if (t->kind != TOKEN_NEWLINE && !(t->c && strchr(".,+:", t->c)))
			sp->dynamic = true;
	}
	sp->optional = token_in(&rd->t, "if unless rescue");
	if (rd->t.kind != TOKEN_END)
		ruby_back(rd);
}

static void read_require(struct ruby_reader *rd, enum import_kind kind, bool relative)
{
	struct spelled sp = { .dynamic = false };
	uint32_t line = rd->t.line;
	struct fact_import *im;

	spell(rd, &sp);
	if (sp.dynamic || sp.len == 0)
		return;
	im = sink_import(rd->sk, kind, (struct span){ sp.text, sp.len }, line);
	if (!im)
		return;
	if (relative || sp.from_file) {
		im->flags |= IMPORT_F_PATH;
		im->level = (uint8_t)(sp.ups < UINT8_MAX ? sp.ups : UINT8_MAX);
		if (!sp.from_file)
			im->level = 1;
	}
	if (ruby_optional(rd) || sp.optional)
		im->flags |= IMPORT_F_OPTIONAL;
}

/* autoload :Name, "path"; without a path (ActiveSupport) the name tells it. */
static void read_autoload(struct ruby_reader *rd)
{
	uint32_t line = rd->t.line;
	struct fact_import *im;
	struct token name;

	if (!ruby_next(rd))
		return;
	if (rd->t.c == '(' && !ruby_next(rd))
		return;
	if (rd->t.c == ':' && !ruby_next(rd))
		return;
	name = rd->t;
	if ((name.kind != TOKEN_IDENT && name.kind != TOKEN_STRING) || name.len == 0)
		return;
	if (!ruby_next(rd))
		return;
	struct spelled sp = { .dynamic = false };
	if (rd->t.c == ',')
		spell(rd, &sp);
	else
		ruby_back(rd);
	if (sp.dynamic)
		return;
	if (sp.len == 0 && rd->under && rd->under_at)
		add(&sp, (struct span){ rd->under, strlen(rd->under) });
	im = sink_import(rd->sk, IMPORT_AUTOLOAD, (struct span){ sp.text, sp.len }, line);
	if (!im)
		return;
	im->name = sink_text(rd->sk, token_span(&name), FACTS_NAME_MAX);
	im->scope = ruby_scope(rd);
	if (sp.len == 0 && rd->under)
		im->alias = rd->under;
	if (sp.from_file) {
		im->flags |= IMPORT_F_PATH;
		im->level = (uint8_t)(sp.ups < UINT8_MAX ? sp.ups : UINT8_MAX);
	}
}

/* autoload_under "folder" do ... end, autoload_at "path" do ... end */
static void read_under(struct ruby_reader *rd)
{
	bool at = token_is(&rd->t, "autoload_at");

	if (!ruby_next(rd) || rd->t.kind != TOKEN_STRING)
		return;
	rd->under = sink_text(rd->sk, token_span(&rd->t), FACTS_NAME_MAX);
	rd->under_depth = rd->depth + 1;
	rd->under_at = at;
}

bool ruby_import(struct ruby_reader *rd)
{
	const struct token *t = &rd->t;

	if (t->len < 4 || t->len > 16 || !strchr("rlaf", t->text[0]))
		return false;
	if (token_is(t, "require")) {
		read_require(rd, IMPORT_REQUIRE, false);
	} else if (token_is(t, "require_relative")) {
		read_require(rd, IMPORT_REQUIRE, true);
	} else if (token_is(t, "load") && rd->prev.c != '=') {
		read_require(rd, IMPORT_LOAD, false);
	} else if (token_is(t, "autoload")) {
		read_autoload(rd);
	} else if (token_in(t, "autoload_under autoload_at")) {
		read_under(rd);
	} else {
		return false;
	}
	return true;
}

/* Note the constant once for each scope that it stands in. */
static void note_constant(struct ruby_reader *rd, struct span name, bool rooted, uint32_t line)
{
	const char *scope = rooted ? "" : ruby_scope(rd);
	struct fact_import *im;
	char key[2 * FACTS_NAME_MAX];
	int n;

	if (name.len > FACTS_NAME_MAX)
		return;
	n = snprintf(key, sizeof(key), "%s %.*s", scope, (int)name.len, name.data);
	if (n <= 0 || (size_t)n >= sizeof(key) ||
	    !name_set_add(rd->sk->arena, &rd->constants, (struct span){ key, (size_t)n },
	                  CONSTANTS_MAX))
		return;
	im = sink_import(rd->sk, IMPORT_CONSTANT, name, line);
	if (im)
		im->scope = scope;
}

static bool is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

void ruby_constant(struct ruby_reader *rd)
{
	const char *from = rd->t.text, *end = rd->t.text + rd->t.len;
	bool rooted = rd->prev.c == ':' && rd->before.c == ':' && rd->prev.glued;
	uint32_t line = rd->t.line;

	while (rd->lx->end - end > 2 && end[0] == ':' && end[1] == ':' && is_capital(end[2])) {
		if (!ruby_skip(rd, 3))
			return;
		end = rd->t.text + rd->t.len;
	}
	note_constant(rd, (struct span){ from, (size_t)(end - from) }, rooted, line);
}

static bool is_word(char c)
{
	return c == '_' || is_capital(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

/* A::B from p on, of the code in a string.  @ret behind it */
static const char *constant_of(struct ruby_reader *rd, const char *p, const char *stop, bool plain,
                               uint32_t line)
{
	const char *from = p;

	for (;;) {
		while (p < stop && is_word(*p))
			p++;
		if (stop - p < 3 || p[0] != ':' || p[1] != ':' || !is_capital(p[2]))
			break;
		p += 2;
	}
	if (plain && is_capital(*from))
		note_constant(rd, (struct span){ from, (size_t)(p - from) }, false, line);
	return p;
}

void ruby_constants_of(struct ruby_reader *rd)
{
	const char *p = rd->t.text, *end = p + rd->t.len;
	uint32_t line = rd->t.line;

	if (p[-1] == '\'')
		return;
	while (end - p > 2 && (p = memmem(p, (size_t)(end - p), "#{", 2)) != NULL) {
		const char *stop = memchr(p, '}', (size_t)(end - p));
		char before = '{';

		p += 2;
		while (p < (stop ? stop : end)) {
			/* not :Symbol, .Method, "text" or a key: */
			bool plain = !strchr(":.@$\"'", before);

			before = *p;
			if (is_word(*p))
				p = constant_of(rd, p, stop ? stop : end, plain, line);
			else
				p++;
		}
	}
}
