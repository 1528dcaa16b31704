/*
 * Credentials: how the text of one that programs carry is formed.
 *
 *     pk_12_<43 characters of secret>_<8 hex digits of CRC-32>
 *
 * Prefix and check sum let a secret scanner know it (README.md has the regular expression), and
 * tell a typing error from a wrong secret before the database is asked.  The number finds the
 * row and is no secret.
 */
#ifndef AUTH_CREDENTIAL_H
#define AUTH_CREDENTIAL_H

#include "base/secret.h"

#define CREDENTIAL_TEXT_MAX 96 /* bytes, NUL included */

#define CREDENTIAL_KEY      "pk_" /* an API key */
#define CREDENTIAL_REFRESH  "pr_" /* a refresh token */
#define CREDENTIAL_PASSWORD "pw_" /* an invitation, or a reset of a password */

/**
 * @prefix one of those above
 * @ret    false when the text is not formed so (prefix, length, alphabet, check sum); else its number
 */
bool credential_parse(const char *prefix, const char *text, int64_t *ret_id);

/** Make one with a fresh secret of 256 bits; wipe the text after use. */
void credential_make(const char *prefix, int64_t id, char ret[CREDENTIAL_TEXT_MAX]);

#endif
