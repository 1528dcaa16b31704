/*
 * OpenAPI 3.1 from the tables.
 *
 * Paths in the order of the tables; components in the order of first use.  One
 * line per operation, so that a diff of the golden file reads well.
 */
#include "openapi.h"

#include "page.h"
#include "problem.h"

#include <string.h>

#define SCHEMAS_MAX 256

/* What every operation may answer with, by what its row asks for; some of it says nginx. */
static const enum err OF_ALL[] = { ERR_BAD_REQUEST, ERR_URI_TOO_LONG, ERR_HEADERS, ERR_INTERNAL,
	                           ERR_BAD_GATEWAY, ERR_UNAVAILABLE,  ERR_TIMEOUT };
static const enum err OF_KEY[] = { ERR_UNAUTHENTICATED, ERR_FORBIDDEN };
static const enum err OF_QUERY[] = { ERR_INVALID, ERR_UNKNOWN_FIELD, ERR_ENCODING };
static const enum err OF_BODY[] = { ERR_MALFORMED,     ERR_ENCODING,  ERR_INVALID,
	                            ERR_UNKNOWN_FIELD, ERR_TOO_LARGE, ERR_MEDIA_TYPE };
static const enum err OF_POST[] = { ERR_IN_FLIGHT, ERR_KEY_REUSED };
static const enum err OF_VERSION[] = { ERR_STALE, ERR_NO_VERSION };

/* The codes that a row may fail with, each once. */
struct fails {
	bool has[ERR_COUNT];
};

static void fails_add(struct fails *fails, const enum err *codes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fails->has[codes[i]] = true;
}

static struct fails fails_of(const struct route *r)
{
	struct fails fails = { 0 };

	fails_add(&fails, OF_ALL, COUNT(OF_ALL));
	if (r->auth != AUTH_NONE)
		fails_add(&fails, OF_KEY, COUNT(OF_KEY));
	if (r->rate != RATE_PROBE)
		fails.has[ERR_RATE] = true;
	if (r->query != NULL)
		fails_add(&fails, OF_QUERY, COUNT(OF_QUERY));
	if (r->body != NULL || r->method == HTTP_POST)
		fails_add(&fails, OF_BODY, COUNT(OF_BODY));
	if (r->method == HTTP_POST)
		fails_add(&fails, OF_POST, COUNT(OF_POST));
	if (r->if_match)
		fails_add(&fails, OF_VERSION, COUNT(OF_VERSION));
	for (size_t i = 0; i < ROUTE_FAILS_MAX && r->fails[i] != ERR_OK; i++)
		fails.has[r->fails[i]] = true;
	return fails;
}

/* --- Components --- */

struct schemas {
	const struct schema *items[SCHEMAS_MAX];
	size_t n;
};

static void schemas_add(struct schemas *all, const struct schema *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < all->n; i++) {
		if (strcmp(all->items[i]->name, s->name) == 0)
			return;
	}
	assert(all->n < SCHEMAS_MAX);
	all->items[all->n++] = s;
	for (size_t i = 0; i < s->nfields; i++)
		schemas_add(all, s->fields[i].of);
}

static void print_schemas(struct sb *sb, const struct route *const tables[])
{
	struct schemas all = { 0 };

	for (size_t t = 0; tables[t] != NULL; t++) {
		for (const struct route *r = tables[t]; r->method != HTTP_UNSET; r++) {
			schemas_add(&all, r->body);
			schemas_add(&all, r->reply);
		}
	}
	for (size_t i = 0; i < all.n; i++) {
		sb_json(sb, all.items[i]->name);
		sb_addc(sb, ':');
		schema_print(sb, all.items[i]);
		sb_add(sb, ",\n");
	}
}

