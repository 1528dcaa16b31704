/* Answering with a run: as it is, or by the relay once it has ended. */
#ifndef ROUTES_RUNS_H
#define ROUTES_RUNS_H

#include "handover.h"
#include "live/answer.h"

#include "chats/turn.h"

/* The query of what may wait. */
struct run_wait {
	int64_t wait;
};
extern const struct schema run_wait_schema;

#define RUN_WAIT_DETAIL                                                                              \
	"With wait, the answer is the run once it has ended, with status 200, or as it was when it " \
	"began, with 202, when that takes longer."

#define RUN_EXAMPLE                                                                                                                                 \
	"\"id\":12,\"conversation_id\":3,\"project_id\":7,\"message_id\":7,\"job_id\":41,"                                                          \
	"\"status\":\"queued\",\"mode\":null,\"wanted_model\":null,\"model\":null,\"answer\":\"\","                                                 \
	"\"citations\":[],\"dropped_citations\":0,\"steps\":[],"                                                                                    \
	"\"cached_from\":null,\"input_tokens\":0,\"output_tokens\":0,\"cost_micro\":0,\"lost_calls\":0,\"error_type\":null,\"error_message\":null," \
	"\"created_at\":\"2026-11-21T06:45:00.123Z\",\"started_at\":null,\"finished_at\":null,"                                                     \
	"\"duration_ms\":0"

/**
 * Answer with a run: the relay waits for its end as long as asked; without waiting, and of a run that
 * is over, it is answered as it stands.
 *
 * @way LIVE_RUN or LIVE_GOOSE: the form of the answer
 */
NODISCARD
enum err reply_run(struct ctx *cx, const struct request *rq, struct reply *rp, enum live_way way,
                   int64_t wait_s, const struct turn *turn);

/** Answer with the chunks of an OpenAI chat completion, as the run writes its answer. */
NODISCARD
enum err reply_chat(struct ctx *cx, const struct request *rq, struct reply *rp,
                    const struct turn *turn, bool usage);

#endif
