/*
 * Environment variables that a file reads, with the value taken when one is not
 * set where that is a literal.
 *
 * What only sets a variable is none.  A name that is a constant of the file is
 * followed; one that is computed is left out.  In shell scripts only names with
 * a default or a complaint count (${NAME:-x}, ${NAME:?x}): any other is as a
 * rule a variable of the script, and so is a name that the script sets itself.
 */
#include "maps/tap.h"

#include <stdlib.h>
#include <string.h>

#define ENV_BYTES     ((size_t)16 << 20) /* for the texts of one file's variables */
#define ENV_NAME_MAX  100
#define ENV_VALUE_MAX 200
#define NAMES_MAX     32   /* of one { A, B } = process.env */
#define SET_MAX       5000 /* names that a script sets */
#define SHELL_OWN                                                                                  \
	"BASH BASH_SOURCE BASH_VERSION BASH_REMATCH ZSH_VERSION ZSH_NAME FUNCNAME LINENO RANDOM "  \
	"SECONDS IFS OPTARG OPTIND PWD OLDPWD REPLY PPID EUID UID SHLVL HOSTTYPE OSTYPE PIPESTATUS"
#define AHEAD_MAX 12 /* tokens of .unwrap_or_else(|_| "x") */

struct reading {
	struct tokens *ts;
	struct sink *sk;
	struct arena *arena;
	size_t cap;
};

static bool is_name(const char *name)
{
	size_t n = 0;

	if (!name || (*name >= '0' && *name <= '9'))
		return false;
	for (; name[n]; n++) {
		char c = name[n];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_'))
			return false;
	}
	return n > 0 && n <= ENV_NAME_MAX;
}

static void add(struct reading *rd, const char *name, const char *value, uint32_t line)
{
	struct facts *ret = rd->sk->ret;

	if (!is_name(name))
		return;
	if (ret->nenv >= FACTS_ENV_MAX) {
		ret->truncated = true;
		return;
	}
	ret->env = sink_room(rd->arena, ret->env, ret->nenv, &rd->cap, sizeof(*ret->env));
	ret->env[ret->nenv++] = (struct fact_env){ name, value, line };
}

static const char *literal(struct reading *rd, uint32_t i)
{
	return i == TOK_NONE ? NULL : tok_literal(rd->ts, rd->arena, i, ENV_VALUE_MAX);
}

/* || "x", ?? "x", ?: "x", or "x" behind what was read; .unwrap_or("x") and the like in Rust */
static const char *value_behind(struct reading *rd, uint32_t i)
{
	struct tokens *ts = rd->ts;
	char a = tok_c(ts, i), b = tok_c(ts, i + 1);

	if ((a == '|' && b == '|') || (a == '?' && (b == '?' || b == ':')))
		return literal(rd, i + 2 + (tok_c(ts, i + 2) == '='));
	if (tok_is(ts, i, "or"))
		return literal(rd, i + 1);
	if (rd->sk->ret->lang == LANG_RUST && a == '.' &&
	    tok_in(ts, i + 1, "unwrap_or unwrap_or_else unwrap_or_default ok")) {
		for (uint32_t k = i + 2; k < i + 2 + AHEAD_MAX && tok_c(ts, k) != ';'; k++) {
			if (tok_at(ts, k)->kind == TOKEN_STRING &&
			    tok_at(ts, k)->len <= ENV_VALUE_MAX &&
			    !memchr(tok_at(ts, k)->text, '\n', tok_at(ts, k)->len))
				return arena_strndup(rd->arena, tok_at(ts, k)->text,
				                     tok_at(ts, k)->len);
		}
	}
	return NULL;
}

/* f("NAME"), f("NAME", "default") */
static void add_call(struct reading *rd, uint32_t open)
{
	struct tokens *ts = rd->ts;
	uint32_t second = tok_arg(ts, open, 1);
	const char *value = second == TOK_NONE ? NULL : literal(rd, second);

	if (second != TOK_NONE && !value && tok_c(ts, second + 1) == '=')
		value = literal(rd, second + 2); /* default="x" */
	if (!value)
		value = value_behind(rd, tok_close(ts, open) + 1);
	add(rd, literal(rd, tok_arg(ts, open, 0)), value, tok_at(ts, open)->line);
}

static bool is_set(struct tokens *ts, uint32_t i)
{
	return tok_c(ts, i) == '=' && tok_c(ts, i + 1) != '=' && tok_c(ts, i + 1) != '~';
}

