/*
 * Tools: what a model may do to find things out.  All of them read; none writes or leaves the machine.
 *
 * They are the functions behind the map's endpoints, for the tenant of the run, and in a conversation about
 * one project for that project alone; documents belong to none, and are read in those about everything.  What is wrong with a call is told to the model, not to the user.
 */
#ifndef CHATS_TOOLS_H
#define CHATS_TOOLS_H

#include "ai/llm.h"

#define TOOLS_OUTPUT_MAX ((size_t)12000) /* bytes of one output */
#define TOOLS_LINES      120             /* of a file that are read at a time */

/* Every tool; a row without a name ends them. */
extern const struct llm_tool tools_all[];

struct tool_output {
	const char *text;
	bool failed;
};

/**
 * Do what a call asks for.
 *
 * @project_id that the conversation is about; 0: all of the tenant's, the call names which
 * @commit     at which files are read; NULL: of the newest map
 * Returns only what says nothing of the call: ERR_UNAVAILABLE, ERR_TIMEOUT, ...
 */
NODISCARD
enum err tools_run(struct ctx *cx, int64_t project_id, const char *commit,
                   const struct llm_tool_call *call, struct tool_output *ret);

#endif