/* The members of a problem; PROBLEM_TYPE_BASE and problem.c say the same in C. */
static const char PROBLEM_SCHEMA[] =
	"\"Problem\":{\"type\":\"object\",\"title\":\"Problem\","
	"\"description\":\"What went wrong, as RFC 9457 says it\",\"properties\":{"
	"\"type\":{\"type\":\"string\",\"format\":\"uri-reference\","
	"\"description\":\"Which kind of problem; explained at this address\"},"
	"\"title\":{\"type\":\"string\",\"description\":\"The kind in words\"},"
	"\"status\":{\"type\":\"integer\",\"description\":\"The status of the answer\"},"
	"\"detail\":{\"type\":\"string\",\"description\":\"This occurrence in words\"},"
	"\"errors\":{\"type\":\"array\",\"description\":\"Each field that breaks a rule\","
	"\"items\":{\"$ref\":\"#/components/schemas/ProblemError\"}},"
	"\"request_id\":{\"type\":\"string\",\"description\":\"Names the request in the log\"},"
	"\"fix\":{\"type\":\"string\",\"description\":\"The next step\"},"
	"\"error\":{\"type\":\"string\",\"description\":\"The title, for older clients\"},"
	"\"details\":{\"description\":\"The errors or the detail, for older clients\","
	"\"oneOf\":[{\"type\":\"string\"},{\"type\":\"array\","
	"\"items\":{\"$ref\":\"#/components/schemas/ProblemError\"}}]}},"
	"\"required\":[\"type\",\"title\",\"status\",\"detail\",\"errors\",\"request_id\","
	"\"error\",\"details\"]},\n"
	"\"ProblemError\":{\"type\":\"object\",\"title\":\"ProblemError\","
	"\"description\":\"One field; pointer, parameter or header says where it stands\","
	"\"properties\":{"
	"\"pointer\":{\"type\":\"string\",\"description\":\"JSON pointer into the body\"},"
	"\"parameter\":{\"type\":\"string\",\"description\":\"Parameter of the query\"},"
	"\"header\":{\"type\":\"string\",\"description\":\"Header field\"},"
	"\"rule\":{\"type\":\"string\",\"description\":\"The rule that is broken, one word\"},"
	"\"detail\":{\"type\":\"string\",\"description\":\"What is wrong\"}},"
	"\"required\":[\"rule\",\"detail\"]}";

static const char PARAMETERS[] =
	"\"RequestId\":{\"name\":\"X-Request-Id\",\"in\":\"header\","
	"\"description\":\"Names the request in answers and logs; made up when not sent\","
	"\"schema\":{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9._:-]{1,64}$\"}},\n"
	"\"IdempotencyKey\":{\"name\":\"Idempotency-Key\",\"in\":\"header\","
	"\"description\":\"A request with the key of an earlier one gets the earlier answer\","
	"\"schema\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":255}},\n"
	"\"IfMatch\":{\"name\":\"If-Match\",\"in\":\"header\",\"required\":true,"
	"\"description\":\"ETag of the version that is changed, or *\","
	"\"schema\":{\"type\":\"string\"}},\n"
	"\"IfMatchOrNew\":{\"name\":\"If-Match\",\"in\":\"header\","
	"\"description\":\"ETag of the version that is changed, or *; needed without If-None-Match\","
	"\"schema\":{\"type\":\"string\"}},\n"
	"\"IfNew\":{\"name\":\"If-None-Match\",\"in\":\"header\","
	"\"description\":\"*: only if there is none yet\","
	"\"schema\":{\"type\":\"string\",\"enum\":[\"*\"]}},\n"
	"\"IfNoneMatch\":{\"name\":\"If-None-Match\",\"in\":\"header\","
	"\"description\":\"ETags that the client has; 304 when one is the current one\","
	"\"schema\":{\"type\":\"string\"}},\n"
	"\"Id\":{\"name\":\"id\",\"in\":\"path\",\"required\":true,"
	"\"description\":\"Number of the item\","
	"\"schema\":{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":1}},\n"
	"\"Name\":{\"name\":\"name\",\"in\":\"path\",\"required\":true,"
	"\"description\":\"Name of the item\","
	"\"schema\":{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9._:-]{1,200}$\"}}";

