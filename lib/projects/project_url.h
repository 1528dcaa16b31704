/*
 * Addresses of repositories: what may be said of one without asking the network.
 *
 * This is the early answer to a person.  The wall is in the child that fetches:
 * it asks the same policy again, of each address that is really connected to.
 */
#ifndef PROJECTS_PROJECT_URL_H
#define PROJECTS_PROJECT_URL_H

#include "base/ctx.h"

/**
 * Judge an address and give its normal form: https, http where the settings allow it, ssh, or a local
 * folder below one of local_roots (an absolute path, also as file:///path).
 *
 * A local folder need not exist yet; one that does is judged by its real path, links resolved.
 *
 * @ret what to store: for a local folder the path as it was given, without file://
 * Returns ERR_URL_REFUSED, the detail naming the rule and the fix the setting; the field blamed is
 *         /repository_url.
 */
NODISCARD
enum err project_url_check(struct ctx *cx, const char *text, const char **ret);

/**
 * Would the settings of this moment let an address that was checked be connected to?  A name's addresses are
 * not looked up; what they are is judged at each connect.
 * Returns ERR_URL_REFUSED, as above
 */
NODISCARD
enum err project_url_judge(struct ctx *cx, const char *url);

/**
 * Where an address that was checked leads, for the secret that opens it.
 * @ret_kind   kind of secret that can, see auth/vault.h; NULL: none, it is a local folder
 * @ret_origin what such a secret must be bound to
 */
NODISCARD
enum err project_url_origin(struct ctx *cx, const char *url, const char **ret_kind,
                            const char **ret_origin);

/** @ret a name for a project at that address: its last part without ".git", at most 100 characters */
const char *project_url_name(struct ctx *cx, const char *url);

#endif
