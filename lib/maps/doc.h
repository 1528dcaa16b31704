/*
 * Documents: JSON, a subset of TOML, YAML, and XML as one kind of tree.
 *
 * Manifests come from strangers, so the readers are bounded in depth, nodes
 * and time (linear in the size), keep line numbers, and take what real tools
 * take.  They read for facts, not to judge: after a mistake they stop, and
 * what was read until there is kept.
 *
 *   JSON   // and block comments, trailing commas and a byte order mark are
 *          taken, as tsconfig.json needs; duplicate keys are kept in order.
 *   TOML   Tables, arrays of tables, dotted and quoted keys, strings of all
 *          four kinds, arrays, inline tables; other values are kept as text.
 *   YAML   By libyaml.  Scalars are strings as written; aliases are empty nodes, tags and merge
 *          keys are not interpreted; of several documents the first is the tree.
 *   XML    Elements and their text; attributes are children with the key
 *          "@name"; entities &lt; &gt; &amp; &quot; &apos; only, a DOCTYPE is
 *          skipped and nothing is ever expanded or fetched.
 *
 * Ownership: nodes and strings live in the arena given; the text is borrowed
 * for the call.  Strings are NUL-terminated; a NUL inside ends them.
 */
#ifndef MAPS_DOC_H
#define MAPS_DOC_H

#include "base/arena.h"

#define DOC_DEPTH_MAX 64
#define DOC_NODES_MAX 100000
#define DOC_LOOKS_MAX 20000000   /* keys compared while reading TOML */
#define DOC_TEXT_MAX  (2u << 20) /* bytes; what is larger gives an empty tree */

enum doc_type { DOC_NULL = 0, DOC_BOOL, DOC_NUMBER, DOC_STRING, DOC_ARRAY, DOC_OBJECT };

struct doc {
	enum doc_type type;
	const char *key;  /* member or element name, "" in arrays and at the root */
	const char *text; /* of a scalar: a string's value, else as written; XML: the text */
	uint32_t line;    /* 1 and up, of the key or the value */
	struct doc *child, *last, *next;
};

/** @ret the root, never NULL; an object without children when nothing could be read */
const struct doc *doc_json(struct arena *arena, struct span text);
const struct doc *doc_toml(struct arena *arena, struct span text);
const struct doc *doc_yaml(struct arena *arena, struct span text);
const struct doc *doc_xml(struct arena *arena, struct span text);

/** @ret the first child with that key, or NULL; @doc may be NULL */
const struct doc *doc_get(const struct doc *doc, const char *key);

/** Follow keys, the last one NULL, from child to child; NULL when one is missing. */
const struct doc *doc_path(const struct doc *doc, const char *const *keys);

/* doc_at(root, "tool", "poetry") */
#define doc_at(doc, ...) doc_path((doc), (const char *const[]){ __VA_ARGS__, NULL })

/** @ret the text of a string or number, "" for anything else and for NULL */
const char *doc_text(const struct doc *doc);

/** @ret doc_text() of the child with that key */
const char *doc_member(const struct doc *doc, const char *key);

/* For the readers: where they write nodes, and how many they may. */
struct doc_reader {
	struct arena *arena;
	const char *p, *end;
	uint32_t line;
	size_t nodes, looks;
};

/** @ret a reader at the start of the text, behind a byte order mark */
struct doc_reader doc_reader_new(struct arena *arena, struct span text);

/** @ret a new last child of parent; NULL when there are too many nodes */
struct doc *doc_add(struct doc_reader *r, struct doc *parent, const char *key, enum doc_type type);

#endif
