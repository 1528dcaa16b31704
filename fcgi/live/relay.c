/*
 * Callbacks of libwebsockets: connections in, bytes out.
 *
 *     accept -> HTTP request or upgrade -> spec -> hub_join() -> writeable, again and again -> closed
 *
 * A callback that returns -1 closes its connection.
 */
#include "live/relay.h"

#include "live/answer.h"
#include "live/message.h"
#include "problem.h"

#include "app/registry_kinds.h"
#include "config/config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLOSE_CONN      (-1)
#define HEADERS_BYTES   8192 /* of a request that nginx hands on */
#define POLL_BODY_BYTES ((size_t)1024 * 1024)
#define MESSAGES_A_TURN 64
#define HEAD            "HTTP/1.1 200 OK\r\nX-Accel-Buffering: no\r\n" /* the worker has said the rest */
#define CLOSE_BAD_TYPE  1003
#define CLOSE_POLICY    1008
#define CLOSE_TOO_BIG   1009
#define CLOSE_RESTART   1012
#define CLOSE_LATER     1013

static const char *kinds_of(const struct stream *s)
{
	return s->filter.kinds == NULL ? "" : s->filter.kinds;
}

/* What libwebsockets keeps of a connection. */
struct session {
	struct stream *stream;
};

static struct hub *hub_of(struct lws *wsi)
{
	return lws_context_user(lws_get_context(wsi));
}

/* --- Out --- */

/* @flags of LWS_WRITE_*.  What a full socket does not take, libwebsockets keeps and sends. */
static int put(struct hub *hub, struct stream *s, size_t n, int flags)
{
	s->wrote_ms = hub->source.now_ms;
	return lws_write(s->wsi, hub->scratch + LWS_PRE, n, (enum lws_write_protocol)flags) < 0
	               ? CLOSE_CONN
	               : 0;
}

static int put_text(struct hub *hub, struct stream *s, const char *text, size_t n, int flags)
{
	assert(n <= HUB_CHUNK);
	memcpy(hub->scratch + LWS_PRE, text, n);
	return put(hub, s, n, flags);
}

static void note_gone(struct stream *s)
{
	free(s->note);
	s->note = NULL;
}

/* --- SSE --- */

static size_t add(struct hub *hub, size_t at, const char *text, size_t n)
{
	memcpy(hub->scratch + LWS_PRE + at, text, n);
	return at + n;
}

/* Who watches one run has seen all of it. */
static void end_with(struct stream *s, const struct live_event *event)
{
	if (s->filter.run_id != 0 && answer_is(event, &turn_ended) && s->ending == NOT_ENDING)
		s->ending = ENDING_AGE;
}

static size_t add_events(struct hub *hub, struct stream *s)
{
	struct live_event *event;
	size_t n = 0;

	while (n < HUB_CHUNK && (event = stream_next(&hub->source, s)) != NULL) {
		size_t left = event->frame_bytes - s->now_at, room = HUB_CHUNK - n;
		size_t take = left < room ? left : room;

		n = add(hub, n, event->text + s->now_at, take);
		s->now_at += take;
		if (take < left)
			break;
		s->told = event->position;
		end_with(s, event);
		stream_sent(s);
	}
	return n;
}

/* A comment, and where it stands now: who comes again begins there, though no event told it so. */
static size_t add_beat(struct hub *hub, struct stream *s, size_t at)
{
	char text[64];
	int n = snprintf(text, sizeof(text), ":\n\n");

	s->beats = false;
	if (s->cursor != s->told)
		n = snprintf(text, sizeof(text), ":\nid: %lld\n\n", (long long)s->cursor);
	s->told = s->cursor;
	return add(hub, at, text, (size_t)n);
}

