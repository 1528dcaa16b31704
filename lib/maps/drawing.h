/*
 * Drawing: what a diagram shows, before anybody knows where.
 *
 * A map is condensed to at most DRAWING_NODES_MAX boxes (components, or folders opened by size until
 * there are enough of them) and the strongest DRAWING_EDGES_MAX of the dependencies between them.  A
 * drawing is small: it is stored with the map as JSON (drawing_schema), laid out by maps/layout.h, painted by
 * maps/diagram.h and written as DOT or Mermaid by maps/export.h.
 *
 *   Order   Nodes and edges are sorted; the same map gives the same drawing.
 *   Texts   As they are in the map, cut to DRAWING_TEXT_MAX characters; whoever writes them escapes.
 */
#ifndef MAPS_DRAWING_H
#define MAPS_DRAWING_H

#include "base/schema.h"
#include "maps/view.h"

#define DRAWING_NODES_MAX     60
#define DRAWING_FOLDERS_MAX   40 /* opened by size; more make the picture too wide to read */
#define DRAWING_EDGES_MAX     80
#define DRAWING_LANGUAGES_MAX 3
#define DRAWING_TEXT_MAX      160
#define DRAWING_HINTS         3 /* files named in a box */

/* What a comparison says of a node or an edge; DRAWING_SAME in a drawing of one map. */
enum drawing_state {
	DRAWING_SAME = 0,
	DRAWING_ADDED,
	DRAWING_REMOVED,
	DRAWING_CHANGED,
};

struct drawing_share {
	const char *language;
	int64_t code;
};

struct drawing_node {
	const char
		*key; /* path of the folder or component; "path#name" where several have one path */
	const char *label; /* what stands in large letters */
	const char *above; /* what it lies in, "" at the top */
	const char *kind;  /* "folder", "npm package", ... */
	const char *role;  /* "tests", ...: most of it; "" (or, in older ones, NULL): program */
	const char *hint;  /* its main files, "" when it has none */
	int64_t files, code;
	int64_t state;      /* enum drawing_state */
	struct list shares; /* struct drawing_share, most code first */
};

/* The files of one node import those of another. */
struct drawing_edge {
	int64_t from, to; /* indexes of nodes */
	int64_t weight;   /* imports from -> to */
	int64_t back;     /* imports to -> from; 0: it is one way */
	int64_t state;
};

struct drawing {
	const char *title; /* "Components", "Folders", ... */
	const char *commit, *ref;
	struct list nodes; /* struct drawing_node */
	struct list edges; /* struct drawing_edge, by from, to */
	int64_t files, code;
	int64_t hidden_edges; /* weaker ones that are not shown */
	int64_t merged;       /* components that are in one node "others" */
	bool compares;        /* states are to be shown */
};

extern const struct schema drawing_schema;

/** Draw the components and how they depend on each other.  @ret in arena */
void drawing_of_components(struct arena *arena, const struct view *v, struct drawing *ret);

/** Draw the folders: the largest are opened, so that no box hides what could be shown. */
void drawing_of_folders(struct arena *arena, const struct view *v, struct drawing *ret);

/*
 * For whoever groups files otherwise.
 *
 * @group    by file: a node, or -1
 * @nodes    n of them with key, label, above and kind; the rest is filled in
 * @ret      with all edges
 */
void drawing_fill(struct arena *arena, const struct view *v, const int32_t *group,
                  struct drawing_node *nodes, size_t n, struct drawing *ret);

/**
 * Imports between nodes: from each to each, at from * n + to.  Tests reach everywhere, and say nothing of how
 * the program is built, as build files do not: what is no source counts only for nodes without any.
 */
uint32_t *drawing_weights(struct arena *arena, const struct view *v, const int32_t *group,
                          size_t n);

/**
 * Fill in role and hint: the main files are those with most code times importers, a header and its source
 * together, of the role that the node has.
 */
void drawing_say(struct arena *arena, const struct view *v, const int32_t *group,
                 struct drawing_node *nodes, size_t n);

/**
 * @ret    what a folder is called: its name, behind that of one above it where it is a name that says nothing
 * @above  the path of what lies around that
 */
const char *drawing_label(struct arena *arena, struct span path, struct span *above);

/**
 * Keep the strongest edges, half as many again as nodes that have one, but the strongest of each node before all
 * others.  Among more than a few nodes a line that two stronger ones imply is left out, and tests have few.
 */
void drawing_prune(struct arena *arena, struct drawing *d);

/** Whether a drawing that was decoded is sound.  Returns ERR_INVALID for an edge that leads nowhere */
NODISCARD
enum err drawing_check(struct ctx *cx, const struct drawing *d);

/** @ret the node of a component: key, label, above, kind, and the reason for it where the map has one */
struct drawing_node drawing_component(struct arena *arena, const struct view *v, size_t component);

/** @ret a copy cut to DRAWING_TEXT_MAX characters */
const char *drawing_text(struct arena *arena, struct span text);

#endif
