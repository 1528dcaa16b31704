/*
 * Strings of all languages; part of the lexer and used by it alone.
 */
#ifndef MAPS_LEX_STRING_H
#define MAPS_LEX_STRING_H

#include "maps/lex.h"

/** Read the string that starts at lx->p.  Returns false when none does. */
bool lex_string(struct lexer *lx, struct token *ret);

/**
 * Read a string that follows a prefix such as r, b or R.
 *
 * @from  start of the prefix, which ends at lx->p
 * Returns false, with lx->p where it was, when it is no such prefix.
 */
bool lex_prefixed_string(struct lexer *lx, struct token *ret, const char *from);

/** Skip the bodies of the here-documents that the line before announced. */
void lex_heredoc_bodies(struct lexer *lx);

#endif
