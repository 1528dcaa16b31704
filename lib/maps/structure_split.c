/*
 * Structure: a component that is a large share of the whole is cut into clusters.
 *
 * The graph that is clustered has its files as nodes, and its folders.  An import of a file that few
 * import pulls more than one of a file that all import: what everybody uses holds nothing together.
 */
#include "maps/structure_parts.h"

#include "maps/cluster.h"

#include <stdlib.h>
#include <string.h>

#define PULL_IMPORT 4  /* of a file that very many import */
#define PULL_RARE   60 /* more than that, shared by all that import it */
#define PULL_STEM   40 /* between files of one folder that differ in their ending: x.c and x.h */
#define PULL_FOLDER 12 /* of a folder on a file in it */
#define PULL_UP     6  /* of a folder on one in it */
#define NAMED_SHARE                                                                                \
	60 /* percent of a cluster that a folder must hold to lend it its name, or two together */
#define NAMED_PART 20 /* and each of the two */

/* Nodes: the files of the component, then the folders above them. */
struct splitting {
	struct structuring *s;
	struct arena *arena; /* scratch */
	uint32_t component;
	uint32_t *files; /* by node */
	size_t nfiles;
	uint32_t *node;    /* by file of the repository: its node, plus one */
	uint32_t *folders; /* indexes of out->dirs */
	size_t nfolders;
	uint32_t *folder_node;             /* by dir: its node, plus one */
	uint32_t *in_component, *in_group; /* by dir: files below it */
	struct cluster_edge *edges;
	size_t nedges;
	uint64_t weight;
	uint32_t *cluster; /* by node */
	uint32_t nclusters;
	struct strmap words; /* of the names of its source files */
};

struct inside {
	uint32_t stay,
		all; /* imports of the group's files: within the group, within the repository */
	uint32_t central; /* the file that it is named after, for want of a folder */
};

struct group {
	uint32_t *files; /* of the repository, ascending */
	size_t nfiles, nsource, cap;
	uint32_t number;
	struct inside inside;
};

static uint32_t dir_of(const struct structuring *s, struct span path)
{
	struct span up = structure_parent(path);

	return strmap_get(&s->dirs, up.data, up.len);
}

static bool is_source(const struct map_file *file)
{
	return file->role == FILE_SOURCE && file->facts.lang != LANG_NONE;
}

static void pull(struct splitting *p, uint32_t a, uint32_t b, uint32_t weight)
{
	if (p->weight + weight > CLUSTER_WEIGHT_MAX)
		return;
	p->weight += weight;
	p->edges[p->nedges++] = (struct cluster_edge){ a, b, weight };
}

/*
 * The file that declares the component stays in it, and so does what is no part of the program.  Tests reach
 * everywhere and would pull apart what belongs together: they follow the files that they lie beside.
 */
static void take_files(struct splitting *p)
{
	const struct structure *out = p->s->out;

	for (uint32_t f = 0; f < p->s->in->nfiles; f++) {
		const struct map_file *file = &p->s->in->files[f];

		if (out->file_component[f] != p->component || file->role == FILE_VENDORED ||
		    file->role == FILE_TEST || out->components[p->component].manifest == f)
			continue;
		p->files[p->nfiles++] = f;
		p->node[f] = (uint32_t)p->nfiles;
	}
}

/* Each folder once, from a file's own up to the component's. */
static void take_folders(struct splitting *p)
{
	size_t top = p->s->out->components[p->component].path.len;

	for (size_t i = 0; i < p->nfiles; i++) {
		struct span path = p->s->in->files[p->files[i]].path;
		uint32_t below = (uint32_t)i, dir = dir_of(p->s, path);
		uint32_t weight = PULL_FOLDER;

		for (;;) {
			bool known = p->folder_node[dir] != 0;

			if (!known) {
				p->folders[p->nfolders++] = dir;
				p->folder_node[dir] = (uint32_t)(p->nfiles + p->nfolders);
			}
			pull(p, below, p->folder_node[dir] - 1, weight);
			if (known || p->s->out->dirs[dir].path.len <= top)
				break;
			below = p->folder_node[dir] - 1;
			weight = PULL_UP;
			dir = dir_of(p->s, p->s->out->dirs[dir].path);
		}
	}
}