static int write_sse(struct hub *hub, struct stream *s)
{
	static const char BEGIN[] = HEAD "Content-Type: text/event-stream\r\n\r\nretry: 2000\n\n",
			  END[] = "event: end\ndata: ";
	bool ends = s->ending != NOT_ENDING && s->now_at == 0;
	size_t n;

	if (!s->greeted) {
		s->greeted = s->beats = true;
		return put_text(hub, s, BEGIN, sizeof(BEGIN) - 1, LWS_WRITE_HTTP_HEADERS);
	}
	if (ends && s->note == NULL)
		return CLOSE_CONN;
	if (ends) {
		n = add(hub, 0, END, sizeof(END) - 1);
		n = add(hub, n, s->note, s->note_bytes);
		n = add(hub, n, "\n\n", 2);
		note_gone(s);
		return put(hub, s, n, LWS_WRITE_HTTP);
	}
	n = add_events(hub, s);
	if (s->beats && s->now_at == 0 && hub->source.ready)
		n = add_beat(hub, s, n);
	return n > 0 ? put(hub, s, n, LWS_WRITE_HTTP) : 0;
}

/* --- WebSocket --- */

static int close_ws(struct stream *s, int code, const char *why)
{
	char text[124];
	int n = snprintf(text, sizeof(text), "%s", why);

	lws_close_reason(s->wsi, (enum lws_close_status)code, (unsigned char *)text, (size_t)n);
	return CLOSE_CONN;
}

static int end_ws(struct stream *s)
{
	switch (s->ending) {
	case ENDING_FALLEN:
		return close_ws(s, CLOSE_POLICY, "The credential does not hold any more.");
	case ENDING_RESTART:
		return close_ws(s, CLOSE_RESTART, "Come again with your last position.");
	case ENDING_AGE:
	case NOT_ENDING:
		break;
	}
	return close_ws(s, LWS_CLOSE_STATUS_GOINGAWAY, "Come again with your last position.");
}

/* One portion of an event; a message of several portions goes out as fragments. */
static int write_portion(struct hub *hub, struct stream *s, const struct live_event *event)
{
	size_t left = event->json_bytes - s->now_at;
	size_t take = left < HUB_CHUNK ? left : HUB_CHUNK;
	int flags = lws_write_ws_flags(LWS_WRITE_TEXT, s->now_at == 0, take == left);
	int ret = put_text(hub, s, event->text + event->json_at + s->now_at, take, flags);

	s->now_at += take;
	if (take == left) {
		end_with(s, event);
		stream_sent(s);
	}
	return ret;
}

static int write_note(struct hub *hub, struct stream *s)
{
	int ret = put_text(hub, s, s->note, s->note_bytes, LWS_WRITE_TEXT);

	note_gone(s);
	lws_rx_flow_control(s->wsi, 1);
	return ret;
}

/* The first message says where the stream stands, so that who loses it at once can resume. */
static bool greet_ws(struct hub *hub, struct stream *s)
{
	struct sb sb = sb_new(hub->cx.arena, 4096);

	if (!hub->source.ready)
		return false;
	s->greeted = true;
	stream_next(&hub->source, s);
	message_state(&sb, kinds_of(s), s->cursor);
	stream_note(s, sb.data, sb.len);
	return true;
}

static int write_ws(struct hub *hub, struct stream *s)
{
	if (!s->greeted && !greet_ws(hub, s))
		return 0;
	for (int i = 0; i < MESSAGES_A_TURN; i++) {
		const struct live_event *event;

		if (s->now_at == 0 && s->note != NULL) {
			if (write_note(hub, s) != 0)
				return CLOSE_CONN;
			continue;
		}
		if (s->ending != NOT_ENDING && s->now_at == 0)
			return end_ws(s);
		event = stream_next(&hub->source, s);
		if (event == NULL || (i > 0 && lws_send_pipe_choked(s->wsi)))
			break;
		if (write_portion(hub, s, event) != 0)
			return CLOSE_CONN;
	}
	if (!s->beats || s->now_at > 0)
		return 0;
	s->beats = false;
	return put(hub, s, 0, LWS_WRITE_PING);
}

/* --- Long-poll --- */

static void answer_poll(struct hub *hub, struct stream *s)
{
	struct sb sb = sb_new(hub->cx.arena, POLL_BODY_BYTES + HUB_CHUNK + ((size_t)2 << 20)),
		  all = sb_new(hub->cx.arena, sb.max + 1024);
	const struct live_event *event;

	sb_add(&sb, "{\"items\":[");
	for (int64_t n = 0; n < s->limit && sb.len < POLL_BODY_BYTES; n++) {
		event = stream_next(&hub->source, s);
		if (event == NULL)
			break;
		sb_add(&sb, n > 0 ? "," : "");
		sb_addn(&sb, event->text + event->json_at, event->json_bytes);
		stream_sent(s);
	}
	sb_add(&sb, "],\"next_after\":");
	sb_int(&sb, s->cursor);
	sb_add(&sb, ",\"next_before\":null");
	sb_add(&sb, stream_next(&hub->source, s) == NULL ? ",\"more\":false}" : ",\"more\":true}");
	sb_addf(&all, HEAD "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n", sb.len);
	sb_addn(&all, sb.data, sb.len);
	assert(!all.failed);
	stream_note(s, all.data, all.len);
}

