/* Every table of routes, in plain sight. */
#include "routes/tables.h"

const struct route *const route_tables[] = {
	status_routes,       auth_routes,  project_routes, secret_routes,
	map_routes,          job_routes,   event_routes,   live_routes,
	subscription_routes, state_routes, tenant_routes,  member_routes,
	audit_routes,        docs_routes,  api_key_routes, NULL,
};
