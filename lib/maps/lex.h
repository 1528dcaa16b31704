/*
 * The lexer: bytes into tokens, in one pass, by tables.
 *
 * One struct syntax per family of languages says how comments and strings look;
 * lex_open() turns it into a table of byte classes, so that ordinary bytes cost
 * one look-up each.  Comments are skipped, and every line is counted on the way
 * as code, comment or blank.
 *
 *   Input   Any bytes.  Each byte is looked at a bounded number of times,
 *           whatever it is: what does not close is closed by the end of the
 *           line (or of the file, where the language lets it run on).
 *   Memory  The struct itself; nothing is allocated and nothing recurses.
 *   Tokens  Point into the text.
 */
#ifndef MAPS_LEX_H
#define MAPS_LEX_H

#include "base/base.h"

#include <string.h>

#define LEX_DEPTH_MAX   256 /* template literals and JSX elements inside each other */
#define LEX_HEREDOC_MAX 64  /* bytes of a here-document's tag */
#define LEX_HEREDOCS    4   /* here-documents that one line announces */
#define LEX_MISSES_MAX  8 /* searches for an end that is not there, before they stay in the line */

enum syntax_id {
	SYNTAX_TEXT = 0,
	SYNTAX_C,
	SYNTAX_CPP,
	SYNTAX_PYTHON,
	SYNTAX_JS,
	SYNTAX_TS,
	SYNTAX_HTML,
	SYNTAX_VUE,
	SYNTAX_GO,
	SYNTAX_RUST,
	SYNTAX_JAVA,
	SYNTAX_KOTLIN,
	SYNTAX_CSHARP,
	SYNTAX_RUBY,
	SYNTAX_PHP,
	SYNTAX_SHELL,
	SYNTAX_HASH,
	SYNTAX_POWERSHELL,
	SYNTAX_BATCH,
	SYNTAX_SQL,
	SYNTAX_MYSQL,
	SYNTAX_CSS,
	SYNTAX_SCSS,
	SYNTAX_JSON,
	SYNTAX_YAML,
	SYNTAX_TOML,
	SYNTAX_XML,
	SYNTAX_MARKDOWN,
	SYNTAX_PERCENT,
	SYNTAX_CMAKE,
	SYNTAX_M4,
	SYNTAX_PERL,
	SYNTAX_LUA,
	SYNTAX_SWIFT,
	SYNTAX_HASKELL,
	SYNTAX_OCAML,
	SYNTAX_ELIXIR,
	SYNTAX_LISP,
	SYNTAX_JULIA,
	SYNTAX_DART,
	SYNTAX_ZIG,
	SYNTAX_NIX,
	SYNTAX_HCL,
	SYNTAX_GROOVY,
	SYNTAX_FSHARP,
	SYNTAX_PASCAL,
	SYNTAX_FORTRAN,
	SYNTAX_ASM,
	SYNTAX_VIM,
	SYNTAX_DASHES,
	SYNTAX_THRIFT,
	SYNTAX_INI,
	SYNTAX_COUNT
};

/* Bits of struct syntax.flags */
#define LEX_NEST       (1u << 0)  /* block comments nest */
#define LEX_TRIPLE     (1u << 1)  /* a quote three times opens a string over lines */
#define LEX_DOC_STRING (1u << 2)  /* ... whose lines count as comment, as cloc does for Python */
#define LEX_NO_ESCAPE  (1u << 3)  /* a backslash in a string is an ordinary byte */
#define LEX_RAW_CPP    (1u << 4)  /* R"tag(...)tag" */
#define LEX_RAW_RUST   (1u << 5)  /* r#"..."# */
#define LEX_TICK       (1u << 6)  /* ' opens a character, or a lifetime or type variable */
#define LEX_DIGIT_TICK (1u << 7)  /* ' inside numbers */
#define LEX_TEMPLATE   (1u << 8)  /* `...${code}...` */
#define LEX_REGEX      (1u << 9)  /* /.../ where an operand is expected */
#define LEX_JSX        (1u << 10) /* <a>...</a> where an operand is expected */
#define LEX_HEREDOC    (1u << 11) /* <<TAG */
#define LEX_LONG       (1u << 12) /* Lua: [==[ ... ]==] */
#define LEX_VERBATIM   (1u << 13) /* C#: @"..." */
#define LEX_WORD_START (1u << 14) /* a line comment needs a blank or the line's start before it */
#define LEX_LINE_START (1u << 15) /* a line comment is the first thing on its line */
#define LEX_CONTINUED  (1u << 16) /* backslash-newline joins lines, also line comments */
#define LEX_DOLLAR     (1u << 17) /* $ belongs to identifiers */
#define LEX_ANY_CASE   (1u << 18) /* comment markers in either case */
#define LEX_BACKTICK   (1u << 19) /* `any words` is an identifier */
#define LEX_RAW_TRIPLE (1u << 20) /* no escapes in a string with three quotes */
#define LEX_PHP        (1u << 21) /* code between <?php and ?>; <<<TAG; #[ is no comment */
#define LEX_RUBY       (1u << 24) /* "...#{code}...", %w[...], /.../ and ?x: lex_nested.c */
#define LEX_SHELL      (1u << 25) /* "...$(code)...", \x: lex_nested.c */

