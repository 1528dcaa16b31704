/*
 * Vectors: what a passage means, as an embedding model puts it into numbers.
 *
 * They stand in app.search_vector as arrays of length 1, so that the cosine of the angle between two is the
 * sum of their products.  Where PostgreSQL has the extension "vector" (pgvector) it compares them, and an
 * HNSW index finds the nearest of many (Malkov, Yashunin: Efficient and robust approximate nearest neighbor
 * search using Hierarchical Navigable Small World graphs, 2016); without it all of them are compared, up to
 * vector_scan_max.  sql/0029_vectors.sql chooses.
 */
#ifndef RETRIEVAL_VECTOR_H
#define RETRIEVAL_VECTOR_H

#include "base/db.h"

/* A query's numbers, and where its neighbours may be. */
struct vector_query {
	int64_t space_id;
	const float *floats; /* of length 1 */
	size_t dimensions;
	const char *segments; /* an array */
	int64_t project_id;   /* 0: any */
	const char *path, *language, *source;
	int64_t most;
};

/* A passage near to it. */
struct vector_near {
	int64_t segment_id, chunk;
	int64_t similarity; /* cosine, in millionths */
	const char *way;    /* of the first row alone, which is no passage */
};

/* What vectors are compared by. */
struct vector_state {
	const char *extension; /* its version; NULL: it is not there */
	bool index;            /* whether it is used: it is new enough */
};

extern const struct schema vector_state_schema;

/** Stretch a vector to length 1.  @ret false: it is zero, and no direction */
bool vector_unit(float *floats, size_t n);

/** Append it as PostgreSQL writes an array; its signs as a string of bits. */
void vector_text(struct sb *sb, const float *floats, size_t n);
void vector_signs(struct sb *sb, const float *floats, size_t n);

/**
 * The nearest, at most .most of them, nearest first.
 * @ret_way how they were found: "exact", "index", "signs", "none" (there are too many to compare)
 */
NODISCARD
enum err vector_search(struct ctx *cx, const struct vector_query *query, struct list *ret,
                       const char **ret_way);

/** @ret the newest space of a model with vectors of that length (0: any); 0: there is none */
NODISCARD
enum err vector_space(struct ctx *cx, const char *origin, size_t dimensions, int64_t *ret);

/** Make a space, and the index of that length if it can be had.  Returns ERR_CONFLICT */
NODISCARD
enum err vector_space_make(struct ctx *cx, const char *origin, size_t dimensions, int64_t *ret);

/** For the owner: make the indexes that are missing since the extension came later.  May take long. */
NODISCARD
enum err vector_indexes(struct ctx *cx);

NODISCARD
enum err vector_look(struct ctx *cx, struct vector_state *ret);

extern const struct db_check vector_statements[];

#endif