static size_t stem_len(struct span path)
{
	size_t name = path.len - structure_last(path).len, n = name;

	while (n < path.len && (path.data[n] != '.' || n == name))
		n++;
	return n;
}

/* Whether the files differ in their endings only. */
static bool same_stem(const struct splitting *p, uint32_t a, uint32_t b)
{
	struct span x = p->s->in->files[a].path, y = p->s->in->files[b].path;
	size_t n = stem_len(x);

	return n == stem_len(y) && memcmp(x.data, y.data, n) == 0;
}

static void take_stems(struct splitting *p)
{
	for (size_t i = 1; i < p->nfiles; i++)
		if (same_stem(p, p->files[i - 1], p->files[i]))
			pull(p, (uint32_t)i - 1, (uint32_t)i, PULL_STEM);
}

static void take_imports(struct splitting *p, const struct resolve_edge *edges, size_t nedges)
{
	uint32_t *fan_in = arena_array(p->arena, p->nfiles, sizeof(uint32_t));

	for (int fill = 0; fill < 2; fill++) {
		for (size_t e = 0; e < nedges; e++) {
			uint32_t from = p->node[edges[e].from], to = p->node[edges[e].to];

			if (from == 0 || to == 0 || from == to)
				continue;
			if (fill == 0)
				fan_in[to - 1]++;
			else
				pull(p, from - 1, to - 1, PULL_IMPORT + PULL_RARE / fan_in[to - 1]);
		}
	}
}

/* --- Names and reasons --- */

/* The deepest folder that all files of a group lie in. */
static struct span common_folder(const struct splitting *p, const struct group *g)
{
	struct span dir = structure_parent(p->s->in->files[g->files[0]].path);

	for (size_t i = 1; i < g->nfiles; i++)
		while (!structure_below(p->s->in->files[g->files[i]].path, dir))
			dir = structure_parent(dir);
	return dir;
}

/* How many of some files lie below each folder of the component. */
static void count_below(const struct splitting *p, const uint32_t *files, size_t n, uint32_t *count)
{
	size_t top = p->s->out->components[p->component].path.len;

	for (size_t i = 0; i < n; i++) {
		uint32_t dir = dir_of(p->s, p->s->in->files[files[i]].path);

		while (p->s->out->dirs[dir].path.len > top) {
			count[dir]++;
			dir = dir_of(p->s, p->s->out->dirs[dir].path);
		}
	}
}

/*
 * The folder that a group is named by: below the component's own, it holds most of the group, and
 * most of its files are in the group, so that no two are named by one; the deepest such.
 * @ret false when there is none
 */
static bool naming_folder(const struct splitting *p, const struct group *g, struct span *ret)
{
	size_t top = p->s->out->components[p->component].path.len;
	bool found = false;

	memset(p->in_group, 0, p->s->out->ndirs * sizeof(uint32_t));
	count_below(p, g->files, g->nfiles, p->in_group);
	for (size_t i = 0; i < p->nfolders; i++) {
		uint32_t dir = p->folders[i];
		struct span path = p->s->out->dirs[dir].path;
		uint64_t n = p->in_group[dir];

		if (path.len <= top || n * 100 < g->nfiles * NAMED_SHARE ||
		    n * 2 <= p->in_component[dir] || (found && ret->len > path.len))
			continue;
		*ret = path;
		found = true;
	}
	return found;
}

static bool is_within(struct span path, struct span dir)
{
	return structure_order(path, dir) == 0 || structure_below(path, dir);
}

/* Two folders, neither within the other, each mostly of the group, that hold most of it together. */
static bool naming_pair(const struct splitting *p, const struct group *g, struct span ret[2])
{
	size_t top = p->s->out->components[p->component].path.len;
	uint32_t best[2] = { 0, 0 };

	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i < p->nfolders; i++) {
			uint32_t dir = p->folders[i], n = p->in_group[dir];
			struct span path = p->s->out->dirs[dir].path;

			if (path.len <= top || n <= best[k] ||
			    n * UINT64_C(2) <= p->in_component[dir] ||
			    n * UINT64_C(100) < g->nfiles * NAMED_PART ||
			    (k == 1 && (is_within(path, ret[0]) || is_within(ret[0], path))))
				continue;
			ret[k] = path;
			best[k] = n;
		}
	}
	return best[1] > 0 && (best[0] + (uint64_t)best[1]) * 100 >= g->nfiles * NAMED_SHARE;
}

