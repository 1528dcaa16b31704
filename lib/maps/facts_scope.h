/*
 * Which types and bodies a reader is inside of, for languages of braces whose
 * definitions stand in types: Java, Kotlin, C#, PHP.
 *
 * Past SCOPES_MAX the rest is a body, which is skipped.
 */
#ifndef MAPS_FACTS_SCOPE_H
#define MAPS_FACTS_SCOPE_H

#include "maps/facts_build.h"

#define SCOPES_MAX 64

enum scope_kind { SCOPE_FILE = 1, SCOPE_TYPE, SCOPE_ENUM, SCOPE_BODY };

struct scope {
	uint8_t kind;
	uint32_t def, braces; /* braces: open inside of a body */
	const char *name;     /* of the type around, or ""; NULL: a type without a name */
};

struct scopes {
	struct scope stack[SCOPES_MAX]; /* [0] is the file */
	size_t n;
};

static inline struct scope *scope_top(struct scopes *sc)
{
	return &sc->stack[sc->n - 1];
}

/** Only the file is open. */
void scope_open(struct scopes *sc);

/** @name lives as long as the scopes */
void scope_push(struct scopes *sc, enum scope_kind kind, uint32_t def, const char *name);

/** The innermost one ends, and its definition with it; the file does not. */
void scope_pop(struct scopes *sc, struct sink *sk, uint32_t line);

/** @ret whether a token inside of a body is the brace that closes it */
bool scope_body_ends(struct scopes *sc, const struct token *t);

#endif
