/* Between chart.c and chart_tested.c; nobody else includes this. */
#ifndef MAPS_CHART_PARTS_H
#define MAPS_CHART_PARTS_H

#include "maps/chart.h"

/** @ret by file: imports to the nearest test, -1 for CHART_TESTED_MAX and more */
int8_t *chart_tested(struct arena *arena, const struct content_in *in);

#endif
