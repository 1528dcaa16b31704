/*
 * Blocks of addresses: what is written as 10.0.0.0/8, and who counts as one client.
 */
#ifndef BASE_NET_BLOCK_H
#define BASE_NET_BLOCK_H

#include "base/base.h"

#define NET_BLOCK_TEXT_MAX 50 /* bytes of a block as text, NUL included */

/**
 * @ret whether a text is an IPv4 or IPv6 address, or one with "/" and the bits of its block (no more
 *      than the address has, no leading zero, nothing but zeros after them)
 */
bool net_block_valid(const char *text);

/**
 * The block that one client may have for itself, in its one notation: an IPv4 address as it is, also
 * when it comes inside an IPv6 one; of IPv6 the network of 64 bits.
 *
 * @address NULL or none at all: "?"
 * @ret     of NET_BLOCK_TEXT_MAX bytes
 */
void net_client_block(const char *address, char ret[NET_BLOCK_TEXT_MAX]);

#endif
