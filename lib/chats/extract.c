/* Passages as they stand, under headings that say where. */
#include "chats/extract.h"

#include "ai/strip.h"
#include "maps/commits.h"
#include "maps/map_views.h"
#include "maps/reach.h"
#include "maps/search.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define USES_SHOWN     3
#define COMMITS_SHOWN  5
#define DIGEST_BUDGET  700 /* tokens of the map's own words, in an answer about the whole */
#define MAP_FILES      "\n## Files"
#define LINE_MAX_SHOWN 300 /* bytes of a line that is shown */

/* --- Which lines --- */

static size_t line_length(struct span text)
{
	const char *feed = memchr(text.data, '\n', text.len);

	return feed != NULL ? (size_t)(feed + 1 - text.data) : text.len;
}

static bool holds(const char *line, size_t n, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= n; i++) {
		if (strncasecmp(line + i, word, len) == 0)
			return true;
	}
	return false;
}

static int weight(const char *line, size_t n, const struct question *q)
{
	int ret = 0;

	for (size_t i = 0; i < q->nwords; i++)
		ret += holds(line, n, q->words[i]);
	for (size_t i = 0; i < q->nnames; i++)
		ret += 2 * holds(line, n, q->names[i]);
	for (size_t i = 0; i < q->nphrases; i++)
		ret += 3 * holds(line, n, q->phrases[i]);
	return ret;
}

/* A window that slides: what comes in is added, what falls out is taken away. */
struct span extract_window(struct span text, const struct question *q, int64_t n, int64_t *ret_skip)
{
	struct span front = text, back = text, best = { text.data, 0 };
	int64_t lines = 0, skipped = 0;
	int sum = 0, most = -1;

	*ret_skip = 0;
	while (front.len > 0) {
		size_t len = line_length(front);

		sum += weight(front.data, len, q);
		front.data += len;
		front.len -= len;
		if (lines++ >= n) {
			size_t gone = line_length(back);

			sum -= weight(back.data, gone, q);
			back.data += gone;
			back.len -= gone;
			skipped++;
		}
		if (lines <= n || sum > most) {
			best = (struct span){ back.data, (size_t)(front.data - back.data) };
			most = sum;
			*ret_skip = skipped;
		}
	}
	return best;
}

/* --- Writing --- */

static enum err say(struct journal *j, const char *fmt, ...) PRINTF(2, 3);
static enum err say(struct journal *j, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = arena_vprintf(j->cx->arena, fmt, ap);
	va_end(ap);
	return journal_say(j, text, strlen(text));
}

