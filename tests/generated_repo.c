#include "generated_repo.h"

#include <string.h>

struct generator {
	struct ctx *cx;
	struct sb stream;
	uint64_t random;
	const char *contents[GENERATED_BRANCHES][GENERATED_NAMES]; /* NULL: not there */
	int marks[GENERATED_BRANCHES], mark, lines;
	int64_t time_s;
};

static uint32_t draw(struct generator *g, uint32_t below)
{
	g->random = g->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(g->random >> 33) % below;
}

static const char *name_at(struct ctx *cx, uint32_t i)
{
	return arena_printf(cx->arena, "%s/file%u.c",
	                    i % 3 == 0   ? "a"
	                    : i % 3 == 1 ? "b/c"
	                                 : "d",
	                    i);
}

/* The content with some lines taken out, and others put in; no line is ever made twice. */
static const char *edit(struct generator *g, const char *was)
{
	struct sb sb = sb_new(g->cx->arena, 1 << 20);

	while (*was != '\0') {
		size_t len = strcspn(was, "\n") + 1;

		if (draw(g, 10) > 0)
			sb_addn(&sb, was, len);
		if (draw(g, 10) == 0)
			sb_addf(&sb, "line %d\n", ++g->lines);
		was += len;
	}
	sb_addf(&sb, "line %d\n", ++g->lines);
	return arena_strdup(g->cx->arena, sb.data);
}

static uint32_t pick(struct generator *g, int branch, bool there)
{
	for (int tries = 0; tries < 1000; tries++) {
		uint32_t name = draw(g, GENERATED_NAMES);

		if ((g->contents[branch][name] != NULL) == there)
			return name;
	}
	return GENERATED_NAMES;
}

static void write_file(struct generator *g, int branch, uint32_t name, const char *content)
{
	g->contents[branch][name] = content;
	sb_addf(&g->stream, "M 100644 inline %s\n", name_at(g->cx, name));
	git_repo_data(&g->stream, content);
}

static void remove_file(struct generator *g, int branch, uint32_t name)
{
	g->contents[branch][name] = NULL;
	sb_addf(&g->stream, "D %s\n", name_at(g->cx, name));
}

/* At most one file goes beside one that comes, edited in the same commit or not. */
static void change(struct generator *g, int branch)
{
	uint32_t what = draw(g, 10), from, to;

	for (uint32_t i = draw(g, 3); i > 0; i--) {
		from = pick(g, branch, true);
		if (from == GENERATED_NAMES)
			continue;
		write_file(g, branch, from, edit(g, g->contents[branch][from]));
		if (draw(g, 4) > 0 && g->contents[branch][from ^ 1] != NULL) /* some go together */
			write_file(g, branch, from ^ 1, edit(g, g->contents[branch][from ^ 1]));
	}
	to = pick(g, branch, false);
	from = pick(g, branch, true);
	if (what < 3 && to != GENERATED_NAMES) {
		write_file(g, branch, to, edit(g, "line\n"));
	} else if (what < 5 && from != GENERATED_NAMES && to != GENERATED_NAMES) {
		const char *content = g->contents[branch][from];

		remove_file(g, branch, from);
		write_file(g, branch, to, content);
	} else if (what == 5 && from != GENERATED_NAMES) {
		remove_file(g, branch, from);
	}
}

static void merge(struct generator *g, int branch, int other)
{
	sb_addf(&g->stream, "merge :%d\n", g->marks[other]);
	for (uint32_t i = 0; i < GENERATED_NAMES; i++)
		if (g->contents[branch][i] == NULL && g->contents[other][i] != NULL &&
		    draw(g, 2) == 0)
			write_file(g, branch, i, g->contents[other][i]);
}

static void commit(struct generator *g, int branch)
{
	uint32_t author = draw(g, GENERATED_AUTHORS) * draw(g, 2);
	int other = (int)draw(g, GENERATED_BRANCHES);

	g->time_s += draw(g, 4) * 1000;
	sb_addf(&g->stream, "commit refs/heads/b%d\nmark :%d\n", branch, ++g->mark);
	sb_addf(&g->stream, "author Author %u <a%u@example.com> %lld +0000\n", author, author,
	        (long long)g->time_s - 500);
	sb_addf(&g->stream, "committer C <c@example.com> %lld +0100\n", (long long)g->time_s);
	git_repo_data(&g->stream, "x");
	if (g->marks[branch] != 0)
		sb_addf(&g->stream, "from :%d\n", g->marks[branch]);
	if (draw(g, 8) == 0 && other != branch && g->marks[other] != 0 && g->marks[branch] != 0)
		merge(g, branch, other);
	else
		change(g, branch);
	g->marks[branch] = g->mark;
}

void generated_repo(struct git_repo *repo, uint64_t seed)
{
	struct generator g = {
		.cx = repo->cx,
		.stream = sb_new(repo->cx->arena, 16 << 20),
		.random = seed,
		.time_s = 1000000000,
	};

	for (int i = 0; i < GENERATED_COMMITS; i++)
		commit(&g, (int)draw(&g, GENERATED_BRANCHES));
	/* The last commit knows all branches. */
	sb_addf(&g.stream, "commit refs/heads/main\ncommitter C <c@example.com> %lld +0000\n",
	        (long long)g.time_s + 1000);
	git_repo_data(&g.stream, "x");
	sb_addf(&g.stream, "from :%d\n", g.marks[0]);
	for (int b = 1; b < GENERATED_BRANCHES; b++)
		if (g.marks[b] != 0)
			sb_addf(&g.stream, "merge :%d\n", g.marks[b]);
	git_repo_import(repo, &g.stream);
}
