/* Map tree: see the header. */
#include "map_tree.h"

#include "base/sb.h"
#include "maps/lang.h"
#include "maps/manifest_complete.h"

#include <stdlib.h>
#include <string.h>

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct tree_file *)a)->path, ((const struct tree_file *)b)->path);
}

void tree_resolve(struct ctx *cx, const struct tree_file *files, size_t n, struct resolve_in *in,
                  struct resolve_out *out)
{
	struct tree_file *sorted = arena_memdup(cx->arena, files, n * sizeof(*files));
	struct map_file *made = arena_array(cx->arena, n, sizeof(*made));
	struct manifest *manifests = arena_array(cx->arena, n, sizeof(*manifests));

	qsort(sorted, n, sizeof(*sorted), by_path);
	*in = (struct resolve_in){ .files = made, .nfiles = n, .manifests = manifests };
	for (size_t i = 0; i < n; i++) {
		struct span path = { sorted[i].path, strlen(sorted[i].path) };
		struct span text = { sorted[i].text, strlen(sorted[i].text) };
		enum lang lang = lang_detect(path, text);
		enum manifest_type type = manifest_detect(path);

		made[i].path = path;
		made[i].role = lang_file_role(path, lang, text);
		facts_read(cx->arena, lang, text, &made[i].facts);
		made[i].facts.lang = lang;
		if (type == MANIFEST_NONE)
			continue;
		manifest_read(cx->arena, cx->arena, type, path, text, &manifests[in->nmanifests]);
		manifests[in->nmanifests++].file = (uint32_t)i;
	}
	manifest_complete(cx->arena, made, manifests, in->nmanifests);
	assert_int_equal(resolve_imports(cx, in, out), ERR_OK);
}

static const char *edges_text(struct ctx *cx, const struct resolve_in *in,
                              const struct resolve_out *out)
{
	struct sb sb = sb_new(cx->arena, 65536);

	for (size_t i = 0; i < out->nedges; i++)
		sb_addf(&sb, "%s:%u %s %s\n", in->files[out->edges[i].from].path.data,
		        out->edges[i].line, in->files[out->edges[i].to].path.data,
		        resolve_rule_name(out->edges[i].rule));
	return sb.len > 0 ? sb.data : "";
}

static const char *misses_text(struct ctx *cx, const struct resolve_in *in,
                               const struct resolve_out *out)
{
	struct sb sb = sb_new(cx->arena, 65536);

	for (size_t i = 0; i < out->nmisses; i++) {
		const struct resolve_miss *miss = &out->misses[i];

		sb_addf(&sb, "%s:%u %s %s%s%s\n", in->files[miss->from].path.data, miss->line,
		        miss->target, resolve_miss_name(miss->reason),
		        miss->external != RESOLVE_NONE ? " " : "",
		        miss->external != RESOLVE_NONE ? out->externals[miss->external].name : "");
	}
	return sb.len > 0 ? sb.data : "";
}

void tree_check(struct ctx *cx, const struct tree_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct resolve_in in;
		struct resolve_out out;
		size_t files = 0;

		while (files < TREE_FILES_MAX && cases[i].files[files].path != NULL)
			files++;
		print_message("# %s\n", cases[i].why);
		tree_resolve(cx, cases[i].files, files, &in, &out);
		assert_string_equal(edges_text(cx, &in, &out), cases[i].edges);
		assert_string_equal(misses_text(cx, &in, &out), cases[i].misses);
	}
}
