/*
 * Every domain's statements, in plain sight.
 *
 * Only what repositories export stands here: naming a domain's jobs would link
 * the code that runs them, and libgit2 with it, into every process.
 */
#include "ai/breaker.h"
#include "ai/budget.h"
#include "ai/cache.h"
#include "ai/ledger.h"
#include "ai/model.h"
#include "ai/provider.h"
#include "ai/usage.h"
#include "app/app.h"
#include "audit/audit.h"
#include "audit/seal.h"
#include "audit/verify.h"
#include "auth/allowance.h"
#include "auth/api_key.h"
#include "auth/expiry.h"
#include "auth/key.h"
#include "auth/member.h"
#include "auth/removal.h"
#include "auth/origin.h"
#include "auth/rate.h"
#include "auth/replay.h"
#include "auth/session.h"
#include "auth/standing.h"
#include "auth/tenant.h"
#include "auth/token.h"
#include "auth/user.h"
#include "auth/vault.h"
#include "base/migrate.h"
#include "chats/again.h"
#include "chats/conversation.h"
#include "chats/turn.h"
#include "events/activity.h"
#include "events/bell.h"
#include "events/delivery.h"
#include "events/event.h"
#include "events/follow.h"
#include "events/state.h"
#include "events/subscription.h"
#include "files/upload.h"
#include "jobs/claim.h"
#include "jobs/job.h"
#include "jobs/metrics.h"
#include "jobs/operate.h"
#include "jobs/queue.h"
#include "jobs/queues.h"
#include "jobs/schedule.h"
#include "jobs/stats.h"
#include "maps/index.h"
#include "maps/map.h"
#include "maps/reach.h"
#include "maps/search.h"
#include "projects/project.h"
#include "retrieval/document.h"
#include "retrieval/embedding.h"
#include "retrieval/indexing.h"
#include "retrieval/search.h"
#include "retrieval/segment.h"
#include "retrieval/sources.h"
#include "retrieval/vector.h"

const struct db_check *const app_statements[] = {
	/* clang-format off */
	migrate_statements,
	audit_statements,
	verify_statements,
	seal_statements,
	event_statements,
	bell_statements,
	follow_statements,
	subscription_statements,
	delivery_statements,
	activity_statements,
	state_statements,
	job_statements,
	queue_statements,
	claim_statements,
	operate_statements,
	queues_statements,
	schedule_statements,
	metrics_statements,
	stats_statements,
	key_statements,
	api_key_statements,
	token_statements,
	standing_statements,
	session_statements,
	user_statements,
	member_statements,
	tenant_statements,
	allowance_statements,
	removal_statements,
	expiry_statements,
	replay_statements,
	rate_statements,
	origin_statements,
	vault_statements,
	upload_statements,
	provider_statements,
	model_statements,
	breaker_statements,
	budget_statements,
	ledger_statements,
	usage_statements,
	cache_statements,
	project_statements,
	map_statements,
	index_statements,
	search_statements,
	reach_statements,
	map_part_statements,
	conversation_statements,
	turn_statements,
	again_statements,
	retrieval_statements,
	segment_statements,
	indexing_statements,
	document_statements,
	sources_statements,
	vector_statements,
	embedding_statements,
	NULL,
	/* clang-format on */
};
