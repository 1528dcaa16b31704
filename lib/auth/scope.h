/*
 * Scopes: what part of a tenant a credential may touch.
 *
 * A route row names its area; reading asks for "<area>:read", every other
 * method for "<area>:write".  An API key may be narrowed to a list of scopes; a
 * role is needed besides.
 */
#ifndef AUTH_SCOPE_H
#define AUTH_SCOPE_H

#include "base/base.h"

/* Zero is never a valid choice, so that a forgotten row does not start. */
enum area {
	AREA_UNSET = 0,
	AREA_NONE, /* open to everybody, or about the caller alone: no scope is asked for */
	AREA_PROJECTS,
	AREA_MAPS,
	AREA_JOBS,
	AREA_EVENTS,
	AREA_STATUS,
	AREA_TENANT,
	AREA_MEMBERS,
	AREA_KEYS,
	AREA_SECRETS,
	AREA_AUDIT,
	AREA_MODELS,
	AREA_CHATS,
	AREA_COUNT
};

/** @ret "projects:read", "" for AREA_NONE; constant */
const char *scope_name(enum area area, bool write);

/** @ret whether a text is one of the scopes */
bool scope_exists(const char *name);

/* The scopes, in the order of the areas; NULL ends them. */
extern const char *const scope_names[];

#endif
