/* Admission by a session's cookie; of fcgi/admit.c alone. */
#ifndef ADMIT_SESSION_H
#define ADMIT_SESSION_H

#include "request.h"

/** @ret the tenant that X-Portolan-Tenant names; without it untouched.  Returns ERR_INVALID */
NODISCARD
enum err admit_tenant(struct ctx *cx, const struct request *rq, int64_t *ret);

/**
 * Admit the person behind the cookie to rq->route, in the tenant that X-Portolan-Tenant or else the
 * cookie names.  What changes something must carry X-CSRF-Token and come from a page of ours.
 *
 * @ret_found  false: there is no cookie of ours, and nothing was done
 * Returns as admit(); ERR_FORBIDDEN says which header is missing or wrong; ERR_INVALID
 */
NODISCARD
enum err admit_session(struct ctx *cx, struct request *rq, bool *ret_found);

#endif
