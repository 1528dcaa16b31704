/* Bodies that are no JSON: judged by their head, then taken piece by piece. */
#include "raw.h"

#include "config/config.h"

#include <strings.h>

#define TYPES_BYTES 512

static enum err unknown_type(struct ctx *cx, const struct request *rq)
{
	struct sb sb = sb_new(cx->arena, TYPES_BYTES);

	for (size_t i = 0; rq->route->raw[i] != NULL; i++)
		sb_addf(&sb, ", %s", rq->route->raw[i]);
	return err_field(cx, ERR_MEDIA_TYPE, "Content-Type:", "media_type",
	                 "The body must be application/json%s; text in UTF-8.", sb.data);
}

enum err raw_begin(struct ctx *cx, struct request *rq, const struct body_source *source, bool *ret)
{
	const char *const *type = rq->route->raw;
	const int64_t max = cx->app->config->upload_max_bytes;

	*ret = false;
	if (type == NULL || rq->content_type == NULL ||
	    request_is_media(rq->content_type, "application/json"))
		return ERR_OK;
	while (*type != NULL && !request_is_media(rq->content_type, *type))
		type++;
	if (*type == NULL)
		return unknown_type(cx, rq);
	TRY(request_check_coding(cx, rq));
	TRY(request_announced(cx, rq, (size_t)max, &rq->announced));
	if (rq->announced != SIZE_MAX && rq->announced > (size_t)max)
		return err_set(cx, ERR_TOO_LARGE, "A body of type %s may have up to %lld bytes.",
		               *type, (long long)max);
	rq->upload.media_type = *type;
	rq->source = source;
	*ret = true;
	return ERR_OK;
}

enum err raw_take(struct ctx *cx, struct request *rq)
{
	struct upload_source source;

	if (rq->source == NULL)
		return ERR_OK;
	source = (struct upload_source){ rq->source->read, rq->source->self };
	TRY(upload_take(cx, &source, cx->app->config->upload_max_bytes, &rq->upload));
	if (rq->announced != SIZE_MAX && rq->upload.bytes != (int64_t)rq->announced)
		return request_cut(cx);
	return ERR_OK;
}

enum err raw_run(struct ctx *cx, struct exchange *ex)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(db_begin(cx, &tx));
	TRY(raw_take(cx, &ex->rq));
	TRY(ex->rq.route->run(cx, &ex->rq, &ex->rp));
	TRY(upload_drop(cx, &ex->rq.upload));
	return db_commit(&tx);
}
