/*
 * OpenAPI 3.1, printed from the tables of routes and their schemas.
 *
 * The text depends on nothing but the tables, so that it can be compared with
 * tests/golden/openapi.json.
 */
#ifndef OPENAPI_H
#define OPENAPI_H

#include "route.h"

/** Append the document of the whole API; what `portolan openapi` prints. */
void openapi_print(struct sb *sb);

/** The same of other tables, ended by NULL; rows must have passed router_new(). */
void openapi_print_tables(struct sb *sb, const struct route *const tables[]);

#endif
