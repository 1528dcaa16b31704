/*
 * The readable summary of a system map.
 */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include "cli/cli.h"

struct json_object;

/** Print languages, folders, most depended-on files, externals and cycles of a map. */
void summary_print(struct cli *cli, struct json_object *map);

#endif
