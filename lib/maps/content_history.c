/* Content: the history. */
#include "maps/content_parts.h"

static void number_member(struct content *c, const char *name, int64_t n)
{
	content_key(c, name);
	content_number(c, n);
}

static void flag_member(struct content *c, const char *name, bool flag)
{
	content_key(c, name);
	sb_add(&c->sb, flag ? "true" : "false");
}

/* One column: a number for each of n rows. */
#define NUMBERS(name, n, expression)                                                               \
	do {                                                                                       \
		content_open(c, name, '[');                                                        \
		for (size_t i = 0; i < (n); i++)                                                   \
			content_number(c, (int64_t)(expression));                                  \
		content_close(c, ']');                                                             \
	} while (0)

static void write_authors(struct content *c, const struct history *h)
{
	content_open(c, "authors", '{');
	content_open(c, "name", '[');
	for (size_t i = 0; i < h->nauthors; i++)
		content_text(c, h->authors[i].name);
	content_close(c, ']');
	NUMBERS("commits", h->nauthors, h->authors[i].commits);
	NUMBERS("first", h->nauthors, h->authors[i].first_s);
	NUMBERS("last", h->nauthors, h->authors[i].last_s);
	content_close(c, '}');
}

/* A history that was not read has no rows, rather than rows that look like files without changes. */
static void write_files(struct content *c, const struct history *h)
{
	size_t n = h->end != HISTORY_NOT_READ ? c->in->tree->nfiles : 0;

	content_open(c, "files", '{');
	NUMBERS("commits", n, h->files[i].commits);
	NUMBERS("authors", n, h->files[i].authors);
	NUMBERS("bus_factor", n, h->files[i].bus_factor);
	NUMBERS("owner", n, h->files[i].authors > 0 ? (int64_t)h->files[i].owner : -1);
	NUMBERS("owner_commits", n, h->files[i].owner_commits);
	NUMBERS("added", n, h->files[i].added);
	NUMBERS("removed", n, h->files[i].removed);
	NUMBERS("first", n, h->files[i].first_s);
	NUMBERS("last", n, h->files[i].last_s);
	content_close(c, '}');
}

/* A column of the owners of components, which lie in their components' rows. */
#define OWNER_COLUMN(name, expression)                                                             \
	do {                                                                                       \
		content_open(c, name, '[');                                                        \
		for (size_t k = 0; k < n; k++)                                                     \
			for (size_t i = 0; i < h->components[k].nowners; i++)                      \
				content_number(c, (int64_t)(expression));                          \
		content_close(c, ']');                                                             \
	} while (0)

static void write_components(struct content *c, const struct history *h)
{
	size_t n = h->end != HISTORY_NOT_READ ? c->in->structure->ncomponents : 0;

	content_open(c, "components", '{');
	NUMBERS("commits", n, h->components[i].commits);
	NUMBERS("authors", n, h->components[i].authors);
	NUMBERS("bus_factor", n, h->components[i].bus_factor);
	content_close(c, '}');
	content_open(c, "component_owners", '{');
	OWNER_COLUMN("component", k);
	OWNER_COLUMN("author", h->components[k].owners[i].author);
	OWNER_COLUMN("commits", h->components[k].owners[i].commits);
	content_close(c, '}');
}

static void write_lists(struct content *c, const struct history *h)
{
	content_open(c, "renames", '{');
	NUMBERS("file", h->nrenames, h->renames[i].file);
	content_open(c, "was", '[');
	for (size_t i = 0; i < h->nrenames; i++)
		content_text(c, h->renames[i].was);
	content_close(c, ']');
	content_close(c, '}');

	content_open(c, "hotspots", '{');
	NUMBERS("file", h->nhotspots, h->hotspots[i]);
	NUMBERS("score", h->nhotspots,
	        (uint64_t)h->files[h->hotspots[i]].commits *
	                c->in->tree->files[h->hotspots[i]].facts.code);
	content_close(c, '}');

	content_open(c, "coupling", '{');
	NUMBERS("a", h->npairs, h->pairs[i].a);
	NUMBERS("b", h->npairs, h->pairs[i].b);
	NUMBERS("together", h->npairs, h->pairs[i].together);
	NUMBERS("degree", h->npairs, h->pairs[i].degree);
	NUMBERS("a_to_b", h->npairs, h->pairs[i].a_to_b);
	NUMBERS("b_to_a", h->npairs, h->pairs[i].b_to_a);
	NUMBERS("linked", h->npairs, h->pairs[i].linked);
	content_close(c, '}');
}

void content_history(struct content *c)
{
	const struct history *h = c->in->history;

	content_open(c, "history", '{');
	number_member(c, "commits", h->commits);
	number_member(c, "merges", h->merges);
	number_member(c, "first", h->first_s);
	number_member(c, "last", h->last_s);
	number_member(c, "bus_factor", h->bus_factor);
	content_open(c, "limits", '{');
	number_member(c, "commits", h->limits.max_commits);
	number_member(c, "days", h->limits.max_days);
	number_member(c, "line_commits", h->limits.line_commits);
	content_close(c, '}');
	write_authors(c, h);
	write_files(c, h);
	write_components(c, h);
	write_lists(c, h);
	content_close(c, '}');
}

void content_history_coverage(struct content *c)
{
	const struct history *h = c->in->history;

	content_open(c, "history", '{');
	content_key(c, "end");
	content_text(c, history_end_name(h->end));
	number_member(c, "cut", h->cut);
	number_member(c, "unreadable", h->unreadable);
	number_member(c, "damaged", h->damaged);
	number_member(c, "wide", h->wide);
	number_member(c, "line_commits", h->line_commits);
	number_member(c, "lines_skipped", h->lines_skipped);
	number_member(c, "renames_skipped", h->renames_skipped);
	flag_member(c, "coupling_truncated", h->pairs_truncated);
	content_close(c, '}');
}
