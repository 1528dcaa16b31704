/* Gemfile and .gemspec: the lines that declare gems; the Ruby around them is not run. */
#include "maps/manifest_parse.h"

#include <string.h>

#define GROUPS_MAX       32 /* blocks inside each other */
#define REQUIREMENTS_MAX 8  /* of one gem; the rest is left out */

struct gems {
	struct manifest_in *in;
	const char *scopes[GROUPS_MAX]; /* of each open block; NULL: the one around it */
	size_t depth;
};

/* @ret the scope that the names of groups mean, or NULL */
static const char *group_scope(struct span line)
{
	if (memmem(line.data, line.len, "test", 4) != NULL &&
	    memmem(line.data, line.len, "development", 11) == NULL)
		return "test";
	if (memmem(line.data, line.len, "test", 4) != NULL ||
	    memmem(line.data, line.len, "dev", 3) != NULL ||
	    memmem(line.data, line.len, "doc", 3) != NULL)
		return "dev";
	return memmem(line.data, line.len, "optional", 8) != NULL ? "optional" : NULL;
}

/* Blocks, so that the "end" of an inner one does not end a group. */
static void follow_blocks(struct gems *g, struct span line)
{
	bool opens = (line.len > 3 && memcmp(line.data + line.len - 3, " do", 3) == 0) ||
	             memmem(line.data, line.len, " do |", 5) != NULL || span_starts(line, "if ") ||
	             span_starts(line, "unless ") || span_starts(line, "case ") ||
	             span_starts(line, "def ") || span_starts(line, "begin");

	if (span_is(line, "end") && g->depth > 0)
		g->depth--;
	if (!opens || g->depth == GROUPS_MAX)
		return;
	g->scopes[g->depth++] = span_starts(line, "group") ? group_scope(line) : NULL;
}

static const char *block_scope(const struct gems *g)
{
	for (size_t i = g->depth; i-- > 0;)
		if (g->scopes[i] != NULL)
			return g->scopes[i];
	return "runtime";
}

/* A quoted text, also as %q<...> that a packaged .gemspec has. */
static bool quoted(struct span *rest, struct span *ret)
{
	const char *q = memmem(rest->data, rest->len, "%q<", 3), *close;
	const char *quote = rest->data;

	while (quote < rest->data + rest->len && *quote != '"' && *quote != '\'')
		quote++;
	if (q == NULL || q > quote)
		return span_quoted(rest, ret);
	close = memchr(q, '>', (size_t)(rest->data + rest->len - q));
	if (close == NULL)
		return false;
	*ret = (struct span){ q + 3, (size_t)(close - q - 3) };
	*rest = (struct span){ close + 1, (size_t)(rest->data + rest->len - close - 1) };
	return true;
}

static bool is_requirement(struct span text)
{
	return text.len > 0 &&
	       (strchr("~<>=!", *text.data) != NULL || (*text.data >= '0' && *text.data <= '9'));
}

/* The value of key: "x" or :key => "x".  @ret false when the line has none */
static bool option(struct span rest, const char *key, struct span *ret)
{
	size_t n = strlen(key);
	const char *at = rest.data, *end = rest.data + rest.len;

	while ((at = memmem(at, (size_t)(end - at), key, n)) != NULL) {
		const char *after = at + n;
		bool word = at == rest.data || strchr(" ,:", at[-1]) != NULL;

		at = after;
		if (!word || after >= end || (*after != ':' && *after != ' '))
			continue;
		rest = (struct span){ after, (size_t)(end - after) };
		return span_quoted(&rest, ret);
	}
	return false;
}

/* gem "name", ">= 1", "< 2", group: :test; the line goes on behind the name. */
static void declare(struct gems *g, struct span name, struct span rest, const char *scope,
                    uint32_t line)
{
	static const char *const ADDRESSES[] = { "git", "github", "gist" };
	const char *comment = memmem(rest.data, rest.len, " #", 2), *group;
	const char *spec = "";
	struct span options, part;

	if (comment != NULL)
		rest.len = (size_t)(comment - rest.data);
	options = rest;
	if (option(options, "path", &part))
		return; /* in this repository */
	for (int i = 0; i < REQUIREMENTS_MAX && quoted(&rest, &part) && is_requirement(part); i++)
		spec = *spec == '\0' ? span_text(g->in, part)
		                     : arena_printf(g->in->scratch, "%s, %.*s", spec, (int)part.len,
		                                    part.data);
	for (size_t i = 0; i < COUNT(ADDRESSES) && *spec == '\0'; i++)
		if (option(options, ADDRESSES[i], &part))
			spec = span_text(g->in, part);
	group = memmem(options.data, options.len, "group", 5);
	if (group != NULL) {
		const char *own = group_scope(
			(struct span){ group, (size_t)(options.data + options.len - group) });

		scope = own != NULL ? own : scope;
	}
	manifest_dep(g->in, span_text(g->in, name), spec, scope, line);
}

static void read_line(struct gems *g, struct span line, uint32_t number)
{
	static const struct {
		const char *call, *scope;
	} CALLS[] = { { ".add_development_dependency", "dev" },
		      { ".add_runtime_dependency", "runtime" },
		      { ".add_dependency", "runtime" } };
	struct span rest = line, name;
	const char *at, *end = line.data + line.len;

	if (span_starts(line, "gem ") || span_starts(line, "gem(")) {
		if (quoted(&rest, &name))
			declare(g, name, rest, block_scope(g), number);
		return;
	}
	for (size_t i = 0; i < COUNT(CALLS); i++) {
		at = memmem(line.data, line.len, CALLS[i].call, strlen(CALLS[i].call));
		if (at == NULL)
			continue;
		rest = (struct span){ at, (size_t)(end - at) };
		if (quoted(&rest, &name))
			declare(g, name, rest, CALLS[i].scope, number);
		return;
	}
	at = memmem(line.data, line.len, "Specification.new", 17);
	if (at != NULL) {
		rest = span_trim((struct span){ at + 17, (size_t)(end - at - 17) });
		if (rest.len > 0 && strchr("'\"(", *rest.data) != NULL && quoted(&rest, &name))
			manifest_name(g->in, span_text(g->in, name));
		return;
	}
	at = memmem(line.data, line.len, ".name", 5);
	if (at == NULL)
		return;
	rest = span_trim((struct span){ at + 5, (size_t)(end - at - 5) });
	if (span_starts(rest, "=") && quoted(&rest, &name))
		manifest_name(g->in, span_text(g->in, name));
}

void manifest_gemfile(struct manifest_in *in)
{
	struct gems gems = { .in = in };
	struct lines lines = lines_of(in->text);

	while (lines_next(&lines)) {
		struct span line = span_trim(lines.line);

		if (line.len == 0 || *line.data == '#')
			continue;
		read_line(&gems, line, lines.number);
		follow_blocks(&gems, line);
	}
}
