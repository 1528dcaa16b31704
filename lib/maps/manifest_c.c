/*
 * What C and C++ builds say: CMake, meson, make, autoconf.
 *
 * Commands are found by name and their literal arguments read; variables that
 * stand for the source folder are put in.  Folders behind other variables of
 * CMake are left to the resolver, with the folders that set() and list(APPEND)
 * put into variables, whatever condition they stand under; elsewhere a variable
 * makes an argument unusable.
 */
#include "maps/manifest_parse.h"

#include <ctype.h>
#include <string.h>

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The calls "name(arguments)" of a text, nested ones too, one after the other. */
struct calls {
	const char *p, *end;
	size_t budget;          /* bytes of arguments that may still be looked over */
	uint32_t line;          /* of the name */
	struct span name, args; /* args: up to the matching ')' */
};

#define CALLS_BUDGET 16 /* times the size of the text; beyond it nested calls are passed over */

static struct calls calls_of(struct span text)
{
	return (struct calls){ .p = text.data,
		               .end = text.data + text.len,
		               .budget = text.len * CALLS_BUDGET,
		               .line = 1 };
}

/* @ret behind the ')' that closes the '(' at p; the end when there is none */
static const char *closing(const char *p, const char *end)
{
	int depth = 0;

	for (; p < end; p++) {
		depth += (*p == '(') - (*p == ')');
		if (depth == 0)
			break;
	}
	return p;
}

static bool calls_next(struct calls *c)
{
	while (c->p < c->end) {
		const char *start = c->p, *open, *close;

		if (*start == '#') {
			while (c->p < c->end && *c->p != '\n')
				c->p++;
			continue;
		}
		if (!is_word(*start)) {
			c->line += *start == '\n';
			c->p++;
			continue;
		}
		while (c->p < c->end && (is_word(*c->p) || *c->p == '.'))
			c->p++;
		c->name = (struct span){ start, (size_t)(c->p - start) };
		for (open = c->p; open < c->end && (*open == ' ' || *open == '\t');)
			open++;
		if (open >= c->end || *open != '(' || c->budget == 0)
			continue;
		close = closing(open, c->end);
		c->p = open + 1;
		c->args = (struct span){ c->p, close > c->p ? (size_t)(close - c->p) : 0 };
		c->budget -= c->args.len < c->budget ? c->args.len : c->budget;
		return true;
	}
	return false;
}

static bool named(struct span name, const char *lower)
{
	return name.len == strlen(lower) && strncasecmp(name.data, lower, name.len) == 0;
}

/* Whether a text begins with a variable that other files of CMake may set, and has no other. */
static bool is_variable_path(struct span text)
{
	const char *close = span_starts(text, "${") ? memchr(text.data, '}', text.len) : NULL;
	const char *end = text.data + text.len, *p = text.data + 2;

	if (close == NULL || close == p)
		return false;
	while (p < close && is_word(*p))
		p++;
	return p == close && memchr(close, '$', (size_t)(end - close)) == NULL;
}

/*
 * A folder as written in a build file, with the variables for source folders
 * put in: relative to the file, or from the repository's root with a '/'; of
 * CMake also "${NAME}/below".
 *
 * @ret NULL when it cannot be told, or is one of the machine
 */
static const char *folder(struct manifest_in *in, struct span written)
{
	static const struct {
		const char *variable, *stands_for;
	} VARIABLES[] = {
		{ "${CMAKE_CURRENT_SOURCE_DIR}", "." },
		{ "${CMAKE_CURRENT_LIST_DIR}", "." },
		{ "${PROJECT_SOURCE_DIR}", "/" },
		{ "${CMAKE_SOURCE_DIR}", "/" },
		{ "$(srcdir)", "." },
		{ "$(top_srcdir)", "/" },
		{ "$(CURDIR)", "." },
		{ "$(SRCDIR)", "." },
		{ "@srcdir@", "." },
		{ "@top_srcdir@", "/" },
		{ "${srcdir}", "." },
		{ "$(TOPDIR)", "/" },
		{ "$(TOP)", "/" },
		{ "$(abs_top_srcdir)", "/" },
	};
	const char *prefix = "";

	if (span_starts(written, "$<BUILD_INTERFACE:") && written.data[written.len - 1] == '>')
		written = (struct span){ written.data + 18, written.len - 19 };
	for (size_t i = 0; i < COUNT(VARIABLES); i++) {
		if (!span_starts(written, VARIABLES[i].variable))
			continue;
		written.data += strlen(VARIABLES[i].variable);
		written.len -= strlen(VARIABLES[i].variable);
		prefix = VARIABLES[i].stands_for;
		break;
	}
	if (*prefix == '\0' && in->out->type == MANIFEST_CMAKE && is_variable_path(written))
		return span_text(in, written);
	if (memchr(written.data, '$', written.len) != NULL || (written.len == 0 && *prefix == 0) ||
	    (*prefix == '\0' && written.data[0] == '/') || memchr(written.data, '@', written.len))
		return NULL;
	return arena_printf(in->scratch, "%s%.*s", prefix, (int)written.len, written.data);
}