/*
 * The file that stands for a group: much of its code, imported by many of its files; a header and its
 * source count together.  The largest of those, the first one of equals.
 */
static uint32_t find_central(const struct splitting *p, const struct group *g,
                             const uint32_t *fan_in)
{
	uint32_t central = g->files[0];
	uint64_t most = 0;

	for (size_t i = 0; i < g->nfiles;) {
		uint32_t largest = g->files[i];
		uint64_t code = 0, importers = 1;
		size_t first = i;

		for (; i < g->nfiles && same_stem(p, g->files[first], g->files[i]); i++) {
			const struct map_file *file = &p->s->in->files[g->files[i]];

			code += is_source(file) ? file->facts.code : 0;
			importers += fan_in[p->node[g->files[i]] - 1];
			if (file->facts.code > p->s->in->files[largest].facts.code)
				largest = g->files[i];
		}
		if (code * importers > most) {
			most = code * importers;
			central = largest;
		}
	}
	return central;
}

static struct inside look_inside(const struct splitting *p, const struct group *g,
                                 const struct resolve_edge *edges, size_t nedges)
{
	uint32_t *fan_in = arena_array(p->arena, p->nfiles, sizeof(uint32_t));
	struct inside in = { 0 };

	for (size_t e = 0; e < nedges; e++) {
		uint32_t from = p->node[edges[e].from], to = p->node[edges[e].to];

		if (from == 0 || p->cluster[from - 1] != g->number)
			continue;
		in.all++;
		if (to == 0 || p->cluster[to - 1] != g->number)
			continue;
		in.stay++;
		fan_in[to - 1]++;
	}
	in.central = find_central(p, g, fan_in);
	return in;
}

/* Names of source files without their endings, those that differ in nothing else once.  @ret how many */
static size_t stems_of(const struct splitting *p, const uint32_t *files, size_t n, struct span *ret)
{
	size_t nstems = 0, before = SIZE_MAX;

	for (size_t i = 0; i < n; i++) {
		struct span path = p->s->in->files[files[i]].path, name = structure_last(path);

		if (!is_source(&p->s->in->files[files[i]]))
			continue;
		if (before == SIZE_MAX || !same_stem(p, files[before], files[i]))
			ret[nstems++] =
				(struct span){ name.data, stem_len(path) - (path.len - name.len) };
		before = i;
	}
	return nstems;
}

/* Files that are called as others in every folder are: their folder tells more. */
static bool says_nothing(struct span stem)
{
	static const char *const STEMS[] = { "index", "main", "mod", "lib", "__init__" };

	for (size_t i = 0; i < COUNT(STEMS); i++)
		if (strlen(STEMS[i]) == stem.len && memcmp(STEMS[i], stem.data, stem.len) == 0)
			return true;
	return false;
}

/*
 * What a group is called, the surest first: by a folder, by two that hold it together, by the word that its
 * files share, by its central file.  @path where it lies  @ret in the arena of the map
 */
