/*
 * Probe: what a model can do, found out by asking it.
 *
 * A chat is asked to call a tool, and whether the tokens of its stream were told is looked at; an
 * embedding's vectors are counted; of servers that tell it, the length of the context is read from their list
 * of models.  What cannot be found out stays unknown.
 */
#ifndef AI_PROBE_H
#define AI_PROBE_H

#include "ai/model.h"

/**
 * Probe a model and keep what was found.  Costs what a short call costs.
 * @cancelled asked while a provider is waited for
 * Returns ERR_NOT_FOUND; ERR_CANCELLED; what keeps the model from answering is found, not returned
 */
NODISCARD
enum err probe_model(struct ctx *cx, const char *name, int64_t job_id, bool (*cancelled)(void *arg),
                     void *arg, struct model_found *ret);

#endif
