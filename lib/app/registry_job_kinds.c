/* Every kind of job, in plain sight. */
#include "app/registry_job_kinds.h"

#include "auth/tenant.h"
#include "maps/commit.h"
#include "projects/project.h"
#include "retrieval/indexing.h"

job_kinds app_job_kinds = { &project_map_job,  &commit_map_job,     &project_removal_job,
	                    &search_index_job, &tenant_removal_job, NULL };
