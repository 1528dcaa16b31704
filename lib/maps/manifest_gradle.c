/*
 * Gradle: scripts in Groovy and Kotlin, gradle.properties, version catalogues.
 *
 * A script is a program; what it says literally is read by the tokens of its
 * language: in blocks called "dependencies" each statement is a configuration
 * and what goes into it.  Names of a catalogue and variables are noted, and
 * filled in from the other files by manifest_complete().
 */
#include "maps/lex.h"
#include "maps/manifest_parse.h"

#include <string.h>

#define BLOCKS_MAX    64
#define STATEMENT_MAX 256 /* tokens; longer ones are cut */

/* Beginnings of statements that put nothing into a configuration. */
#define NO_VERBS "val var def if else for while exclude println components modules return import"

struct script {
	struct manifest_in *in;
	struct lexer lx;
	struct span blocks[BLOCKS_MAX]; /* what stands before each { */
	size_t depth;                   /* may pass BLOCKS_MAX */
	struct token st[STATEMENT_MAX]; /* the statement being read */
	size_t n;
	uint32_t parens;
};

static struct span token_text(const struct token *t)
{
	return (struct span){ t->text, t->len };
}

static bool word_in(struct span word, const char *words)
{
	struct span list = { words, strlen(words) }, one;

	while (span_word(&list, "", &one))
		if (one.len == word.len && memcmp(one.data, word.data, one.len) == 0)
			return true;
	return false;
}

static struct span block(const struct script *s)
{
	return s->depth > 0 && s->depth <= BLOCKS_MAX ? s->blocks[s->depth - 1] : SPAN("");
}

static bool inside(const struct script *s, const char *words)
{
	for (size_t i = 0; i < s->depth && i < BLOCKS_MAX; i++)
		if (word_in(s->blocks[i], words))
			return true;
	return false;
}

static bool ends_test(struct span word)
{
	return word.len >= 4 && (memcmp(word.data + word.len - 4, "Test", 4) == 0 ||
	                         memcmp(word.data + word.len - 4, "test", 4) == 0);
}

static const char *scope_of(const struct script *s, struct span verb)
{
	if (inside(s, "constraints dependencyManagement"))
		return "managed";
	if (span_starts(verb, "test") || memmem(verb.data, verb.len, "Test", 4) != NULL)
		return "test";
	for (size_t i = 0; i < s->depth && i < BLOCKS_MAX; i++)
		if (ends_test(s->blocks[i]))
			return "test";
	if (word_in(verb, "classpath annotationProcessor kapt ksp"))
		return "build";
	if (word_in(verb, "compileOnly compileOnlyApi provided"))
		return "provided";
	return span_is(verb, "optional") ? "optional" : "runtime";
}

/* "group:artifact:version[:classifier][@ext]" */
static void coordinate(struct manifest_in *in, struct span text, const char *scope, uint32_t line)
{
	const char *end = text.data + text.len;
	const char *first = memchr(text.data, ':', text.len), *second, *stop;
	struct span name, spec = { 0 };

	if (first == NULL || memchr(text.data, ' ', text.len) != NULL ||
	    memchr(text.data, '/', text.len) != NULL || first == text.data)
		return;
	second = memchr(first + 1, ':', (size_t)(end - first - 1));
	stop = second != NULL ? second : end;
	if (stop == first + 1)
		return;
	name = (struct span){ text.data, (size_t)(stop - text.data) };
	if (second != NULL)
		spec = (struct span){ second + 1, (size_t)(end - second - 1) };
	manifest_dep(in, span_text(in, name), span_text(in, spec), scope, line);
}

/* group: "g", name: "a", version: "v"; Kotlin writes = for the colon */
static bool named_coordinate(struct script *s, const char *scope)
{
	const char *group = "", *name = "", *version = "";

	for (size_t i = 0; i + 2 < s->n; i++) {
		const struct token *t = &s->st[i], *value = &s->st[i + 2];

		if (value->kind != TOKEN_STRING || (s->st[i + 1].c != ':' && s->st[i + 1].c != '='))
			continue;
		if (token_is(t, "group"))
			group = span_text(s->in, token_text(value));
		else if (token_is(t, "name"))
			name = span_text(s->in, token_text(value));
		else if (token_is(t, "version"))
			version = span_text(s->in, token_text(value));
	}
	if (*group == '\0' || *name == '\0')
		return false;
	manifest_dep(s->in, arena_printf(s->in->scratch, "%s:%s", group, name), version, scope,
	             s->st[0].line);
	return true;
}

