/*
 * Structure: folders, components and entry points of a list of files.
 *
 *   Folders      Every folder that holds a file, the root ("") first, sorted by
 *                path; numbers include the folders below.
 *   Components   What a manifest declares (npm package, Go module, crate, Maven
 *                module, Python project, CMake library), Python's top-level packages, and the
 *                top-level folders that no other component covers.  A file
 *                belongs to the component with the longest folder above it.
 *                One that is a large share of the whole and has many files is
 *                cut into clusters: files that import each other, with a pull
 *                of the folders that they lie in (cluster.h).  What fits into
 *                no cluster stays in the component; tests follow the files that
 *                they lie beside.  One that is most of a small program is cut
 *                into the folders at which its files part.  A cluster is called
 *                by a folder or two, by a word that its files share and few
 *                others have, or by its central file.  Each has a reason.
 *   Coupling     Afferent: files elsewhere that import files of a component;
 *                efferent: its own files that import others; instability: the
 *                efferent by both (R. C. Martin, "OO Design Quality Metrics",
 *                1994).  Layers as in graph.h, between components.  Imports by
 *                tests do not count here, but for components that are nothing else.
 *   Entries      Where the system starts: main functions, images, process files
 *                and serverless functions, and the commands that manifests declare.
 */
#ifndef MAPS_STRUCTURE_H
#define MAPS_STRUCTURE_H

#include "base/ctx.h"
#include "maps/resolve.h"

#define STRUCTURE_ENTRIES_MAX 10000
#define STRUCTURE_NONE        UINT32_MAX

#define STRUCTURE_SPLIT_FILES     60 /* source files with imports; a component of fewer stays whole */
#define STRUCTURE_SPLIT_SHARE     25 /* percent of all of those, or of their lines; likewise */
#define STRUCTURE_CLUSTER_FILES   5  /* a smaller cluster stays in its component */
#define STRUCTURE_CLUSTER_IMPORTS 50 /* imports inside it by source files, percent: or it is none */
#define STRUCTURE_CLUSTERS_MAX    40 /* of one component, the largest ones */

struct structure_dir {
	struct span path;
	uint32_t files, depth; /* depth of the root is 0 */
	uint64_t code, bytes;
	bool passes_through; /* one folder below holds all of its files */
};

struct structure_component {
	struct span path; /* its folder */
	const char *name;
	const char *kind;   /* "npm package", "go module", ..., "folder", "cluster" */
	const char *reason; /* why it is one; for people */
	uint32_t manifest;  /* file that declares it, or STRUCTURE_NONE */
	uint32_t files;
	uint64_t code;
	uint32_t fan_in, fan_out;    /* other components */
	uint32_t afferent, efferent; /* files */
	int32_t instability;         /* per mille; -1: no imports into or out of it */
	uint32_t layer;
	uint32_t first, number; /* its first file; for sorting */
};

/* Component a depends on component b by so many pairs of files. */
struct structure_link {
	uint32_t from, to, edges;
};

struct structure_entry {
	const char *kind; /* "main", "bin", "script", "container", "process", "function" */
	const char *name;
	const char *target; /* as written in the file that declares it, "" for main functions */
	uint32_t file;      /* STRUCTURE_NONE when the target is no file here */
	uint32_t line;      /* of the function; 0 for what a manifest declares */
};

struct structure {
	struct structure_dir *dirs;
	size_t ndirs;
	struct structure_component *components; /* by path, then name */
	size_t ncomponents;
	uint32_t *file_component;     /* by file */
	struct structure_link *links; /* by from, to */
	size_t nlinks;
	struct structure_entry *entries; /* by file, line, name; those without a file last */
	size_t nentries;
};

/** @ret lives in the arena */
void structure_find(struct arena *arena, const struct resolve_in *in,
                    const struct resolve_edge *edges, size_t nedges, struct structure *ret);

#endif
