/* Documents about the API, made once at start-up. */
#include "reply.h"
#include "routes/tables.h"
#include "serve.h"

static enum err get_openapi(UNUSED struct ctx *cx, const struct request *rq, struct reply *rp)
{
	reply_text(rp, "application/json", rq->server->openapi);
	reply_content_etag(rp);
	return ERR_OK;
}

static enum err get_problems(UNUSED struct ctx *cx, const struct request *rq, struct reply *rp)
{
	reply_text(rp, "text/html; charset=utf-8", rq->server->problems);
	reply_content_etag(rp);
	return ERR_OK;
}

const struct route docs_routes[] = {
	{
		.method = HTTP_GET,
		.path = "/api/v1/openapi.json",
		.op = "getOpenapi",
		.tag = "Documents",
		.auth = AUTH_NONE,
		.role = ROLE_ANYONE,
		.area = AREA_NONE,
		.rate = RATE_PROBE,
		.etag = true,
		.status = 200,
		.form = ROUTE_TEXT,
		.media = "application/json",
		.run = get_openapi,
		.doc = "Read this description of the API.",
	},
	{
		.method = HTTP_GET,
		.path = "/docs/problems",
		.op = "getProblems",
		.tag = "Documents",
		.auth = AUTH_NONE,
		.role = ROLE_ANYONE,
		.area = AREA_NONE,
		.rate = RATE_PROBE,
		.etag = true,
		.status = 200,
		.form = ROUTE_TEXT,
		.media = "text/html",
		.run = get_problems,
		.doc = "Read what each problem means.",
	},
	ROUTES_END,
};
