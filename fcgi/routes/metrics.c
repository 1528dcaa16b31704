/* Numbers for a monitor. */
#include "reply.h"
#include "routes/tables.h"

#include "ai/usage.h"
#include "jobs/metrics.h"

#include <string.h>

static enum err get_metrics(struct ctx *cx, UNUSED const struct request *rq, struct reply *rp)
{
	struct span queue, usage;
	char *text;

	TRY(metrics_print(cx, &queue));
	TRY(usage_print(cx, &usage));
	text = arena_alloc(cx->arena, queue.len + usage.len + 1);
	memcpy(text, queue.data, queue.len);
	memcpy(text + queue.len, usage.data, usage.len);
	reply_text(rp, METRICS_MEDIA, (struct span){ text, queue.len + usage.len });
	return ERR_OK;
}

const struct route metrics_routes[] = {
	{
		.method = HTTP_GET,
		.path = "/metrics",
		.op = "getMetrics",
		.tag = "Health",
		.auth = AUTH_ANY,
		.local = true,
		.role = ROLE_OPERATOR,
		.area = AREA_STATUS,
		.rate = RATE_READ,
		.status = 200,
		.form = ROUTE_TEXT,
		.media = METRICS_MEDIA,
		.run = get_metrics,
		.doc = "Tell the numbers of the queue, the event log, models and the search over all "
		       "tenants, as Prometheus reads them.",
		.detail = "Who asks from the service's own machine, not through a proxy, needs no "
			  "credential.",
	},
	ROUTES_END,
};
