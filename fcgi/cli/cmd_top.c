/*
 * portolan jobs top: the queues as they are now, drawn anew each second.
 *
 * The terminal is taken over by an alternate screen without echo, and given back however this ends: by q,
 * Ctrl-C, a signal, or a fault.  A service that is away leaves the last picture, with a word about it.
 */
#include "cli/api.h"
#include "cli/print.h"

#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define REFRESH_MS    1000
#define FRAME_BYTES   ((size_t)16 * 1024 * 1024) /* of what one picture is made from */
#define FAILURES      20
#define ROWS_FALLBACK 24
#define WIDE          110 /* columns from which more is shown */
#define CTRL_C        3

/* What a picture shows. */
struct picture {
	struct api_answer status, queues, dead;
};

static volatile sig_atomic_t ended;

static void on_end(UNUSED int signo)
{
	ended = 1;
}

static void picture_done(struct picture *p)
{
	api_done(&p->status);
	api_done(&p->queues);
	api_done(&p->dead);
}

static enum err look(struct cli *cli, struct picture *p)
{
	TRY(api_get(cli, &p->status, "/api/v1/status"));
	TRY(api_get(cli, &p->queues, "/api/v1/queues"));
	return api_get(cli, &p->dead, "/api/v1/jobs/dead?limit=%d", FAILURES);
}

/* --- The picture --- */

/* The end of a line; on a screen also of what the picture before had there. */
static void end_line(struct cli *cli)
{
	fputs(cli_option(cli, "once") != NULL ? "\n" : "\x1b[K\n", cli->term.out);
}

/* A time of milliseconds in few columns. */
static const char *ms_text(struct arena *a, int64_t ms)
{
	if (ms < 1000)
		return arena_printf(a, "%lldms", (long long)ms);
	if (ms < 100000)
		return arena_printf(a, "%.1fs", (double)ms / 1000);
	if (ms < 7200000)
		return arena_printf(a, "%lldm", (long long)ms / 60000);
	return arena_printf(a, "%lldh", (long long)ms / 3600000);
}

static const char *count_text(struct arena *a, int64_t n)
{
	if (n < 100000)
		return arena_printf(a, "%lld", (long long)n);
	return arena_printf(a, n < 10000000 ? "%.0fk" : "%.0fM",
	                    (double)n / (n < 10000000 ? 1000 : 1000000));
}

static void head(struct cli *cli, const struct picture *p)
{
	struct json_object *s = p->status.doc;
	struct term *t = &cli->term;
	const char *health = json_text(s, "system_health", "");
	char now[CLOCK_TEXT_MAX];

	clock_format(cli->cx->app->clock->wall_us(cli->cx->app->clock), now);
	term_text(t, t->out, TERM_TITLE, "portolan jobs top  ");
	term_text(t, t->out, strcmp(health, "ok") == 0 ? TERM_GOOD : TERM_BAD, health);
	fprintf(t->out, "  %.19sZ", now);
	end_line(cli);
	fprintf(t->out, "runners %lld  pending %lld  running %lld  retrying %lld  ",
	        (long long)json_int(s, "jobs.runners", 0),
	        (long long)json_int(s, "jobs.pending", 0),
	        (long long)json_int(s, "jobs.running", 0),
	        (long long)json_int(s, "jobs.retrying", 0));
	fprintf(t->out, "failed %lld  dead %lld", (long long)json_int(s, "jobs.failed", 0),
	        (long long)json_int(s, "jobs.dead", 0));
	end_line(cli);
	end_line(cli);
}

