/*
 * The words and options of a command line.
 *
 * Options may stand anywhere; "--" ends them; "--name=value" and "--name value"
 * are the same.  Those that every command takes: --json, --no-color, --yes,
 * --config FILE, --set KEY=VALUE, --url URL, --help.
 */
#ifndef CLI_PARSE_H
#define CLI_PARSE_H

#include "cli/cli.h"

#define CLI_SETS_MAX 32

/**
 * Fill cli from argv and open its terminal.
 *
 * cli->command stays NULL when help was asked for and printed.
 * Returns ERR_BAD_REQUEST for a wrong use; a misspelt word gets a suggestion.
 */
NODISCARD
enum err cli_parse(struct cli *cli, int argc, char **argv);

#endif