/* what["NAME"], unless that is set */
static void add_index(struct reading *rd, uint32_t open)
{
	uint32_t close = tok_close(rd->ts, open);

	if (!is_set(rd->ts, close + 1))
		add(rd, literal(rd, open + 1), value_behind(rd, close + 1),
		    tok_at(rd->ts, open)->line);
}

/* what.get("NAME", "default") and the like; @i is behind what */
static void add_method(struct reading *rd, uint32_t i, const char *names)
{
	struct tokens *ts = rd->ts;

	if (tok_c(ts, i) == '(' && tok_c(ts, i + 1) == ')')
		i += 2; /* System.getenv().get("NAME") */
	if (tok_c(ts, i) == '[')
		add_index(rd, i);
	else if (tok_c(ts, i) == '.' && tok_in(ts, i + 1, names) && tok_c(ts, i + 2) == '(')
		add_call(rd, i + 2);
}

/* { A, B: b, C = "x" } = process.env; @i is env */
static void add_pattern(struct reading *rd, uint32_t i)
{
	struct tokens *ts = rd->ts;
	uint32_t open, at;

	if (i < 4 || tok_c(ts, i - 3) != '=' || tok_c(ts, i - 4) != '}')
		return;
	open = tok_at(ts, i - 4)->pair;
	if (open == TOK_NONE)
		return;
	at = open + 1;
	for (int n = 0; n < NAMES_MAX && at != TOK_NONE && at < i - 4; n++) {
		const struct tok *t = tok_at(ts, at);

		if (t->kind == TOKEN_IDENT && t->len <= ENV_NAME_MAX && tok_c(ts, at + 1) &&
		    strchr(",}=:", tok_c(ts, at + 1)))
			add(rd, arena_strndup(rd->arena, t->text, t->len),
			    tok_c(ts, at + 1) == '=' ? literal(rd, at + 2) : NULL, t->line);
		at = tok_next_arg(ts, open, at);
	}
}

/* process.env.NAME, import.meta.env.NAME, Deno.env.get("NAME") */
static void read_js(struct reading *rd, uint32_t i)
{
	struct tokens *ts = rd->ts;
	bool meta = i >= 2 && tok_is(ts, i - 2, "meta");
	const struct tok *name = tok_at(ts, i + 2);

	if (!tok_is(ts, i, "env") || i < 2 || tok_c(ts, i - 1) != '.' ||
	    !tok_in(ts, i - 2, "process meta Bun Deno"))
		return;
	if (tok_is(ts, i - 2, "Deno")) {
		add_method(rd, i + 1, "get");
	} else if (tok_c(ts, i + 1) == '[') {
		add_index(rd, i + 1);
	} else if (tok_c(ts, i + 1) == '.' ||
	           (tok_c(ts, i + 1) == '?' && tok_c(ts, i + 2) == '.')) {
		uint32_t at = tok_c(ts, i + 1) == '?' ? i + 3 : i + 2;

		name = tok_at(ts, at);
		/* Vite's own, of its build. */
		if (name->kind != TOKEN_IDENT || name->len > ENV_NAME_MAX || is_set(ts, at + 1) ||
		    (meta && tok_in(ts, at, "MODE BASE_URL PROD DEV SSR")))
			return;
		add(rd, arena_strndup(rd->arena, name->text, name->len), value_behind(rd, at + 1),
		    name->line);
	} else {
		add_pattern(rd, i);
	}
}

static void read_python(struct reading *rd, uint32_t i)
{
	struct tokens *ts = rd->ts;

	if (tok_is(ts, i, "getenv") && tok_c(ts, i + 1) == '(') {
		add_call(rd, i + 1);
	} else if (tok_is(ts, i, "environ")) {
		add_method(rd, i + 1, "get setdefault pop");
		/* "NAME" in os.environ */
		uint32_t in = i >= 2 && tok_c(ts, i - 1) == '.' ? i - 3 : i - 1;

		if (in < ts->n && in > 0 && tok_is(ts, in, "in") &&
		    tok_at(ts, in - 1)->kind == TOKEN_STRING &&
		    tok_at(ts, in - 1)->len <= ENV_NAME_MAX)
			add(rd,
			    arena_strndup(rd->arena, tok_at(ts, in - 1)->text,
			                  tok_at(ts, in - 1)->len),
			    NULL, tok_at(ts, in - 1)->line);
	}
}

