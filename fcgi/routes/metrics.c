/* Numbers for a monitor. */
#include "reply.h"
#include "routes/tables.h"

#include "jobs/metrics.h"

static enum err get_metrics(struct ctx *cx, UNUSED const struct request *rq, struct reply *rp)
{
	struct span text;

	TRY(metrics_print(cx, &text));
	reply_text(rp, METRICS_MEDIA, text);
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
		.doc = "Tell the numbers of the queue and the event log over all tenants, as Prometheus "
		       "reads them.",
		.detail = "Who asks from the service's own machine, not through a proxy, needs no "
			  "credential.",
	},
	ROUTES_END,
};
