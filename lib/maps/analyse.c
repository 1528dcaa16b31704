/* Analyse: scan, facts, manifests, resolution, measures, text; in that order. */
#include "maps/analyse.h"

#include "maps/attributes.h"
#include "maps/cache.h"
#include "maps/chart.h"
#include "maps/manifest_complete.h"
#include "maps/pictures.h"
#include "maps/tables.h"
#include "maps/text.h"

#include <inttypes.h>
#include <string.h>

#define SCRATCH_BYTES ((size_t)192 << 20) /* of one file's facts and parse */
#define CONTENT_ARENA_MAX                                                                          \
	(SIZE_MAX / 2) /* max_output_bytes bounds its text, the sandbox all of it */
#define PROGRESS_SCAN  2
#define PROGRESS_READ  85 /* when all blobs are read */
#define PROGRESS_JOIN  88
#define PROGRESS_PAST  90
#define PROGRESS_WRITE 95
#define PROGRESS_EVERY 256 /* files */
#define FACT_BYTES     128 /* of a text and its place in indexes */

struct analysis {
	struct ctx *cx;
	struct analyse_in in; /* limits filled in */
	struct scan *scan;
	struct scan_tree tree;
	struct cache *cache;
	struct arena *scratch;
	size_t facts_bytes; /* of the lists that are kept */
	struct analyse_reads reads;
	struct manifest *manifests;
	size_t nmanifests, manifests_cap;
	struct attributes attributes;
	const char *print; /* NULL: these tables are nothing to go by later */
	struct patch patch;
	bool patches;
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
	if (arena_used(a->cx->arena) + cache_memory(a->cache) > a->in.max_memory_bytes)
		return err_set(a->cx, ERR_OUT_OF_MEMORY,
		               "the map of this repository needs more than %zu MiB",
		               a->in.max_memory_bytes >> 20);
	return ERR_OK;
}

static void keep_manifest(struct analysis *a, uint32_t file, const struct manifest *manifest)
{
	if (manifest->type == MANIFEST_NONE)
		return;
	if (a->nmanifests == a->manifests_cap) {
		size_t cap = a->manifests_cap != 0 ? a->manifests_cap * 2 : 16;

		a->manifests = arena_grow(a->cx->arena, a->manifests,
		                          a->manifests_cap * sizeof(*a->manifests),
		                          cap * sizeof(*a->manifests));
		a->manifests_cap = cap;
	}
	a->manifests[a->nmanifests] = *manifest;
	a->manifests[a->nmanifests++].file = file;
}

/* What is kept of a file's facts takes about so much memory, were each text a new one. */
static size_t facts_bytes(const struct facts *facts)
{
	return facts->nimports * (sizeof(*facts->imports) + FACT_BYTES) +
	       facts->ndefs * (sizeof(*facts->defs) + FACT_BYTES) +
	       facts->nnames * sizeof(*facts->names) + facts->nrefs * sizeof(*facts->refs);
}

/*
 * Late in a very large repository definitions are left out, so that the rest still fits.  Only what
 * the commit holds decides that: not how much of it came from the cache.
 */
static bool short_of_memory(const struct analysis *a)
{
	return a->facts_bytes > a->in.max_memory_bytes / 2;
}

/* Whether imports of a language are found by the definitions of other files. */
static bool resolves_by_names(enum lang lang)
{
	return lang == LANG_GO || lang == LANG_JAVA || lang == LANG_KOTLIN || lang == LANG_RUST ||
	       lang == LANG_CSHARP || lang == LANG_PHP || lang == LANG_RUBY || lang == LANG_SQL;
}

/* What one blob is: its facts, and the manifest that it may be.  All of it lives in a->scratch. */
static void read_text(struct analysis *a, struct map_file *file, struct span text,
                      struct record *ret)
{
	enum manifest_type type = manifest_detect(file->path);
	enum lang lang;

