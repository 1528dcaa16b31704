/*
 * SSH keys as people paste them: private keys to be sealed, and what pins a server's own.
 *
 * Nothing here is stored and no error holds any of a private key.
 *
 *   Ownership  What is returned lives in cx->arena; arguments are borrowed for the call.
 */
#ifndef AUTH_SSH_KEY_H
#define AUTH_SSH_KEY_H

#include "base/ctx.h"

#define SSH_KEY_MAX       16384 /* bytes of a private key's text */
#define SSH_HOST_KEYS_MAX 8     /* keys of one server */

/* What may be told of a private key. */
struct ssh_key_info {
	const char *type;        /* "ssh-ed25519" */
	const char *public_key;  /* "ssh-ed25519 AAAA...", as a server is told it */
	const char *fingerprint; /* "SHA256:..." */
};

/**
 * Read a private key: ed25519, RSA from 2048 bits, ECDSA; in OpenSSH's form or PEM's older one.
 *
 * @passphrase NULL: none
 * Returns ERR_INVALID blaming /value or /passphrase, the fix saying what would be right
 */
NODISCARD
enum err ssh_key_read(struct ctx *cx, const char *text, const char *passphrase,
                      struct ssh_key_info *ret);

/**
 * Read what pins a server: lines of known_hosts, of ssh-keyscan, public keys, or fingerprints
 * ("SHA256:..."), with or without the type before it.
 *
 * @ret one line each, "SHA256:..." or "<type> SHA256:..."
 * Returns ERR_INVALID blaming /host_key
 */
NODISCARD
enum err ssh_host_keys_read(struct ctx *cx, const char *text, const char **ret);

#endif