/* One backtick more than the text has in a row, so that it cannot end the block; at least three. */
static const char *fence_for(struct ctx *cx, struct span text)
{
	size_t longest = 2, run = 0;
	char *fence;

	for (size_t i = 0; i < text.len; i++) {
		run = text.data[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	fence = arena_alloc(cx->arena, longest + 2);
	memset(fence, '`', longest + 1);
	fence[longest + 1] = '\0';
	return fence;
}

static void add_lines(struct sb *sb, struct span text)
{
	while (text.len > 0) {
		size_t len = line_length(text), n = len;

		while (n > 0 && (text.data[n - 1] == '\n' || text.data[n - 1] == '\r'))
			n--;
		if (n > LINE_MAX_SHOWN) {
			for (n = LINE_MAX_SHOWN; ((unsigned char)text.data[n] & 0xc0) == 0x80; n--)
				continue;
			sb_addn(sb, text.data, n);
			sb_add(sb, " …");
		} else {
			sb_addn(sb, text.data, n);
		}
		sb_addc(sb, '\n');
		text.data += len;
		text.len -= len;
	}
}

static enum err say_lines(struct journal *j, const char *text, const struct question *q)
{
	const char *clean = strip_text(j->cx->arena, text, strlen(text), NULL);
	const struct span all = { clean, strlen(clean) };
	struct sb sb = sb_new(j->cx->arena, TURN_ANSWER_MAX);
	const char *fence;
	struct span shown;
	int64_t skip;

	shown = extract_window(all, q, EXTRACT_LINES, &skip);
	fence = fence_for(j->cx, shown);
	sb_addf(&sb, "\n%s\n", fence);
	if (skip > 0) { /* what it is stands in its first line */
		add_lines(&sb, (struct span){ all.data, line_length(all) });
		sb_add(&sb, skip > 1 ? "…\n" : "");
	}
	add_lines(&sb, shown);
	if (shown.data + shown.len < all.data + all.len)
		sb_add(&sb, "…\n");
	sb_addf(&sb, "%s\n", fence);
	return journal_say(j, sb.data != NULL ? sb.data : "", sb.len);
}

/* "function `parse`", or what kind of passage it is. */
static const char *what(struct journal *j, const struct passage *p)
{
	if (p->symbol != NULL)
		return arena_printf(j->cx->arena, "%s `%s`", p->kind, p->symbol);
	return p->kind;
}

/* --- What the map knows besides --- */

/* A single line that a passage is used or imported in. @ret whether something was said */
static enum err say_place(struct journal *j, const struct map_index *index, int64_t project_id,
                          const char *path, int64_t line, const char *why, bool first, bool *ret)
{
	struct map_entry entry;
	struct citation c = {
		.project_id = project_id,
		.commit = index->commit,
		.path = path,
		.start = line,
		.end = line,
		.why = why,
	};
	const char *text;
	bool good;
	enum err e = search_file(j->cx, index, path, &entry);

	*ret = false;
	if (e == ERR_NOT_FOUND) {
		err_clear(j->cx);
		return ERR_OK;
	}
	TRY(e);
	c.blob = entry.oid;
	TRY(journal_cite(j, &c, &good, &text));
	if (!good)
		return ERR_OK;
	*ret = true;
	return say(j, "%s`%s` [%" PRId64 "]", first ? " " : ", ", citation_place(j->cx->arena, &c),
	           c.number);
}

static enum err say_uses(struct journal *j, const struct map_index *index, const struct passage *p)
{
	const char *why = arena_printf(j->cx->arena, "uses %s", p->symbol);
	const struct map_use *use;
	struct map_uses uses;
	enum err e = search_uses(j->cx, index, p->symbol, &uses);
	int shown = 0;

	if (e == ERR_NOT_FOUND) {
		err_clear(j->cx);
		return ERR_OK;
	}
	TRY(e);
	if (uses.uses == 0)
		return say(j, "\n   No use of it by that name was found.\n");
	use = uses.items.items;
	TRY(say(j, "\n   Used in %" PRId64 " %s:", uses.uses, uses.uses == 1 ? "place" : "places"));
	for (size_t i = 0; i < uses.items.n && shown < USES_SHOWN; i++) {
		bool said;

		TRY(say_place(j, index, p->project_id, use[i].path, use[i].line, why, shown == 0,
		              &said));
		shown += said;
	}
	return say(j, uses.uses > shown ? ", …\n" : "\n");
}

static enum err say_importers(struct journal *j, const struct map_index *index,
                              const struct passage *p)
{
	const char *why = arena_printf(j->cx->arena, "imports %s", p->path);
	struct map_neighbours found;
	const struct map_step *step;
	enum err e = reach_neighbours(j->cx, index, p->path, REACH_IN, NULL, USES_SHOWN, &found);
	int shown = 0;

	if (e == ERR_NOT_FOUND || (e == ERR_OK && found.total == 0)) {
		err_clear(j->cx);
		return ERR_OK;
	}
	TRY(e);
	step = found.items.items;
	TRY(say(j, "\n   `%s` is imported in %" PRId64 " %s:", p->path, found.total,
	        found.total == 1 ? "place" : "places"));
	for (size_t i = 0; i < found.items.n; i++) {
		bool said;

		TRY(say_place(j, index, p->project_id, step[i].from,
		              step[i].line > 0 ? step[i].line : 1, why, shown == 0, &said));
		shown += said;
	}
	return say(j, found.total > shown ? ", …\n" : "\n");
}

static enum err say_known(struct journal *j, const struct passage *p)
{
	struct map_index index;
	enum err e = index_of_project(j->cx, p->project_id, p->commit, &index);

	if (e == ERR_NOT_FOUND || e == ERR_STATE) {
		err_clear(j->cx);
		return ERR_OK;
	}
	TRY(e);
	if (p->symbol != NULL)
		TRY(say_uses(j, &index, p));
	return say_importers(j, &index, p);
}

/* The map's own words of a project, without its list of files. */
static enum err say_map(struct journal *j, const char *project)
{
	const char *files;
	struct span text;
	struct map map;
	enum err e = map_newest(j->cx, j->turn->project_id, &map);

	if (e == ERR_OK)
		e = map_digest(j->cx, &map, project, NULL, DIGEST_BUDGET, &text);
	if (e == ERR_NOT_FOUND || e == ERR_MALFORMED || e == ERR_LIMIT) {
		err_clear(j->cx);
		return ERR_OK;
	}
	TRY(e);
	files = memmem(text.data, text.len, MAP_FILES, sizeof(MAP_FILES) - 1);
	if (files != NULL)
		text.len = (size_t)(files - text.data);
	TRY(say(j, "\nWhat the map of commit `%.12s` says:\n\n", map.commit));
	return journal_say(j, text.data, text.len);
}

/* Commits that changed what the question is about, as lines that no Markdown in them leaves. */
static enum err say_past(struct journal *j, const struct passage *p)
{
	const struct commits_query query = { .path = p->path, .limit = COMMITS_SHOWN };
	struct sb sb = sb_new(j->cx->arena, TURN_ANSWER_MAX);
	const struct commits_entry *entry;
	struct commits_found found;
	const char *fence;
	enum err e = commits_read(j->cx, p->project_id, p->commit, &query, &found);

	if (e == ERR_NOT_FOUND || e == ERR_STATE || e == ERR_TIMEOUT || e == ERR_REPO_BROKEN) {
		err_clear(j->cx);
		return ERR_OK;
	}
	TRY(e);
	entry = found.items.items;
	for (size_t i = 0; i < found.items.n; i++) {
		const char *line = commits_line(j->cx->arena, &entry[i]);

		sb_addf(&sb, "%s\n", strip_text(j->cx->arena, line, strlen(line), NULL));
	}
	if (sb.len == 0)
		return ERR_OK;
	fence = fence_for(j->cx, (struct span){ sb.data, sb.len });
	return say(j, "\nThe newest commits that changed `%s`:\n\n%s\n%s%s\n", p->path, fence,
	           sb.data, fence);
}

/* --- The answer --- */

/* @known whether to tell who uses it and who imports its file */
static enum err say_passage(struct journal *j, int place, const struct question *q,
                            const struct passage *p, bool known, bool *ret)
{
	struct citation c = {
		.project_id = p->project_id,
		.document_id = p->document_id,
		.commit = p->commit,
		.path = p->path,
		.start = p->start,
		.end = p->end,
		.blob = p->blob,
	};
	static const struct question nothing;
	const char *text;

	c.why = what(j, p);
	TRY(journal_cite(j, &c, ret, &text));
	if (!*ret)
		return ERR_OK;
	TRY(say(j, "\n%d. **%s** in `%s` [%" PRId64 "] (%s)\n", place, c.why,
	        citation_place(j->cx->arena, &c), c.number, p->why));
	/* What a README says first is what the whole is. */
	TRY(say_lines(j, text, strcmp(p->how, "whole") == 0 ? &nothing : q));
	return known ? say_known(j, p) : ERR_OK;
}

static enum err say_nothing(struct journal *j, const char *project, const struct passages *found)
{
	if (!found->mapped)
		return say(j,
		           "%s has no map yet, so nothing of it can be found. Ask again when "
		           "its status is ready.\n",
		           project);
	TRY(say(j, "Nothing in %s matches the words of this question.",
	        project != NULL ? project : "the projects of this tenant"));
	if (found->like != NULL)
		TRY(say(j, " Names that are like one in it: `%s`.", found->like));
	return say(j, "\n");
}

static bool same_symbol(const struct passage *p, const struct passage *told)
{
	return told != NULL && told->symbol != NULL && p->symbol != NULL &&
	       strcmp(told->symbol, p->symbol) == 0;
}

enum err extract_answer(struct journal *j, const char *project, const struct question *q,
                        const struct passages *found)
{
	const struct passage *p = found->items.items, *told = NULL;
	int shown = 0;

	for (size_t i = 0; i < found->items.n && shown < EXTRACT_SHOWN; i++) {
		bool good, known;

		if (shown == 0)
			TRY(say(j, "These places in %s fit the question best:\n",
			        project != NULL ? project : "the projects of this tenant"));
		known = shown < 2 && strcmp(p[i].how, "named") == 0 && !same_symbol(&p[i], told);
		TRY(say_passage(j, shown + 1, q, &p[i], known, &good));
		told = good && known ? &p[i] : told;
		if (good && q->past && shown == 0 && p[i].project_id != 0)
			TRY(say_past(j, &p[i]));
		shown += good;
	}
	if (found->items.n == 0)
		return say_nothing(j, project, found);
	if (shown == 0)
		TRY(say(j, "\nNone of them could be read again, so none is shown.\n"));
	if (shown > 0 && found->like != NULL)
		TRY(say(j, "\nNames that are like one in the question: `%s`.\n", found->like));
	if (q->general && project != NULL)
		TRY(say_map(j, project));
	if (!found->complete)
		TRY(say(j, "\nNot all of it is indexed yet: there may be more.\n"));
	return ERR_OK;
}