/* The columns: title, width, and the number's place; the wide ones only where there is room. */
static const struct shown {
	const char *title;
	int width;
	const char *path; /* NULL: the oldest; times end with _ms.p… */
	bool wide;
} SHOWN[] = {
	{ "WAIT", 6, "pending", false },       { "RUN", 4, "running", false },
	{ "RETRY", 5, "retrying", false },     { "DEAD", 5, "dead", false },
	{ "OLDEST", 6, NULL, false },          { "DONE/M", 6, "completed.m1", false },
	{ "DONE/5", 6, "completed.m5", true }, { "DONE/H", 6, "completed.h1", false },
	{ "FAIL/H", 6, "failed.h1", false },   { "WAIT50", 6, "wait_ms.p50", true },
	{ "WAIT95", 6, "wait_ms.p95", false }, { "WAIT99", 6, "wait_ms.p99", true },
	{ "RUN50", 6, "run_ms.p50", true },    { "RUN95", 6, "run_ms.p95", false },
	{ "RUN99", 6, "run_ms.p99", true },
};

static const char *cell(struct cli *cli, struct json_object *q, const struct shown *c)
{
	struct arena *a = cli->cx->arena;

	if (c->path == NULL && json_int(q, "oldest_s", 0) == 0)
		return "–";
	if (c->path == NULL)
		return ms_text(a, json_int(q, "oldest_s", 0) * 1000);
	if (strstr(c->path, "_ms.") != NULL)
		return ms_text(a, json_int(q, c->path, 0));
	return count_text(a, json_int(q, c->path, 0));
}

/* One line; q NULL: the titles. */
static void queue_line(struct cli *cli, struct json_object *q)
{
	struct term *t = &cli->term;
	bool paused = q != NULL && json_flag(q, "paused", false);
	enum term_style style = q == NULL ? TERM_BOLD : paused ? TERM_WARN : TERM_PLAIN;
	const char *name = q == NULL ? "QUEUE" : json_text(q, "name", "");

	if (paused)
		name = arena_printf(cli->cx->arena, "‖%s", name);
	term_cell(t, t->out, style, name, 10);
	for (size_t i = 0; i < COUNT(SHOWN); i++) {
		if (SHOWN[i].wide && t->width < WIDE)
			continue;
		fputc(' ', t->out);
		term_cell(t, t->out, style, q == NULL ? SHOWN[i].title : cell(cli, q, &SHOWN[i]),
		          -SHOWN[i].width);
	}
	end_line(cli);
}

static void failure_line(struct cli *cli, struct json_object *j)
{
	struct arena *a = cli->cx->arena;
	struct term *t = &cli->term;
	int left = t->width - (8 + 1 + 22 + 1 + 10 + 1);

	term_cell(t, t->out, TERM_PLAIN, arena_printf(a, "%lld", (long long)json_int(j, "id", 0)),
	          -8);
	fputc(' ', t->out);
	term_cell(t, t->out, TERM_PLAIN, json_text(j, "job_type", ""), 22);
	fputc(' ', t->out);
	term_cell(t, t->out, TERM_DIM, cli_age(cli, json_text(j, "finished_at", NULL)), 10);
	fputc(' ', t->out);
	term_cell(t, t->out, TERM_BAD, json_text(j, "error_message", ""), left > 8 ? left : 8);
	end_line(cli);
}

/* @rows  lines that there are; what does not fit is left out, and said so */
static void draw(struct cli *cli, const struct picture *p, int rows)
{
	struct json_object *queues = json_at(p->queues.doc, "items"),
			   *dead = json_at(p->dead.doc, "items");
	int nqueues = queues != NULL ? (int)json_object_array_length(queues) : 0;
	int ndead = dead != NULL ? (int)json_object_array_length(dead) : 0;
	int room = rows - 7, shown = nqueues < room - 2 ? nqueues : room - 2;

	if (shown < 1)
		shown = nqueues < 1 ? 0 : 1;
	head(cli, p);
	queue_line(cli, NULL);
	for (int i = 0; i < shown; i++)
		queue_line(cli, json_object_array_get_idx(queues, (size_t)i));
	if (shown < nqueues)
		fprintf(cli->term.out, "and %d more queues", nqueues - shown);
	end_line(cli);
	term_text(&cli->term, cli->term.out, TERM_BOLD, "NEWEST FAILURES");
	fputs(ndead == 0 ? "  none" : "", cli->term.out);
	end_line(cli);
	for (int i = 0; i < ndead && i < room - shown; i++)
		failure_line(cli, json_object_array_get_idx(dead, (size_t)i));
}

