/*
 * Facts: what one file says by itself, read in a single pass.
 *
 * facts_read() runs a table-driven lexer over a blob and notes lines, imports
 * as they are written, definitions, and the identifiers that resolution needs.
 * It knows nothing of other files: lib/maps/resolve.h turns what is written
 * into edges between files.
 *
 *   Input      Any bytes: bad UTF-8, unterminated strings, 10 MB lines.  The
 *              time is linear in the size; no input makes it recurse.
 *   Ownership  Results live in the arena given; the text is borrowed and may
 *              go after the call (strings are copied, NUL-terminated).
 *   Limits     FACTS_*_MAX below.  What passes one is dropped, and the flag
 *              `truncated` says so.
 *   Order      Imports and definitions by position; names by byte order.  The
 *              same bytes give the same facts.
 *
 * Imports, definitions and names come from the reader of a language; what needs
 * no grammar (references) is tapped from the tokens of any language on the way
 * (lib/maps/tap.h), so a new reader has it for nothing.
 */
#ifndef MAPS_FACTS_H
#define MAPS_FACTS_H

#include "base/arena.h"

#define FACTS_NAME_MAX    255   /* bytes of an identifier; longer ones are dropped */
#define FACTS_TARGET_MAX  1024  /* bytes of an import's target */
#define FACTS_IMPORTS_MAX 20000 /* of one file */
#define FACTS_DEFS_MAX    50000
#define FACTS_NAMES_MAX   50000
#define FACTS_REFS_MAX    50000 /* uses of identifiers, of one file */
#define FACTS_SIGN_MAX    200   /* bytes of a signature; longer ones end in "…" */
#define FACTS_TOKENS_MAX                                                                           \
	1000000 /* what stands behind them has no routes, no environment, no tests */
#define FACTS_ROUTES_MAX  5000
#define FACTS_PATTERN_MAX 500 /* bytes of a route's pattern; longer ones are dropped */
#define FACTS_MOUNTS_MAX  1000
#define FACTS_ENTRIES_MAX 200
#define FACTS_ENV_MAX     5000

enum lang {
	LANG_NONE = 0, /* not known as a text language, or binary */
#define LANG(id, name, ...) LANG_##id,
#include "maps/lang.def"
#undef LANG
	LANG_COUNT
};

enum import_kind {
	IMPORT_NONE = 0,
	IMPORT_INCLUDE,        /* C: #include "target" */
	IMPORT_INCLUDE_SYSTEM, /* C: #include <target> */
	IMPORT_MODULE,  /* Python: import a.b (target a.b); Go: import "path"; Java: import a.b.C */
	IMPORT_FROM,    /* Python: from target import name, one per name ("*" too), level = dots;
	                          JS: import … from "target", one per statement, name "" */
	IMPORT_REQUIRE, /* JS: require("target") */
	IMPORT_DYNAMIC, /* JS: import("target"); Python: importlib.import_module("target") */
	IMPORT_REEXPORT, /* JS: export … from "target"; Rust: pub use */
	IMPORT_TYPE,     /* TS: import type … from "target" */
	IMPORT_STATIC,   /* Java: import static a.b.C.name (target a.b.C, name) */
	IMPORT_WILDCARD, /* Java: import a.b.* (target a.b); Rust: use a::b::* (target a::b) */
	IMPORT_MOD,   /* Rust: mod name; (target name, or the #[path] value with IMPORT_F_PATH) */
	IMPORT_USE,   /* Rust: use a::b::c, use-trees flattened to one per leaf */
	IMPORT_CRATE, /* Rust: extern crate name */
	IMPORT_USE_FUNCTION, /* PHP: use function A\f */
	IMPORT_USE_CONST,    /* PHP: use const A\X */
	IMPORT_NAME,         /* PHP, Java: \A\B, a.b.C in the code, where it stands first */
	IMPORT_LOAD,         /* Ruby: load "target"; psql: \i target, MySQL: source target */
	IMPORT_AUTOLOAD,     /* Ruby: autoload :name, "target"; target "" where the name implies it,
	                    below the folder alias where there is one */
	IMPORT_CONSTANT,     /* Ruby: the constant target is used, the first time in this scope */
	IMPORT_SOURCE,       /* shell: source target, . target */
	IMPORT_TABLE, /* SQL: a statement names the table or view target, schema before a dot */
	IMPORT_KIND_COUNT
};

