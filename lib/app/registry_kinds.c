/* Every domain's kinds of events, in plain sight. */
#include "app/registry_kinds.h"

#include "ai/budget.h"
#include "ai/model.h"
#include "auth/api_key.h"
#include "auth/member.h"
#include "auth/session.h"
#include "auth/tenant.h"
#include "auth/token.h"
#include "auth/user.h"
#include "auth/vault.h"
#include "chats/conversation.h"
#include "chats/turn.h"
#include "events/state.h"
#include "jobs/operate.h"
#include "jobs/queues.h"
#include "jobs/schedule.h"
#include "maps/commit.h"
#include "maps/map.h"
#include "projects/project.h"
#include "retrieval/document.h"

/* As the documents show them: what clients follow first. */
event_kinds app_event_kinds = {
	/* projects and maps */
	&project_created,
	&project_changed,
	&project_sync_requested,
	&project_deleted,
	&map_published,
	&commit_requested,
	/* conversations */
	&conversation_created,
	&conversation_changed,
	&conversation_deleted,
	&turn_queued,
	&turn_progress,
	&turn_grown,
	&turn_ended,
	&document_created,
	&document_deleted,
	/* jobs */
	&job_completed,
	&job_failed,
	&job_retried,
	&job_cancelled,
	&job_cancel_requested,
	&job_discarded,
	&queue_paused,
	&queue_resumed,
	&queue_limited,
	&schedule_created,
	&schedule_changed,
	&schedule_deleted,
	/* agents, files, tools, state */
	&idea_created,
	&spec_frozen,
	&tasks_created,
	&pr_opened,
	&file_uploaded,
	&tool_executed,
	&state_changed,
	/* models */
	&provider_changed,
	&provider_deleted,
	&model_changed,
	&model_deleted,
	&budget_changed,
	&budget_deleted,
	/* tenants and people */
	&tenant_created,
	&tenant_changed,
	&tenant_deleted,
	&member_invited,
	&user_joined,
	&member_changed,
	&member_removed,
	&user_created,
	&user_changed,
	&user_disabled,
	&user_enabled,
	&user_promoted,
	&user_demoted,
	&user_signed_in,
	&user_signed_out,
	&user_password_changed,
	&user_password_reset,
	&session_revoked,
	/* credentials */
	&api_key_created,
	&api_key_rotated,
	&api_key_revoked,
	&token_issued,
	&token_reused,
	&token_revoked,
	&secret_created,
	&secret_changed,
	&secret_deleted,
	NULL,
};