static const char SECURITY[] =
	"\"ApiKey\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":"
	"\"An API key, pk_...; narrowed to scopes or not\"},\n"
	"\"AccessToken\":{\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\","
	"\"description\":\"An access token, good for minutes\"},\n"
	"\"Session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"__Host-portolan\","
	"\"description\":\"A person who has signed in; portolan_<port> over plain http on loopback\"},\n"
	"\"CsrfToken\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-CSRF-Token\","
	"\"description\":\"Besides a session, for what changes something\"}";

static const char HEADERS[] =
	"\"RequestId\":{\"description\":\"Names the request in the log\","
	"\"schema\":{\"type\":\"string\"}},\n"
	"\"ETag\":{\"description\":\"Version of what is answered\","
	"\"schema\":{\"type\":\"string\"}},\n"
	"\"Location\":{\"description\":\"Path of what was made\","
	"\"schema\":{\"type\":\"string\",\"format\":\"uri-reference\"}},\n"
	"\"Replayed\":{\"description\":\"true: the answer to an earlier request with the key\","
	"\"schema\":{\"type\":\"string\",\"enum\":[\"true\"]}},\n"
	"\"RetryAfter\":{\"description\":\"Seconds to wait before the next attempt\","
	"\"schema\":{\"type\":\"integer\"}},\n"
	"\"RateLimit\":{\"description\":\"The tightest bucket: r tokens are left in it, and in t "
	"seconds some come back; a request that reads costs 1, one that writes 5\","
	"\"schema\":{\"type\":\"string\"},\"example\":\"\\\"key\\\";r=59999;t=62\"},\n"
	"\"RateLimitPolicy\":{\"description\":\"Its limit: q tokens in any w seconds\","
	"\"schema\":{\"type\":\"string\"},\"example\":\"\\\"key\\\";q=60000;w=60\"}";

static void print_components(struct sb *sb, const struct route *const tables[])
{
	sb_add(sb, "\"components\":{\n\"securitySchemes\":{\n");
	sb_add(sb, SECURITY);
	sb_add(sb, "\n},\n\"parameters\":{\n");
	sb_add(sb, PARAMETERS);
	sb_add(sb, "\n},\n\"headers\":{\n");
	sb_add(sb, HEADERS);
	sb_add(sb, "\n},\n\"schemas\":{\n");
	print_schemas(sb, tables);
	sb_add(sb, PROBLEM_SCHEMA);
	sb_add(sb, "\n}\n}");
}

/* --- Operations --- */

static void print_ref(struct sb *sb, const char *kind, const char *name)
{
	sb_addf(sb, "{\"$ref\":\"#/components/%s/%s\"}", kind, name);
}

static void print_parameters(struct sb *sb, const struct route *r)
{
	sb_add(sb, ",\"parameters\":[");
	print_ref(sb, "parameters", "RequestId");
	if (strstr(r->path, "{id}") != NULL) {
		sb_addc(sb, ',');
		print_ref(sb, "parameters", "Id");
	}
	if (strstr(r->path, "{name}") != NULL) {
		sb_addc(sb, ',');
		print_ref(sb, "parameters", "Name");
	}
	if (route_keeps(r)) {
		sb_addc(sb, ',');
		print_ref(sb, "parameters", "IdempotencyKey");
	}
	if (r->if_match) {
		sb_addc(sb, ',');
		print_ref(sb, "parameters", r->creates ? "IfMatchOrNew" : "IfMatch");
	}
	if (r->creates) {
		sb_addc(sb, ',');
		print_ref(sb, "parameters", "IfNew");
	}
	if (r->etag && r->method == HTTP_GET) {
		sb_addc(sb, ',');
		print_ref(sb, "parameters", "IfNoneMatch");
	}
	for (size_t i = 0; r->query != NULL && i < r->query->nfields; i++) {
		const struct field *f = &r->query->fields[i];

		sb_add(sb, ",{\"name\":");
		sb_json(sb, f->name);
		sb_addf(sb, ",\"in\":\"query\"%s,\"description\":",
		        f->required ? ",\"required\":true" : "");
		sb_json(sb, f->doc);
		sb_add(sb, ",\"schema\":");
		schema_print_field(sb, f);
		sb_addc(sb, '}');
	}
	sb_addc(sb, ']');
}

