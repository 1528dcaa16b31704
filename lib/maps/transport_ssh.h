/*
 * Transport by ssh: how libgit2 talks to a private repository, over libssh and a connection of ours.
 *
 * libgit2's own ssh connects by itself, waits without an end, and signs RSA keys with SHA-1, which
 * servers refuse; so it is never used.  Here the net guard judges the connection, the server's key must
 * be one that was pinned before any of ours is used, no configuration, agent or file of the machine is
 * read, and the private key comes from memory and goes back to nothing.
 *
 * The only command that is ever run is git-upload-pack.
 */
#ifndef MAPS_TRANSPORT_SSH_H
#define MAPS_TRANSPORT_SSH_H

#include "base/net_ssh.h"

#include <git2.h>
#include <git2/sys/transport.h>

/* What is borrowed must outlive the transport. */
struct transport_ssh_options {
	struct net_policy policy;
	int64_t connect_ms, idle_ms, total_ms; /* 0: 10 s, 60 s, 300 s, as in http_client.h */
	int64_t max_bytes;                     /* received in all; setting clone_max_bytes */
	int64_t max_refs;                      /* bounds the first answer; setting clone_max_refs */
	bool (*cancelled)(void *arg);          /* asked every 100 ms; NULL: never */
	void *arg;
	const char *private_key, *passphrase; /* passphrase NULL: none */
	const char *host_keys; /* lines "[type ]SHA256:...", as ssh_host_keys_read() makes them */
	const char *user;      /* when the address names none */
};

struct transport_ssh;

/** @ret ends with transport_ssh_free(), after the remote that uses it.  Returns ERR_URL_REFUSED */
NODISCARD
enum err transport_ssh_new(struct ctx *cx, const struct transport_ssh_options *options,
                           const char *url, struct transport_ssh **ret);

/** For CLEANUP; NULL inside is accepted. */
void transport_ssh_free(struct transport_ssh **transport);

/** As transport_create(). */
int transport_ssh_create(git_transport **ret, git_remote *owner, void *transport);

/**
 * As transport_failure(): ERR_HOST_KEY, naming the fingerprint that was seen; ERR_CREDENTIAL_REFUSED,
 * ERR_REPO_NOT_FOUND, ERR_REPO_TOO_LARGE, ERR_REMOTE_FAILED, or what net_connect() returns
 */
enum err transport_ssh_failure(const struct transport_ssh *transport);

#endif