static const char *name_group(const struct splitting *p, const struct group *g, struct span *path,
                              const char **ret_after)
{
	struct span word, named, two[2];
	struct span *stems = arena_array(p->arena, g->nfiles, sizeof(*stems));
	struct arena *arena = p->s->arena;
	size_t n = stems_of(p, g->files, g->nfiles, stems);
	uint32_t count;

	if (naming_folder(p, g, path)) {
		*ret_after =
			arena_printf(arena, "most of it is in %s", structure_shown(p->s, *path));
		return structure_shown(p->s, structure_last(*path));
	}
	if (naming_pair(p, g, two)) {
		*ret_after =
			arena_printf(arena, "most of it is in %s and %s",
		                     structure_shown(p->s, two[0]), structure_shown(p->s, two[1]));
		return arena_printf(arena, "%s, %s", structure_shown(p->s, structure_last(two[0])),
		                    structure_shown(p->s, structure_last(two[1])));
	}
	if (structure_shared_word(p->arena, &p->words, stems, n, &word, &count)) {
		*ret_after = arena_printf(
			arena, "named after the word that %u of its %zu names have", count, n);
		return structure_shown(p->s, word);
	}
	named = p->s->in->files[g->inside.central].path;
	*ret_after =
		arena_printf(arena, "named after %s", structure_shown(p->s, structure_last(named)));
	named.len = stem_len(named);
	if (says_nothing(structure_last(named)) && structure_parent(named).len > 0)
		named = structure_parent(named);
	return structure_shown(p->s, structure_last(named));
}

static void add_cluster(struct splitting *p, const struct group *g)
{
	struct span path = common_folder(p, g);
	struct structure_component *c;
	const char *after, *name = name_group(p, g, &path, &after);

	for (size_t i = 0; i < g->nfiles; i++)
		p->s->out->file_component[g->files[i]] = (uint32_t)p->s->out->ncomponents;
	c = structure_add(p->s);
	*c = (struct structure_component){
		.path = path,
		.name = name,
		.kind = "cluster",
		.reason = arena_printf(p->s->arena,
		                       "clustering: %u of its %u imports stay inside; %s",
		                       g->inside.stay, g->inside.all, after),
		.manifest = STRUCTURE_NONE,
	};
}

static bool is_left_test(const struct splitting *p, size_t file)
{
	return p->s->out->file_component[file] == p->component &&
	       p->s->in->files[file].role == FILE_TEST;
}

/*
 * Tests of the component, each to the cluster that most of the files of its folder are in.  A folder that is
 * hardly anything but tests stays together.
 */
static void place_tests(struct splitting *p, const struct group *groups, size_t n)
{
	struct structure *out = p->s->out;
	uint32_t *most = arena_array(p->arena, out->ndirs, sizeof(uint32_t));
	uint32_t *to = arena_array(p->arena, out->ndirs, sizeof(uint32_t));
	uint32_t *tests = arena_array(p->arena, out->ndirs, sizeof(uint32_t));
	uint32_t first = (uint32_t)(out->ncomponents - n);

	for (size_t i = 0; i < n; i++) {
		memset(p->in_group, 0, out->ndirs * sizeof(uint32_t));
		for (size_t f = 0; f < groups[i].nfiles; f++)
			p->in_group[dir_of(p->s, p->s->in->files[groups[i].files[f]].path)]++;
		for (size_t d = 0; d < out->ndirs; d++) {
			if (p->in_group[d] <= most[d])
				continue;
			most[d] = p->in_group[d];
			to[d] = first + (uint32_t)i;
		}
	}
	for (size_t f = 0; f < p->s->in->nfiles; f++)
		if (is_left_test(p, f))
			tests[dir_of(p->s, p->s->in->files[f].path)]++;
	for (size_t f = 0; f < p->s->in->nfiles; f++) {
		uint32_t dir;

		if (!is_left_test(p, f))
			continue;
		dir = dir_of(p->s, p->s->in->files[f].path);
		if (most[dir] * UINT64_C(4) >= tests[dir] && most[dir] > 0)
			out->file_component[f] = to[dir];
	}
}

static int by_size(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->nfiles != y->nfiles)
		return x->nfiles > y->nfiles ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* @ret the groups that are large enough and hold together, largest first */
static size_t gather(struct splitting *p, const struct resolve_edge *edges, size_t nedges,
                     struct group **ret)
{
	struct group *groups = arena_array(p->arena, p->nclusters, sizeof(*groups));
	size_t kept = 0, n;