static void print_body(struct sb *sb, const struct route *r)
{
	if (r->body == NULL)
		return;
	sb_addf(sb,
	        ",\"requestBody\":{\"required\":%s,\"content\":{\"application/json\":"
	        "{\"schema\":",
	        r->optional ? "false" : "true");
	print_ref(sb, "schemas", r->body->name);
	sb_addc(sb, '}');
	for (size_t i = 0; r->raw != NULL && r->raw[i] != NULL; i++)
		sb_addf(sb, ",\"%s\":{}", r->raw[i]);
	sb_add(sb, "}}");
}

static void print_headers(struct sb *sb, const struct route *r)
{
	sb_add(sb, ",\"headers\":{\"X-Request-Id\":");
	print_ref(sb, "headers", "RequestId");
	if (r->rate != RATE_PROBE) {
		sb_add(sb, ",\"RateLimit\":");
		print_ref(sb, "headers", "RateLimit");
		sb_add(sb, ",\"RateLimit-Policy\":");
		print_ref(sb, "headers", "RateLimitPolicy");
	}
	if (r->etag) {
		sb_add(sb, ",\"ETag\":");
		print_ref(sb, "headers", "ETag");
	}
	if (r->status == 201 || r->status == 202) {
		sb_add(sb, ",\"Location\":");
		print_ref(sb, "headers", "Location");
	}
	if (route_keeps(r)) {
		sb_add(sb, ",\"Idempotency-Replayed\":");
		print_ref(sb, "headers", "Replayed");
	}
	sb_addc(sb, '}');
}

static void print_reply_schema(struct sb *sb, const struct route *r)
{
	if (r->form == ROUTE_PAGE) {
		sb_add(sb, "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\","
		           "\"description\":\"The page, newest first\",\"maxItems\":");
		sb_int(sb, PAGE_LIMIT_MAX);
		sb_add(sb, ",\"items\":");
		print_ref(sb, "schemas", r->reply->name);
		sb_add(sb, "},\"next_cursor\":{\"type\":[\"string\",\"null\"],\"description\":"
		           "\"Send as cursor for the next page; null on the last\"}},"
		           "\"required\":[\"items\",\"next_cursor\"],"
		           "\"additionalProperties\":false}");
	} else if (r->reply != NULL) {
		print_ref(sb, "schemas", r->reply->name);
	} else {
		sb_addf(sb, "{\"type\":\"%s\"}",
		        r->media != NULL && strcmp(r->media, "application/json") == 0 ? "object"
		                                                                      : "string");
	}
}

static void print_status(struct sb *sb, const struct route *r, int status)
{
	sb_addf(sb, "\"%d\":{\"description\":", status);
	sb_json(sb, status == 204 ? "Done; there is no body" : r->doc);
	print_headers(sb, r);
	if (r->reply != NULL || r->media != NULL) {
		sb_addf(sb, ",\"content\":{\"%s\":{\"schema\":",
		        r->media != NULL ? r->media : "application/json");
		print_reply_schema(sb, r);
		if (r->example != NULL)
			sb_addf(sb, ",\"example\":%s", r->example);
		sb_add(sb, "}}");
	}
	sb_addc(sb, '}');
}

static void print_success(struct sb *sb, const struct route *r)
{
	print_status(sb, r, r->status);
	if (r->creates) {
		sb_addc(sb, ',');
		print_status(sb, r, 201);
	}
	if (r->etag && r->method == HTTP_GET)
		sb_add(sb, ",\"304\":{\"description\":\"The client has the current version\"}");
}

