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
	IMPORT_KIND_COUNT
};

/*
 * Bits of struct fact_import.flags.  Optional: inside try/except, if TYPE_CHECKING or a
 * conditional; C: any #if but an include guard; Rust: behind #[cfg].
 */
#define IMPORT_F_OPTIONAL 1u
#define IMPORT_F_PATH     2u /* Rust: target is a path from #[path = "…"] */

struct fact_import {
	const char *target; /* as written, quotes taken off */
	const char *name;   /* the one name taken from it, "" when all of it */
	const char *alias;  /* local name where the language gives one (Go, Python "as"), else "" */
	const char *scope;  /* Rust: inline module path around it ("a::b"), else "" */
	uint32_t line;      /* 1 and up */
	uint8_t kind;       /* enum import_kind */
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
	DEF_KIND_COUNT
};

/*
 * Definitions: what stands at the top, in namespaces and in types; functions also inside others
 * (not C and Java), types also inside C functions.  Constants are those of the module or type:
 * JS const, Python capitals, C const with a value, Java static final, Go const, Rust const and
 * static; variables are those of Go packages.
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

struct facts {
	enum lang lang;
	uint32_t code, comment, blank; /* lines; their sum is the number of lines.  A line with both
	                                  code and comment is code (as cloc counts). */
	const char *package;           /* Go package clause, Java package; "" elsewhere */
	struct fact_import *imports;
	size_t nimports;
	struct fact_def *defs;
	size_t ndefs;
	/*
	 * Sorted set of the names that resolution needs: Java, every identifier that starts with a
	 * capital letter; Go, "pkg.Name" selectors and bare identifiers that the function they stand
	 * in does not bind itself; empty elsewhere.
	 */
	const char **names;
	size_t nnames;
	struct fact_ref *refs; /* by name, then line; a pair of those once */
	size_t nrefs;
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

/** @ret "include", "from", "require", ...; lower case, stable: it is stored in maps */
const char *import_kind_name(enum import_kind kind);

#endif