static bool gather_poll(struct hub *hub, struct stream *s)
{
	if (stream_next(&hub->source, s) == NULL && s->ending == NOT_ENDING)
		return false;
	answer_poll(hub, s);
	return true;
}

/* A portion of the note.  @final what the last one is written with */
static int put_note(struct hub *hub, struct stream *s, int final)
{
	size_t left = s->note_bytes - s->note_at;
	size_t take = left < HUB_CHUNK ? left : HUB_CHUNK;

	if (put_text(hub, s, s->note + s->note_at, take, take == left ? final : LWS_WRITE_HTTP) !=
	    0)
		return CLOSE_CONN;
	s->note_at += take;
	if (take == left)
		note_gone(s);
	return 0;
}

/* One answer, whole. */
static int write_once(struct hub *hub, struct stream *s)
{
	if (s->note == NULL && s->greeted)
		return CLOSE_CONN; /* all has gone */
	if (s->note == NULL &&
	    !(s->way == LIVE_POLL ? gather_poll(hub, s) : answer_gather(&hub->cx, &hub->source, s)))
		return 0;
	s->greeted = true;
	if (put_note(hub, s, LWS_WRITE_HTTP_FINAL) != 0)
		return CLOSE_CONN;
	if (s->note == NULL)
		s->ending = ENDING_AGE;
	return 0;
}

static int write_chat(struct hub *hub, struct stream *s)
{
	static const char BEGIN[] = HEAD "Content-Type: text/event-stream\r\n\r\n";

	if (!s->greeted) {
		s->greeted = true;
		return put_text(hub, s, BEGIN, sizeof(BEGIN) - 1, LWS_WRITE_HTTP_HEADERS);
	}
	if (s->note == NULL && s->ending != NOT_ENDING)
		return CLOSE_CONN;
	if (s->note == NULL && !answer_chat(&hub->cx, &hub->source, s)) {
		bool beats = s->beats;

		s->beats = false;
		return beats ? put_text(hub, s, ":\n\n", 3, LWS_WRITE_HTTP) : 0;
	}
	return put_note(hub, s, LWS_WRITE_HTTP);
}

static int on_writeable(struct hub *hub, struct stream *s)
{
	static int (*const WRITE[LIVE_WAYS])(struct hub * hub, struct stream * s) = {
		[LIVE_SSE] = write_sse,   [LIVE_WS] = write_ws,      [LIVE_POLL] = write_once,
		[LIVE_RUN] = write_once,  [LIVE_GOOSE] = write_once, [LIVE_COMPLETION] = write_once,
		[LIVE_CHAT] = write_chat,
	};

	if (s == NULL)
		return 0;
	hub_ctx(hub);
	s->asked_ms = 0;
	if (WRITE[s->way](hub, s) != 0)
		return CLOSE_CONN;
	hub_stir(hub, s);
	return 0;
}

/* --- In --- */

static bool read_spec(struct lws *wsi, const char *path, struct live_spec *spec)
{
	char pair[LIVE_KINDS_TEXT + 16];

	if (!spec_begin(spec, path))
		return false;
	for (int i = 0;; i++) {
		int n = lws_hdr_copy_fragment(wsi, pair, sizeof(pair), WSI_TOKEN_HTTP_URI_ARGS, i);

		if (n < 0)
			break;
		if (n > 0 && !spec_take(spec, pair))
			return false;
	}
	return spec_is_whole(spec);
}

