/* Analyse: scan, facts, manifests, resolution, measures, text; in that order. */
#include "maps/analyse.h"

#include "maps/attributes.h"
#include "maps/store.h"
#include "maps/text.h"

#include <string.h>

#define SCRATCH_BYTES  ((size_t)192 << 20) /* of one file's facts and parse */
#define PROGRESS_SCAN  2
#define PROGRESS_READ  85 /* when all blobs are read */
#define PROGRESS_JOIN  90
#define PROGRESS_WRITE 95
#define PROGRESS_EVERY 256 /* files */

struct analysis {
	struct ctx *cx;
	struct analyse_in in; /* limits filled in */
	struct scan *scan;
	struct scan_tree tree;
	struct store store;
	struct arena *scratch;
	struct manifest *manifests;
	size_t nmanifests, manifests_cap;
	struct attributes attributes;
};

static void tell(const struct analysis *a, int percent, const char *message)
{
	if (a->in.progress != NULL)
		a->in.progress(a->in.data, percent, message);
}

static void set_defaults(struct analyse_in *in)
{
	if (in->limits.max_blob_bytes == 0)
		in->limits.max_blob_bytes = ANALYSE_BLOB_BYTES;
	if (in->limits.max_files == 0)
		in->limits.max_files = ANALYSE_FILES;
	if (in->limits.max_depth == 0)
		in->limits.max_depth = ANALYSE_DEPTH;
	if (in->max_output_bytes == 0)
		in->max_output_bytes = ANALYSE_OUTPUT_BYTES;
	if (in->max_memory_bytes == 0)
		in->max_memory_bytes = ANALYSE_MEMORY_BYTES;
}

static enum err check_memory(const struct analysis *a)
{
	if (scan_out_of_memory(a->scan))
		return err_set(a->cx, ERR_OUT_OF_MEMORY,
		               "an object of this repository needs more memory than there is");
	if (arena_used(a->cx->arena) > a->in.max_memory_bytes)
		return err_set(a->cx, ERR_OUT_OF_MEMORY,
		               "the map of this repository needs more than %zu MiB",
		               a->in.max_memory_bytes >> 20);
	return ERR_OK;
}

static bool is_lfs_pointer(struct span text)
{
	static const char START[] = "version https://git-lfs.github.com/spec/";

	return text.len < 1024 && text.len > sizeof(START) &&
	       memcmp(text.data, START, sizeof(START) - 1) == 0;
}

static void read_manifest(struct analysis *a, uint32_t file, struct span text)
{
	struct span path = a->tree.files[file].path;
	enum manifest_type type = manifest_detect(path);

	if (type == MANIFEST_NONE || a->tree.files[file].role == FILE_VENDORED)
		return;
	if (a->nmanifests == a->manifests_cap) {
		size_t cap = a->manifests_cap != 0 ? a->manifests_cap * 2 : 16;

		a->manifests = arena_grow(a->cx->arena, a->manifests,
		                          a->manifests_cap * sizeof(*a->manifests),
		                          cap * sizeof(*a->manifests));
		a->manifests_cap = cap;
	}
	manifest_read(a->cx->arena, a->scratch, type, path, text, &a->manifests[a->nmanifests]);
	a->manifests[a->nmanifests++].file = file;
}

/* Late in a very large repository definitions are left out, so that the rest still fits. */
static bool short_of_memory(const struct analysis *a)
{
	return arena_used(a->cx->arena) > a->in.max_memory_bytes / 2;
}

/* Whether imports of a language are found by the definitions of other files. */
static bool resolves_by_names(enum lang lang)
{
	return lang == LANG_GO || lang == LANG_JAVA || lang == LANG_KOTLIN || lang == LANG_RUST;
}

/* Facts of one blob, and the manifest that it may be. */
static void read_text(struct analysis *a, uint32_t index, struct span text)
{
	struct map_file *file = &a->tree.files[index];
	struct facts facts = { 0 };
	enum lang lang;

	if (is_lfs_pointer(text)) {
		file->skip = SKIP_LFS;
		return;
	}
	if (!text_is_utf16(text) && lang_is_binary(text)) {
		file->skip = SKIP_BINARY;
		return;
	}
	text = text_to_utf8(a->scratch, text);
	lang = lang_detect(file->path, text);
	file->role = lang_file_role(file->path, lang, text);
	if (lang != LANG_NONE) {
		facts_read(a->scratch, lang, text, &facts);
		facts.lang = lang;
		if (short_of_memory(a) && !resolves_by_names(lang)) {
			facts.ndefs = 0;
			facts.truncated = true;
		}
		if (short_of_memory(a)) {
			facts.nrefs = 0;
			facts.truncated = true;
		}
		file->facts = store_facts(&a->store, &facts);
	}
	if (attributes_is(file->path))
		attributes_read(a->cx->arena, &a->attributes, file->path, text);
	read_manifest(a, index, text);
}