	if (scan_is_lfs_pointer(text)) {
		ret->skip = SKIP_LFS;
		return;
	}
	if (!text_is_utf16(text) && lang_is_binary(text)) {
		ret->skip = SKIP_BINARY;
		return;
	}
	text = text_to_utf8(a->scratch, text);
	lang = lang_detect(file->path, text);
	ret->role = lang_file_role(file->path, lang, text);
	if (lang != LANG_NONE) {
		facts_read(a->scratch, lang, text, &ret->facts);
		ret->facts.lang = lang;
		if (ctags_reads(lang) && text.len > 0)
			file->gap =
				ctags_read(a->in.ctags, a->scratch, file->path, text, &ret->facts);
	}
	if (attributes_is(file->path))
		attributes_read(a->cx->arena, &a->attributes, file->path, text);
	if (type != MANIFEST_NONE && ret->role != FILE_VENDORED)
		manifest_read(a->scratch, a->scratch, type, file->path, text, &ret->manifest);
}

/* Uses of names go as well.  @ret whether definitions had to be left out */
static bool leave_out(const struct analysis *a, struct facts *facts)
{
	if (facts->nrefs > 0 && short_of_memory(a)) {
		facts->refs = NULL;
		facts->packed_refs = (struct span){ 0 };
		facts->nrefs = 0;
		facts->truncated = true;
	}
	if (facts->ndefs == 0 || !short_of_memory(a) || resolves_by_names(facts->lang))
		return false;
	facts->defs = NULL;
	facts->ndefs = 0;
	facts->truncated = true;
	return true;
}

/* From the record to the file of this commit. */
static void take_record(struct analysis *a, uint32_t index, const struct record *record)
{
	struct map_file *file = &a->tree.files[index];

	file->bytes = record->bytes;
	file->skip = record->skip;
	if (record->skip != SKIP_NONE)
		return;
	file->role = record->role;
	file->facts = record->facts;
	a->facts_bytes += facts_bytes(&record->facts);
	keep_manifest(a, index, &record->manifest);
}

/* From the cache.  @ret false: the blob is to be read */
static bool read_known(struct analysis *a, uint32_t index)
{
	struct map_file *file = &a->tree.files[index];
	struct arena *arena = a->cx->arena;
	bool apart = short_of_memory(a);
	struct record kept;

	if (!cache_find(a->cache, file, a->in.limits.max_blob_bytes, arena, a->scratch, apart,
	                &kept))
		return false;
	if (!leave_out(a, &kept.facts) && apart)
		kept.facts.defs = arena_memdup(arena, kept.facts.defs,
		                               kept.facts.ndefs * sizeof(*kept.facts.defs));
	a->reads.cached++;
	take_record(a, index, &kept);
	return true;
}

/*
 * What is missing or damaged may be mended, so that is not kept, nor what ctags could not tell this
 * time.  @ret false: it is missing or damaged
 */
static bool read_blob(struct analysis *a, struct map_file *file, struct record *ret)
{
	struct record read = { 0 };
	struct scan_blob blob;
	bool partly;

	scan_blob(a->scan, &a->in.limits, file, &blob);
	read.bytes = file->bytes;
	read.skip = file->skip;
	if (file->skip == SKIP_NONE)
		read_text(a, file, blob.text, &read);
	scan_blob_free(&blob);
	if (read.skip == SKIP_MISSING || read.skip == SKIP_CORRUPT)
		return false;
	partly = leave_out(a, &read.facts) || file->gap != GAP_NONE;
	cache_keep(a->cache, file, &read, a->cx->arena, a->scratch, partly, ret);
	return true;
}

/* .gitattributes are read each time: what they say is kept nowhere else. */
static void read_file(struct analysis *a, uint32_t index)
{
	struct map_file *file = &a->tree.files[index];
	struct record kept;

	if (file->skip != SKIP_NONE || (!attributes_is(file->path) && read_known(a, index)))
		return;
	a->reads.read++;
	if (read_blob(a, file, &kept))
		take_record(a, index, &kept);
}

