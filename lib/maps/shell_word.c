/* Words, from the left: literal bytes are kept, expansions say where the path begins. */
#include "maps/shell_word.h"

#include <string.h>

/* A word being read. */
struct word {
	const struct shell_vars *vars;
	const char *p, *end;
	struct shell_path *out;
};

static void keep(struct word *w, char c)
{
	struct shell_path *out = w->out;

	if (out->len == 0 && c == '/' && out->from != SHELL_FROM_NOWHERE)
		return;
	if (out->len < FACTS_TARGET_MAX)
		out->text[out->len++] = c;
	else
		out->from = SHELL_FROM_UNKNOWN;
}

/* What came before does not count: the rest stands below a place that is not known. */
static void forget(struct word *w)
{
	w->out->len = 0;
	w->out->from = SHELL_FROM_UNKNOWN;
}

/* @ret behind the bracket that closes the one at p, or NULL; quotes are not looked at */
static const char *partner(const char *p, const char *end, char open, char close)
{
	uint32_t nest = 0;

	for (; p < end; p++) {
		nest += *p == open;
		if (*p == close && --nest == 0)
			return p + 1;
	}
	return NULL;
}

static bool has(struct span text, const char *word)
{
	return memmem(text.data, text.len, word, strlen(word)) != NULL;
}

static size_t count(struct span text, const char *word)
{
	size_t n = 0, len = strlen(word);
	const char *p = text.data, *end = text.data + text.len;

	while ((p = memmem(p, (size_t)(end - p), word, len)) != NULL) {
		p += len;
		n++;
	}
	return n;
}

