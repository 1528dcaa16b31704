/* Cluster: levels of local moves. */
#include "maps/cluster.h"

#include <string.h>

/* One level.  The neighbours of node i: to[start[i]] .. to[start[i + 1]]. */
struct level {
	size_t n;
	uint32_t *start, *to;
	uint64_t *weight; /* of to */
	uint64_t *degree; /* by node: all its weight, that inside it twice */
};

struct moving {
	const struct level *level;
	uint32_t *cluster; /* by node */
	uint64_t *total;   /* by cluster: degrees of its nodes */
	uint64_t *linked;  /* by cluster: weight that leads there from the node at hand */
	uint32_t *near;    /* clusters with linked > 0 */
	uint64_t twice;    /* the weight of all edges, twice */
};

static struct level level_of(struct arena *arena, size_t n, const struct cluster_edge *edges,
                             size_t nedges)
{
	struct level level = {
		.n = n,
		.start = arena_array(arena, n + 2, sizeof(uint32_t)),
		.to = arena_array(arena, nedges * 2, sizeof(uint32_t)),
		.weight = arena_array(arena, nedges * 2, sizeof(uint64_t)),
		.degree = arena_array(arena, n, sizeof(uint64_t)),
	};
	uint32_t *next = level.start + 1; /* filled, it is where the next node starts */

	for (size_t e = 0; e < nedges; e++) {
		if (edges[e].a != edges[e].b) {
			level.start[edges[e].a + 2]++;
			level.start[edges[e].b + 2]++;
		}
	}
	for (size_t i = 0; i < n; i++)
		level.start[i + 2] += level.start[i + 1];
	for (size_t e = 0; e < nedges; e++) {
		uint32_t a = edges[e].a, b = edges[e].b;

		level.degree[a] += edges[e].weight;
		level.degree[b] += edges[e].weight;
		if (a == b)
			continue;
		level.weight[next[a]] = level.weight[next[b]] = edges[e].weight;
		level.to[next[a]++] = b;
		level.to[next[b]++] = a;
	}
	return level;
}

/*
 * What a cluster gains by a node, in parts of the modularity that all comparisons share:
 * 2m * (weight that leads there) - (degrees there) * (degree of the node).
 */
static int64_t gain(const struct moving *m, uint32_t node, uint32_t cluster)
{
	return (int64_t)(m->twice * m->linked[cluster]) -
	       (int64_t)(m->total[cluster] * m->level->degree[node]);
}

/* @ret whether the node went to another cluster */
static bool move(struct moving *m, uint32_t node)
{
	const struct level *level = m->level;
	uint32_t own = m->cluster[node], best = own;
	size_t n = 0;
	int64_t most;

	for (uint32_t i = level->start[node]; i < level->start[node + 1]; i++) {
		uint32_t there = m->cluster[level->to[i]];

		if (m->linked[there] == 0 && level->weight[i] > 0)
			m->near[n++] = there;
		m->linked[there] += level->weight[i];
	}
	m->total[own] -= level->degree[node];
	most = gain(m, node, own);
	for (size_t i = 0; i < n; i++) {
		int64_t more = gain(m, node, m->near[i]);

		if (more > most || (more == most && best != own && m->near[i] < best)) {
			best = m->near[i];
			most = more;
		}
	}
	for (size_t i = 0; i < n; i++)
		m->linked[m->near[i]] = 0;
	m->total[best] += level->degree[node];
	m->cluster[node] = best;
	return best != own;
}

/* Number clusters by their first node.  @ret how many there are */
static uint32_t renumber(struct arena *arena, uint32_t *cluster, size_t n)
{
	uint32_t *number = arena_array(arena, n, sizeof(uint32_t)), count = 0;

	for (size_t i = 0; i < n; i++) {
		if (number[cluster[i]] == 0)
			number[cluster[i]] = ++count;
		cluster[i] = number[cluster[i]] - 1;
	}
	return count;
}

static uint32_t settle(struct arena *arena, const struct level *level, uint64_t twice,
                       uint32_t *cluster)
{
	struct moving m = {
		.level = level,
		.cluster = cluster,
		.total = arena_memdup(arena, level->degree, level->n * sizeof(uint64_t)),
		.linked = arena_array(arena, level->n, sizeof(uint64_t)),
		.near = arena_array(arena, level->n, sizeof(uint32_t)),
		.twice = twice,
	};
	bool moved = true;

	for (uint32_t i = 0; i < level->n; i++)
		cluster[i] = i;
	for (int round = 0; round < CLUSTER_ROUNDS && moved; round++) {
		moved = false;
		for (uint32_t i = 0; i < level->n; i++)
			moved |= move(&m, i);
	}
	return renumber(arena, cluster, level->n);
}

/* Clusters become nodes.  @edges those of the level, changed in place */
static void lift(struct cluster_edge *edges, size_t nedges, const uint32_t *cluster)
{
	for (size_t e = 0; e < nedges; e++) {
		edges[e].a = cluster[edges[e].a];
		edges[e].b = cluster[edges[e].b];
	}
}

uint32_t cluster_find(struct arena *arena, size_t nnodes, const struct cluster_edge *edges,
                      size_t nedges, uint32_t **ret_cluster)
{
	CLEANUP(arena_free_ptr) struct arena *scratch = arena_new(SIZE_MAX / 2);
	struct cluster_edge *left = arena_memdup(scratch, edges, nedges * sizeof(*edges));
	uint32_t *all = arena_array(arena, nnodes, sizeof(uint32_t));
	uint32_t n = (uint32_t)nnodes;
	uint64_t twice = 0;

	for (size_t e = 0; e < nedges; e++)
		twice += (uint64_t)edges[e].weight * 2;
	assert(twice <= CLUSTER_WEIGHT_MAX * 2);
	for (uint32_t i = 0; i < n; i++)
		all[i] = i;
	for (int round = 0; round < CLUSTER_LEVELS; round++) {
		CLEANUP(arena_free_ptr) struct arena *inner = arena_new(SIZE_MAX / 2);
		struct level level = level_of(inner, n, left, nedges);
		uint32_t *cluster = arena_array(inner, n, sizeof(uint32_t));
		uint32_t fewer = settle(inner, &level, twice, cluster);

		if (fewer == n)
			break;
		for (size_t i = 0; i < nnodes; i++)
			all[i] = cluster[all[i]];
		lift(left, nedges, cluster);
		n = fewer;
	}
	*ret_cluster = all;
	return n;
}
