/*
 * Cluster: nodes of a weighted graph that hold together more than with others.
 *
 * The Louvain method: V. D. Blondel, J.-L. Guillaume, R. Lambiotte, E. Lefebvre, "Fast unfolding of
 * communities in large networks", J. Stat. Mech. P10008, 2008.  Each node joins the neighbouring
 * cluster that raises the modularity most, until none moves; then clusters become nodes, and so on.
 *
 * Only whole numbers, nodes in the order given, ties to the smaller cluster: the same graph gives
 * the same clusters on every machine.  Time is CLUSTER_ROUNDS times the edges on each of
 * CLUSTER_LEVELS levels at most, each smaller than the one before.
 */
#ifndef MAPS_CLUSTER_H
#define MAPS_CLUSTER_H

#include "base/arena.h"

#define CLUSTER_ROUNDS     16
#define CLUSTER_LEVELS     12
#define CLUSTER_WEIGHT_MAX ((uint64_t)1 << 30) /* of all edges together */

struct cluster_edge {
	uint32_t a, b; /* nodes; in either order, more than once, and the same node: as one likes */
	uint32_t weight; /* 0 counts for nothing */
};

/**
 * @edges   borrowed for the call; their weights sum to CLUSTER_WEIGHT_MAX at most
 * @ret     by node, the number of its cluster: 0 for that of the first node, 1 for the next new one ...
 * @ret     how many there are
 */
uint32_t cluster_find(struct arena *arena, size_t nnodes, const struct cluster_edge *edges,
                      size_t nedges, uint32_t **ret_cluster);

#endif