static void include_dir(struct manifest_in *in, struct span written, uint32_t line)
{
	const char *path = folder(in, written);

	if (path != NULL)
		manifest_item(in, ITEM_INCLUDE_DIR, "", path, line);
}

static bool is_keyword(struct span word)
{
	static const char *const WORDS[] = { "PUBLIC",          "PRIVATE", "INTERFACE",    "SYSTEM",
		                             "BEFORE",          "AFTER",   "REQUIRED",     "QUIET",
		                             "IMPORTED_TARGET", "GLOBAL",  "NO_CMAKE_PATH" };

	for (size_t i = 0; i < COUNT(WORDS); i++)
		if (span_is(word, WORDS[i]))
			return true;
	return false;
}

static void cmake_include_dirs(struct manifest_in *in, struct span args, bool target, uint32_t line)
{
	struct span word;

	if (target)
		span_word(&args, "\"", &word);
	while (span_word(&args, "\";", &word))
		if (!is_keyword(word))
			include_dir(in, word, line);
}

/* Words that a variable gets, as far as they may be folders: what has an extension is a file. */
static void cmake_variable(struct manifest_in *in, struct span name, struct span words,
                           uint32_t line)
{
	struct span word;

	if (memchr(name.data, '$', name.len) != NULL)
		return;
	while (span_word(&words, "\";", &word) && !named(word, "CACHE") &&
	       !named(word, "PARENT_SCOPE")) {
		const char *slash = memrchr(word.data, '/', word.len), *path;
		const char *last = slash != NULL ? slash + 1 : word.data;
		size_t len = (size_t)(word.data + word.len - last);

		if (len > 0 && *last != '.' && memchr(last, '.', len) != NULL)
			continue;
		path = folder(in, word);
		if (path != NULL)
			manifest_item(in, ITEM_PROPERTY, span_text(in, name), path, line);
	}
}

/* "foo>=1.2", "foo >= 1.2 bar": names with their conditions. */
static void pkg_names(struct manifest_in *in, struct span args, uint32_t line)
{
	static const char STOPS[] = "\"[],;";
	struct span word, condition, version, after;

	while (span_word(&args, STOPS, &word)) {
		size_t n = 0;
		const char *spec;

		while (n < word.len && strchr("<>=!", word.data[n]) == NULL)
			n++;
		if (is_keyword(word) || n == 0 || !isalpha((unsigned char)word.data[0]) ||
		    memchr(word.data, '$', word.len) != NULL)
			continue;
		spec = span_text(in, (struct span){ word.data + n, word.len - n });
		after = args;
		if (n == word.len && span_word(&after, STOPS, &condition) &&
		    strchr("<>=!", condition.data[0]) != NULL &&
		    span_word(&after, STOPS, &version)) {
			spec = arena_printf(in->scratch, "%.*s%.*s", (int)condition.len,
			                    condition.data, (int)version.len, version.data);
			args = after;
		}
		manifest_dep(in, span_text(in, (struct span){ word.data, n }), spec, "runtime",
		             line);
	}
}

/* A library that is built here; another name of one, or one that is found, is none. */
static void cmake_library(struct manifest_in *in, struct span name, struct span rest, uint32_t line)
{
	struct span word;
	bool computed = memchr(name.data, '$', name.len) != NULL;

	for (int i = 0; i < 2 && span_word(&rest, "\"", &word); i++)
		if (named(word, "ALIAS") || named(word, "IMPORTED"))
			return;
	manifest_item(in, ITEM_TARGET, "add_library", computed ? "" : span_text(in, name), line);
}