static int refuse(struct hub *hub, struct lws *wsi, const struct live_spec *spec)
{
	struct ctx *cx = &hub->cx;
	struct sb sb = sb_fixed((char *)hub->scratch + LWS_PRE, HUB_CHUNK);
	struct reply rp;

	memcpy(cx->request_id, spec->request_id, sizeof(cx->request_id));
	reply_begin(&rp, cx, NULL);
	problem_reply(&rp);
	sb_addf(&sb,
	        "HTTP/1.1 %d Refused\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
	        "Connection: close\r\n",
	        rp.status, rp.media, reply_body_bytes(&rp));
	for (int i = 0; i < rp.nheaders; i++)
		sb_addf(&sb, "%s: %s\r\n", rp.headers[i].name, rp.headers[i].value);
	sb_add(&sb, "\r\n");
	sb_addn(&sb, rp.pieces[0].data, rp.pieces[0].len);
	assert(!sb.failed);
	lws_write(wsi, (unsigned char *)sb.data, sb.len, LWS_WRITE_HTTP_FINAL);
	return CLOSE_CONN;
}

/* GET: an event stream, or a poll that waits. */
static int on_request(struct hub *hub, struct lws *wsi, struct session *session, const char *path)
{
	struct live_spec spec;

	hub_ctx(hub);
	if (!read_spec(wsi, path, &spec) || spec.way == LIVE_WS)
		return CLOSE_CONN; /* no worker of ours says such a thing */
	if (hub_join(hub, wsi, &spec, &session->stream) != ERR_OK)
		return refuse(hub, wsi, &spec);
	lws_http_mark_sse(wsi);
	lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
	/* Until a poll has its answer, nothing of it goes out. */
	session->stream->greeted = false;
	hub_stir(hub, session->stream);
	return 0;
}

static int on_upgraded(struct hub *hub, struct lws *wsi, struct session *session)
{
	char path[16] = "";
	struct live_spec spec;

	hub_ctx(hub);
	if (lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) <= 0 ||
	    !read_spec(wsi, path, &spec) || spec.way != LIVE_WS)
		return CLOSE_CONN;
	if (hub_join(hub, wsi, &spec, &session->stream) != ERR_OK) {
		/* A browser shows its page neither status nor body of a refused upgrade. */
		lws_close_reason(wsi, (enum lws_close_status)CLOSE_LATER,
		                 (unsigned char *)hub->cx.fault.detail,
		                 strnlen(hub->cx.fault.detail, 120));
		return CLOSE_CONN;
	}
	hub_stir(hub, session->stream);
	return 0;
}

/* @ret as event_kinds_select() */
static enum err obey(struct hub *hub, struct stream *s, const struct live_message *message,
                     struct sb *sb)
{
	bool chooses = schema_given(&live_message_schema, message, "types");
	struct list kinds = { 0 };
	int64_t after;

	if (chooses)
		TRY(event_kinds_select(&hub->cx, app_event_kinds, &message->types, "/types",
		                       &kinds));
	if (schema_given(&live_message_schema, message, "after"))
		stream_jump(s, message->after);
	if (chooses) {
		char text[LIVE_KINDS_TEXT];

		spec_list(text, &kinds);
		stream_set_kinds(s, text);
	}
	stream_next(&hub->source, s);
	after = s->jumps ? s->jump_to : s->cursor;
	message_answer(sb, message, kinds_of(s), after);
	return ERR_OK;
}

/* The next message is read when this one has its answer. */
static void take_message(struct hub *hub, struct stream *s)
{
	struct ctx *cx = hub_ctx(hub);
	struct sb sb = sb_new(cx->arena, 3 * LIVE_MESSAGE_MAX);
	struct live_message message;

	if (message_read(cx, (struct span){ s->in, s->in_bytes }, &message) != ERR_OK ||
	    obey(hub, s, &message, &sb) != ERR_OK)
		message_error(&sb, cx, s->request_id);
	assert(!sb.failed);
	s->in_bytes = 0;
	lws_rx_flow_control(s->wsi, 0);
	stream_note(s, sb.data, sb.len);
	hub_stir(hub, s);
}