/* libs.androidx.core: "libs" and what follows.  @ret the index behind it */
static size_t catalog_name(struct script *s, size_t at, const char *scope)
{
	char name[512];
	size_t n = 0, parts = 0;

	for (; at < s->n && s->st[at].kind == TOKEN_IDENT; at += 2, parts++) {
		const struct token *t = &s->st[at];
		bool call = at + 1 < s->n && s->st[at + 1].c == '(';

		if (call || n + t->len + 2 > sizeof(name))
			break; /* .get() */
		if (n > 0)
			name[n++] = '.';
		memcpy(name + n, t->text, t->len);
		n += t->len;
		if (at + 1 >= s->n || s->st[at + 1].c != '.') {
			at++;
			parts++;
			break;
		}
	}
	name[n] = '\0';
	if (parts > 1)
		manifest_item(s->in, ITEM_CATALOG, scope, name, s->st[0].line);
	return at;
}

/* What one statement of a "dependencies" block puts into a configuration. */
static void dependency(struct script *s)
{
	struct span verb = token_text(&s->st[0]);
	size_t i = 1;
	const char *scope;

	if (token_is(&s->st[0], "add") && s->n > 2 && s->st[2].kind == TOKEN_STRING)
		verb = token_text(&s->st[2]); /* add("implementation", …) */
	if (s->n < 2 || word_in(verb, NO_VERBS) || s->st[1].c == '=' || s->st[1].c == '.')
		return;
	scope = scope_of(s, verb);
	if (named_coordinate(s, scope))
		return;
	while (i < s->n) {
		const struct token *t = &s->st[i];
		bool call = i + 1 < s->n && s->st[i + 1].c == '(';

		if (t->kind == TOKEN_STRING)
			coordinate(s->in, token_text(t), scope, t->line);
		if (t->kind != TOKEN_IDENT) {
			i++;
		} else if (token_is(t, "kotlin") && call && i + 2 < s->n) {
			manifest_dep(s->in,
			             arena_printf(s->in->scratch,
			                          "org.jetbrains.kotlin:kotlin-%.*s",
			                          (int)s->st[i + 2].len, s->st[i + 2].text),
			             "", scope, t->line);
			i += 3;
		} else if (word_in(token_text(t), "project files fileTree") && call) {
			return;
		} else if (!call && i + 1 < s->n && s->st[i + 1].c == '.') {
			i = catalog_name(s, i, scope);
		} else {
			i++;
		}
	}
}

/* name = "value", name: "value", extra["name"] = "value", set("name", "value") */
static void variables(struct script *s)
{
	for (size_t i = 0; i + 2 < s->n; i++) {
		const struct token *t = &s->st[i], *value = &s->st[i + 2];
		bool quoted = t->kind == TOKEN_STRING && s->st[i + 1].c == ']' && i + 3 < s->n &&
		              value->c == '=';
		bool set = t->kind == TOKEN_STRING && s->st[i + 1].c == ',' && i > 1 &&
		           token_is(&s->st[i - 2], "set");
		bool plain =
			t->kind == TOKEN_IDENT && (s->st[i + 1].c == '=' || s->st[i + 1].c == ':');

		if (quoted)
			value = &s->st[i + 3];
		if ((quoted || set || plain) && value->kind == TOKEN_STRING && value->len < 128 &&
		    value->len > 0 && memchr(value->text, ' ', value->len) == NULL)
			manifest_item(s->in, ITEM_PROPERTY, span_text(s->in, token_text(t)),
			              span_text(s->in, token_text(value)), t->line);
	}
}

static void end_statement(struct script *s)
{
	bool settings = memmem(s->in->path.data, s->in->path.len, "settings.gradle", 15) != NULL;
	const struct token *st = s->st;
	struct span name = block(s);

	if (s->n > 4 && token_is(&st[0], "rootProject") && token_is(&st[2], "name") &&
	    st[4].kind == TOKEN_STRING)
		manifest_name(s->in, span_text(s->in, token_text(&st[4])));
	else if (s->n > 1 && settings && word_in(token_text(&st[0]), "include includeBuild"))
		for (size_t i = 1; i < s->n; i++) {
			if (st[i].kind == TOKEN_STRING)
				manifest_item(s->in, ITEM_WORKSPACE, "",
				              span_text(s->in, token_text(&st[i])), st[i].line);
		}
	else if (s->n > 1 && (word_in(name, "dependencies constraints imports")))
		dependency(s);
	else
		variables(s);
	s->n = 0;
	s->parens = 0;
}

