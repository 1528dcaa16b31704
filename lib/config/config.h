/*
 * Configuration: every setting, from where it was taken, checked as a whole.
 *
 * config_keys.def has one row per key; struct config has one member per row, so
 * code reads cx->app->config->worker_threads.  A value comes from, in rising
 * order of force:
 *
 *   default      config_keys.def
 *   file         named by the flag --config or the variable PORTOLAN_CONFIG
 *   environment  PORTOLAN_<KEY>, in capitals
 *   flag         --set key=value
 *
 * The file has lines `key = value`.  Blank lines and lines that begin with # are skipped.  A value
 * may stand in single or double quotes; in double ones \ takes the next character as it is.  A
 * key may also be written as its variable (PORTOLAN_URL=...), so that one file serves systemd, a
 * shell and this program.
 *
 * An empty master_key_file becomes the file master-keys of CREDENTIALS_DIRECTORY, where systemd
 * sets that.  Nothing else in the program reads the environment.  lib/base knows struct config only by name;
 * what it needs is handed to it.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/ctx.h"
#include "base/sb.h"

#define CONFIG_FILE_MAX_BYTES ((size_t)256 * 1024)

/* Items of a list; a NULL follows the last. */
struct config_list {
	const char *const *items;
	size_t n;
};

#define CONFIG_MEMBER_TEXT(name)     const char *name
#define CONFIG_MEMBER_INT(name)      int64_t name
#define CONFIG_MEMBER_BOOL(name)     bool name
#define CONFIG_MEMBER_PATH(name)     const char *name
#define CONFIG_MEMBER_LIST(name)     struct config_list name
#define CONFIG_MEMBER_PORTS(name)    struct config_list name
#define CONFIG_MEMBER_HOSTS(name)    struct config_list name
#define CONFIG_MEMBER_BLOCKS(name)   struct config_list name
#define CONFIG_MEMBER_URL(name)      const char *name
#define CONFIG_MEMBER_CONNINFO(name) const char *name
#define CONFIG_MEMBER_LEVEL(name)    const char *name

enum {
#define KEY(name, type, preset, min, max, secret, group, doc) CONFIG_KEY_##name,
#include "config/config_keys.def"
#undef KEY
	CONFIG_KEYS
};

/* Texts are never NULL; "" stands for none. */
struct config {
#define KEY(name, type, preset, min, max, secret, group, doc) CONFIG_MEMBER_##type(name);
#include "config/config_keys.def"
#undef KEY
	const char *texts[CONFIG_KEYS]; /* each value as it was written */
	const char
		*origins[CONFIG_KEYS]; /* "default", "FILE:LINE", "environment ...", "flag --set" */
};

/* Where to look; all zero takes the defaults, PORTOLAN_CONFIG and the process's environment. */
struct config_sources {
	const char *file; /* of --config; NULL: PORTOLAN_CONFIG, and when that is unset none */
	const char *const *env;  /* NAME=value, ended by NULL; NULL: the process's own */
	const char *const *sets; /* of --set: "key=value" each */
	size_t nsets;
};

/**
 * Read and check all sources.
 *
 * @ret  lives in cx->arena, which should be one that lives as long as the process
 * Returns ERR_INVALID.  cx->fault then blames each unknown key, bad value and unreadable line, in
 *         all sources, also where a stronger source overrides it; the pointer is the key (or what was
 *         written for one) and the detail ends with the origin in brackets.
 */
NODISCARD
enum err config_load(struct ctx *cx, const struct config_sources *in, const struct config **ret);

/** @ret where the value of a key came from, NULL when there is no such key */
const char *config_origin(const struct config *config, const char *key);

/* One key with its value, to show. */
struct config_entry {
	const char *group;
	const char *key;
	const char *variable; /* PORTOLAN_..., in the arena */
	const char *value;    /* as written; "[set]" for a secret that is set */
	const char *origin;
	const char *preset; /* the default, as written */
	const char *doc;
	bool secret;
};

/**
 * The i-th key, in the order of config_keys.def, from 0 to CONFIG_KEYS - 1.
 *
 * @config  NULL: value and origin are those of the default
 */
struct config_entry config_entry(struct arena *arena, const struct config *config, size_t i);

/** Append the table of all keys in Markdown, for README.md. */
void config_docs(struct sb *sb);

/** Append deploy/app.env.example: every key, commented out, with its default and doc. */
void config_example(struct sb *sb);

struct net_policy; /* base/net_guard.h */

/** @ret what the settings allow of addresses that users give; texts are the settings' own */
void config_net_policy(const struct config *config, struct net_policy *ret);

#endif
