/*
 * Question: what a question in plain words asks about.
 *
 *   names    what looks like a name of the program: it has an underscore, a capital inside, a dot, a slash,
 *            "::" or brackets behind it, or stands between backticks
 *   words    the others, without those that every question has
 *   phrases  what is meant as it stands: several words in capitals (SKIP LOCKED), or between "double quotes"
 *   past     who changed something, when or why: commits tell
 *   general  nothing but words such as "project" and "code" is left: the whole is asked about
 *
 *   Time     linear in the text
 */
#ifndef CHATS_QUESTION_H
#define CHATS_QUESTION_H

#include "base/arena.h"

#define QUESTION_NAMES_MAX 8
#define QUESTION_WORDS_MAX 24
#define QUESTION_PHRASES   4
#define QUESTION_NAME_MAX  200 /* bytes; a longer one is none */

struct question {
	const char *names[QUESTION_NAMES_MAX]; /* each once, without brackets and backticks */
	size_t nnames;
	const char *words[QUESTION_WORDS_MAX]; /* in small letters, each once */
	size_t nwords;
	const char *phrases[QUESTION_PHRASES]; /* their words are among the words as well */
	size_t nphrases;
	bool past, general;
};

/** @text UTF-8.  @ret texts live in arena */
void question_read(struct arena *arena, const char *text, struct question *ret);

#endif
