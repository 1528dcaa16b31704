/*
 * The history of generated repositories against what git itself says: commits, times, authors and
 * lines of each file, over renames and merges, and which files change together.  (B4)
 *
 * The oracle is slow and independent: it reads the text of git log and compares every pair of files.
 */
#include "generated_repo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MAX 8192

struct told {
	const char *old, *new; /* new: NULL unless it was renamed */
};

struct told_commit {
	const char *author;
	long long time_s;
	struct told files[GENERATED_NAMES * 2];
	size_t nfiles;
};

struct oracle {
	struct git_repo *repo;
	struct told_commit commits[GENERATED_COMMITS + 1];
	size_t ncommits;
	struct told renames[LOG_MAX];
	size_t nrenames;
};

static void read_log(struct oracle *o)
{
	char *text = arena_strdup(o->repo->cx->arena,
	                          git_repo_run(o->repo, "log --no-merges -M --name-status"
	                                                " --format='@%%an|%%ct' main"));

	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		struct told_commit *c = &o->commits[o->ncommits - (*line != '@')];
		char *tab = strchr(line, '\t'), *second;

		if (*line == '@') {
			o->ncommits++;
			c->author = line + 1;
			line = strchr(line, '|');
			*line = '\0';
			c->time_s = atoll(line + 1);
			continue;
		}
		second = strchr(tab + 1, '\t');
		if (second != NULL)
			*second++ = '\0';
		c->files[c->nfiles++] = (struct told){ tab + 1, second };
	}
}

static bool is_there(const struct oracle *o, const char *path)
{
	for (size_t i = 0; i < o->repo->tree.nfiles; i++)
		if (strcmp(o->repo->tree.files[i].path.data, path) == 0)
			return true;
	return false;
}

static const char *follow(const struct oracle *o, const char *path)
{
	for (size_t i = 0; i < o->nrenames; i++)
		if (strcmp(o->renames[i].old, path) == 0)
			return follow(o, o->renames[i].new);
	return path;
}

static void find_renames(struct oracle *o)
{
	for (size_t c = 0; c < o->ncommits; c++) {
		for (size_t i = 0; i < o->commits[c].nfiles; i++) {
			struct told told = o->commits[c].files[i];

			if (told.new == NULL || is_there(o, told.old) ||
			    strcmp(follow(o, told.old), told.old) != 0 ||
			    strcmp(follow(o, told.new), told.old) == 0)
				continue;
			o->renames[o->nrenames++] = told;
		}
	}
}

static bool touches(const struct oracle *o, size_t commit, const char *path)
{
	for (size_t i = 0; i < o->commits[commit].nfiles; i++) {
		const struct told *told = &o->commits[commit].files[i];

		if (strcmp(follow(o, told->old), path) == 0 ||
		    (told->new != NULL &&strcmp(follow(o, told->new), path) == 0))
			return true;
	}
	return false;
}

static void check_file(const struct oracle *o, const struct history *h, uint32_t f)
{
	const char *path = o->repo->tree.files[f].path.data;
	const struct history_file *file = &h->files[f];
	uint32_t commits = 0, by_author[GENERATED_AUTHORS] = { 0 }, authors = 0, most = 0,
		 factor = 0, sum = 0;
	long long first = 0, last = 0;

	for (size_t c = 0; c < o->ncommits; c++) {
		if (!touches(o, c, path))
			continue;
		if (commits++ == 0 || o->commits[c].time_s < first)
			first = o->commits[c].time_s;
		if (o->commits[c].time_s > last)
			last = o->commits[c].time_s;
		by_author[atoi(o->commits[c].author + strlen("Author "))]++;
	}
	for (int a = 0; a < GENERATED_AUTHORS; a++) {
		authors += by_author[a] > 0;
		most = by_author[a] > most ? by_author[a] : most;
	}
	if (file->commits != commits)
		fail_msg("%s: %u commits, git says %u", path, file->commits, commits);
	assert_int_equal(file->first_s, first);
	assert_int_equal(file->last_s, last);
	assert_int_equal(file->authors, authors);
	assert_int_equal(file->owner_commits, most);
	if (commits > 0)
		assert_int_equal(by_author[atoi(h->authors[file->owner].name + strlen("Author "))],
		                 most);
	while (sum * 2 <= commits && commits > 0) { /* take the largest left, again and again */
		int best = 0;

		for (int a = 1; a < GENERATED_AUTHORS; a++)
			best = by_author[a] > by_author[best] ? a : best;
		sum += by_author[best];
		by_author[best] = 0;
		factor++;
	}
	assert_int_equal(file->bus_factor, factor);
}