/*
 * Kotlin and C# share kinds with Java: MODULE (C#: using alias = a.b.C), STATIC (C#: using static
 * a.b.C), WILDCARD (C#: using a.b).  PHP shares USE (use a\b) with Rust, REQUIRE (also include;
 * the target is relative to the file when it starts with a dot) and DYNAMIC (the same, behind
 * something unknown) with JS.
 *
 * Bits of struct fact_import.flags.  Optional: inside try/except, if TYPE_CHECKING or a
 * conditional; C: any #if but an include guard; Rust: behind #[cfg].
 */
#define IMPORT_F_OPTIONAL 1u
#define IMPORT_F_PATH                                                                              \
	2u                 /* Rust: target is a path from #[path = "…"]; Ruby, shell, SQL:
                                target is relative to the file, `level` parts of its path taken off */
#define IMPORT_F_SUFFIX 4u /* shell: what stands before the target is known when it runs only */
#define IMPORT_F_GLOBAL 8u /* C#: global using, for all files of the project */

struct fact_import {
	const char *target; /* as written, quotes taken off */
	const char *name;   /* the one name taken from it, "" when all of it */
	const char *alias; /* local name where the language gives one (Go, "as", C# "="), else "" */
	const char *
		scope; /* Rust: inline module path around it ("a::b"); Ruby: modules around, else "" */
	uint32_t line; /* 1 and up */
	uint8_t kind;  /* enum import_kind */
	uint8_t flags;
	uint8_t level; /* Python: leading dots */
};

enum def_kind {
	DEF_NONE = 0,
	DEF_FUNCTION,
	DEF_METHOD,
	DEF_CLASS,
	DEF_STRUCT,
	DEF_UNION,
	DEF_ENUM,
	DEF_INTERFACE,
	DEF_TRAIT,
	DEF_TYPE,
	DEF_MACRO,
	DEF_MODULE,
	DEF_CONSTANT,
	DEF_VARIABLE,
	DEF_TABLE,
	DEF_VIEW,
	DEF_INDEX,
	DEF_TRIGGER,
	DEF_KIND_COUNT
};

/*
 * Definitions: what stands at the top, in namespaces and in types; functions also inside others
 * (not C, Java, Kotlin, C#), types also inside C functions.  Constants are those of the module or
 * type: JS const, Python capitals, C const with a value, Java static final, Kotlin const val, C#
 * const and static readonly, PHP const and define(), Go const, Rust const and static; variables
 * are those of Go packages and those at the top of Kotlin files.
 *
 * What extends a type from outside: in Kotlin a method without a parent, in C# a function with
 * one.  Namespaces of C# and PHP are modules, and no parents.
 */
struct fact_def {
	const char *name;
	const char *parent;    /* the class or type around it, "" at the top */
	const char *signature; /* from its start to its body, on one line; "" when unknown */
	uint32_t start_line;   /* where the signature starts, at most line */
	uint32_t line;         /* where the name stands */
	uint32_t end_line;     /* last line of the body, or line */
	uint8_t kind;          /* enum def_kind */
};

/*
 * References: identifiers that the file uses, in every language with comments and strings of a
 * known form.  Not among them: keywords, what stands on lines of imports, the names of definitions
 * where they are defined, identifiers of one byte.
 */
enum ref_kind {
	REF_NONE = 0,
	REF_CALL, /* name(…), name!(…): every line */
	REF_TYPE, /* Name, struct name, new name, name_t, <Name …>: every line */
	REF_NAME, /* any other: NAME every line, the rest the first of the file */
	REF_KIND_COUNT
};

struct fact_ref {
	const char *name;
	uint32_t line;
	uint8_t kind; /* enum ref_kind; the first of them where a line has several */
};

