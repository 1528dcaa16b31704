/*
 * The driver: opens the lexer of a language, lets its reader pull the tokens,
 * takes the lines, and puts the results into their promised order.
 */
#include "maps/facts_build.h"
#include "maps/lang.h"
#include "maps/licence.h"
#include "maps/tap.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t SYNTAX_OF[LANG_COUNT] = {
#define LANG(id, name, syntax, ...) [LANG_##id] = SYNTAX_##syntax,
#include "maps/lang.def"
#undef LANG
};

static void (*const READERS[LANG_COUNT])(struct lexer *lx, struct sink *sk) = {
	[LANG_C] = facts_c,           [LANG_CPP] = facts_c,         [LANG_CUDA] = facts_c,
	[LANG_OBJC] = facts_c,        [LANG_PYTHON] = facts_python, [LANG_CYTHON] = facts_python,
	[LANG_JAVASCRIPT] = facts_js, [LANG_TYPESCRIPT] = facts_js, [LANG_TSX] = facts_js,
	[LANG_GO] = facts_go,         [LANG_RUST] = facts_rust,     [LANG_JAVA] = facts_java,
	[LANG_KOTLIN] = facts_kotlin, [LANG_CSHARP] = facts_csharp, [LANG_PHP] = facts_php,
	[LANG_RUBY] = facts_ruby,     [LANG_SHELL] = facts_shell,   [LANG_SQL] = facts_sql,
};

static const char *const DEF_KIND_NAMES[DEF_KIND_COUNT] = {
	[DEF_NONE] = "",
	[DEF_FUNCTION] = "function",
	[DEF_METHOD] = "method",
	[DEF_CLASS] = "class",
	[DEF_STRUCT] = "struct",
	[DEF_UNION] = "union",
	[DEF_ENUM] = "enum",
	[DEF_INTERFACE] = "interface",
	[DEF_TRAIT] = "trait",
	[DEF_TYPE] = "type",
	[DEF_MACRO] = "macro",
	[DEF_MODULE] = "module",
	[DEF_CONSTANT] = "constant",
	[DEF_VARIABLE] = "variable",
	[DEF_TABLE] = "table",
	[DEF_VIEW] = "view",
	[DEF_INDEX] = "index",
	[DEF_TRIGGER] = "trigger",
};

static const char *const IMPORT_KIND_NAMES[IMPORT_KIND_COUNT] = {
	[IMPORT_NONE] = "",
	[IMPORT_INCLUDE] = "include",
	[IMPORT_INCLUDE_SYSTEM] = "include_system",
	[IMPORT_MODULE] = "module",
	[IMPORT_FROM] = "from",
	[IMPORT_REQUIRE] = "require",
	[IMPORT_DYNAMIC] = "dynamic",
	[IMPORT_REEXPORT] = "reexport",
	[IMPORT_TYPE] = "type",
	[IMPORT_STATIC] = "static",
	[IMPORT_WILDCARD] = "wildcard",
	[IMPORT_MOD] = "mod",
	[IMPORT_USE] = "use",
	[IMPORT_CRATE] = "crate",
	[IMPORT_USE_FUNCTION] = "use_function",
	[IMPORT_USE_CONST] = "use_const",
	[IMPORT_NAME] = "name",
	[IMPORT_LOAD] = "load",
	[IMPORT_AUTOLOAD] = "autoload",
	[IMPORT_CONSTANT] = "constant",
	[IMPORT_SOURCE] = "source",
	[IMPORT_TABLE] = "table",
};

static const char *const REF_KIND_NAMES[REF_KIND_COUNT] = {
	[REF_NONE] = "",
	[REF_CALL] = "call",
	[REF_TYPE] = "type",
	[REF_NAME] = "name",
};

static const char *const WEB_NAMES[WEB_COUNT][2] = { [WEB_NONE] = { "", "" },
#define FRAMEWORK(id, name, package) [WEB_##id] = { name, package },
	                                             WEB_FRAMEWORKS(FRAMEWORK)
#undef FRAMEWORK
};

static const char *const TEST_NAMES[TEST_COUNT] = { [TEST_NONE] = "",
#define TESTS(id, name) [TEST_##id] = name,
	                                            TEST_FRAMEWORKS(TESTS)
#undef TESTS
};

const char *web_framework_name(enum web_framework framework)
{
	return framework < WEB_COUNT ? WEB_NAMES[framework][0] : "";
}

const char *web_framework_package(enum web_framework framework)
{
	return framework < WEB_COUNT ? WEB_NAMES[framework][1] : "";
}

const char *licence_evidence_name(enum licence_evidence evidence)
{
	static const char *const NAMES[LICENCE_EVIDENCE_COUNT] = { "", "tag", "text" };

	return evidence < LICENCE_EVIDENCE_COUNT ? NAMES[evidence] : "";
}