static enum err read_files(struct analysis *a)
{
	for (size_t i = 0; i < a->tree.nfiles; i++) {
		struct map_file *file = &a->tree.files[i];
		struct scan_blob blob;

		scan_blob(a->scan, &a->in.limits, file, &blob);
		if (file->skip == SKIP_NONE)
			read_text(a, (uint32_t)i, blob.text);
		scan_blob_free(&blob);
		arena_reset(a->scratch);
		TRY(check_memory(a));
		if (i % PROGRESS_EVERY == 0) {
			int span = PROGRESS_READ - PROGRESS_SCAN;

			tell(a, PROGRESS_SCAN + (int)((uint64_t)span * i / a->tree.nfiles),
			     "reading files");
			if (ctx_left_ms(a->cx) == 0)
				return err_set(a->cx, ERR_TIMEOUT,
				               "the time ended after %zu of %zu files", i,
				               a->tree.nfiles);
		}
	}
	return ERR_OK;
}

/* The repository's own word on roles; manifests that it calls vendored speak for others. */
static void apply_attributes(struct analysis *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->tree.nfiles && a->attributes.n > 0; i++) {
		struct map_file *file = &a->tree.files[i];

		if (file->role != 0)
			file->role = attributes_role(&a->attributes, file->path.data, file->role);
	}
	for (size_t i = 0; i < a->nmanifests; i++)
		if (a->tree.files[a->manifests[i].file].role != FILE_VENDORED)
			a->manifests[kept++] = a->manifests[i];
	a->nmanifests = kept;
}

/* From facts to text: everything behind the last look into the repository. */
static enum err join_and_write(struct analysis *a, bool empty, struct analyse_result *ret)
{
	struct ctx *cx = a->cx;
	struct resolve_in files = { .files = a->tree.files,
		                    .nfiles = a->tree.nfiles,
		                    .manifests = a->manifests,
		                    .nmanifests = a->nmanifests };
	struct resolve_out resolved;
	struct graph graph;
	struct structure structure;
	struct surface surface;
	struct content_in content = {
		.analyser = ANALYSER_VERSION,
		.commit = empty ? SCAN_COMMIT_NONE : a->in.commit,
		.ref = a->in.ref,
		.empty = empty,
		.limits = a->in.limits,
		.max_output_bytes = a->in.max_output_bytes,
		.tree = &a->tree,
		.manifests = a->manifests,
		.nmanifests = a->nmanifests,
		.resolved = &resolved,
		.graph = &graph,
		.structure = &structure,
		.surface = &surface,
	};

	tell(a, PROGRESS_READ, "resolving imports");
	TRY(resolve_imports(cx, &files, &resolved));
	tell(a, PROGRESS_JOIN, "measuring the graph");
	graph_measure(cx->arena, a->tree.nfiles, resolved.edges, resolved.nedges, &graph);
	structure_find(cx->arena, &files, resolved.edges, resolved.nedges, &structure);
	surface_find(cx->arena, &files, resolved.edges, resolved.nedges, &surface);
	tell(a, PROGRESS_WRITE, "writing the map");
	TRY(content_write(cx, cx->arena, &content, &ret->content, &ret->counts));
	tell(a, 100, "mapped");
	return ERR_OK;
}

enum err analyse_repository(struct ctx *cx, const struct analyse_in *in, struct analyse_result *ret)
{
	struct analysis a = { .cx = cx, .in = *in };
	CLEANUP(scan_close_ptr) struct scan *scan = NULL;
	CLEANUP(arena_free_ptr) struct arena *scratch = NULL;
	bool empty = in->commit == NULL || strcmp(in->commit, SCAN_COMMIT_NONE) == 0;

	set_defaults(&a.in);
	tell(&a, 0, "looking at the tree");
	if (empty)
		return join_and_write(&a, true, ret);
	TRY(scan_open(cx, in->directory, &scan));
	a.scan = scan;
	TRY(scan_tree(cx, scan, in->commit, &a.in.limits, &a.tree));
	TRY(check_memory(&a));
	scratch = arena_new(SCRATCH_BYTES);
	a.scratch = scratch;
	a.store = store_new(cx->arena);
	TRY(read_files(&a));
	apply_attributes(&a);
	return join_and_write(&a, false, ret);
}