/* FRAMEWORK(id, name in maps, package whose presence in a manifest stands for an import) */
#define WEB_FRAMEWORKS(FRAMEWORK)                                                                  \
	FRAMEWORK(FLASK, "flask", "flask")                                                         \
	FRAMEWORK(FASTAPI, "fastapi", "fastapi")                                                   \
	FRAMEWORK(STARLETTE, "starlette", "starlette")                                             \
	FRAMEWORK(DJANGO, "django", "django")                                                      \
	FRAMEWORK(AIOHTTP, "aiohttp", "aiohttp")                                                   \
	FRAMEWORK(EXPRESS, "express", "express")                                                   \
	FRAMEWORK(FASTIFY, "fastify", "fastify")                                                   \
	FRAMEWORK(KOA, "koa-router", "@koa/router")                                                \
	FRAMEWORK(HONO, "hono", "hono")                                                            \
	FRAMEWORK(NEST, "nestjs", "@nestjs/common")                                                \
	FRAMEWORK(NEXT, "next", "next")                                                            \
	FRAMEWORK(GIN, "gin", "github.com/gin-gonic/gin")                                          \
	FRAMEWORK(CHI, "chi", "github.com/go-chi/chi")                                             \
	FRAMEWORK(ECHO, "echo", "github.com/labstack/echo")                                        \
	FRAMEWORK(FIBER, "fiber", "github.com/gofiber/fiber")                                      \
	FRAMEWORK(GORILLA, "gorilla/mux", "github.com/gorilla/mux")                                \
	FRAMEWORK(NET_HTTP, "net/http", "")                                                        \
	FRAMEWORK(SPRING, "spring", "")                                                            \
	FRAMEWORK(JAXRS, "jax-rs", "")                                                             \
	FRAMEWORK(AXUM, "axum", "axum")                                                            \
	FRAMEWORK(ACTIX, "actix-web", "actix-web")                                                 \
	FRAMEWORK(ROCKET, "rocket", "rocket")                                                      \
	FRAMEWORK(RAILS, "rails", "rails")                                                         \
	FRAMEWORK(LARAVEL, "laravel", "laravel/framework")                                         \
	FRAMEWORK(SLIM, "slim", "slim/slim")                                                       \
	FRAMEWORK(ASPNET, "asp.net", "")

enum web_framework {
	WEB_NONE = 0,
#define FRAMEWORK(id, name, package) WEB_##id,
	WEB_FRAMEWORKS(FRAMEWORK)
#undef FRAMEWORK
		WEB_COUNT
};

/*
 * HTTP routes that the file registers.  Only where it imports the framework, or `unsure`: then it
 * looks the same, and the caller should want the framework in a manifest.  A pattern is complete
 * as far as the file says: prefixes of routers and classes of this file are joined to it; those of
 * other files come from their mounts (maps/surface.h).  A prefix that is no literal is left out.
 */
struct fact_route {
	const char *method;  /* "GET", ...; "ANY"; "WS" */
	const char *pattern; /* as the framework writes it, with a leading '/' */
	const char *handler; /* "users.list"; "" when it has no name */
	const char *owner;   /* variable or function that other files may mount; "" when unknown */
	uint32_t line;
	uint8_t framework; /* enum web_framework */
	bool unsure;
};

/* A router of another file that this one puts below a prefix. */
struct fact_mount {
	const char *base; /* the name that the import on import_line gives; a Python module when
	                     that is 0 (Django's include); "": another file of the Go package */
	const char *name; /* owner of the routes over there; "": all of the file */
	const char *prefix;
	const char *owner; /* what they are mounted on here; struct fact_route.owner */
	uint32_t import_line;
};

/* Environment variables that the file reads. */
struct fact_env {
	const char *name;
	const char
		*value; /* what is taken when it is not set, where that is a literal; else NULL */
	uint32_t line;
};

/* TESTS(id, name in maps) */
#define TEST_FRAMEWORKS(TESTS)                                                                     \
	TESTS(PYTEST, "pytest")                                                                    \
	TESTS(UNITTEST, "unittest")                                                                \
	TESTS(JEST, "jest")                                                                        \
	TESTS(VITEST, "vitest")                                                                    \
	TESTS(MOCHA, "mocha")                                                                      \
	TESTS(NODE_TEST, "node:test")                                                              \
	TESTS(PLAYWRIGHT, "playwright")                                                            \
	TESTS(CYPRESS, "cypress")                                                                  \
	TESTS(GO_TEST, "go test")                                                                  \
	TESTS(CARGO, "cargo test")                                                                 \
	TESTS(JUNIT, "junit")                                                                      \
	TESTS(TESTNG, "testng")                                                                    \
	TESTS(KOTEST, "kotest")                                                                    \
	TESTS(XUNIT, "xunit")                                                                      \
	TESTS(NUNIT, "nunit")                                                                      \
	TESTS(MSTEST, "mstest")                                                                    \
	TESTS(RSPEC, "rspec")                                                                      \
	TESTS(MINITEST, "minitest")                                                                \
	TESTS(PHPUNIT, "phpunit")                                                                  \
	TESTS(PEST, "pest")                                                                        \
	TESTS(CMOCKA, "cmocka")                                                                    \
	TESTS(CHECK, "check")                                                                      \
	TESTS(UNITY, "unity")                                                                      \
	TESTS(GTEST, "googletest")                                                                 \
	TESTS(CATCH2, "catch2")                                                                    \
	TESTS(DOCTEST, "doctest")                                                                  \
	TESTS(BOOST, "boost.test")                                                                 \
	TESTS(BATS, "bats")                                                                        \
	TESTS(OTHER, "other")

