/* The settings as people read them: one by one, as a table, as an example file. */
#include "config/config_private.h"

#include <string.h>

struct config_entry config_entry(struct arena *arena, const struct config *config, size_t i)
{
	const struct config_key *key = &config_keys[i];
	const char *value = config == NULL ? key->preset : config->texts[i];

	return (struct config_entry){
		.group = key->group,
		.key = key->name,
		.variable = config_variable(arena, key),
		.value = key->secret && *value != '\0' ? "[set]" : value,
		.origin = config == NULL ? "default" : config->origins[i],
		.preset = key->preset,
		.doc = key->doc,
		.secret = key->secret,
	};
}

/* "1 to 64", "paths", ...: what the key takes, in a few words. */
static void add_range(struct sb *sb, const struct config_key *key)
{
	static const char *const WORDS[] = {
		[CONFIG_TEXT] = "text",           [CONFIG_INT] = "",
		[CONFIG_BOOL] = "true, false",    [CONFIG_PATH] = "path",
		[CONFIG_LIST] = "path:path…",     [CONFIG_PORTS] = "port:port…",
		[CONFIG_HOSTS] = "host,host…",    [CONFIG_BLOCKS] = "address,block…",
		[CONFIG_URL] = "http(s) address", [CONFIG_CONNINFO] = "connection string",
		[CONFIG_LEVEL] = "level",
	};

	if (key->type == CONFIG_INT)
		sb_addf(sb, "%lld to %lld", (long long)key->min, (long long)key->max);
	else
		sb_add(sb, WORDS[key->type]);
}

void config_docs(struct sb *sb)
{
	const char *group = "";

	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		const struct config_key *key = &config_keys[i];

		if (strcmp(group, key->group) != 0) {
			group = key->group;
			sb_addf(sb,
			        "%s**%s**\n\n| Key | Default | Values | Meaning |\n|---|---|---|---|\n",
			        i == 0 ? "" : "\n", group);
		}
		sb_addf(sb, "| `%s` | ", key->name);
		if (*key->preset != '\0')
			sb_addf(sb, "`%s`", key->preset);
		sb_add(sb, " | ");
		add_range(sb, key);
		sb_addf(sb, " | %s%s |\n", key->doc, key->secret ? " Secret." : "");
	}
}

void config_example(struct sb *sb)
{
	const char *group = "";

	sb_add(sb, "# Settings of Portolan: what is commented out is the default.\n"
	           "# Made from the table of settings.\n");
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		const struct config_key *key = &config_keys[i];
		struct config_entry entry = config_entry(sb->arena, NULL, i);

		if (strcmp(group, key->group) != 0) {
			group = key->group;
			sb_addf(sb, "\n# --- %s ---\n", group);
		}
		sb_addf(sb, "\n# %s (", key->doc);
		add_range(sb, key);
		sb_addf(sb, ")\n#%s=%s%s%s\n", entry.variable, strchr(key->preset, ' ') ? "\"" : "",
		        key->preset, strchr(key->preset, ' ') ? "\"" : "");
	}
}