void manifest_cmake(struct manifest_in *in)
{
	struct calls calls = calls_of(in->text);

	while (calls_next(&calls)) {
		struct span name = calls.name, rest = calls.args, word, version;
		uint32_t line = calls.line;

		if (named(name, "project") && span_word(&rest, "\"", &word)) {
			manifest_name(in, span_text(in, word));
		} else if (named(name, "find_package") && span_word(&rest, "\"", &word) &&
		           memchr(word.data, '$', word.len) == NULL) {
			bool has = span_word(&rest, "\"", &version) &&
			           isdigit((unsigned char)version.data[0]);

			manifest_dep(in, span_text(in, word), has ? span_text(in, version) : "",
			             "runtime", line);
		} else if (named(name, "pkg_check_modules") || named(name, "pkg_search_module")) {
			span_word(&rest, "\"", &word);
			pkg_names(in, rest, line);
		} else if (named(name, "set") && span_word(&rest, "\"", &word)) {
			cmake_variable(in, word, rest, line);
		} else if (named(name, "list") && span_word(&rest, "\"", &word)) {
			if ((named(word, "APPEND") || named(word, "PREPEND")) &&
			    span_word(&rest, "\"", &word))
				cmake_variable(in, word, rest, line);
		} else if (named(name, "add_library") && span_word(&rest, "\"", &word)) {
			cmake_library(in, word, rest, line);
		} else if (named(name, "include_directories")) {
			cmake_include_dirs(in, rest, false, line);
		} else if (named(name, "target_include_directories")) {
			cmake_include_dirs(in, rest, true, line);
		}
	}
}

void manifest_meson(struct manifest_in *in)
{
	struct calls calls = calls_of(in->text);

	while (calls_next(&calls)) {
		struct span name = calls.name, rest = calls.args, word, version;
		uint32_t line = calls.line;

		if (named(name, "project") && span_quoted(&rest, &word)) {
			manifest_name(in, span_text(in, word));
		} else if (named(name, "dependency") && span_quoted(&rest, &word)) {
			const char *at = memmem(rest.data, rest.len, "version", 7);

			version.len = 0;
			if (at != NULL) {
				rest.len -= (size_t)(at - rest.data);
				rest.data = at;
				if (!span_quoted(&rest, &version))
					version.len = 0;
			}
			manifest_dep(in, span_text(in, word),
			             version.len > 0 ? span_text(in, version) : "", "runtime",
			             line);
		} else if (name.len > 13 && span_quoted(&rest, &word) &&
		           memcmp(name.data + name.len - 13, ".find_library", 13) == 0) {
			manifest_dep(in, span_text(in, word), "", "runtime", line);
		} else if (named(name, "include_directories")) {
			while (span_quoted(&rest, &word))
				include_dir(in, word, line);
		}
	}
}

/* A line that gives a make variable its words, or more of them. */
struct make_words {
	struct span name, words;
	uint32_t line;
	bool used;
};

#define MAKE_WORDS_MAX   1000 /* lines kept of one file */
#define MAKE_LOOKUPS_MAX 1000 /* variables looked up in one file: with the above, bounded work */

struct makefile {
	struct manifest_in *in;
	struct make_words *words;
	size_t nwords, nlookups;
	struct span continued; /* variable whose value goes on in the next line; empty: none */
};

/* The functions of make are not run: what they take are no words of the variable. */
static bool calls_function(struct span text)
{
	for (size_t i = 0; i + 1 < text.len; i++) {
		if (text.data[i] == '`')
			return true;
		if (text.data[i] != '$' || strchr("({", text.data[i + 1]) == NULL)
			continue;
		for (i += 2; i < text.len && (is_word(text.data[i]) || text.data[i] == '-'); i++)
			;
		if (i == text.len || strchr(")}", text.data[i]) == NULL)
			return true;
	}
	return false;
}

/* "NAME = words", also with := ?= += and over several lines. */
static void make_assignment(struct makefile *m, const struct lines *at)
{
	struct span rest = at->line, name = m->continued;
	bool goes_on = rest.len > 0 && rest.data[rest.len - 1] == '\\';
	const char *comment;

	if (name.len == 0) {
		size_t n = 0;
		const char *equals = memchr(rest.data, '=', rest.len);

		while (n < rest.len && (is_word(rest.data[n]) || rest.data[n] == '-'))
			n++;
		name = (struct span){ rest.data, n };
		for (; n < rest.len && strchr(" \t:?+", rest.data[n]) != NULL; n++)
			;
		if (name.len == 0 || rest.data + n != equals)
			return;
		rest = (struct span){ equals + 1, rest.len - n - 1 };
	}
	comment = rest.len > 0 ? memchr(rest.data, '#', rest.len) : NULL;
	if (comment != NULL)
		rest.len = (size_t)(comment - rest.data);
	m->continued = goes_on ? name : (struct span){ 0 };
	if (m->nwords == MAKE_WORDS_MAX || calls_function(rest))
		return;
	if (m->words == NULL)
		m->words = arena_array(m->in->scratch, MAKE_WORDS_MAX, sizeof(*m->words));
	m->words[m->nwords++] =
		(struct make_words){ .name = name, .words = rest, .line = at->number };
}

