/* The names of the scopes. */
#include "auth/scope.h"

#include <string.h>

#define PAIR(area) area ":read", area ":write"

/* Two for each area, from AREA_PROJECTS up. */
const char *const scope_names[] = {
	PAIR("projects"), PAIR("maps"),          PAIR("jobs"), PAIR("events"),  PAIR("status"),
	PAIR("tenant"),   PAIR("members"),       PAIR("keys"), PAIR("secrets"), PAIR("audit"),
	PAIR("models"),   PAIR("conversations"), NULL,
};

const char *scope_name(enum area area, bool write)
{
	_Static_assert(COUNT(scope_names) == 2 * (AREA_COUNT - AREA_PROJECTS) + 1,
	               "each area has two names");
	assert(area > AREA_UNSET && area < AREA_COUNT);
	if (area == AREA_NONE)
		return "";
	return scope_names[2 * (area - AREA_PROJECTS) + (write ? 1 : 0)];
}

bool scope_exists(const char *name)
{
	for (size_t i = 0; scope_names[i] != NULL; i++) {
		if (strcmp(scope_names[i], name) == 0)
			return true;
	}
	return false;
}