/* All problems of one status are one answer; its description lists their slugs. */
static void print_problems(struct sb *sb, const struct route *r)
{
	struct fails fails = fails_of(r);

	for (int status = 400; status < 600; status++) {
		bool first = true;

		for (int e = ERR_OK + 1; e < ERR_COUNT; e++) {
			const struct err_info *info = err_info((enum err)e);

			if (!fails.has[e] || info->status != status)
				continue;
			sb_addf(sb, first ? ",\"%d\":{\"description\":\"" : ", ", status);
			sb_add(sb, info->slug);
			first = false;
		}
		if (first)
			continue;
		sb_add(sb, "\"");
		if (status == 429 || status == 503) {
			sb_add(sb, ",\"headers\":{\"Retry-After\":");
			print_ref(sb, "headers", "RetryAfter");
			if (status == 429) {
				sb_add(sb, ",\"RateLimit\":");
				print_ref(sb, "headers", "RateLimit");
				sb_add(sb, ",\"RateLimit-Policy\":");
				print_ref(sb, "headers", "RateLimitPolicy");
			}
			sb_addc(sb, '}');
		}
		sb_add(sb, ",\"content\":{");
		if (status == 503 && r->reply_503) {
			sb_add(sb, "\"application/json\":{\"schema\":");
			print_ref(sb, "schemas", r->reply->name);
			sb_add(sb, "},");
		}
		sb_add(sb, "\"" PROBLEM_MEDIA "\":{\"schema\":");
		print_ref(sb, "schemas", "Problem");
		sb_add(sb, "}}}");
	}
}

/* Who may call: in words, for the security schemes, and for programs (x-role, x-scope). */
static void print_callers(struct sb *sb, const struct route *r, const char *sep)
{
	bool reads = r->method == HTTP_GET;
	const char *scope = route_scope(r),
		   *session = reads ? "{\"Session\":[]}" : "{\"Session\":[],\"CsrfToken\":[]}";

	if (r->auth == AUTH_NONE) {
		sb_addf(sb, "%sAnybody may ask.\",\"security\":[]", sep);
		return;
	}
	sb_add(sb, sep);
	if (r->role == ROLE_ANYONE && r->auth == AUTH_USER)
		sb_add(sb, "Needs a person's session.");
	else if (r->role == ROLE_ANYONE)
		sb_addf(sb, "Any role will do%s%s.",
		        scope[0] != '\0' ? "; a key narrowed to scopes needs " : "", scope);
	else
		sb_addf(sb, "Needs the role %s%s%s.", role_name(r->role),
		        scope[0] != '\0' ? " and, of a key narrowed to scopes, " : "", scope);
	if (r->alias)
		sb_add(sb, " Also answers without /v1.");
	sb_add(sb, "\",\"security\":[");
	if (r->auth == AUTH_KEY)
		sb_add(sb, "{\"ApiKey\":[]}");
	else
		sb_addf(sb, "%s%s",
		        r->auth == AUTH_ANY ? "{\"ApiKey\":[]},{\"AccessToken\":[]}," : "",
		        session);
	sb_addf(sb, "],\"x-role\":\"%s\"", role_name(r->role));
	if (scope[0] != '\0')
		sb_addf(sb, ",\"x-scope\":\"%s\"", scope);
}

static void print_operation(struct sb *sb, const struct route *r)
{
	static const char *const METHODS[HTTP_METHODS] = {
		[HTTP_GET] = "get",     [HTTP_POST] = "post",     [HTTP_PUT] = "put",
		[HTTP_PATCH] = "patch", [HTTP_DELETE] = "delete",
	};
	const char *sep = "";

	sb_addf(sb,
	        "\"%s\":{\"operationId\":\"%s\",\"tags\":[\"%s\"],\"summary\":", METHODS[r->method],
	        r->op, r->tag);
	sb_jsonn(sb, r->doc, strlen(r->doc) - 1); /* without its dot */
	sb_add(sb, ",\"description\":\"");
	if (r->detail != NULL) {
		sb_truncate(sb, sb->len - 1);
		sb_json(sb, r->detail);
		sb_truncate(sb, sb->len - 1);
		sep = " ";
	}
	print_callers(sb, r, sep);
	if (r->audit != NULL)
		sb_addf(sb, ",\"x-audit\":\"%s\"", r->audit);
	print_parameters(sb, r);
	print_body(sb, r);
	sb_add(sb, ",\"responses\":{");
	print_success(sb, r);
	print_problems(sb, r);
	sb_add(sb, "}}");
}

