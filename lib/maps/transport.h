/*
 * Transport: how libgit2 talks to a remote, over our own HTTP client.
 *
 * libgit2's HTTP knows neither net_guard nor the caps, so it is never used: transport_create() is set
 * as the transport callback of a remote and serves whatever scheme its address has.  It speaks the
 * smart protocol's stateless form: GET info/refs, then POST git-upload-pack for each round.  Redirects
 * of the GET are followed and move the address of the POSTs, which follow none.
 *
 * Nothing is ever pushed.  A credential is sent to the origin that it is bound to and to no other, be it
 * that a redirect leads there or that one has moved the address.
 */
#ifndef MAPS_TRANSPORT_H
#define MAPS_TRANSPORT_H

#include "base/http_client.h"

#include <git2.h>
#include <git2/sys/transport.h>

struct transport_options {
	struct http_options http;  /* its policy judges every connection */
	int64_t max_bytes;         /* received in all; setting clone_max_bytes */
	int64_t max_refs;          /* bounds the first answer; setting clone_max_refs */
	const char *origin;        /* of the credential; NULL: there is none */
	const char *authorization; /* value of the header that shows it; borrowed */
};

struct transport;

/**
 * @url  http or https, as the user gave it; @cx must outlive the transport
 * @ret  ends with transport_free(), after the remote that uses it
 * Returns ERR_URL_REFUSED
 */
NODISCARD
enum err transport_new(struct ctx *cx, const struct transport_options *options, const char *url,
                       struct transport **ret);

/** For CLEANUP; NULL inside is accepted. */
void transport_free(struct transport **transport);

/** The transport callback (git_transport_cb) of a remote; @transport is its payload. */
int transport_create(git_transport **ret, git_remote *owner, void *transport);

/**
 * @ret why the exchange failed, told (again) in cx->fault; ERR_OK when it did not (the failure is libgit2's):
 * ERR_REPO_AUTH for 401 and 403, ERR_CREDENTIAL_REFUSED when a credential was sent, ERR_REPO_NOT_FOUND for 404 and 410, ERR_REPO_NOT_GIT for an answer that
 * is not git's, ERR_REPO_TOO_LARGE, or what http_client.h names
 */
enum err transport_failure(const struct transport *transport);

/** @ret bytes received so far */
int64_t transport_received(const struct transport *transport);

#endif
