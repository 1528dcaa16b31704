/* The tables of routes, one per domain; each ends with ROUTES_END. */
#ifndef ROUTES_TABLES_H
#define ROUTES_TABLES_H

#include "route.h"

extern const struct route status_routes[];
extern const struct route auth_routes[];
extern const struct route project_routes[];
extern const struct route secret_routes[];
extern const struct route map_routes[];
extern const struct route picture_routes[];
extern const struct route ai_routes[];
extern const struct route embedding_routes[];
extern const struct route map_graph_routes[];
extern const struct route job_routes[];
extern const struct route job_act_routes[];
extern const struct route queue_routes[];
extern const struct route schedule_routes[];
extern const struct route metrics_routes[];
extern const struct route live_routes[];
extern const struct route event_routes[];
extern const struct route subscription_routes[];
extern const struct route state_routes[];
extern const struct route tenant_routes[];
extern const struct route member_routes[];
extern const struct route audit_routes[];
extern const struct route api_key_routes[];
extern const struct route docs_routes[];
extern const struct route conversation_routes[];
extern const struct route run_routes[];
extern const struct route completion_routes[];
extern const struct route search_routes[];
extern const struct route setting_routes[];

#endif