static enum err read_files(struct analysis *a)
{
	for (size_t i = 0; i < a->tree.nfiles; i++) {
		read_file(a, (uint32_t)i);
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

/* --- Against stored tables --- */

/* Whether rows depend on nothing but the commit and the print: nothing was out of reach this time. */
static bool is_whole(const struct analysis *a)
{
	if (a->tree.nbroken_dirs > 0 || a->tree.over_limit > 0 || short_of_memory(a))
		return false;
	for (size_t i = 0; i < a->tree.nfiles; i++) {
		const struct map_file *file = &a->tree.files[i];

		if (file->gap != GAP_NONE || file->skip == SKIP_MISSING ||
		    file->skip == SKIP_CORRUPT)
			return false;
	}
	return true;
}

static bool read_was(void *data, struct map_file *was)
{
	struct analysis *a = data;
	struct record kept;
	bool found = cache_find(a->cache, was, a->in.limits.max_blob_bytes, a->cx->arena,
	                        a->scratch, false, &kept) ||
	             read_blob(a, was, &kept);

	arena_reset(a->scratch);
	if (!found || was->gap != GAP_NONE)
		return false;
	was->facts = kept.facts;
	return true;
}

/* Before the cache is finished: it has what the files of the other commit gave. */
static void find_patch(struct analysis *a)
{
	const struct analyse_in *in = &a->in;
	const char *print;

	if (!is_whole(a))
		return;
	print = arena_printf(a->cx->arena, "%s %" PRIu64 " %zu %zu %" PRIu64 " %zu",
	                     in->print != NULL ? in->print : ANALYSER_VERSION,
	                     in->limits.max_blob_bytes, in->limits.max_files, in->limits.max_depth,
	                     in->max_output_bytes, in->max_memory_bytes);
	a->print = patch_sum(a->cx->arena, (struct span){ print, strlen(print) });
	a->patches =
		in->base.commit != NULL && strcmp(a->print, in->base.print) == 0 &&
		patch_find(a->cx, a->scan, in->commit, &a->tree, &in->base, read_was, a, &a->patch);
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

/* What is found by looking at all files together. */
struct findings {
	struct resolve_out resolved;
	struct graph graph;
	struct impact impact;
	struct structure structure;
	struct history history;
	struct surface surface;
};

static enum err find(struct analysis *a, struct findings *ret)
{
	struct ctx *cx = a->cx;
	const struct resolve_in files = { .files = a->tree.files,
		                          .nfiles = a->tree.nfiles,
		                          .manifests = a->manifests,
		                          .nmanifests = a->nmanifests };
	struct history_in past = {
		.commit = a->in.commit,
		.limits = a->in.history,
		.kept = a->in.past,
		.tree = &a->tree,
		.structure = &ret->structure,
	};
	const struct resolve_edge *edges;
	size_t n;

	tell(a, PROGRESS_READ, "resolving imports");
	manifest_complete(cx->arena, a->tree.files, a->manifests, a->nmanifests);
	TRY(resolve_imports(cx, &files, &ret->resolved));
	edges = past.edges = ret->resolved.edges;
	n = past.nedges = ret->resolved.nedges;
	tell(a, PROGRESS_JOIN, "measuring the graph");
	graph_measure(cx->arena, a->tree.nfiles, edges, n, &ret->graph);
	impact_count(cx->arena, a->tree.nfiles, edges, n, IMPACT_WORK_MAX, &ret->impact);
	structure_find(cx->arena, &files, edges, n, &ret->structure);
	tell(a, PROGRESS_PAST, "reading the history");
	TRY(history_read(cx, a->scan, &past, &ret->history));
	surface_find(cx->arena, &files, edges, n, &ret->surface);
	return ERR_OK;
}

/* Where it is sent, its text is not kept. */
static enum err write_text(struct analysis *a, const struct content_in *content,
                           struct analyse_result *ret)
{
	CLEANUP(arena_free_ptr)
	struct arena *own = a->in.sends ? arena_new(CONTENT_ARENA_MAX) : NULL;
	struct span text;

	TRY(content_write(a->cx, own != NULL ? own : a->cx->arena, content, &text, &ret->counts));
	bundle_add(&ret->bundle, BUNDLE_CONTENT, text);
	return ERR_OK;
}

/* The content, and what else is made of the same. */
static enum err write_content(struct analysis *a, bool empty, const struct findings *found,
                              struct analyse_result *ret)
{
	CLEANUP(arena_free_ptr) struct arena *own = arena_new(CONTENT_ARENA_MAX);
	struct ctx *cx = a->cx;
	const struct content_in content = {
		.analyser = ANALYSER_VERSION,
		.commit = empty ? SCAN_COMMIT_NONE : a->in.commit,
		.ref = a->in.ref,
		.empty = empty,
		.limits = a->in.limits,
		.max_output_bytes = a->in.max_output_bytes,
		.tree = &a->tree,
		.manifests = a->manifests,
		.nmanifests = a->nmanifests,
		.resolved = &found->resolved,
		.graph = &found->graph,
		.structure = &found->structure,
		.history = &found->history,
		.impact = &found->impact,
		.surface = &found->surface,
		.ctags = a->in.ctags != NULL,
	};
	struct view view;

	TRY(write_text(a, &content, ret));
	content_view(cx, own, &content, &view);
	pictures_plan(cx, &view, &ret->bundle);
	chart_write(cx, &content, &ret->bundle);
	return ERR_OK;
}

static enum err write_parts(struct analysis *a, bool empty, const struct findings *found,
                            struct analyse_result *ret)
{
	struct ctx *cx = a->cx;
	const struct tables_in tables = {
		.files = a->tree.files,
		.nfiles = a->tree.nfiles,
		.resolved = &found->resolved,
		.structure = &found->structure,
		.store = a->cache != NULL ? cache_store(a->cache) : NULL,
		.max_bytes = a->in.max_output_bytes,
		.print = a->print,
		.patch = a->patches ? &a->patch : NULL,
	};
	const char *reads;

	TRY(write_content(a, empty, found, ret));
	ret->reads = a->reads;
	reads = arena_printf(cx->arena, "{\"read\":%" PRId64 ",\"cached\":%" PRId64 "}",
	                     a->reads.read, a->reads.cached);
	bundle_add(&ret->bundle, ANALYSE_READS, (struct span){ reads, strlen(reads) });
	tables_write(cx, &tables, &ret->bundle);
	return ERR_OK;
}

/* Its windows into packs and their indexes are as large as much of the rest. */
static void close_scan(struct analysis *a)
{
	scan_close(a->scan);
	a->scan = NULL;
}

/* From facts to text: everything behind the last look at its files. */
static enum err join_and_write(struct analysis *a, bool empty, struct analyse_result *ret)
{
	struct findings found;

	TRY(find(a, &found));
	close_scan(a);
	tell(a, PROGRESS_WRITE, "writing the map");
	TRY(write_parts(a, empty, &found, ret));
	tell(a, 100, "mapped");
	return ERR_OK;
}

static struct span known_tree(void *data, const unsigned char *oid)
{
	return cache_tree(((struct analysis *)data)->cache, oid);
}

static void keep_tree(void *data, const unsigned char *oid, struct span tree)
{
	struct analysis *a = data;

	cache_keep_tree(a->cache, a->scratch, oid, tree);
}

static enum err list_files(struct analysis *a)
{
	const struct scan_known known = { a, known_tree, keep_tree };

	TRY(scan_tree(a->cx, a->scan, a->in.commit, &a->in.limits, &known, &a->tree));
	return check_memory(a);
}

enum err analyse_repository(struct ctx *cx, const struct analyse_in *in, struct analyse_result *ret)
{
	CLEANUP(close_scan) struct analysis a = { .cx = cx, .in = *in };
	CLEANUP(cache_close_ptr) struct cache *own = NULL;
	CLEANUP(arena_free_ptr) struct arena *scratch = NULL;
	bool empty = in->commit == NULL || strcmp(in->commit, SCAN_COMMIT_NONE) == 0;

	set_defaults(&a.in);
	*ret = (struct analyse_result){ 0 };
	if (in->sends)
		ret->bundle = bundle_to(in->fd);
	tell(&a, 0, "looking at the tree");
	if (empty)
		return join_and_write(&a, true, ret);
	a.cache = in->cache != NULL ? in->cache : (own = cache_open(NULL, 0, ANALYSER_VERSION));
	TRY(scan_open(cx, in->directory, &a.scan));
	scratch = arena_new(SCRATCH_BYTES);
	a.scratch = scratch;
	cache_load(a.cache);
	TRY(list_files(&a));
	TRY(read_files(&a));
	find_patch(&a);
	cache_finish(a.cache);
	apply_attributes(&a);
	return join_and_write(&a, false, ret);
}