static int on_received(struct hub *hub, struct stream *s, const char *bytes, size_t n)
{
	if (lws_frame_is_binary(s->wsi))
		return close_ws(s, CLOSE_BAD_TYPE, "Messages are text.");
	if (s->in_bytes + n > LIVE_MESSAGE_MAX)
		return close_ws(s, CLOSE_TOO_BIG, "A message may have 4096 bytes.");
	if (s->in == NULL)
		s->in = malloc(LIVE_MESSAGE_MAX);
	if (s->in == NULL)
		abort(); /* as an arena does */
	memcpy(s->in + s->in_bytes, bytes, n);
	s->in_bytes += n;
	if (lws_is_final_fragment(s->wsi) && lws_remaining_packet_payload(s->wsi) == 0)
		take_message(hub, s);
	return 0;
}

static int on_live(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                   size_t len)
{
	struct session *session = user;
	struct hub *hub = hub_of(wsi);

	switch (reason) {
	case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
		hub_news(hub);
		return 0;
	case LWS_CALLBACK_HTTP:
		return on_request(hub, wsi, session, in);
	case LWS_CALLBACK_ESTABLISHED:
		return on_upgraded(hub, wsi, session);
	case LWS_CALLBACK_HTTP_WRITEABLE:
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return on_writeable(hub, session->stream);
	case LWS_CALLBACK_RECEIVE:
		return on_received(hub, session->stream, in, len);
	case LWS_CALLBACK_CLOSED:
	case LWS_CALLBACK_CLOSED_HTTP:
		if (session != NULL && session->stream != NULL) {
			hub_leave(hub, session->stream);
			session->stream = NULL;
		}
		return 0;
	default:
		return lws_callback_http_dummy(wsi, reason, user, in, len);
	}
}

/* --- The listener and the signals --- */

/* Take all that waits. */
static int on_listener(struct lws *wsi, enum lws_callback_reasons reason, UNUSED void *user,
                       UNUSED void *in, UNUSED size_t len)
{
	struct hub *hub = hub_of(wsi);

	if (reason != LWS_CALLBACK_RAW_RX_FILE)
		return 0;
	if (hub->ending)
		return CLOSE_CONN; /* who still waits gets to the relay that comes next */
	for (;;) {
		int fd = accept4(lws_get_socket_fd(wsi), NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			return 0;
		lws_adopt_socket_vhost(lws_get_vhost(wsi), fd); /* closes what it cannot take */
	}
}

static int on_signals(struct lws *wsi, enum lws_callback_reasons reason, UNUSED void *user,
                      UNUSED void *in, UNUSED size_t len)
{
	char scratch[128];

	if (reason != LWS_CALLBACK_RAW_RX_FILE)
		return 0;
	if (read(lws_get_socket_fd(wsi), scratch, sizeof(scratch)) > 0)
		hub_end(hub_of(wsi));
	return 0;
}

static const struct lws_protocols PROTOCOLS[] = {
	{ .name = "live",
	  .callback = on_live,
	  .per_session_data_size = sizeof(struct session),
	  .rx_buffer_size = LIVE_MESSAGE_MAX },
	{ .name = "listener", .callback = on_listener },
	{ .name = "signals", .callback = on_signals },
	{ .name = NULL },
};

static bool watch(struct lws_vhost *vhost, int fd, const char *protocol)
{
	const lws_sock_file_fd_type desc = { .filefd = fd };

	return lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, desc, protocol, NULL) !=
	       NULL;
}

struct lws_context *relay_open(struct hub *hub, int listener, int signals)
{
	struct lws_context_creation_info info = {
		.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_VALIDATE_UTF8 |
		           LWS_SERVER_OPTION_DISABLE_IPV6,
		.user = hub,
		.max_http_header_data = HEADERS_BYTES,
		.pt_serv_buf_size = HUB_CHUNK,
	};
	struct lws_context_creation_info vhost_info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.protocols = PROTOCOLS,
		.vhost_name = "live",
		.timeout_secs = 10,
	};
	struct lws_context *lws;
	struct lws_vhost *vhost;

	hub->write = on_writeable;
	lws_set_log_level(0, NULL);
	lws = lws_create_context(&info);
	if (lws == NULL)
		return NULL;
	vhost = lws_create_vhost(lws, &vhost_info);
	if (vhost != NULL && watch(vhost, listener, "listener") && watch(vhost, signals, "signals"))
		return lws;
	lws_context_destroy(lws);
	return NULL;
}

void relay_run(struct hub *hub)
{
	while (!hub->done && lws_service(hub->lws, 0) >= 0)
		;
}
