/* Every domain's subscribers, in plain sight. */
#include "app/registry_subscribers.h"

#include "events/activity.h"
#include "retrieval/embedding.h"
#include "retrieval/indexing.h"

event_subscribers app_subscribers = { &activity_subscriber, &search_subscriber,
	                              &embedding_subscriber, NULL };
