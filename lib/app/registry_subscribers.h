/*
 * Every subscriber that a runner hands events to.  Apart from app.h, because naming them links the code of
 * their handlers.
 */
#ifndef APP_REGISTRY_SUBSCRIBERS_H
#define APP_REGISTRY_SUBSCRIBERS_H

#include "events/subscription.h"

extern event_subscribers app_subscribers;

#endif
