/*
 * Structure: a component that holds most of the program, but has too few files or imports for clusters, is cut
 * into the folders at which its files part; and what is left of a folder is named by where it lies.
 */
#include "maps/structure_parts.h"

#include <string.h>

#define DIVIDE_SHARE                                                                               \
	40 /* percent of the source files with imports; a component of fewer stays whole */
#define DIVIDE_FILES 8 /* likewise */
#define PART_FILES   2 /* source files of a folder that becomes a component */
#define ROUNDS       4 /* a part may be most of the program again */
#define REST_SHARE                                                                                 \
	80 /* percent of the files of what is left that a folder must hold to lend its name */

/* One component, and its files by folder: out->dirs has what is below behind what is above. */
struct dividing {
	struct structuring *s;
	const bool *linked; /* by file */
	uint32_t component;
	uint32_t *own, *below; /* by dir: source files in it; below it, itself included */
};

static bool counts(const struct structuring *s, const bool *linked, size_t file)
{
	const struct map_file *f = &s->in->files[file];

	return linked[file] && f->role == FILE_SOURCE && f->facts.lang != LANG_NONE;
}

static uint32_t dir_of(const struct structuring *s, struct span path)
{
	struct span up = structure_parent(path);

	return strmap_get(&s->dirs, up.data, up.len);
}

static void sum_up(const struct structuring *s, const uint32_t *own, uint32_t *ret_below)
{
	memcpy(ret_below, own, s->out->ndirs * sizeof(*own));
	for (size_t d = s->out->ndirs; d-- > 1;)
		ret_below[dir_of(s, s->out->dirs[d].path)] += ret_below[d];
}

/* Source files of the component by folder. */
static void count_files(struct dividing *v)
{
	const struct structuring *s = v->s;

	memset(v->own, 0, s->out->ndirs * sizeof(*v->own));
	for (size_t f = 0; f < s->in->nfiles; f++)
		if (s->out->file_component[f] == v->component && counts(s, v->linked, f))
			v->own[dir_of(s, s->in->files[f].path)]++;
	sum_up(s, v->own, v->below);
}

/* @ret the deepest folder in it that holds all that it holds */
static uint32_t deepest(const struct dividing *v, uint32_t dir)
{
	for (size_t d = dir + 1; d < v->s->out->ndirs && v->below[dir] > 0; d++)
		if (dir_of(v->s, v->s->out->dirs[d].path) == dir && v->below[d] == v->below[dir])
			dir = (uint32_t)d;
	return dir;
}

/* @ret folders of it that became components */
static size_t cut(struct dividing *v)
{
	struct structuring *s = v->s;
	struct structure *out = s->out;
	struct span path = out->components[v->component].path;
	uint32_t top = deepest(v, strmap_get(&s->dirs, path.data, path.len));
	uint32_t *part =
		arena_array(s->arena, out->ndirs, sizeof(*part)); /* its component, plus one */
	size_t parts = 0;

	for (size_t d = top + 1; d < out->ndirs; d++)
		parts += dir_of(s, out->dirs[d].path) == top && v->below[d] >= PART_FILES;
	if (parts == 0 || parts > STRUCTURE_CLUSTERS_MAX || (parts == 1 && v->own[top] == 0))
		return 0;
	for (size_t d = top + 1; d < out->ndirs; d++) {
		struct span dir = out->dirs[d].path;
		uint32_t up = dir_of(s, dir);

		part[d] = part[up];
		if (up != top || v->below[d] < PART_FILES)
			continue;
		part[d] = (uint32_t)out->ncomponents + 1;
		*structure_add(s) = (struct structure_component){
			.path = dir,
			.name = structure_shown(s, structure_last(dir)),
			.kind = "folder",
			.reason = "a folder of what holds most of the program",
			.manifest = STRUCTURE_NONE,
		};
	}
	for (size_t f = 0; f < s->in->nfiles; f++) {
		uint32_t dir = dir_of(s, s->in->files[f].path);

		if (out->file_component[f] == v->component && part[dir] != 0)
			out->file_component[f] = part[dir] - 1;
	}
	return parts;
}

struct share {
	uint64_t files, code;
};

static bool is_most(struct share part, struct share all)
{
	return part.files >= DIVIDE_FILES && (part.files * 100 >= all.files * DIVIDE_SHARE ||
	                                      part.code * 100 >= all.code * DIVIDE_SHARE);
}