static void check_pairs(const struct oracle *o, const struct history *h)
{
	size_t found = 0;

	for (uint32_t a = 0; a < o->repo->tree.nfiles; a++) {
		for (uint32_t b = a + 1; b < o->repo->tree.nfiles; b++) {
			const char *x = o->repo->tree.files[a].path.data;
			const char *y = o->repo->tree.files[b].path.data;
			uint32_t together = 0, degree;

			for (size_t c = 0; c < o->ncommits; c++)
				together += touches(o, c, x) && touches(o, c, y);
			if (together < HISTORY_COUPLED_LEAST)
				continue;
			degree = together * 200 / (h->files[a].commits + h->files[b].commits);
			if (degree < HISTORY_COUPLED_DEGREE)
				continue;
			found++;
			for (size_t i = 0; i < h->npairs; i++) {
				if (h->pairs[i].a != a || h->pairs[i].b != b)
					continue;
				assert_int_equal(h->pairs[i].together, together);
				assert_int_equal(h->pairs[i].degree, degree);
				assert_int_equal(h->pairs[i].a_to_b,
				                 together * 100 / h->files[a].commits);
				assert_int_equal(h->pairs[i].b_to_a,
				                 together * 100 / h->files[b].commits);
				found--;
			}
			if (found != 0)
				fail_msg("%s and %s are not paired", x, y);
			found = 0;
		}
	}
}

static size_t count_pairs(const struct history *h)
{
	for (size_t i = 1; i < h->npairs; i++)
		assert_true(h->pairs[i - 1].degree >= h->pairs[i].degree);
	return h->npairs;
}

/* Lines by git's own count, of the newest commits. */
static void check_lines(const struct oracle *o, const struct history *h, unsigned commits)
{
	char *text = arena_strdup(
		o->repo->cx->arena,
		git_repo_run(
			o->repo,
			"log --no-merges -n %u -M -z --numstat --format= main | tr '\\0' '\\n'",
			commits));
	uint32_t added[GENERATED_NAMES] = { 0 }, removed[GENERATED_NAMES] = { 0 };

	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		unsigned long plus = strtoul(line, &line, 10), minus = strtoul(line, &line, 10);
		const char *path = line + 1;

		if (*path == '\0' && strtok(NULL, "\n") != NULL) /* renamed: old and new follow */
			path = strtok(NULL, "\n");
		path = follow(o, path);
		if ((plus > 0 || minus > 0) && is_there(o, path)) {
			added[git_repo_file(o->repo, path)] += (uint32_t)plus;
			removed[git_repo_file(o->repo, path)] += (uint32_t)minus;
		}
	}
	for (uint32_t f = 0; f < o->repo->tree.nfiles; f++) {
		assert_int_equal(h->files[f].added, added[f]);
		assert_int_equal(h->files[f].removed, removed[f]);
	}
}

static void test_history__what_git_says(void **state)
{
	size_t renamed = 0, paired = 0, merged = 0;

	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct ctx *cx = fixture_ctx(*state);
		const struct history_limits limits = { .line_commits = 60 };
		struct oracle *o = arena_alloc(cx->arena, sizeof(*o));
		struct git_repo repo;
		struct history h;

		print_message("# seed %d\n", (int)seed);
		git_repo_new(cx, &repo);
		generated_repo(&repo, seed);
		git_repo_history(&repo, "main", &limits, &h);
		o->repo = &repo;
		read_log(o);
		find_renames(o);

		assert_int_equal(h.end, HISTORY_WHOLE);
		assert_int_equal(h.commits, o->ncommits);
		assert_int_equal(h.merges,
		                 atoi(git_repo_run(&repo, "rev-list --merges --count main")));
		for (uint32_t f = 0; f < repo.tree.nfiles; f++)
			check_file(o, &h, f);
		check_pairs(o, &h);
		check_lines(o, &h, 60);
		for (size_t i = 0; i < h.nrenames; i++)
			assert_string_equal(follow(o, h.renames[i].was),
			                    repo.tree.files[h.renames[i].file].path.data);
		renamed += h.nrenames;
		paired += count_pairs(&h);
		merged += h.merges;
		git_repo_end(&repo);
	}
	print_message("# %zu renames, %zu merges, %zu pairs\n", renamed, merged, paired);
	assert_true(renamed > 50 && merged > 50 && paired > 5); /* else nothing was shown */
}

static int set_up(void **state)
{
	int rc = fixture_open(state);

	return rc != 0 ? rc : scan_init(fixture_ctx(*state)) != ERR_OK;
}

static int tear_down(void **state)
{
	scan_quit();
	return fixture_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_history__what_git_says),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
