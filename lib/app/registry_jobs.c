/* Every domain's jobs, in plain sight. */
#include "app/registry_jobs.h"

#include "ai/model_jobs.h"
#include "app/tenant_removal.h"
#include "chats/turn_jobs.h"
#include "maps/map_jobs.h"
#include "retrieval/embedding_jobs.h"
#include "retrieval/indexing_jobs.h"

queue_handlers app_jobs = { map_jobs,  search_jobs, embedding_jobs, model_jobs, tenant_removal_jobs,
	                    turn_jobs, NULL };