/* @ret the component with most lines of source, if that is most of all; STRUCTURE_NONE without one */
static uint32_t largest(const struct dividing *v)
{
	const struct structuring *s = v->s;
	struct share *part = arena_array(s->arena, s->out->ncomponents, sizeof(*part));
	struct share all = { 0 };
	uint32_t best = STRUCTURE_NONE;

	for (size_t f = 0; f < s->in->nfiles; f++) {
		struct share *p = &part[s->out->file_component[f]];

		if (!counts(s, v->linked, f))
			continue;
		p->files++;
		p->code += s->in->files[f].facts.code;
		all.files++;
		all.code += s->in->files[f].facts.code;
	}
	for (uint32_t c = 0; c < s->out->ncomponents; c++)
		if (is_most(part[c], all) && strcmp(s->out->components[c].kind, "cluster") != 0 &&
		    (best == STRUCTURE_NONE || part[c].code > part[best].code))
			best = c;
	return best;
}

/*
 * The deepest folder that holds most of some files.  They are in the order of their paths, so those of a folder
 * stand together, and one that holds more than half of them holds the middle one.
 */
static struct span main_folder(const struct structuring *s, const uint32_t *files, size_t n)
{
	struct span dir = structure_parent(s->in->files[files[n / 2]].path);

	for (; dir.len > 0; dir = structure_parent(dir)) {
		size_t inside = 0;

		for (size_t i = 0; i < n; i++)
			inside += structure_below(s->in->files[files[i]].path, dir);
		if (inside * 100 >= n * REST_SHARE)
			break;
	}
	return dir;
}

/* @ret by dir: whether a component lies below it, or a cluster in it */
static bool *find_lenders(struct structuring *s)
{
	struct structure *out = s->out;
	bool *ret = arena_array(s->arena, out->ndirs, sizeof(bool));

	for (size_t c = 0; c < out->ncomponents; c++) {
		struct span path = out->components[c].path;
		uint32_t dir = strmap_get(&s->dirs, path.data, path.len);

		if (strcmp(out->components[c].kind, "cluster") == 0)
			ret[dir] = true;
		while (dir != 0) {
			dir = dir_of(s, out->dirs[dir].path);
			if (ret[dir])
				break;
			ret[dir] = true;
		}
	}
	return ret;
}

/* "src" of which everything but src/commands went to other components is told by that. */
static void name_rests(struct structuring *s)
{
	const bool *lends = find_lenders(s);
	struct structure *out = s->out;
	uint32_t *files = arena_array(s->arena, s->in->nfiles, sizeof(uint32_t));
	size_t *end = arena_array(s->arena, out->ncomponents + 1, sizeof(size_t));

	/* The files by component: end[c + 1] is counted first, then goes from the first of c to its last. */
	for (size_t f = 0; f < s->in->nfiles; f++)
		end[out->file_component[f] + 1]++;
	for (size_t c = 0; c < out->ncomponents; c++)
		end[c + 1] += end[c];
	for (size_t f = 0; f < s->in->nfiles; f++)
		files[end[out->file_component[f]]++] = (uint32_t)f;
	for (size_t c = 0, first = 0; c < out->ncomponents; first = end[c++]) {
		struct structure_component *component = &out->components[c];
		struct span dir;

		if (component->path.len == 0 || end[c] == first ||
		    strcmp(component->kind, "folder") != 0 ||
		    !lends[strmap_get(&s->dirs, component->path.data, component->path.len)])
			continue;
		dir = main_folder(s, files + first, end[c] - first);
		if (dir.len <= component->path.len)
			continue;
		component->path = dir;
		component->name = structure_shown(s, structure_last(dir));
		component->reason = arena_printf(s->arena, "%s; most of it is in %s",
		                                 component->reason, structure_shown(s, dir));
	}
}

void structure_divide(struct structuring *s, const bool *linked)
{
	struct dividing v = {
		.s = s,
		.linked = linked,
		.own = arena_array(s->arena, s->out->ndirs, sizeof(uint32_t)),
		.below = arena_array(s->arena, s->out->ndirs, sizeof(uint32_t)),
	};

	for (int round = 0; round < ROUNDS; round++) {
		v.component = largest(&v);
		if (v.component == STRUCTURE_NONE)
			break;
		count_files(&v);
		if (cut(&v) == 0)
			break;
	}
	name_rests(s);
}