/* Before a {: the first word that says which block it is. */
static void open_block(struct script *s)
{
	struct span name = { "", 0 };

	for (size_t i = 0; i < s->n && name.len == 0; i++) {
		bool string = s->st[i].kind == TOKEN_STRING;
		bool word = s->st[i].kind == TOKEN_IDENT &&
		            !word_in(token_text(&s->st[i]),
		                     "val var def named getByName create register "
		                     "maybeCreate by");

		if (string || word)
			name = token_text(&s->st[i]);
	}
	if (s->n > 1 && word_in(block(s), "dependencies constraints imports"))
		end_statement(s); /* implementation("…") { … } */
	if (s->depth < BLOCKS_MAX)
		s->blocks[s->depth] = name;
	s->depth++;
	s->n = 0;
	s->parens = 0;
}

void manifest_gradle(struct manifest_in *in)
{
	struct script *s = arena_alloc(in->scratch, sizeof(*s));
	struct token t;

	*s = (struct script){ .in = in };
	lex_open(&s->lx, SYNTAX_GROOVY, in->text, 1);
	s->lx.newlines = true;
	while (lex_next(&s->lx, &t)) {
		bool comma = s->n > 0 && s->st[s->n - 1].c == ',';

		if (t.c == '{') {
			open_block(s);
		} else if (t.c == '}') {
			end_statement(s);
			s->depth -= s->depth > 0;
		} else if (t.c == ';' || (t.kind == TOKEN_NEWLINE && s->parens == 0 && !comma)) {
			end_statement(s);
		} else if (t.kind != TOKEN_NEWLINE) {
			s->parens += t.c == '(' || t.c == '[';
			s->parens -= (t.c == ')' || t.c == ']') && s->parens > 0;
			if (s->n < STATEMENT_MAX)
				s->st[s->n++] = t;
		}
	}
	end_statement(s);
}

void manifest_gradle_properties(struct manifest_in *in)
{
	struct lines lines = lines_of(in->text);

	while (lines_next(&lines)) {
		struct span line = span_trim(lines.line), key, value;
		const char *equals = memchr(line.data, '=', line.len);

		if (line.len == 0 || line.data[0] == '#' || line.data[0] == '!' || equals == NULL)
			continue;
		key = span_trim((struct span){ line.data, (size_t)(equals - line.data) });
		value = span_trim(
			(struct span){ equals + 1, (size_t)(line.data + line.len - equals - 1) });
		if (key.len > 0 && value.len > 0 && value.len < 128)
			manifest_item(in, ITEM_PROPERTY, span_text(in, key), span_text(in, value),
			              lines.number);
	}
}

/* @ret a version: a text, a reference, or the richest of strictly, require, prefer */
static const char *catalog_version(const struct doc *version, const struct doc *versions)
{
	static const char *const RICH[] = { "strictly", "require", "prefer" };
	const char *ref = doc_member(version, "ref");

	if (*ref != '\0')
		version = doc_get(versions, ref);
	for (size_t i = 0; i < COUNT(RICH); i++)
		if (*doc_member(version, RICH[i]) != '\0')
			return doc_member(version, RICH[i]);
	return doc_text(version);
}

/* An alias as scripts write it: of '-', '_' and '.' each is a '.'. */
static const char *alias(struct manifest_in *in, const char *key)
{
	char *name = arena_strdup(in->scratch, key);

	for (char *p = name; *p != '\0'; p++)
		*p = *p == '-' || *p == '_' ? '.' : *p;
	return name;
}

void manifest_gradle_catalog(struct manifest_in *in)
{
	const struct doc *root = doc_toml(in->scratch, in->text);
	const struct doc *versions = doc_get(root, "versions");
	const struct doc *libraries = doc_get(root, "libraries");
	const struct doc *bundles = doc_get(root, "bundles");

	for (const struct doc *d = libraries != NULL ? libraries->child : NULL; d != NULL;
	     d = d->next) {
		const char *name = doc_member(d, "module");
		const char *spec = catalog_version(doc_get(d, "version"), versions);
		size_t before = in->out->ndeps;

		if (*name == '\0' && *doc_member(d, "group") != '\0')
			name = arena_printf(in->scratch, "%s:%s", doc_member(d, "group"),
			                    doc_member(d, "name"));
		if (d->type == DOC_STRING)
			coordinate(in, (struct span){ d->text, strlen(d->text) }, "catalog",
			           d->line);
		else
			manifest_dep(in, name, spec, "catalog", d->line);
		if (in->out->ndeps > before)
			manifest_item(in, ITEM_ALIAS, alias(in, d->key), in->out->deps[before].name,
			              d->line);
	}
	for (const struct doc *b = bundles != NULL ? bundles->child : NULL; b != NULL; b = b->next)
		for (const struct doc *d = b->child; d != NULL; d = d->next)
			manifest_item(in, ITEM_BUNDLE, alias(in, b->key), alias(in, doc_text(d)),
			              d->line);
}
