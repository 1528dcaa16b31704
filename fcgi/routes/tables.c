/* Every table of routes, in plain sight. */
#include "routes/tables.h"

const struct route *const route_tables[] = {
	/* clang-format off */
	status_routes,
	auth_routes,
	project_routes,
	secret_routes,
	map_routes,
	map_graph_routes,
	job_routes,
	job_act_routes,
	queue_routes,
	schedule_routes,
	metrics_routes,
	event_routes,
	live_routes,
	subscription_routes,
	state_routes,
	tenant_routes,
	member_routes,
	audit_routes,
	docs_routes,
	api_key_routes,
	picture_routes,
	ai_routes,
	conversation_routes,
	run_routes,
	completion_routes,
	embedding_routes,
	search_routes,
	setting_routes,
	NULL,
	/* clang-format on */
};
