/*
 * libwebsockets, included in this one way: it brings OpenSSL's headers along, which we do not use, and in
 * which a type has the name of an error of ours.
 */
#ifndef LIVE_LWS_H
#define LIVE_LWS_H

#define ERR_STATE OPENSSL_ERR_STATE
#include <libwebsockets.h>
#undef ERR_STATE

#endif