enum test_framework {
	TEST_NONE = 0,
#define TESTS(id, name) TEST_##id,
	TEST_FRAMEWORKS(TESTS)
#undef TESTS
		TEST_COUNT
};

/* Where a program starts, besides main functions. */
struct fact_entry {
	const char *kind, *name, *target; /* "main" "__main__" ""; "container" "CMD" "app serve" */
	uint32_t line;
};

enum licence_evidence {
	LICENCE_NONE = 0,
	LICENCE_TAG,  /* SPDX-License-Identifier: in the first lines */
	LICENCE_TEXT, /* the text of the licence */
	LICENCE_EVIDENCE_COUNT
};

struct fact_licence {
	const char *expression; /* of SPDX; of a tag as written */
	uint32_t line;          /* 0 for a text */
	uint8_t evidence;       /* enum licence_evidence */
	uint8_t percent; /* of a text's confidence; of a tag 100, or 0: not of the SPDX list */
};

struct facts {
	enum lang lang;
	uint32_t code, comment, blank; /* lines; their sum is the number of lines.  A line with both
	                                  code and comment is code (as cloc counts). */
	const char
		*package; /* Go, Java, Kotlin; C#, PHP: the first namespace; Ruby: "zeitwerk" where
	                        the file makes a folder load by names; "" elsewhere */
	struct fact_import *imports;
	size_t nimports;
	struct fact_def *defs;
	size_t ndefs;
	/*
	 * Sorted set of the names that resolution needs: Java, every identifier that starts with a
	 * capital letter; Go, "pkg.Name" selectors and bare identifiers that the function they stand
	 * in does not bind itself; Kotlin, as Java, and calls, "f" or ".f" behind a receiver; C#,
	 * "A" and "A.B" where they may be types, "A`" with type arguments, "`A" for a generic type
	 * that the file declares, "AAttribute" for [A], ".f" for calls of methods; PHP, in full, "A\B" and "A\f()".
	 * Empty elsewhere.
	 */
	const char **names;
	size_t nnames;
	struct fact_ref *refs; /* by name, then line; a pair of those once */
	size_t nrefs;
	struct span packed_refs;   /* instead of refs in facts of a record: record_refs() */
	struct fact_route *routes; /* by line, method, pattern */
	size_t nroutes;
	struct fact_mount *mounts; /* by position */
	size_t nmounts;
	struct fact_env *env; /* by line, name */
	size_t nenv;
	struct fact_entry *entries; /* by line */
	size_t nentries;
	struct fact_licence *licences; /* tags by line, then texts, the surest first */
	size_t nlicences;
	uint32_t test_cases;    /* that a test runner would find; each row of a table counts once */
	uint8_t test_framework; /* enum test_framework */
	bool truncated;
};

/**
 * @lang   from lang_detect()
 * @text   the blob
 * @ret    filled; for a language without a lexer of its own only the lines are counted
 */
void facts_read(struct arena *arena, enum lang lang, struct span text, struct facts *ret);

/** @ret "function", "class", ...; lower case, stable: it is stored in maps */
const char *def_kind_name(enum def_kind kind);

/** @ret "call", "type", "name"; lower case, stable: it is stored in maps */
const char *ref_kind_name(enum ref_kind kind);

/** @ret "flask", "gin", ...; stable: stored in maps */
const char *web_framework_name(enum web_framework framework);

/** @ret the package that a manifest names for it; "" when there is no single one */
const char *web_framework_package(enum web_framework framework);

/** @ret "tag", "text"; stable: stored in maps */
const char *licence_evidence_name(enum licence_evidence evidence);

/** @ret "pytest", "junit", ...; stable: stored in maps */
const char *test_framework_name(enum test_framework framework);

/** @ret "include", "from", "require", ...; lower case, stable: it is stored in maps */
const char *import_kind_name(enum import_kind kind);

#endif