	for (uint32_t i = 0; i < p->nclusters; i++)
		groups[i].number = i;
	for (size_t i = 0; i < p->nfiles; i++)
		groups[p->cluster[i]].cap++;
	for (size_t i = 0; i < p->nfiles; i++) {
		struct group *g = &groups[p->cluster[i]];

		if (g->files == NULL)
			g->files = arena_array(p->arena, g->cap, sizeof(uint32_t));
		g->files[g->nfiles++] = p->files[i];
		g->nsource += is_source(&p->s->in->files[p->files[i]]);
	}
	for (uint32_t i = 0; i < p->nclusters; i++)
		if (groups[i].nfiles >= STRUCTURE_CLUSTER_FILES && groups[i].nsource > 1)
			groups[kept++] = groups[i];
	if (kept > 1)
		qsort(groups, kept, sizeof(*groups), by_size);
	n = kept < STRUCTURE_CLUSTERS_MAX ? kept : STRUCTURE_CLUSTERS_MAX;
	kept = 0;
	for (size_t i = 0; i < n; i++) {
		groups[i].inside = look_inside(p, &groups[i], edges, nedges);
		if ((uint64_t)groups[i].inside.stay * 100 >=
		    groups[i].nsource * STRUCTURE_CLUSTER_IMPORTS)
			groups[kept++] = groups[i];
	}
	*ret = groups;
	return kept;
}

static void split(struct structuring *s, uint32_t component, const struct resolve_edge *edges,
                  size_t nedges)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(SIZE_MAX / 2);
	struct splitting p = {
		.s = s,
		.arena = arena,
		.component = component,
		.files = arena_array(arena, s->in->nfiles, sizeof(uint32_t)),
		.node = arena_array(arena, s->in->nfiles, sizeof(uint32_t)),
		.folders = arena_array(arena, s->out->ndirs, sizeof(uint32_t)),
		.folder_node = arena_array(arena, s->out->ndirs, sizeof(uint32_t)),
		.in_component = arena_array(arena, s->out->ndirs, sizeof(uint32_t)),
		.in_group = arena_array(arena, s->out->ndirs, sizeof(uint32_t)),
	};
	struct group *groups;
	struct span *stems;
	size_t n;

	p.edges = arena_array(arena, nedges + s->in->nfiles * 2 + s->out->ndirs, sizeof(*p.edges));
	take_files(&p);
	take_folders(&p);
	take_stems(&p);
	take_imports(&p, edges, nedges);
	p.nclusters = cluster_find(arena, p.nfiles + p.nfolders, p.edges, p.nedges, &p.cluster);
	count_below(&p, p.files, p.nfiles, p.in_component);
	n = gather(&p, edges, nedges, &groups);
	if (n < 2)
		return;
	stems = arena_array(arena, p.nfiles, sizeof(*stems));
	p.words = structure_count_words(arena, stems, stems_of(&p, p.files, p.nfiles, stems));
	for (size_t i = 0; i < n; i++)
		add_cluster(&p, &groups[i]);
	place_tests(&p, groups, n);
}

/*
 * Only files that imports lead from or to count: scripts by the thousand would hide a program.  A share is of
 * those files or of their lines: examples by the hundred would hide it as well.
 */
void structure_split(struct structuring *s, const struct resolve_edge *edges, size_t nedges)
{
	size_t n = s->out->ncomponents, all = 0;
	size_t *source = arena_array(s->arena, n, sizeof(size_t));
	uint64_t *code = arena_array(s->arena, n, sizeof(uint64_t)), all_code = 0;
	bool *linked = arena_array(s->arena, s->in->nfiles, sizeof(bool));

	for (size_t e = 0; e < nedges; e++)
		linked[edges[e].from] = linked[edges[e].to] = true;
	for (size_t i = 0; i < s->in->nfiles; i++) {
		const struct map_file *file = &s->in->files[i];
		uint32_t c = s->out->file_component[i];

		if (!linked[i] || !is_source(file))
			continue;
		source[c]++;
		code[c] += file->facts.code;
		all++;
		all_code += file->facts.code;
	}
	for (uint32_t c = 0; c < n; c++)
		if (source[c] >= STRUCTURE_SPLIT_FILES &&
		    (source[c] * 100 >= all * STRUCTURE_SPLIT_SHARE ||
		     code[c] * 100 >= all_code * STRUCTURE_SPLIT_SHARE))
			split(s, c, edges, nedges);
	structure_divide(s, linked);
}
