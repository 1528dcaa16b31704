/* Blocks of addresses, from text. */
#include "base/net_block.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* A number of one to three digits without a leading zero; -1 when it is none. */
static int small_number(const char *text)
{
	int n = 0;
	size_t len = strspn(text, "0123456789");

	if (len == 0 || len > 3 || text[len] != '\0' || (text[0] == '0' && len > 1))
		return -1;
	for (size_t i = 0; i < len; i++)
		n = n * 10 + (text[i] - '0');
	return n;
}

static bool rest_is_zero(const unsigned char *bytes, int n, int bits)
{
	for (int i = bits; i < n * 8; i++) {
		if ((bytes[i / 8] & 0x80 >> i % 8) != 0)
			return false;
	}
	return true;
}

bool net_block_valid(const char *text)
{
	char address[INET6_ADDRSTRLEN];
	unsigned char bytes[sizeof(struct in6_addr)];
	const char *slash = strchrnul(text, '/');
	size_t len = (size_t)(slash - text);
	int n = strchr(text, ':') == NULL ? 4 : 16, bits = n * 8;

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(n == 4 ? AF_INET : AF_INET6, address, bytes) != 1)
		return false;
	if (*slash == '/')
		bits = small_number(slash + 1);
	return bits >= 0 && bits <= n * 8 && rest_is_zero(bytes, n, bits);
}

void net_client_block(const char *address, char ret[NET_BLOCK_TEXT_MAX])
{
	struct in6_addr v6;
	struct in_addr v4;
	char text[INET6_ADDRSTRLEN];

	memcpy(ret, "?", 2);
	if (address == NULL)
		return;
	if (inet_pton(AF_INET, address, &v4) == 1) {
		inet_ntop(AF_INET, &v4, ret, NET_BLOCK_TEXT_MAX);
	} else if (inet_pton(AF_INET6, address, &v6) == 1) {
		if (IN6_IS_ADDR_V4MAPPED(&v6)) {
			inet_ntop(AF_INET, v6.s6_addr + 12, ret, NET_BLOCK_TEXT_MAX);
			return;
		}
		memset(v6.s6_addr + 8, 0, 8);
		inet_ntop(AF_INET6, &v6, text, sizeof(text));
		snprintf(ret, NET_BLOCK_TEXT_MAX, "%s/64", text);
	}
}