/* All rows of one path, at the place of its first row. */
static void print_path(struct sb *sb, const struct route *const tables[], const char *path)
{
	bool first = true;

	sb_addf(sb, "\"%s\":{\n", path);
	for (size_t t = 0; tables[t] != NULL; t++) {
		for (const struct route *r = tables[t]; r->method != HTTP_UNSET; r++) {
			if (strcmp(r->path, path) != 0)
				continue;
			if (!first)
				sb_add(sb, ",\n");
			first = false;
			print_operation(sb, r);
		}
	}
	sb_add(sb, "\n}");
}

/* The headings of the rows' .tag, in the order in which they are shown. */
static const struct {
	const char *name, *doc;
} TAGS[] = {
	{ "Health", "How the service is" },
	{ "Signing in", "People, their sessions, and who asks" },
	{ "Projects", "Repositories that are mapped" },
	{ "Secrets", "What opens private repositories and other services; values never come back" },
	{ "Models", "Models of language: whom to ask, what it may cost, what it did cost" },
	{ "Maps", "What a project is made of at one commit" },
	{ "Search", "Passages of code and documents by what they say" },
	{ "Members", "Who belongs to a tenant, and what they may do" },
	{ "Tenants", "Teams with their own projects, members and limits" },
	{ "Jobs", "Work in the background, and what came of it" },
	{ "Events", "What happened, in one order that readers can follow" },
	{ "Subscriptions",
	  "Parts of the program that are told of events, and what they could not take" },
	{ "Conversations", "Questions about the code, and answers that cite lines" },
	{ "AI", "Doors to the same for programs: one question, one answer" },
	{ "State", "Values by key, where a stale writer loses" },
	{ "Queues", "How the queues are; pausing and limiting them" },
	{ "Schedules", "Jobs that time brings about" },
	{ "Audit", "Who did what, in a chain that shows who touches it" },
	{ "API keys", "Credentials of programs" },
	{ "Tokens", "What a program changes its API key for, so that the key stays at home" },
	{ "Documents", "What describes the interface itself" },
};

static void print_tags(struct sb *sb)
{
	for (size_t i = 0; i < COUNT(TAGS); i++)
		sb_addf(sb, "%s{\"name\":\"%s\",\"description\":\"%s\"}", i > 0 ? "," : "",
		        TAGS[i].name, TAGS[i].doc);
}

/* Does another row before this one, in the order of the tables, have its path? */
static bool is_repeated(const struct route *const tables[], const struct route *row)
{
	for (size_t t = 0; tables[t] != NULL; t++) {
		for (const struct route *r = tables[t]; r->method != HTTP_UNSET; r++) {
			if (r == row)
				return false;
			if (strcmp(r->path, row->path) == 0)
				return true;
		}
	}
	return false;
}

void openapi_print_tables(struct sb *sb, const struct route *const tables[])
{
	bool first = true;

	sb_add(sb, "{\n\"openapi\":\"3.1.0\",\n"
	           "\"info\":{\"title\":\"Portolan\",\"version\":\"1\",\"summary\":"
	           "\"System maps of code\",\"description\":\"JSON in and out. Errors are "
	           "application/problem+json. Lists take limit and cursor and answer items "
	           "and next_cursor.\"},\n"
	           "\"servers\":[{\"url\":\"/\",\"description\":\"This service\"}],\n"
	           "\"tags\":[");
	print_tags(sb);
	sb_add(sb, "],\n\"paths\":{\n");
	for (size_t t = 0; tables[t] != NULL; t++) {
		for (const struct route *r = tables[t]; r->method != HTTP_UNSET; r++) {
			if (is_repeated(tables, r))
				continue;
			if (!first)
				sb_add(sb, ",\n");
			first = false;
			print_path(sb, tables, r->path);
		}
	}
	sb_add(sb, "\n},\n");
	print_components(sb, tables);
	sb_add(sb, "\n}\n");
}

void openapi_print(struct sb *sb)
{
	openapi_print_tables(sb, route_tables);
}