struct syntax {
	const char *line[3];      /* markers of a comment to the end of the line */
	const char *block[3][2];  /* markers around a block comment */
	const char *bol_block[2]; /* the same, both only at the start of a line */
	const char *quotes;       /* delimiters of strings that end with the line */
	const char *multi;        /* delimiters of strings that run over lines */
	const char *raw;          /* the same, without escapes */
	uint32_t flags;
};

extern const struct syntax syntaxes[SYNTAX_COUNT];

enum token_kind {
	TOKEN_END = 0,
	TOKEN_NEWLINE, /* only while lexer.newlines is set */
	TOKEN_IDENT,
	TOKEN_NUMBER,
	TOKEN_STRING, /* a whole literal: text and len are what stands between the quotes */
	TOKEN_PIECE,  /* part of a template literal, a regular expression or a JSX element */
	TOKEN_PUNCT,  /* one byte; PHP: ?> is a ; */
};

struct token {
	const char *text;
	size_t len;
	const char *line_start; /* of the line where it starts */
	uint32_t line;          /* where it starts, 1 and up */
	uint8_t kind;           /* enum token_kind */
	char c;                 /* TOKEN_PUNCT: the byte; else 0 */
	bool first;             /* the first token of its line */
	bool margin;            /* in the line's first column */
	bool glued;             /* nothing between it and the token before */
};

enum line_kind { LINE_BLANK = 0, LINE_COMMENT, LINE_CODE, LINE_KIND_COUNT };

/* What a template literal or a JSX element is inside of. */
struct lex_mode {
	uint8_t kind;
	uint32_t braces; /* open in the code of this mode; of a tag, its < */
};

/* A here-document that the line announced. */
struct lex_heredoc {
	char tag[LEX_HEREDOC_MAX + 1];
	bool indented;
};

struct lexer {
	const char *p, *end;
	const char *line_start;
	const struct syntax *syntax;
	uint32_t line;
	bool newlines;     /* set by the reader: give TOKEN_NEWLINE */
	uint8_t line_kind; /* of the line so far */
	uint32_t lines[LINE_KIND_COUNT];

	/* Given each line comment, when set; for what some languages hide there. */
	void (*on_comment)(void *arg, struct span text, uint32_t line);
	void *on_comment_arg;

	/* Given each token but newlines once, in order, when set; whoever else reads them. */
	void (*on_token)(void *arg, const struct token *t);
	void *on_token_arg;

	/* The rest is the lexer's own. */
	const char *last_end; /* of the token before */
	struct token last;
	bool line_has_token, has_pushed, ended;
	const char *mark_line_start;
	uint32_t mark_line;
	bool mark_first;
	struct token pushed;
	struct lex_mode modes[LEX_DEPTH_MAX];
	size_t depth;
	bool jsx_off, outside; /* outside: of <?php ... ?> */
	const char *regex_off; /* no regular expression starts before this */
	struct lex_heredoc heredocs[LEX_HEREDOCS];
	size_t nheredocs;
	uint32_t heredoc_misses, nested_misses;
	uint8_t class[256];
};

/** @first_line  number of the text's first line; 1 for a whole file */
void lex_open(struct lexer *lx, enum syntax_id syntax, struct span text, uint32_t first_line);

/** @ret the next token; TOKEN_END (returns false) when there is none, then again each time */
bool lex_next(struct lexer *lx, struct token *ret);

/** Give a token back: the next lex_next() returns it.  One at a time. */
void lex_push(struct lexer *lx, const struct token *t);

/** Skip to the end of the text; for when only lines matter. */
void lex_finish(struct lexer *lx);

/** @ret whether an identifier is this word; in place, so that the length of a literal is known */
static inline bool token_is(const struct token *t, const char *word)
{
	return t->kind == TOKEN_IDENT && t->len == strlen(word) &&
	       memcmp(t->text, word, t->len) == 0;
}

/* Between the files of the lexer: */

/** Count the lines of [lx->p, to) as @kind where they are not blank, and move there. */
void lex_advance(struct lexer *lx, const char *to, enum line_kind kind);

/** Before reading a token that may run over lines: note where it starts. */
void lex_mark(struct lexer *lx);

/** Fill a token that starts at @from and ends at lx->p. */
void lex_token(struct lexer *lx, struct token *ret, enum token_kind kind, const char *from);

/** Skip a comment that starts here.  Returns false when none does. */
bool lex_comment(struct lexer *lx);

/**
 * lex_nested.c: read what starts at lx->p in Ruby or the shell.  Returns false when that is
 * no string, nor anything that would be mistaken for one.
 */
bool lex_nested(struct lexer *lx, struct token *ret);

/* lex_js.c: each returns false when the byte at lx->p starts nothing of the kind. */
bool lex_js_open(struct lexer *lx, struct token *ret);
bool lex_js_brace(struct lexer *lx, struct token *ret);
bool lex_js_resume(struct lexer *lx, struct token *ret);

/* lex_php.c: skip what stands outside of <?php ... ?>, to the code or the end. */
void lex_php_outside(struct lexer *lx);

/** @ret whether a ?> stands here; then it was read as a ; */
bool lex_php_close(struct lexer *lx, struct token *ret);

/** @ret whether a here-document starts here; then it was read as a string */
bool lex_php_heredoc(struct lexer *lx, struct token *ret);

#endif