static void read_rust(struct reading *rd, uint32_t i)
{
	struct tokens *ts = rd->ts;

	if (tok_in(ts, i, "env option_env") && tok_c(ts, i + 1) == '!' && tok_c(ts, i + 2) == '(')
		add_call(rd, i + 2);
	else if (tok_in(ts, i, "var var_os") && tok_c(ts, i + 1) == '(' && i >= 3 &&
	         tok_is(ts, tok_before_dot(ts, i), "env"))
		add_call(rd, i + 1);
}

static void read_ruby(struct reading *rd, uint32_t i)
{
	struct tokens *ts = rd->ts;

	if (!tok_is(ts, i, "ENV") || (i > 0 && tok_c(ts, i - 1) == ':'))
		return;
	add_method(rd, i + 1, "fetch key");
}

static void read_php(struct reading *rd, uint32_t i)
{
	struct tokens *ts = rd->ts;

	if (tok_in(ts, i, "_ENV $_ENV") && tok_c(ts, i + 1) == '[')
		add_index(rd, i + 1);
	else if (tok_in(ts, i, "getenv env") && tok_c(ts, i + 1) == '(' &&
	         tok_before_dot(ts, i) == TOK_NONE && !tok_is(ts, i - 1, "function"))
		add_call(rd, i + 1);
}

/* Languages where a function of a known name does it; the word before its dot, where there is one. */
static void read_function(struct reading *rd, uint32_t i)
{
	static const struct {
		enum lang lang;
		const char *name, *before; /* before: "" for none */
	} ROWS[] = {
		{ LANG_C, "getenv secure_getenv", "" },
		{ LANG_CPP, "getenv secure_getenv", "std" },
		{ LANG_CUDA, "getenv secure_getenv", "std" },
		{ LANG_OBJC, "getenv", "" },
		{ LANG_GO, "Getenv LookupEnv", "os syscall" },
		{ LANG_JAVA, "getenv", "System" },
		{ LANG_KOTLIN, "getenv", "System" },
		{ LANG_GROOVY, "getenv", "System" },
		{ LANG_SCALA, "getenv", "System" },
		{ LANG_CSHARP, "GetEnvironmentVariable", "Environment" },
		{ LANG_LUA, "getenv", "os" },
		{ LANG_ELIXIR, "get_env fetch_env", "System" },
	};
	struct tokens *ts = rd->ts;
	uint32_t before = tok_before_dot(ts, i);

	for (size_t k = 0; k < COUNT(ROWS); k++) {
		if (ROWS[k].lang != rd->sk->ret->lang || !tok_in(ts, i, ROWS[k].name))
			continue;
		if (before != TOK_NONE ? !tok_in(ts, before, ROWS[k].before)
		                       : *ROWS[k].before && strcmp(ROWS[k].before, "std") != 0)
			continue;
		if (tok_c(ts, i + 1) == '(' && tok_c(ts, i + 2) == ')')
			add_method(rd, i + 1, "get getOrDefault");
		else if (tok_c(ts, i + 1) == '(')
			add_call(rd, i + 1);
	}
}

/* ---- shell ---- */

static bool is_upper(char c)
{
	return (c >= 'A' && c <= 'Z') || c == '_';
}

static size_t name_length(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && (is_upper(p[n]) || (n > 0 && p[n] >= '0' && p[n] <= '9')))
		n++;
	return n;
}

/* NAME=, but not NAME=${NAME:-x}, at the start of a word. */
static struct name_set names_set(struct reading *rd, struct span text)
{
	struct name_set set = { 0 };
	const char *end = text.data + text.len, *p = text.data;

	while ((p = memchr(p, '=', (size_t)(end - p))) != NULL) {
		const char *from = p;
		char self[ENV_NAME_MAX + 3];
		size_t n, k = 1;

		while (from > text.data && p - from <= ENV_NAME_MAX &&
		       (is_upper(from[-1]) || (from[-1] >= '0' && from[-1] <= '9')))
			from--;
		n = (size_t)(p - from);
		p++;
		if (n == 0 || n > ENV_NAME_MAX ||
		    (from > text.data && !strchr(" \t\n;(", from[-1])))
			continue;
		memcpy(self, "${", 2);
		memcpy(self + 2, from, n);
		if (p < end && *p == '"')
			k = 0;
		if (end - p + (ptrdiff_t)k > (ptrdiff_t)n + 2 &&
		    memcmp(p + (k == 0), self, n + 2) == 0)
			continue;
		name_set_add(rd->arena, &set, (struct span){ from, n }, SET_MAX);
	}
	rd->sk->ret->truncated = rd->sk->ret->truncated || set.dropped;
	return set;
}