static bool is_word_byte(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

static const struct shell_var *find(const struct shell_vars *vars, struct span name)
{
	for (size_t i = vars->n; i-- > 0;)
		if (strlen(vars->vars[i].name) == name.len &&
		    memcmp(vars->vars[i].name, name.data, name.len) == 0)
			return &vars->vars[i];
	return NULL;
}

/* The variable named in ${...} or behind a $, without its brace. */
static struct span name_in(struct span text)
{
	size_t n = 0;

	while (n < text.len && is_word_byte(text.data[n]))
		n++;
	return (struct span){ text.data, n };
}

static void take_ups(struct word *w, size_t ups)
{
	ups += w->out->ups;
	w->out->ups = (uint8_t)(ups < UINT8_MAX ? ups : UINT8_MAX);
}

/* A variable's place becomes the word's, when the word begins with it. */
static bool take_var(struct word *w, struct span name, size_t ups)
{
	const struct shell_var *var = find(w->vars, name);

	if (name.len == 11 && memcmp(name.data, "BASH_SOURCE", 11) == 0) {
		w->out->from = SHELL_FROM_FILE;
		take_ups(w, ups);
		return true;
	}
	if (name.len == 1 && *name.data == '0') {
		w->out->from = SHELL_FROM_FILE;
		take_ups(w, ups);
		return true;
	}
	if (!var || (var->from == SHELL_FROM_UNKNOWN))
		return false;
	w->out->from = var->from;
	w->out->ups = var->ups;
	for (const char *s = var->text; *s; s++)
		keep(w, *s);
	for (size_t i = 0; i < ups; i++)
		for (const char *s = w->out->len > 0 ? "/.." : ".."; *s; s++)
			keep(w, *s);
	return true;
}

/* The literal path behind the inner expansion: cd "$(dirname "$0")/..". */
static void take_tail(struct word *w, struct span text, const char *from)
{
	const char *end = text.data + text.len;

	while (from < end && strchr(")}\"'", *from) && *from)
		from++;
	if (from >= end || *from != '/')
		return;
	for (; from < end && *from && !strchr(" \t\"'$`;&|)}", *from); from++)
		keep(w, *from);
}

/* $(...) or `...`: the script's folder or the repository's root, or unknown. */
static bool take_command(struct word *w, struct span text)
{
	size_t ups = count(text, "dirname") + count(text, "%/*") + count(text, ":h}");
	const char *dollar = memchr(text.data, '$', text.len), *last = NULL;
	struct span name = { 0 };

	if (has(text, "rev-parse --show-toplevel")) {
		keep(w, '.'); /* the working folder is looked for from the root, too */
		return true;
	}
	if (!has(text, "dirname") && !has(text, "cd ") && !has(text, "realpath") &&
	    !has(text, "readlink"))
		return false;
	for (; dollar;
	     dollar = memchr(dollar + 1, '$', (size_t)(text.data + text.len - dollar - 1))) {
		const char *q = dollar + 1, *end = text.data + text.len;

		if (q < end && *q == '(')
			continue;
		q += q < end && *q == '{';
		struct span found = name_in((struct span){ q, (size_t)(end - q) });

		if (found.len == 0 ||
		    (name.len > 0 &&
		     (found.len != name.len || memcmp(found.data, name.data, name.len) != 0)))
			return false;
		name = found;
		last = found.data + found.len;
		if (last < end && *last == '[') { /* BASH_SOURCE[0] */
			const char *close = memchr(last, ']', (size_t)(end - last));

			last = close ? close + 1 : last;
		}
		if (end - last >= 3 && memcmp(last, "%/*", 3) == 0)
			last += 3;
	}
	if (!last || !take_var(w, name, ups))
		return false;
	take_tail(w, text, last);
	return true;
}

/* ${...}: a variable, and what may be cut off its end. */
static bool take_braces(struct word *w, struct span text)
{
	struct span name = name_in(text);
	struct span rest = { text.data + name.len, text.len - name.len };
	size_t ups;

	if (rest.len > 0 && *rest.data == '[') {
		const char *close = memchr(rest.data, ']', rest.len);
		size_t skip = close ? (size_t)(close + 1 - rest.data) : rest.len;

		rest = (struct span){ rest.data + skip, rest.len - skip };
	}
	ups = rest.len == 3 && memcmp(rest.data, "%/*", 3) == 0;
	if (rest.len == 2 && memcmp(rest.data, ":h", 2) == 0)
		ups = 1;
	return name.len > 0 && (rest.len == 0 || ups) && take_var(w, name, ups);
}

/* w->p is at a $ or a backquote. */
static void expansion(struct word *w)
{
	const char *from = w->p, *stop = NULL;
	bool begins = w->out->len == 0 && w->out->from == SHELL_FROM_NOWHERE, known = false;

	if (*from == '`') {
		stop = memchr(from + 1, '`', (size_t)(w->end - from - 1));
		if (stop && begins)
			known = take_command(w,
			                     (struct span){ from + 1, (size_t)(stop - from - 1) });
		stop = stop ? stop + 1 : NULL;
	} else if (w->end - from > 1 && (from[1] == '(' || from[1] == '{')) {
		bool command = from[1] == '(';

		stop = partner(from + 1, w->end, from[1], command ? ')' : '}');
		if (stop && begins) {
			struct span text = { from + 2, (size_t)(stop - from - 3) };

			known = command ? take_command(w, text) : take_braces(w, text);
		}
	} else {
		struct span name = name_in((struct span){ from + 1, (size_t)(w->end - from - 1) });

		if (name.len > 0 && *name.data >= '0' && *name.data <= '9')
			name.len = 1;
		stop = name.data + (name.len > 0 ? name.len : from + 1 < w->end);
		known = begins && name.len > 0 && take_var(w, name, 0);
	}
	w->p = stop ? stop : w->end;
	if (!known)
		forget(w);
}

static void read_word(struct word *w)
{
	char quote = 0;

	for (; w->p < w->end; w->p++) {
		char c = *w->p;

		if (quote == '\'') {
			if (c == '\'')
				quote = 0;
			else
				keep(w, c);
			continue;
		}
		if (c == '$' || c == '`') {
			expansion(w);
			w->p--;
		} else if (c == '"') {
			quote = quote ? 0 : '"';
		} else if (c == '\'' && !quote) {
			quote = '\'';
		} else if (c == '\\' && w->p + 1 < w->end) {
			keep(w, *++w->p);
		} else if (!quote && (!c || strchr(" \t\r\n;&|<>()", c))) {
			return;
		} else {
			keep(w, c);
		}
	}
}

void shell_word(const struct shell_vars *vars, struct span rest, struct shell_path *ret)
{
	struct word w = { .vars = vars, .out = ret };

	while (rest.len > 0 && (*rest.data == ' ' || *rest.data == '\t'))
		rest = (struct span){ rest.data + 1, rest.len - 1 };
	w.p = rest.data;
	w.end = rest.data + (rest.len < SHELL_WORD_MAX ? rest.len : SHELL_WORD_MAX);
	*ret = (struct shell_path){ .from = SHELL_FROM_NOWHERE };
	read_word(&w);
	if (memchr(ret->text, '\n', ret->len))
		ret->len = 0;
}

void shell_assign(struct shell_vars *vars, struct arena *arena, struct span name, struct span rest)
{
	struct shell_path path;

	if (vars->n >= SHELL_VARS_MAX)
		return;
	if (!vars->vars)
		vars->vars = arena_array(arena, SHELL_VARS_MAX, sizeof(*vars->vars));
	shell_word(vars, rest, &path);
	/* An empty or unknown value is remembered as well: it replaces the one before. */
	if (path.from == SHELL_FROM_NOWHERE && path.len == 0)
		path.from = SHELL_FROM_UNKNOWN;
	if (path.from == SHELL_FROM_UNKNOWN && !find(vars, name))
		return;
	vars->vars[vars->n++] = (struct shell_var){
		.name = arena_strndup(arena, name.data, name.len),
		.text = arena_strndup(arena, path.text, path.len),
		.from = path.from,
		.ups = path.ups,
	};
}
