/* Every domain's subscribers, in plain sight. */
#include "app/registry_subscribers.h"

#include "events/activity.h"

event_subscribers app_subscribers = { &activity_subscriber, NULL };
