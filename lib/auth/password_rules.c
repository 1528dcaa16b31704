/* What may become a password. */
#include "auth/password.h"

#include "base/utf8.h"
#include "config/config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PRODUCT        "portolan"
#define PIECE_CHARS    4 /* of a name or an address, from which on it must not be in the password */
#define UNIT_BYTES     8 /* of a text that is only repeated: "abcabcabcabc" */
#define ADDED_BYTES    8 /* around a common word, from which on it is no longer that word */
#define PASSWORD_BYTES (4 * PASSWORD_CHARS_MAX)

static const char *const COMMON[] = {
#include "auth/common_passwords.def"
};

static int compare(const void *a, const void *b)
{
	return strcmp(a, *(const char *const *)b);
}

static bool is_listed(const char *text)
{
	return bsearch(text, COMMON, COUNT(COMMON), sizeof(COMMON[0]), compare) != NULL;
}

/* The letter that a digit or a sign stands for: "p4ssw0rd". */
static char plain(char c)
{
	static const char FROM[] = "@431!0$57", TO[] = "aaeiiosst";
	const char *at = c == '\0' ? NULL : strchr(FROM, c);

	return at == NULL ? c : TO[at - FROM];
}

/* A listed word with a few digits or signs before or after it. */
static bool is_dressed_up(struct ctx *cx, const char *low)
{
	size_t n = strlen(low), from = 0, to = n;
	char *stem;

	while (from < to && !isalpha((unsigned char)low[from]))
		from++;
	while (to > from && !isalpha((unsigned char)low[to - 1]))
		to--;
	if (from == to || n - (to - from) >= ADDED_BYTES)
		return false;
	stem = arena_strndup(cx->arena, low + from, to - from);
	for (char *p = stem; *p != '\0'; p++)
		*p = plain(*p);
	return is_listed(stem);
}

static bool is_repeated(const char *low)
{
	size_t n = strlen(low);

	for (size_t unit = 1; unit <= UNIT_BYTES && unit * 2 <= n; unit++) {
		if (memcmp(low, low + unit, n - unit) == 0)
			return true;
	}
	return false;
}

/* "1234567890123", "zyxwvutsrqpo" */
static bool is_counted(const char *low)
{
	for (int step = -1; step <= 1; step += 2) {
		const char *p = low + 1;

		while (*p != '\0' && (*p - p[-1] == step || (p[-1] == '9' && *p == '0') ||
		                      (p[-1] == '0' && *p == '9')))
			p++;
		if (*p == '\0')
			return true;
	}
	return false;
}

/* Along the keys of a keyboard, by rows and by columns. */
static bool is_walked(const char *low)
{
	static const char *const WALKS[] = {
		"1234567890qwertyuiopasdfghjklzxcvbnm",     "qwertyuiopasdfghjklzxcvbnm1234567890",
		"mnbvcxzlkjhgfdsapoiuytrewq0987654321",     "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
		"zaq12wsxcde34rfvbgt56yhnmju78ik",          "qazwsxedcrfvtgbyhnujmikolp",
		"q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9z0", "1q2w3e4r5t6y7u8i9o0p",
	};

	for (size_t i = 0; i < COUNT(WALKS); i++) {
		if (strstr(WALKS[i], low) != NULL)
			return true;
	}
	return false;
}

/* Does the password hold the piece, when that is long enough to matter? */
static bool holds(const char *low, const char *piece, size_t n)
{
	return n >= PIECE_CHARS && memmem(low, strlen(low), piece, n) != NULL;
}

static char *lowered(struct ctx *cx, const char *text)
{
	char *low = arena_strdup(cx->arena, text);

	for (char *p = low; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return low;
}

static bool is_personal(struct ctx *cx, const char *low, const char *email, const char *name)
{
	const char *address = lowered(cx, email);
	const char *words = lowered(cx, name);

	if (holds(low, PRODUCT, strlen(PRODUCT)) || holds(low, address, strcspn(address, "@")))
		return true;
	while (*words != '\0') {
		size_t n = strcspn(words, " ");

		if (holds(low, words, n))
			return true;
		words += n + strspn(words + n, " ");
	}
	return false;
}

enum err password_check(struct ctx *cx, const char *pointer, const char *password,
                        const char *email, const char *name)
{
	int64_t least = cx->app->config->password_min_length;
	size_t n = strlen(password);
	const char *low;
	int64_t chars = 0;

	if (n <= PASSWORD_BYTES && utf8_valid(password, n) != n)
		return err_field(cx, ERR_INVALID, pointer, "encoding",
		                 "A password is text in UTF-8.");
	for (size_t i = 0; i < n; i++)
		chars += (password[i] & 0xC0) != 0x80;
	if (chars < least)
		return err_field(
			cx, ERR_INVALID, pointer, "min_length",
			"A password has at least %d characters; a few words make a good one.",
			(int)least);
	if (n > PASSWORD_BYTES || chars > PASSWORD_CHARS_MAX)
		return err_field(cx, ERR_INVALID, pointer, "max_length",
		                 "A password has at most %d characters.", PASSWORD_CHARS_MAX);
	low = lowered(cx, password);
	if (is_personal(cx, low, email, name))
		return err_field(cx, ERR_INVALID, pointer, "personal",
		                 "A password must not hold your address, your name or the name of "
		                 "this product.");
	if (is_listed(low) || is_dressed_up(cx, low) || is_repeated(low) || is_counted(low) ||
	    is_walked(low))
		return err_field(cx, ERR_INVALID, pointer, "common",
		                 "This is among the first that anybody would try; a few words that "
		                 "do not belong together make a good one.");
	return ERR_OK;
}