/* --- Once --- */

static void print_json(struct cli *cli, const struct picture *p)
{
	fprintf(cli->term.out,
	        "{\"schema\":\"top/1\",\"status\":%.*s,\"queues\":%.*s,"
	        "\"dead\":%.*s}\n",
	        (int)p->status.body.len, p->status.body.data, (int)p->queues.body.len,
	        p->queues.body.data, (int)p->dead.body.len, p->dead.body.data);
}

static enum err once(struct cli *cli)
{
	CLEANUP(picture_done) struct picture p = { 0 };

	TRY(look(cli, &p));
	if (cli->json)
		print_json(cli, &p);
	else
		draw(cli, &p, INT16_MAX);
	return ERR_OK;
}

/* --- Live --- */

struct screen {
	struct termios before;
	bool taken;
};

static void give_back(struct screen *s)
{
	if (!s->taken)
		return;
	fputs("\x1b[?25h\x1b[?1049l", stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &s->before);
	s->taken = false;
}

/* Ctrl-C comes as a character, so that nothing ends this without giving the terminal back. */
static enum err take(struct cli *cli, struct screen *s)
{
	struct sigaction sa = { .sa_handler = on_end };
	struct termios raw;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, &s->before) != 0)
		return cli_usage(cli, "this is for a terminal; --once prints one picture");
	raw = s->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0)
		return err_set(cli->cx, ERR_INTERNAL, "the terminal cannot be set up");
	s->taken = true;
	fputs("\x1b[?1049h\x1b[?25l", stdout);
	return ERR_OK;
}

/* @ret lines of the terminal; its columns go where tables look for them */
static int measure(struct cli *cli)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0)
		return ROWS_FALLBACK;
	if (size.ws_col > 0)
		cli->term.width = size.ws_col;
	return size.ws_row;
}

/* Wait for a key until the next picture is due.  @ret whether it says to end */
static bool ends(int wait_ms)
{
	struct pollfd keys = { .fd = STDIN_FILENO, .events = POLLIN };
	char key = 0;

	if (poll(&keys, 1, wait_ms) <= 0)
		return ended != 0 || cli_interrupted();
	return read(STDIN_FILENO, &key, 1) <= 0 || key == 'q' || key == 'Q' || key == CTRL_C;
}

/* The last line: how to end, or what is wrong. */
static void foot(struct cli *cli, int rows, enum err e)
{
	struct term *t = &cli->term;
	const char *detail = cli->cx->fault.detail;

	fprintf(t->out, "%s\x1b[%d;1H", e == ERR_OK ? "\x1b[J" : "", rows);
	if (e == ERR_OK)
		term_cell(t, t->out, TERM_DIM, "q ends", t->width - 1);
	else
		term_cell(t, t->out, TERM_BAD, detail != NULL ? detail : err_info(e)->title,
		          t->width - 1);
	fflush(t->out);
}

static void frame(struct cli *cli)
{
	CLEANUP(picture_done) struct picture p = { 0 };
	enum err e = look(cli, &p);
	int rows = measure(cli);

	if (e == ERR_OK) {
		fputs("\x1b[H", cli->term.out);
		draw(cli, &p, rows);
	}
	foot(cli, rows, e);
	err_clear(cli->cx);
}

static enum err live(struct cli *cli)
{
	CLEANUP(give_back) struct screen screen = { 0 };
	CLEANUP(arena_free_ptr) struct arena *frames = arena_new(FRAME_BYTES);
	struct arena *arena = cli->cx->arena;

	TRY(take(cli, &screen));
	do {
		cli->cx->arena = frames;
		frame(cli);
		cli->cx->arena = arena;
		arena_reset(frames);
	} while (!ends(REFRESH_MS));
	return ERR_OK;
}

enum err cli_jobs_top(struct cli *cli)
{
	return cli->json || cli_option(cli, "once") != NULL ? once(cli) : live(cli);
}