static bool is_shells_own(const char *name, size_t n)
{
	struct token word = { .text = name, .len = n, .kind = TOKEN_IDENT };

	return token_in(&word, SHELL_OWN);
}

/* ${NAME:-default}, ${NAME-default}, :=, =, :?, ? */
static void read_shell(struct reading *rd, struct span text)
{
	struct name_set set = names_set(rd, text);
	const char *end = text.data + text.len, *counted = text.data, *p = text.data;
	uint32_t line = 1;

	while ((p = memmem(p, (size_t)(end - p), "${", 2)) != NULL) {
		const char *name = p + 2, *sign, *value, *stop, *start;
		size_t n = name_length(name, end);

		while ((counted = memchr(counted, '\n', (size_t)(p - counted))) != NULL) {
			counted++;
			line++;
		}
		counted = p;
		p = name;
		sign = name + n;
		if (n < 2 || n > ENV_NAME_MAX || end - sign < 2 || is_shells_own(name, n))
			continue;
		value = sign + 1 + (*sign == ':');
		if (!strchr("-=?", value[-1]) || !value[-1])
			continue;
		start = memrchr(text.data, '\n', (size_t)(name - text.data));
		start = start ? start + 1 : text.data;
		while (start < name && (*start == ' ' || *start == '\t'))
			start++;
		if (*start == '#' || name_set_has(&set, (struct span){ name, n }))
			continue;
		stop = value;
		while (stop < end && stop - value <= ENV_VALUE_MAX && !strchr("}$`\"'\n", *stop))
			stop++;
		add(rd, arena_strndup(rd->arena, name, n),
		    value[-1] != '?' && stop < end && *stop == '}' && stop > value
		            ? arena_strndup(rd->arena, value, (size_t)(stop - value))
		            : NULL,
		    line);
	}
}

/* ---- */

static int by_place(const void *a, const void *b)
{
	const struct fact_env *x = a, *y = b;
	int order;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	order = strcmp(x->name, y->name);
	if (order != 0 || !x->value || !y->value)
		return order != 0 ? order : (y->value != NULL) - (x->value != NULL);
	return strcmp(x->value, y->value);
}

/* A name once a line, with its value where one of them has one. */
static void finish(struct facts *ret)
{
	size_t kept = 0;

	if (ret->nenv > 1)
		qsort(ret->env, ret->nenv, sizeof(*ret->env), by_place);
	for (size_t i = 0; i < ret->nenv; i++) {
		if (kept > 0 && ret->env[kept - 1].line == ret->env[i].line &&
		    strcmp(ret->env[kept - 1].name, ret->env[i].name) == 0)
			continue;
		ret->env[kept++] = ret->env[i];
	}
	ret->nenv = kept;
}

void facts_env(struct tokens *ts, struct sink *sk)
{
	struct reading rd = { .ts = ts, .sk = sk, .arena = sk->arena };
	void (*read)(struct reading *, uint32_t) = read_function;
	size_t start = arena_used(sk->arena);

	switch (sk->ret->lang) {
	case LANG_JAVASCRIPT:
	case LANG_TYPESCRIPT:
	case LANG_TSX:
	case LANG_VUE:
	case LANG_SVELTE:
		read = read_js;
		break;
	case LANG_PYTHON:
		read = read_python;
		break;
	case LANG_RUST:
		read = read_rust;
		break;
	case LANG_RUBY:
		read = read_ruby;
		break;
	case LANG_PHP:
		read = read_php;
		break;
	case LANG_SHELL:
		read_shell(&rd, sk->text);
		finish(sk->ret);
		return;
	default:
		break;
	}
	for (uint32_t i = 0; i < ts->nmarks; i++) {
		if (arena_used(sk->arena) > start + ENV_BYTES) {
			sk->ret->truncated = true;
			break;
		}
		if (ts->t[ts->marks[i]].words & WORD_ENV)
			read(&rd, ts->marks[i]);
	}
	finish(sk->ret);
}
