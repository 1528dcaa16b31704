/* Every domain's jobs, in plain sight. */
#include "app/registry_jobs.h"

#include "app/tenant_removal.h"
#include "maps/map_jobs.h"
#include "retrieval/indexing_jobs.h"

queue_handlers app_jobs = { map_jobs, search_jobs, tenant_removal_jobs, NULL };
