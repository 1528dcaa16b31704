/* Every kind of event that the program declares. */
#ifndef APP_REGISTRY_KINDS_H
#define APP_REGISTRY_KINDS_H

#include "events/kinds.h"

extern event_kinds app_event_kinds;

#endif
