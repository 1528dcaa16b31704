/*
 * Configuration: the sources, from the weakest to the strongest.
 *
 * Every value of every source is checked when it is read, also one that a
 * stronger source overrides: a mistake that hides today bites on the day the
 * other line goes.
 */
#include "config/config_private.h"

#include "base/log.h"
#include "base/net_guard.h"
#include "base/nearest.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define CONFIG_FILE_VARIABLE CONFIG_PREFIX "CONFIG"
#define SHOWN_BYTES          80 /* of a wrong value in an error */

extern char **environ;

struct load {
	struct ctx *cx;
	struct config *config;
};

static const struct config_key *find_key(const char *name)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		if (strcmp(config_keys[i].name, name) == 0)
			return &config_keys[i];
	}
	return NULL;
}

/* The key that a variable's name stands for: lower case, prefix taken off. */
static char *key_of_variable(struct arena *arena, const char *variable)
{
	char *key = arena_strdup(arena, variable + sizeof(CONFIG_PREFIX) - 1);

	for (char *p = key; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return key;
}

static bool is_variable(const char *name)
{
	return strncmp(name, CONFIG_PREFIX, sizeof(CONFIG_PREFIX) - 1) == 0;
}

static void blame_unknown(struct load *ld, const char *written, const char *key, const char *origin)
{
	struct nearest near = nearest_to(key);

	for (size_t i = 0; i < CONFIG_KEYS; i++)
		nearest_offer(&near, config_keys[i].name);
	(void)err_field(ld->cx, ERR_INVALID, written, "unknown", "%.*s is not a setting%s%s%s (%s)",
	                SHOWN_BYTES, written, near.best == NULL ? "" : "; did you mean ",
	                near.best == NULL ? "" : near.best, near.best == NULL ? "" : "?", origin);
}

/* Take one value; a wrong one is blamed and otherwise without effect. */
static void take(struct load *ld, const char *written, const char *text, const char *origin)
{
	struct arena *arena = ld->cx->arena;
	const char *name = is_variable(written) ? key_of_variable(arena, written) : written;
	const struct config_key *key = find_key(name);
	const char *wanted;

	if (key == NULL) {
		blame_unknown(ld, written, name, origin);
		return;
	}
	wanted = config_set(arena, ld->config, key, text);
	if (wanted != NULL && key->secret) {
		(void)err_field(ld->cx, ERR_INVALID, key->name, "value", "%s must be %s (%s)",
		                key->name, wanted, origin);
	} else if (wanted != NULL) {
		const char *shown = log_redact(ld->cx, text);

		(void)err_field(ld->cx, ERR_INVALID, key->name, "value",
		                "%s must be %s, got \"%.*s\" (%s)", key->name, wanted, SHOWN_BYTES,
		                shown, origin);
	} else {
		ld->config->texts[key - config_keys] = text;
		ld->config->origins[key - config_keys] = origin;
	}
}

static char *trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return text;
}

/* Take the quotes off, in place.  NULL when they do not match. */
static char *unquote(char *value)
{
	char quote = value[0], *to = value;

	if (quote != '"' && quote != '\'')
		return value;
	for (const char *from = value + 1; *from != '\0'; from++) {
		if (*from == quote) {
			*to = '\0';
			return from[1] == '\0' ? value : NULL;
		}
		if (quote == '"' && *from == '\\' && from[1] != '\0')
			from++;
		*to++ = *from;
	}
	return NULL;
}