const char *test_framework_name(enum test_framework framework)
{
	return framework < TEST_COUNT ? TEST_NAMES[framework] : "";
}

const char *ref_kind_name(enum ref_kind kind)
{
	return kind < REF_KIND_COUNT ? REF_KIND_NAMES[kind] : "";
}

const char *def_kind_name(enum def_kind kind)
{
	return kind < DEF_KIND_COUNT ? DEF_KIND_NAMES[kind] : "";
}

const char *import_kind_name(enum import_kind kind)
{
	return kind < IMPORT_KIND_COUNT ? IMPORT_KIND_NAMES[kind] : "";
}

bool lang_has_facts(enum lang lang)
{
	return lang < LANG_COUNT && (READERS[lang] || lang == LANG_VUE || lang == LANG_SVELTE);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void take_names(struct sink *sk)
{
	const struct name_set *set = &sk->names;

	sk->ret->truncated = sk->ret->truncated || set->dropped;
	if (set->n > 1)
		qsort(set->names, set->n, sizeof(*set->names), by_bytes);
	sk->ret->names = set->names;
	sk->ret->nnames = set->n;
}

/*
 * Readers note a definition when they are sure of it, which may be after one
 * that stands below its name (a macro inside a signature).  Such runs are short
 * and do not overlap, so insertion sort is linear here.
 */
static void order_defs(struct facts *ret)
{
	for (size_t i = 1; i < ret->ndefs; i++) {
		struct fact_def def = ret->defs[i];
		size_t at = i;

		for (; at > 0 && ret->defs[at - 1].line > def.line; at--)
			ret->defs[at] = ret->defs[at - 1];
		ret->defs[at] = def;
	}
}

/* What a string that never closes is part of ends behind the last newline. */
static void limit_ends(struct facts *ret)
{
	uint32_t lines = ret->code + ret->comment + ret->blank;

	for (size_t i = 0; i < ret->ndefs; i++) {
		if (ret->defs[i].end_line > lines)
			ret->defs[i].end_line = lines;
	}
}

/* ---- licences ---- */

static void add_licence(struct sink *sk, size_t *cap, struct fact_licence licence)
{
	struct facts *ret = sk->ret;

	ret->licences =
		sink_room(sk->arena, ret->licences, ret->nlicences, cap, sizeof(*ret->licences));
	ret->licences[ret->nlicences++] = licence;
}

static void read_licences(struct sink *sk)
{
	struct span head = { sk->text.data,
		             sk->text.len < LICENCE_TAG_HEAD ? sk->text.len : LICENCE_TAG_HEAD };
	struct licence_match matches[LICENCE_MATCHES_MAX];
	enum lang lang = sk->ret->lang;
	const char *counted = head.data;
	struct span tag;
	size_t cap = 0, n = 0;
	uint32_t line = 1;

	for (int i = 0; i < LICENCE_TAGS_MAX && licence_tag(&head, &tag); i++) {
		for (; counted < tag.data; counted++)
			line += *counted == '\n';
		const char *text = sink_text(sk, tag, LICENCE_EXPRESSION_MAX);

		if (*text)
			add_licence(
				sk, &cap,
				(struct fact_licence){ text, line, LICENCE_TAG,
			                               licence_expression_valid(tag) ? 100 : 0 });
	}
	if ((lang == LANG_TEXT || lang == LANG_MARKDOWN || lang == LANG_RST) &&
	    licence_likely(sk->text))
		n = licence_match(sk->arena, sk->text, matches);
	for (size_t i = 0; i < n; i++)
		add_licence(sk, &cap,
		            (struct fact_licence){ matches[i].id, 0, LICENCE_TEXT,
		                                   matches[i].percent });
}

void facts_read(struct arena *arena, enum lang lang, struct span text, struct facts *ret)
{
	struct tap tap;
	struct sink sk = { .arena = arena, .ret = ret, .text = text, .tap = &tap };
	struct lexer lx;

	*ret = (struct facts){ .lang = lang, .package = "" };
	if (lang <= LANG_NONE || lang >= LANG_COUNT || text.len == 0)
		return;
	lex_open(&lx, lang == LANG_VUE || lang == LANG_SVELTE ? SYNTAX_VUE : SYNTAX_OF[lang], text,
	         1);
	tap_open(&tap, &sk);
	if (lang_is_code(lang) && lang != LANG_VUE && lang != LANG_SVELTE)
		tap_attach(&tap, &lx);
	if (READERS[lang])
		READERS[lang](&lx, &sk);
	lex_finish(&lx);
	ret->code = lx.lines[LINE_CODE];
	ret->comment = lx.lines[LINE_COMMENT];
	ret->blank = lx.lines[LINE_BLANK];
	if (lang == LANG_VUE || lang == LANG_SVELTE)
		facts_scripts(text, &sk);
	order_defs(ret);
	limit_ends(ret);
	take_names(&sk);
	tap_close(&tap);
	read_licences(&sk);
}
