/* Content: the history. */
#include "maps/content_parts.h"

static void write_authors(struct content *c, const struct history *h)
{
	content_open(c, "authors", '{');
	content_open(c, "name", '[');
	for (size_t i = 0; i < h->nauthors; i++)
		content_text(c, h->authors[i].name);
	content_close(c, ']');
	CONTENT_NUMBERS("commits", h->nauthors, h->authors[i].commits);
	CONTENT_NUMBERS("first", h->nauthors, h->authors[i].first_s);
	CONTENT_NUMBERS("last", h->nauthors, h->authors[i].last_s);
	content_close(c, '}');
}

/* A history that was not read has no rows, rather than rows that look like files without changes. */
static void write_files(struct content *c, const struct history *h)
{
	size_t n = h->end != HISTORY_NOT_READ ? c->in->tree->nfiles : 0;

	content_open(c, "files", '{');
	CONTENT_NUMBERS("commits", n, h->files[i].commits);
	CONTENT_NUMBERS("authors", n, h->files[i].authors);
	CONTENT_NUMBERS("bus_factor", n, h->files[i].bus_factor);
	CONTENT_NUMBERS("owner", n, h->files[i].authors > 0 ? (int64_t)h->files[i].owner : -1);
	CONTENT_NUMBERS("owner_commits", n, h->files[i].owner_commits);
	CONTENT_NUMBERS("added", n, h->files[i].added);
	CONTENT_NUMBERS("removed", n, h->files[i].removed);
	CONTENT_NUMBERS("first", n, h->files[i].first_s);
	CONTENT_NUMBERS("last", n, h->files[i].last_s);
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
	CONTENT_NUMBERS("commits", n, h->components[i].commits);
	CONTENT_NUMBERS("authors", n, h->components[i].authors);
	CONTENT_NUMBERS("bus_factor", n, h->components[i].bus_factor);
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
	CONTENT_NUMBERS("file", h->nrenames, h->renames[i].file);
	content_open(c, "was", '[');
	for (size_t i = 0; i < h->nrenames; i++)
		content_text(c, h->renames[i].was);
	content_close(c, ']');
	content_close(c, '}');

	content_open(c, "hotspots", '{');
	CONTENT_NUMBERS("file", h->nhotspots, h->hotspots[i]);
	CONTENT_NUMBERS("score", h->nhotspots,
	                (uint64_t)h->files[h->hotspots[i]].commits *
	                        c->in->tree->files[h->hotspots[i]].facts.code);
	content_close(c, '}');

	content_open(c, "coupling", '{');
	CONTENT_NUMBERS("a", h->npairs, h->pairs[i].a);
	CONTENT_NUMBERS("b", h->npairs, h->pairs[i].b);
	CONTENT_NUMBERS("together", h->npairs, h->pairs[i].together);
	CONTENT_NUMBERS("degree", h->npairs, h->pairs[i].degree);
	CONTENT_NUMBERS("a_to_b", h->npairs, h->pairs[i].a_to_b);
	CONTENT_NUMBERS("b_to_a", h->npairs, h->pairs[i].b_to_a);
	CONTENT_NUMBERS("linked", h->npairs, h->pairs[i].linked);
	content_close(c, '}');
}

void content_history(struct content *c)
{
	const struct history *h = c->in->history;

	content_open(c, "history", '{');
	content_count(c, "commits", h->commits);
	content_count(c, "merges", h->merges);
	content_count(c, "first", h->first_s);
	content_count(c, "last", h->last_s);
	content_count(c, "bus_factor", h->bus_factor);
	content_open(c, "limits", '{');
	content_count(c, "commits", h->limits.max_commits);
	content_count(c, "days", h->limits.max_days);
	content_count(c, "line_commits", h->limits.line_commits);
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
	content_count(c, "cut", h->cut);
	content_count(c, "unreadable", h->unreadable);
	content_count(c, "damaged", h->damaged);
	content_count(c, "wide", h->wide);
	content_count(c, "line_commits", h->line_commits);
	content_count(c, "lines_skipped", h->lines_skipped);
	content_count(c, "renames_skipped", h->renames_skipped);
	content_flag(c, "coupling_truncated", h->pairs_truncated);
	content_close(c, '}');
}