static void take_line(struct load *ld, char *line, const char *origin, const char **seen)
{
	char *name = trim(line), *equals = strchr(name, '='), *value;
	const struct config_key *key;

	if (*name == '\0' || *name == '#')
		return;
	if (equals == NULL) {
		(void)err_field(ld->cx, ERR_INVALID, origin, "syntax",
		                "the line must read key = value (%s)", origin);
		return;
	}
	*equals = '\0';
	name = trim(name);
	value = unquote(trim(equals + 1));
	if (value == NULL) {
		(void)err_field(ld->cx, ERR_INVALID, name, "syntax",
		                "the quotes around the value of %.*s do not match (%s)",
		                SHOWN_BYTES, name, origin);
		return;
	}
	key = find_key(is_variable(name) ? key_of_variable(ld->cx->arena, name) : name);
	if (key != NULL && seen[key - config_keys] != NULL) {
		(void)err_field(ld->cx, ERR_INVALID, key->name, "repeated",
		                "%s is set already at %s (%s)", key->name, seen[key - config_keys],
		                origin);
		return;
	}
	if (key != NULL)
		seen[key - config_keys] = origin;
	take(ld, name, value, origin);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* The whole file as text in the arena.  NULL, and why, when it cannot be read. */
static char *read_file(struct arena *arena, const char *path, const char **ret_why)
{
	CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct sb text = sb_new(arena, CONFIG_FILE_MAX_BYTES);
	ssize_t got = fd < 0 ? -1 : 1;

	sb_add(&text, "");
	while (got > 0 && !text.failed) {
		char block[4096];

		got = read(fd, block, sizeof(block));
		if (got > 0)
			sb_addn(&text, block, (size_t)got);
		else if (got < 0 && errno == EINTR)
			got = 1;
	}
	if (got < 0)
		*ret_why = strerrordesc_np(errno);
	else if (text.failed)
		*ret_why = "it is larger than 256 KiB";
	else if (strlen(text.data) != text.len)
		*ret_why = "it is not a text file";
	else
		return text.data;
	return NULL;
}

static void load_file(struct load *ld, const char *path, const char *named_by)
{
	struct arena *arena = ld->cx->arena;
	const char **seen = arena_array(arena, CONFIG_KEYS, sizeof(*seen));
	const char *why = NULL;
	char *text = read_file(arena, path, &why), *next;

	if (text == NULL) {
		(void)err_field(ld->cx, ERR_INVALID, path, "file", "%s cannot be read: %s (%s)",
		                path, why, named_by);
		return;
	}
	for (int line = 1; text != NULL; text = next, line++) {
		next = strchr(text, '\n');
		if (next != NULL)
			*next++ = '\0';
		take_line(ld, text, arena_printf(arena, "%s:%d", path, line), seen);
	}
}

static void load_env(struct load *ld, const char *const *env)
{
	struct arena *arena = ld->cx->arena;

	for (; *env != NULL; env++) {
		const char *equals = strchr(*env, '=');
		const char *name;

		if (equals == NULL || !is_variable(*env))
			continue;
		name = arena_strndup(arena, *env, (size_t)(equals - *env));
		if (strcmp(name, CONFIG_FILE_VARIABLE) != 0)
			take(ld, name, arena_strdup(arena, equals + 1),
			     arena_printf(arena, "environment %s", name));
	}
}

static void load_sets(struct load *ld, const char *const *sets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *equals = strchr(sets[i], '=');

		if (equals == NULL)
			(void)err_field(ld->cx, ERR_INVALID, "--set", "syntax",
			                "--set takes key=value, got \"%.*s\" (flag --set)",
			                SHOWN_BYTES, sets[i]);
		else
			take(ld, arena_strndup(ld->cx->arena, sets[i], (size_t)(equals - sets[i])),
			     arena_strdup(ld->cx->arena, equals + 1), "flag --set");
	}
}

static const char *env_value(const char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; *env != NULL; env++) {
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=' && (*env)[n + 1] != '\0')
			return *env + n + 1;
	}
	return NULL;
}

/* What systemd hands over lies where only this service may read it. */
static void take_credential(struct load *ld, const char *const *env)
{
	const char *dir = env_value(env, "CREDENTIALS_DIRECTORY");

	if (ld->config->master_key_file[0] == '\0' && dir != NULL)
		take(ld, "master_key_file", arena_printf(ld->cx->arena, "%s/master-keys", dir),
		     "environment CREDENTIALS_DIRECTORY");
}

/* Rules between keys; each side is good alone. */
static void check_together(struct load *ld)
{
	const struct config *config = ld->config;

	if (config->runner_lease_ms < 2 * config->runner_heartbeat_ms)
		(void)err_field(
			ld->cx, ERR_INVALID, "runner_lease_ms", "value",
			"runner_lease_ms must be at least twice runner_heartbeat_ms (%lld), got %lld (%s)",
			(long long)config->runner_heartbeat_ms, (long long)config->runner_lease_ms,
			config_origin(config, "runner_lease_ms"));
}

enum err config_load(struct ctx *cx, const struct config_sources *in, const struct config **ret)
{
	struct load ld = { cx, arena_alloc(cx->arena, sizeof(struct config)) };
	const char *const *env = in->env != NULL ? in->env : (const char *const *)environ;
	const char *file = in->file != NULL ? in->file : env_value(env, CONFIG_FILE_VARIABLE);

	err_clear(cx);
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		take(&ld, config_keys[i].name, config_keys[i].preset, "default");
	assert(cx->fault.nfields == 0);
	if (file != NULL)
		load_file(&ld, arena_strdup(cx->arena, file),
		          in->file != NULL ? "flag --config" : "environment " CONFIG_FILE_VARIABLE);
	load_env(&ld, env);
	load_sets(&ld, in->sets, in->nsets);
	take_credential(&ld, env);
	if (cx->fault.nfields == 0)
		check_together(&ld);
	if (cx->fault.nfields > 0)
		return cx->fault.code;
	*ret = ld.config;
	return ERR_OK;
}

const char *config_origin(const struct config *config, const char *key)
{
	const struct config_key *found = find_key(key);

	return found == NULL ? NULL : config->origins[found - config_keys];
}

void config_net_policy(const struct config *config, struct net_policy *ret)
{
	*ret = (struct net_policy){
		.allow_http = config->allow_http,
		.allow_private = config->allow_private_addresses,
		.allowed = config->allowed_hosts.items,
		.nallowed = config->allowed_hosts.n,
		.ports = config->allowed_ports.items,
		.nports = config->allowed_ports.n,
	};
}
