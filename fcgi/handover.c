/* X-Accel-Redirect to the relay. */
#include "handover.h"

#include "admit.h"

#include <string.h>

#define TARGET_MAX_BYTES ((size_t)12 * 1024) /* of nginx's 16 KiB for a head */

enum err handover(struct ctx *cx, const struct request *rq, struct reply *rp,
                  struct live_spec *spec)
{
	struct sb sb = sb_new(cx->arena, TARGET_MAX_BYTES);
	const char *target;

	TRY(admit_settle(cx));
	spec->who = (struct standing){
		.tenant_id = cx->who.tenant_id,
		.key_id = cx->who.key_id,
		.family_id = cx->who.family_id,
		.user_id = cx->who.user_id,
		.session_id = cx->who.session_id,
		.role = cx->who.role,
	};
	memcpy(spec->request_id, cx->request_id, sizeof(spec->request_id));
	spec_print(&sb, spec);
	TRY(sb_finish(cx, &sb, &target));
	rp->status = 200;
	/* What a HEAD asks for is known without the relay, to which it would be a stream. */
	if (rq->method != HTTP_HEAD)
		reply_header(rp, "X-Accel-Redirect", target);
	return ERR_OK;
}
