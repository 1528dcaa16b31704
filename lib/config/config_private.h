/* What the files of lib/config share: the rows of config_keys.def. */
#ifndef CONFIG_PRIVATE_H
#define CONFIG_PRIVATE_H

#include "config/config.h"

enum config_type {
	CONFIG_TEXT,
	CONFIG_INT,
	CONFIG_BOOL,
	CONFIG_PATH,
	CONFIG_LIST,
	CONFIG_PORTS,
	CONFIG_HOSTS,
	CONFIG_BLOCKS,
	CONFIG_URL,
	CONFIG_CONNINFO,
	CONFIG_LEVEL,
};

struct config_key {
	const char *group, *name;
	enum config_type type;
	size_t offset; /* of the member in struct config */
	const char *preset;
	int64_t min, max;
	bool secret;
	const char *doc;
};

extern const struct config_key config_keys[CONFIG_KEYS];

#define CONFIG_PREFIX "PORTOLAN_"

/** @ret the environment variable of a key */
const char *config_variable(struct arena *arena, const struct config_key *key);

/**
 * Check a value and store it in the key's member.
 *
 * @text  lives as long as config
 * @ret   NULL, or what a value must be: "a whole number from 1 to 64"
 */
const char *config_set(struct arena *arena, struct config *config, const struct config_key *key,
                       const char *text);

#endif
