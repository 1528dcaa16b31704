/* System maps over HTTP. */
#include "page.h"
#include "reply.h"
#include "routes/tables.h"

#include "maps/commit.h"
#include "maps/map.h"
#include "maps/map_views.h"
#include "projects/project.h"

#include <string.h>

struct list_query {
	const char *cursor;
	int64_t limit;
};

static const struct field LIST_FIELDS[] = {
	PAGE_FIELDS(struct list_query),
};
static const struct schema LIST_QUERY = SCHEMA(struct list_query, "MapListQuery", LIST_FIELDS);

#define MEMBERS_MAX 30

struct map_query {
	const char *commit;
	struct list members;
};

static const struct field MAP_FIELDS[] = {
	F_TEXT(struct map_query, commit, .min = 7, .max = 64, .pattern = "^[0-9a-f]{7,64}$",
	       .doc = "Commit, or its first digits; the newest map when not given"),
	F_LIST(struct map_query, members, .item = FIELD_TEXT, .min = 1, .max = MEMBERS_MAX,
	       .one_of = map_member_names,
	       .doc = "Only these members of the content, with commas between them"),
};
static const struct schema MAP_QUERY = SCHEMA(struct map_query, "MapQuery", MAP_FIELDS);

/*
 * A map as map_schema says.  Its content, which may be many megabytes, is sent from where it lies:
 * the members around it are pieces of their own.
 */
static enum err reply_map(struct ctx *cx, struct reply *rp, const struct map *map,
                          struct span content)
{
	struct sb sb = sb_new(cx->arena, 64 * 1024);
	const char *brief;

	schema_encode(&sb, &map_brief_schema, map);
	sb_truncate(&sb, sb.len > 0 ? sb.len - 1 : 0); /* the closing brace */
	sb_add(&sb, ",\"content\":");
	TRY(sb_finish(cx, &sb, &brief));
	rp->media = "application/json";
	rp->pieces[0] = (struct span){ brief, sb.len };
	rp->pieces[1] = content.data == NULL ? SPAN("null") : content;
	rp->pieces[2] = SPAN("}");
	rp->npieces = 3;
	reply_content_etag(rp);
	return ERR_OK;
}

static struct span whole(const struct map *map)
{
	return (struct span){ map->content, map->content == NULL ? 0 : strlen(map->content) };
}

static enum err list_maps(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	int64_t before_id;
	struct project project;
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &before_id));
	TRY(map_list(cx, rq->ids[0], before_id, query->limit + 1, &list));
	if (list.n == 0) /* an empty list is that of a project which exists */
		TRY(project_get(cx, rq->ids[0], &project));
	return page_reply(cx, rq, rp, &map_brief_schema, &list, query->limit,
	                  offsetof(struct map, id));
}

static enum err get_project_map(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct map_query *query = request_query(rq, &MAP_QUERY);
	struct span content;
	struct map map;

	if (query->members.n == 0) {
		TRY(map_of_project(cx, rq->ids[0], query->commit, &map));
		return reply_map(cx, rp, &map, whole(&map));
	}
	TRY(map_find(cx, rq->ids[0], query->commit, "?commit", &map));
	TRY(map_members(cx, &map, &query->members, &content));
	return reply_map(cx, rp, &map, content);
}

static enum err get_map(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct map map;

	TRY(map_get(cx, rq->ids[0], &map));
	return reply_map(cx, rp, &map, whole(&map));
}

/* 202 and the job; 200 when there is nothing left to do. */
static enum err ask_map(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct commit_asked asked;

	TRY(commit_ask(cx, rq->ids[0], request_body(rq, &commit_wanted_schema), &asked));
	if (asked.map_id != 0)
		rp->status = 200;
	reply_header(
		rp, "Location",
		asked.map_id != 0
			? arena_printf(cx->arena, "/api/v1/maps/%lld", (long long)asked.map_id)
			: arena_printf(cx->arena, "/api/v1/jobs/%lld", (long long)asked.job_id));
	return reply_json(rp, &commit_asked_schema, &asked);
}

#define EXAMPLE                                                                                    \
	"\"id\":3,\"project_id\":7,\"commit\":\"9fceb02d0ae598e95dc970b74767f19372d61af8\","       \
	"\"ref\":\"main\",\"analyser\":\"1\",\"requested\":false,\"generated_at\":\"2026-11-21T06:45:00.123Z\""
#define READS                                                                                      \
	.method = HTTP_GET, .tag = "Maps", .auth = AUTH_ANY, .role = ROLE_VIEWER,                  \
	.area = AREA_MAPS, .rate = RATE_READ

const struct route map_routes[] = {
	{
		.path = "/api/v1/projects/{id}/maps",
		.op = "listMaps",
		READS,
		.query = &LIST_QUERY,
		.status = 200,
		.form = ROUTE_PAGE,
		.reply = &map_brief_schema,
		.fails = { ERR_NOT_FOUND },
		.run = list_maps,
		.doc = "List a project's maps without their content, newest first.",
		.example = "{\"items\":[{" EXAMPLE "}],\"next_cursor\":null}",
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/projects/{id}/maps",
		.op = "askMap",
		.tag = "Maps",
		.auth = AUTH_ANY,
		.role = ROLE_MEMBER,
		.area = AREA_MAPS,
		.rate = RATE_WRITE,
		.body = &commit_wanted_schema,
		.status = 202,
		.reply = &commit_asked_schema,
		.fails = { ERR_NOT_FOUND, ERR_LIMIT },
		.audit = "map.requested",
		.run = ask_map,
		.doc = "Ask for the map of a commit, a branch or a tag.",
		.detail =
			"The project's newest map stays what it is.  A commit that has a map already is "
			"answered with that, status 200; whether there is such a commit the job finds out, "
			"and fails with ref-not-found when there is not.",
		.example = "{\"project_id\":7,\"commit\":\"v1.2.0\",\"map_id\":null,\"job_id\":12}",
	},
	{
		.path = "/api/v1/projects/{id}/map",
		.op = "getProjectMap",
		READS,
		.query = &MAP_QUERY,
		.etag = true,
		.status = 200,
		.reply = &map_schema,
		.fails = { ERR_NOT_FOUND, ERR_LIMIT },
		.run = get_project_map,
		.doc = "Read a project's newest map, or that of a commit.",
		.example = "{" EXAMPLE ",\"content\":{}}",
	},
	{
		.path = "/api/v1/maps/{id}",
		.op = "getMap",
		READS,
		.etag = true,
		.status = 200,
		.reply = &map_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_map,
		.doc = "Read one map.",
		.example = "{" EXAMPLE ",\"content\":{}}",
	},
	ROUTES_END,
};
