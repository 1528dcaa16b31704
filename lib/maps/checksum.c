#include "maps/checksum.h"

#include <string.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are read as they lie");

#define P1 0x9E3779B185EBCA87u
#define P2 0xC2B2AE3D27D4EB4Fu
#define P3 0x165667B19E3779F9u
#define P4 0x85EBCA77C2B2AE63u
#define P5 0x27D4EB2F165667C5u

static uint64_t rotated(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static uint64_t word(const unsigned char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static uint64_t mixed(uint64_t lane, uint64_t input)
{
	return rotated(lane + input * P2, 31) * P1;
}

static uint64_t merged(uint64_t sum, uint64_t lane)
{
	return (sum ^ mixed(0, lane)) * P1 + P4;
}

/* The last 31 bytes at most, and the final mix. */
static uint64_t finished(uint64_t sum, const unsigned char *p, size_t len)
{
	for (; len >= 8; p += 8, len -= 8)
		sum = rotated(sum ^ mixed(0, word(p)), 27) * P1 + P4;
	if (len >= 4) {
		uint32_t half;

		memcpy(&half, p, sizeof(half));
		sum = rotated(sum ^ half * P1, 23) * P2 + P3;
		p += 4;
		len -= 4;
	}
	for (; len > 0; p++, len--)
		sum = rotated(sum ^ *p * P5, 11) * P1;
	sum = (sum ^ sum >> 33) * P2;
	sum = (sum ^ sum >> 29) * P3;
	return sum ^ sum >> 32;
}

uint64_t checksum(const void *data, size_t len, uint64_t seed)
{
	const unsigned char *p = data;
	size_t left = len;
	uint64_t sum = seed + P5;

	if (len >= 32) {
		uint64_t lanes[4] = { seed + P1 + P2, seed + P2, seed, seed - P1 };

		for (; left >= 32; p += 32, left -= 32)
			for (int i = 0; i < 4; i++)
				lanes[i] = mixed(lanes[i], word(p + 8 * (size_t)i));
		sum = rotated(lanes[0], 1) + rotated(lanes[1], 7) + rotated(lanes[2], 12) +
		      rotated(lanes[3], 18);
		for (int i = 0; i < 4; i++)
			sum = merged(sum, lanes[i]);
	}
	return finished(sum + len, p, left);
}
