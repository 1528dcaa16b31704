/* libfcgi's part of a request: reading it, its body, and writing the answer. */
#include "seat.h"

#define DISCARD_MAX ((size_t)33 * 1024 * 1024) /* bytes of an unwanted body that are read away */

static size_t read_stdin(void *self, char *buffer, size_t n)
{
	int got = FCGX_GetStr(buffer, (int)n, self);

	return got > 0 ? (size_t)got : 0;
}

/* What is left of the body must not be there when the next request is read. */
static bool discard_stdin(FCGX_Stream *in)
{
	char scratch[4096];

	for (size_t n = 0; n <= DISCARD_MAX; n += sizeof(scratch)) {
		if (read_stdin(in, scratch, sizeof(scratch)) < sizeof(scratch))
			return FCGX_GetError(in) == 0;
	}
	return false;
}

static void send_answer(struct ctx *cx, struct reply *rp, FCGX_Stream *out)
{
	struct sb head = sb_new(cx->arena, 16 * 1024);

	reply_head(rp, &head);
	assert(!head.failed);
	FCGX_PutStr(head.data, (int)head.len, out);
	if (rp->rq->method == HTTP_HEAD)
		return;
	for (int i = 0; i < rp->npieces; i++) {
		assert(rp->pieces[i].len <= INT32_MAX);
		FCGX_PutStr(rp->pieces[i].data, (int)rp->pieces[i].len, out);
	}
}

bool seat_begin(struct seat *s, int *fd, const struct server *server, struct arena *arena,
                struct db *db)
{
	FCGX_Request *fcgi = &s->fcgi;

	FCGX_InitRequest(fcgi, -1, 0);
	fcgi->ipcFd = *fd;
	fcgi->keepConnection = 1;
	fcgi->detached = 1; /* when libfcgi closes, it does not wait for the peer */
	s->begun = FCGX_Accept_r(fcgi) == 0;
	if (!s->begun && fcgi->ipcFd < 0)
		*fd = -1; /* libfcgi has closed it after an error */
	if (!s->begun)
		return true;
	ctx_begin_beside(&s->cx, server->app, arena, db);
	return serve_begin(&s->cx, server, fcgi->envp,
	                   &(struct body_source){ read_stdin, fcgi->in }, &s->ex);
}

bool seat_answer(struct seat *s, int *fd, struct arena *arena)
{
	FCGX_Request *fcgi = &s->fcgi;
	bool keep;

	s->cx.arena = arena;
	serve_finish(&s->cx, &s->ex);
	keep = discard_stdin(fcgi->in) && fcgi->keepConnection != 0;
	send_answer(&s->cx, &s->ex.rp, fcgi->out);
	fcgi->keepConnection = 1; /* closing is ours */
	FCGX_Finish_r(fcgi);
	if (fcgi->ipcFd < 0)
		*fd = -1;
	serve_end(&s->cx, &s->ex);
	return keep && fcgi->ipcFd >= 0;
}
