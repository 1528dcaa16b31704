/*
 * Prompts: templates in files, with a version.
 *
 * The file <prompts_dir>/<name>.md begins with a line "version: <number>"; what follows is the template.
 * {{word}} stands for a value that is put in as it is and not looked at again; a value may hold braces.
 * The version that is stored with a call is the number, and the beginning of a hash of the file, so that a file
 * that was changed without a new number is noticed: "3-1f0a9c2e".
 *
 *     struct prompt_value values[] = { { "question", question } };
 *     TRY(prompt_fill(cx, "answer", values, COUNT(values), &prompt));
 */
#ifndef AI_PROMPT_H
#define AI_PROMPT_H

#include "base/ctx.h"

#define PROMPT_FILE_MAX   ((size_t)64 << 10) /* bytes of a template */
#define PROMPT_TEXT_MAX   ((size_t)4 << 20)  /* bytes of what comes out */
#define PROMPT_NAME_MAX   50                 /* a-z 0-9 - */
#define PROMPT_VALUES_MAX 32

struct prompt_value {
	const char *name; /* a-z 0-9 _ */
	const char *text;
};

struct prompt {
	const char *name, *version, *text;
};

/**
 * Read a template and put values into it.
 * Returns ERR_INTERNAL naming file and line: it is missing, has no version, or asks for a value that is not
 *         given; ERR_LIMIT when what comes out is too long
 */
NODISCARD
enum err prompt_fill(struct ctx *cx, const char *name, const struct prompt_value *values,
                     size_t nvalues, struct prompt *ret);

#endif
