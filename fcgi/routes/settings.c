/* The settings over HTTP, as this process has them. */
#include "reply.h"
#include "routes/tables.h"

#include "config/config.h"

#define SETTINGS_MAX 200 /* items of a page */

static const struct field FIELDS[] = {
	F_TEXT(struct config_entry, key, .doc = "Name"),
	F_TEXT(struct config_entry, group, .doc = "What it is among"),
	F_TEXT(struct config_entry, variable, .doc = "The variable that sets it"),
	F_TEXT(struct config_entry, value,
	       .doc = "As it was written; of a secret that is set: [set]"),
	F_TEXT(struct config_entry, origin,
	       .doc = "From where it is: default, file and line, environment, or flag"),
	F_TEXT(struct config_entry, preset, .name = "default",
	       .doc = "What it is when nobody sets it"),
	F_TEXT(struct config_entry, doc, .doc = "What it does, with its unit"),
	F_BOOL(struct config_entry, secret, .doc = "Whether its value is kept back"),
};
static const struct schema SETTING = SCHEMA(struct config_entry, "Setting", FIELDS);

static enum err list_settings(struct ctx *cx, UNUSED const struct request *rq, struct reply *rp)
{
	struct config_entry *entries = arena_array(cx->arena, CONFIG_KEYS, sizeof(*entries));

	_Static_assert(CONFIG_KEYS <= SETTINGS_MAX, "they are one page");
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		entries[i] = config_entry(cx->arena, cx->app->config, i);
	return reply_page(rp, &SETTING, entries, CONFIG_KEYS, NULL);
}

const struct route setting_routes[] = {
	{
		.method = HTTP_GET,
		.path = "/api/v1/settings",
		.op = "listSettings",
		.tag = "Health",
		.auth = AUTH_ANY,
		.role = ROLE_ADMIN,
		.area = AREA_STATUS,
		.rate = RATE_READ,
		.status = 200,
		.form = ROUTE_PAGE,
		.reply = &SETTING,
		.run = list_settings,
		.doc = "List every setting of the installation: its value, where that is from, its "
		       "default.",
		.detail = "The value of a secret is never shown.",
		.example = "{\"items\":[{\"key\":\"worker_threads\",\"group\":\"Requests\","
			   "\"variable\":\"PORTOLAN_WORKER_THREADS\",\"value\":\"8\","
			   "\"origin\":\"/etc/portolan/portolan.conf:3\",\"default\":\"4\","
			   "\"doc\":\"Threads per worker process.\",\"secret\":false}],"
			   "\"next_cursor\":null}",
	},
	ROUTES_END,
};
