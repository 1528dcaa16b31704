#include "maps/facts_js.h"

#include <string.h>

static struct fact_import *add(struct js_reader *rd, enum import_kind kind,
                               const struct token *target, uint32_t line)
{
	struct fact_import *im;

	if (target->len == 0)
		return NULL;
	im = sink_import(rd->sk, kind, token_span(target), line);
	if (im && rd->nconditions > 0)
		im->flags |= IMPORT_F_OPTIONAL;
	return im;
}

/* NAME("literal") */
static void call(struct js_reader *rd, enum import_kind kind)
{
	uint32_t line = rd->t.line;

	js_advance(rd);
	if (rd->next.kind != TOKEN_STRING)
		return;
	struct token target = rd->next;
	/* The literal must be all of the first argument. */
	const char *p = target.text + target.len + 1, *end = rd->lx->end;
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
		p++;
	if (p < end && (*p == ')' || *p == ',' || *p == '/'))
		add(rd, kind, &target, line);
}

/*
 * From "import" or "export" to the string behind "from".  Only what an import
 * clause may hold is passed over, so that broken code ends the search at once.
 */
static void clause(struct js_reader *rd, enum import_kind kind)
{
	uint32_t line = rd->t.line;
	size_t braces = 0;

	for (;;) {
		const struct token *n = &rd->next;

		if (n->kind == TOKEN_STRING) {
			/* "string" as name is a name; only from's is the target. */
			if (token_is(&rd->t, "from") && braces == 0) {
				add(rd, kind, n, line);
				js_advance(rd);
				return;
			}
			if (braces == 0)
				return;
		} else if (n->c == '{') {
			braces++;
		} else if (n->c == '}') {
			if (braces == 0)
				return;
			braces--;
		} else if (n->kind != TOKEN_IDENT && n->c != ',' && n->c != '*') {
			return;
		} else if (rd->t.c == '}' && braces == 0 && !token_is(n, "from")) {
			return;
		}
		if (braces == 0 && rd->t.kind == TOKEN_IDENT && n->kind == TOKEN_IDENT &&
		    n->first && !token_is(n, "from") && !token_is(&rd->t, "from") &&
		    !token_in(&rd->t, "import type as"))
			return;
		js_advance(rd);
	}
}

/* TS: import x = require("y") */
static bool import_equals(struct js_reader *rd, uint32_t line)
{
	if (rd->next.c != '=')
		return false;
	js_advance(rd);
	if (!token_is(&rd->next, "require"))
		return true;
	js_advance(rd);
	if (rd->next.c != '(')
		return true;
	js_advance(rd);
	if (rd->next.kind == TOKEN_STRING)
		add(rd, IMPORT_REQUIRE, &rd->next, line);
	return true;
}

static void read_import(struct js_reader *rd)
{
	uint32_t line = rd->t.line;

	if (rd->next.c == '(') {
		call(rd, IMPORT_DYNAMIC);
		return;
	}
	if (rd->next.c == '.' || rd->next.c == ':' || rd->next.c == '=')
		return;
	if (rd->next.kind == TOKEN_STRING) {
		add(rd, IMPORT_FROM, &rd->next, line);
		js_advance(rd);
		return;
	}
	if (token_in(&rd->next, "type typeof")) {
		js_advance(rd);
		/* import type from "x" imports a thing called type. */
		bool named = token_is(&rd->next, "from") || rd->next.c == ',';

		if (!named && rd->next.c != '=') {
			rd->t.line = line;
			clause(rd, IMPORT_TYPE);
			return;
		}
	} else if (rd->next.kind == TOKEN_IDENT && rd->typescript) {
		js_advance(rd);
		if (import_equals(rd, line))
			return;
	}
	rd->t.line = line;
	clause(rd, IMPORT_FROM);
}

static void read_export(struct js_reader *rd)
{
	if (rd->next.c == '{' || rd->next.c == '*') {
		clause(rd, IMPORT_REEXPORT);
		return;
	}
	if (token_is(&rd->next, "type")) {
		/* export type {A} from "x", export type * from "x"; not export type A = ... */
		const char *p = rd->next.text + rd->next.len, *end = rd->lx->end;

		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (p < end && (*p == '{' || *p == '*')) {
			uint32_t line = rd->t.line;

			js_advance(rd);
			rd->t.line = line;
			clause(rd, IMPORT_REEXPORT);
		}
	}
}

bool js_import(struct js_reader *rd)
{
	bool member = rd->prev.c == '.' && !(rd->prev.glued && rd->prev.text[-1] == '.');

	if (member || rd->next.c == ':')
		return false;
	if (token_is(&rd->t, "require") && rd->next.c == '(' && !token_is(&rd->prev, "function")) {
		call(rd, IMPORT_REQUIRE);
		return true;
	}
	if (token_is(&rd->t, "import")) {
		read_import(rd);
		return true;
	}
	if (token_is(&rd->t, "export") && rd->depth <= 1) {
		read_export(rd);
		return true;
	}
	return false;
}

/* /// <reference path="..." /> */
void js_reference(void *arg, struct span text, uint32_t line)
{
	struct js_reader *rd = arg;
	const char *end = text.data + text.len, *q, *close;
	char target[FACTS_TARGET_MAX];
	bool path;

	if (text.len < 14 || memcmp(text.data, "///", 3) != 0 ||
	    !memmem(text.data, text.len, "<reference", 10))
		return;
	q = memmem(text.data, text.len, " path=", 6);
	path = q;
	if (!q)
		q = memmem(text.data, text.len, " types=", 7);
	if (!q)
		return;
	q += path ? 6 : 7;
	if (q >= end || (*q != '"' && *q != '\''))
		return;
	close = memchr(q + 1, *q, (size_t)(end - q - 1));
	if (!close || (size_t)(close - q) + 2 > sizeof(target))
		return;
	q++;
	size_t n = 0;
	/* A path is relative to the file, dot or not. */
	if (path && *q != '.' && *q != '/') {
		memcpy(target, "./", 2);
		n = 2;
	}
	memcpy(target + n, q, (size_t)(close - q));
	sink_import(rd->sk, IMPORT_TYPE, (struct span){ target, n + (size_t)(close - q) }, line);
}

bool js_async_is_value(const struct js_reader *rd)
{
	const char *start = rd->sk->text.data, *p = rd->prev.text;

	while (p > start && strchr(" \t\r\n", p[-1]))
		p--;
	return (p > start && strchr("=(,:?[&|", p[-1])) ||
	       (p - start >= 2 && memcmp(p - 2, "=>", 2) == 0) ||
	       (p - start >= 6 && memcmp(p - 6, "return", 6) == 0) ||
	       (p - start >= 5 && memcmp(p - 5, "await", 5) == 0) ||
	       (p - start >= 4 && memcmp(p - 4, "void", 4) == 0);
}
