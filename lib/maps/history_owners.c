/* History: who changed what, and when. */
#include "maps/history_parts.h"

#include <stdlib.h>
#include <string.h>

struct tally {
	uint32_t author, commits;
};

/* Commits by author of one file, component or all; emptied by what changed alone. */
struct tallies {
	uint32_t *commits; /* by author */
	struct tally *met; /* commits are filled in when it is closed */
	size_t n;
	uint32_t sum;
};

static struct tallies tallies_new(struct history_walk *w)
{
	return (struct tallies){
		.commits = arena_array(w->arena, w->authors.nauthors, sizeof(uint32_t)),
		.met = arena_array(w->arena, w->authors.nauthors, sizeof(struct tally)),
	};
}

static void count(struct tallies *t, uint32_t author)
{
	if (author == HISTORY_NONE)
		return;
	if (t->commits[author]++ == 0)
		t->met[t->n++].author = author;
	t->sum++;
}

static int by_commits(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	if (x->commits != y->commits)
		return x->commits > y->commits ? -1 : 1;
	return x->author < y->author ? -1 : x->author > y->author;
}

/* Sort: most commits first.  @ret how many authors made more than half of them */
static uint32_t close_tallies(struct tallies *t)
{
	uint64_t made = 0;
	uint32_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		t->met[i].commits = t->commits[t->met[i].author];
	if (t->n > 1)
		qsort(t->met, t->n, sizeof(struct tally), by_commits);
	while (n < t->n && made * 2 <= t->sum)
		made += t->met[n++].commits;
	return n;
}

static void empty_tallies(struct tallies *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->commits[t->met[i].author] = 0;
	t->n = 0;
	t->sum = 0;
}

static void widen(int64_t *first_s, int64_t *last_s, uint32_t before, int64_t time_s)
{
	if (before == 0 || time_s < *first_s)
		*first_s = time_s;
	if (before == 0 || time_s > *last_s)
		*last_s = time_s;
}

static int by_author(const void *a, const void *b)
{
	const struct history_author *x = a, *y = b;

	if (x->commits != y->commits)
		return x->commits > y->commits ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Authors in the order in which they are told; visits then name them by that. */
static void rank_authors(struct history_walk *w)
{
	struct history *out = w->out;
	size_t n = w->authors.nauthors;
	struct strmap rank = strmap_new(w->arena, n);

	out->authors = arena_array(w->cx->arena, n, sizeof(*out->authors));
	for (size_t i = 0; i < n; i++)
		out->authors[i].name = w->authors.authors[i];
	for (size_t v = 0; v < w->nvisits; v++) {
		const struct visit *visit = &w->visits[v];
		struct history_author *author;

		if (visit->author == HISTORY_NONE)
			continue;
		author = &out->authors[visit->author];
		widen(&author->first_s, &author->last_s, author->commits++, visit->time_s);
	}
	if (n > 1)
		qsort(out->authors, n, sizeof(*out->authors), by_author);
	for (size_t i = 0; i < n; i++) {
		const char *name = out->authors[i].name;

		strmap_set(&rank, name, strlen(name), (uint32_t)i);
		out->authors[i].name = arena_strdup(w->cx->arena, name);
		out->nauthors += out->authors[i].commits > 0; /* the others only merged */
	}
	for (size_t v = 0; v < w->nvisits; v++) {
		uint32_t *author = &w->visits[v].author;

		if (*author != HISTORY_NONE)
			*author = strmap_get(&rank, w->authors.authors[*author],
			                     strlen(w->authors.authors[*author]));
	}
}

static void own_files(struct history_walk *w, struct tallies *t)
{
	for (size_t f = 0; f < w->in->tree->nfiles; f++) {
		struct history_file *file = &w->out->files[f];

		for (uint32_t i = w->start[f]; i < w->start[f + 1]; i++) {
			const struct visit *visit = &w->visits[w->by_file[i]];

			widen(&file->first_s, &file->last_s, file->commits++, visit->time_s);
			count(t, visit->author);
		}
		file->bus_factor = close_tallies(t);
		file->authors = (uint32_t)t->n;
		if (t->n > 0) {
			file->owner = t->met[0].author;
			file->owner_commits = t->met[0].commits;
		}
		empty_tallies(t);
	}
}

/* Which commits changed a component: each once, however many of its files. */
static void own_components(struct history_walk *w, struct tallies *t)
{
	size_t n = w->in->structure->ncomponents, nvisits = 0;
	uint32_t *seen = arena_array(w->arena, n, sizeof(uint32_t));
	uint32_t *next = arena_array(w->arena, n + 1, sizeof(uint32_t));
	uint32_t *visits = arena_array(w->arena, w->ntouched, sizeof(uint32_t));

	for (int fill = 0; fill < 2; fill++) {
		memset(seen, 0, n * sizeof(uint32_t));
		for (uint32_t v = 0; v < w->nvisits; v++) {
			for (uint32_t i = w->visits[v].first; i < w->visits[v + 1].first; i++) {
				uint32_t c = w->in->structure->file_component[w->touched[i]];

				if (seen[c] == v + 1)
					continue;
				seen[c] = v + 1;
				if (fill)
					visits[next[c]++] = v;
				else
					w->out->components[c].commits++;
			}
		}
		for (size_t c = 0; c < n && !fill; c++) {
			next[c] = (uint32_t)nvisits;
			nvisits += w->out->components[c].commits;
		}
	}
	for (size_t c = 0; c < n; c++) {
		struct history_component *component = &w->out->components[c];

		for (uint32_t i = next[c] - component->commits; i < next[c]; i++)
			count(t, w->visits[visits[i]].author);
		component->bus_factor = close_tallies(t);
		component->authors = (uint32_t)t->n;
		for (size_t i = 0; i < t->n && i < HISTORY_OWNERS_MAX; i++)
			component->owners[component->nowners++] =
				(struct history_owner){ t->met[i].author, t->met[i].commits };
		empty_tallies(t);
	}
}

void history_owners(struct history_walk *w)
{
	struct tallies t = tallies_new(w);

	rank_authors(w);
	own_files(w, &t);
	own_components(w, &t);
	for (size_t v = 0; v < w->nvisits; v++)
		count(&t, w->visits[v].author);
	w->out->bus_factor = close_tallies(&t);
}