/* "$(NAME)" or "${NAME}" stands for packages, wherever in the file they are given. */
static void pkg_variable(struct makefile *m, struct span word)
{
	struct span name = { word.data + 2, word.len - 3 };

	if (m->nlookups++ >= MAKE_LOOKUPS_MAX)
		return;
	for (size_t i = 0; i < m->nwords; i++) {
		struct make_words *w = &m->words[i];

		if (w->used || w->name.len != name.len ||
		    memcmp(w->name.data, name.data, name.len) != 0)
			continue;
		w->used = true; /* named twice, they are the same packages */
		pkg_names(m->in, w->words, w->line);
	}
}

static bool is_variable(struct span word)
{
	char last = word.len > 3 ? word.data[word.len - 1] : '\0';

	return (last == ')' && span_starts(word, "$(")) || (last == '}' && span_starts(word, "${"));
}

/* The names behind "pkg-config --flags".  @ret the end of the command */
static const char *pkg_config_line(struct makefile *m, struct span rest, uint32_t line)
{
	struct span word;
	bool within = false; /* "$(NAME" of a variable */

	for (size_t i = 0; i < rest.len; i++) {
		if (rest.data[i] == '(' && i > 0 && rest.data[i - 1] == '$') {
			within = true;
		} else if (within && rest.data[i] == ')') {
			within = false;
		} else if (strchr(")`|;&>", rest.data[i]) != NULL) {
			rest.len = i;
			break;
		}
	}
	while (span_word(&rest, "\"'", &word)) {
		if (is_variable(word))
			pkg_variable(m, word);
		else if (isalpha((unsigned char)word.data[0]))
			pkg_names(m->in, word, line);
	}
	return rest.data;
}

static void make_include_dirs(struct manifest_in *in, struct span rest, uint32_t line)
{
	struct span word;

	while (span_word(&rest, "\"'", &word)) {
		const char *flag = memmem(word.data, word.len, "-I", 2);

		if (flag == NULL || (flag > word.data && strchr("=,", flag[-1]) == NULL))
			continue;
		word.len -= (size_t)(flag + 2 - word.data);
		word.data = flag + 2;
		if (word.len == 0 && !span_word(&rest, "\"'", &word))
			break;
		include_dir(in, word, line);
	}
}

static bool is_comment(struct span line)
{
	return line.len > 0 && line.data[0] == '#';
}

void manifest_makefile(struct manifest_in *in)
{
	struct makefile m = { .in = in };
	struct lines lines = lines_of(in->text);

	/* Make expands a variable when it is used: what is assigned below counts as well. */
	while (lines_next(&lines))
		if (!is_comment(lines.line))
			make_assignment(&m, &lines);
	for (lines = lines_of(in->text); lines_next(&lines);) {
		const char *at = lines.line.data, *end = at + lines.line.len;

		if (is_comment(lines.line))
			continue;
		while ((at = memmem(at, (size_t)(end - at), "pkg-config ", 11)) != NULL) {
			at += 11;
			at = pkg_config_line(&m, (struct span){ at, (size_t)(end - at) },
			                     lines.number);
		}
		make_include_dirs(in, lines.line, lines.number);
	}
}

void manifest_configure(struct manifest_in *in)
{
	struct calls calls = calls_of(in->text);

	while (calls_next(&calls)) {
		struct span name = calls.name, rest = calls.args, word;
		uint32_t line = calls.line;

		if (named(name, "AC_INIT") && span_word(&rest, "[],\"", &word)) {
			manifest_name(in, span_text(in, word));
		} else if (named(name, "PKG_CHECK_MODULES") && span_word(&rest, "[],", &word)) {
			const char *open = memchr(rest.data, '[', rest.len), *close;

			close = open != NULL
			                ? memchr(open, ']', (size_t)(rest.data + rest.len - open))
			                : NULL;
			if (close != NULL)
				rest = (struct span){ open + 1, (size_t)(close - open - 1) };
			pkg_names(in, rest, line);
		} else if (named(name, "AC_CHECK_LIB") && span_word(&rest, "[],\"", &word) &&
		           memchr(word.data, '$', word.len) == NULL) {
			manifest_dep(in, span_text(in, word), "", "runtime", line);
		}
	}
}
