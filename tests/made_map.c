/* Made map: facts and edges out of a generator of numbers, then the analyser's own tables. */
#include "made_map.h"

#include "maps/tables.h"

#include <string.h>

#define FOLDER_FILES 50
#define CODE_LINES   100
#define MAX_BYTES    ((uint64_t)1 << 30)
#define ARENA_BYTES  (SIZE_MAX / 2)

static const char *const WORDS[] = {
	"get",   "set",    "find",    "make",   "parse",   "read",   "write",   "open",
	"close", "user",   "token",   "node",   "graph",   "edge",   "file",    "buffer",
	"index", "query",  "table",   "column", "request", "reply",  "handle",  "event",
	"queue", "worker", "session", "config", "value",   "string", "context", "cache",
};

/* xorshift64* (Vigna, 2016) */
static uint32_t number(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)((*state * 0x2545f4914f6cdd1du) >> 32);
}

const char *made_map_path(struct arena *arena, uint32_t file)
{
	return arena_printf(arena, "src/part_%05u/%s_%07u.c", file / FOLDER_FILES,
	                    WORDS[file % COUNT(WORDS)], file);
}

/* A third in camelCase; all different. */
const char *made_map_name(struct arena *arena, uint32_t symbol)
{
	uint64_t state = (uint64_t)symbol * 0x9e3779b97f4a7c15u + 1;
	const char *a = WORDS[number(&state) % COUNT(WORDS)];
	char *b = arena_strdup(arena, WORDS[number(&state) % COUNT(WORDS)]);

	if (symbol % 3 != 0)
		return arena_printf(arena, "%s_%s_%x", a, b, symbol);
	b[0] = (char)(b[0] - 'a' + 'A');
	return arena_printf(arena, "%s%s%x", a, b, symbol);
}

/* Files sorted by path, each with its share of the definitions and a use of the name before each. */
static struct map_file *make_files(struct arena *arena, const struct made_map *sizes)
{
	struct map_file *files = arena_array(arena, sizes->files, sizeof(*files));
	uint32_t symbol = 0;

	for (uint32_t i = 0; i < sizes->files; i++) {
		const char *path = made_map_path(arena, i);
		uint32_t last = (uint32_t)((uint64_t)sizes->symbols * (i + 1) / sizes->files);
		struct facts *facts = &files[i].facts;

		files[i].path = (struct span){ path, strlen(path) };
		files[i].role = FILE_SOURCE;
		files[i].bytes = 4096;
		facts->lang = LANG_C;
		facts->code = CODE_LINES;
		facts->defs = arena_array(arena, last - symbol, sizeof(*facts->defs));
		facts->refs = arena_array(arena, last - symbol, sizeof(*facts->refs));
		for (uint32_t line = 1; symbol < last; symbol++, line++) {
			facts->defs[facts->ndefs++] =
				(struct fact_def){ .name = made_map_name(arena, symbol),
				                   .parent = "",
				                   .signature = "",
				                   .line = line,
				                   .end_line = line,
				                   .kind = DEF_FUNCTION };
			if (symbol > 0)
				facts->refs[facts->nrefs++] =
					(struct fact_ref){ made_map_name(arena, symbol - 1), line,
					                   REF_CALL };
		}
	}
	return files;
}

/* From each file its share; to one of a quarter of them, the fewer the more often. */
static struct resolve_edge *make_edges(struct arena *arena, const struct made_map *sizes)
{
	struct resolve_edge *edges = arena_array(arena, sizes->edges, sizeof(*edges));
	uint64_t state = 7;

	for (uint32_t i = 0; i < sizes->edges; i++) {
		uint32_t from = (uint32_t)((uint64_t)sizes->files * i / sizes->edges);
		uint64_t n = number(&state);
		uint32_t to = (uint32_t)((n * n >> 32) * sizes->files >> 32);

		if (to == from)
			to = (to + 1) % sizes->files;
		edges[i] = (struct resolve_edge){ .from = from,
			                          .to = to,
			                          .line = i % CODE_LINES + 1,
			                          .kind = IMPORT_INCLUDE,
			                          .rule = RULE_C_INCLUDE_DIR,
			                          .confidence = 98 };
	}
	return edges;
}

void made_map_bundle(struct ctx *cx, const struct made_map *sizes, struct bundle *ret)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(ARENA_BYTES);
	struct resolve_out resolved = { .edges = make_edges(arena, sizes), .nedges = sizes->edges };
	struct resolve_in files = { .files = make_files(arena, sizes), .nfiles = sizes->files };
	struct structure structure;
	struct tables_in in = { .files = files.files,
		                .nfiles = files.nfiles,
		                .resolved = &resolved,
		                .structure = &structure,
		                .max_bytes = MAX_BYTES };

	structure_find(arena, &files, resolved.edges, resolved.nedges, &structure);
	bundle_add(ret, BUNDLE_CONTENT, SPAN("{}"));
	tables_write(cx, &in, ret);
}
