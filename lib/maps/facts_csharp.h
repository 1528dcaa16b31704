/*
 * Between the files of the reader of C#: which words are used as types.
 *
 * C# writes properties, methods and types alike with a capital letter, so a
 * word counts by what stands around it.  Where that does not decide ("Level."
 * may be a property or a type), it counts unless the file itself declares a
 * member of that name.
 */
#ifndef MAPS_FACTS_CSHARP_H
#define MAPS_FACTS_CSHARP_H

#include "maps/facts_build.h"

struct csharp_names {
	struct sink *sk;
	const char *end;                   /* of the file */
	struct token prev, prev2;          /* the last token, and the one in front of it */
	struct token before, around;       /* the same at the start of the name */
	char name[2 * FACTS_NAME_MAX + 2]; /* the dotted name being read */
	size_t len, last;                  /* last: where its last part begins */
	bool open, called;                 /* called: it goes on behind a value, as in f().Name */
	bool attribute;                    /* it may be short for NameAttribute */
	bool ended;                        /* the last token closed attributes */
	uint32_t nest;                     /* open [ and ( of attributes */
	struct name_set own, maybe;
	struct word_filter keywords, types;
};

/** @end of the file's text, which the tokens are read from */
void csharp_names_open(struct csharp_names *names, struct sink *sk, const char *end);

/** Look at the next token of the file, whatever it belongs to. */
void csharp_names_token(struct csharp_names *names, const struct token *t);

/** A generic type is declared: noted as "`Name", since it may share its name with a plain one. */
void csharp_names_generic(struct csharp_names *names, struct span name);

/** Behind the last token: the doubtful names are decided. */
void csharp_names_close(struct csharp_names *names);

#endif
