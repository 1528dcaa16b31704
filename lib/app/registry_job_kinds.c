/* Every kind of job, in plain sight. */
#include "app/registry_job_kinds.h"

#include "ai/order.h"
#include "auth/tenant.h"
#include "chats/turn.h"
#include "maps/commit.h"
#include "projects/project.h"
#include "retrieval/embedding.h"
#include "retrieval/indexing.h"

job_kinds app_job_kinds = { &project_map_job,
	                    &commit_map_job,
	                    &project_removal_job,
	                    &search_index_job,
	                    &search_embed_job,
	                    &tenant_removal_job,
	                    &model_call_job,
	                    &model_probe_job,
	                    &turn_job,
	                    NULL };
