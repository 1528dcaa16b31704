/*
 * Redact: the forms that secrets take in texts.
 *
 * A text is looked at from left to right; at each place the forms are tried in
 * turn.  A form answers how many bytes of introduction are harmless and how
 * many bytes after that are secret.
 */
#include "base/redact.h"

#include "base/ctx.h"
#include "base/sb.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define LINE_MIN 16 /* bytes of a line of a value that is hidden by itself */

struct found {
	size_t shown;  /* bytes at the place that may be shown */
	size_t secret; /* bytes after these that may not; 0: nothing found */
};

typedef struct found finder(const char *s, size_t n);

/* @word in small letters.  The first byte decides nearly always. */
static bool starts(const char *s, size_t n, const char *word)
{
	size_t len;

	if (s[0] != word[0] && s[0] != toupper((unsigned char)word[0]))
		return false;
	len = strlen(word);
	return n >= len && strncasecmp(s, word, len) == 0;
}

static size_t span_of(const char *s, size_t n, const char *others)
{
	size_t i = 0;

	while (i < n && s[i] != '\0' && (isalnum((unsigned char)s[i]) || strchr(others, s[i])))
		i++;
	return i;
}

static size_t span_until(const char *s, size_t n, const char *ends)
{
	size_t i = 0;

	while (i < n && (s[i] == '\0' || strchr(ends, s[i]) == NULL))
		i++;
	return i;
}

static size_t blanks(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && (s[i] == ' ' || s[i] == '\t'))
		i++;
	return i;
}

/*
 * Credentials of ours: p, a letter for the kind, a number, the secret.  pk_<id>_<secret>_<check sum> is an
 * API key; also one that somebody cut short.
 */
static struct found find_key(const char *s, size_t n)
{
	size_t i = 3, secret;

	if (n < 3 || s[0] != 'p' || s[1] < 'a' || s[1] > 'z' || s[2] != '_')
		return (struct found){ 0 };
	while (i < n && isdigit((unsigned char)s[i]))
		i++;
	if (i == 3 || i == n || s[i] != '_')
		return (struct found){ 0 };
	i++;
	secret = span_of(s + i, n - i, "_-");
	return (struct found){ i, secret >= 8 ? secret : 0 };
}

/* ://user:password@ and ://token@, but not the user of ssh://git@ */
static struct found find_userinfo(const char *s, size_t n)
{
	const char *at;
	size_t authority;

	if (!starts(s, n, "://"))
		return (struct found){ 0 };
	authority = span_until(s + 3, n - 3, "/?# \t\r\n\"'<>");
	at = memrchr(s + 3, '@', authority);
	if (at == s + 6 && strncmp(s + 3, "git", 3) == 0)
		return (struct found){ 0 };
	return (struct found){ 3, at == NULL ? 0 : (size_t)(at - (s + 3)) };
}

/* A JSON Web Token: three parts of Base64 with dots between them, the first of which begins with {" */
static struct found find_token(const char *s, size_t n)
{
	size_t i;

	if (n < 8 || strncmp(s, "eyJ", 3) != 0)
		return (struct found){ 0 };
	i = span_of(s, n, "_-");
	if (i == n || s[i] != '.')
		return (struct found){ 0 };
	return (struct found){ 0, span_of(s, n, "_-.") };
}

static struct found find_bearer(const char *s, size_t n)
{
	size_t word = sizeof("bearer") - 1, gap;

	if (!starts(s, n, "bearer"))
		return (struct found){ 0 };
	gap = blanks(s + word, n - word);
	if (gap == 0)
		return (struct found){ 0 };
	return (struct found){ word + gap, span_of(s + word + gap, n - word - gap, "-._~+/=") };
}

/*
 * The value after a name: optional quote that ends the name, a separator, blanks, optional
 * opening quote.  A quoted value ends at its quote, others at a byte of ends.
 */
static struct found find_value(const char *s, size_t n, size_t name, const char *separators,
                               const char *ends)
{
	size_t i = name;
	bool quoted_name = i < n && (s[i] == '"' || s[i] == '\'');
	char quote = '\0';
	size_t secret = 0;

	i += quoted_name;
	i += blanks(s + i, n - i);
	if (i == n || s[i] == '\0' || strchr(quoted_name ? ":=" : separators, s[i]) == NULL)
		return (struct found){ 0 };
	i++;
	i += blanks(s + i, n - i);
	if (i < n && (s[i] == '"' || s[i] == '\''))
		quote = s[i++];
	if (quote == '\0')
		return (struct found){ i, span_until(s + i, n - i, ends) };
	while (i + secret < n && s[i + secret] != quote)
		secret += s[i + secret] == '\\' && i + secret + 1 < n ? 2 : 1;
	return (struct found){ i, secret };
}

/* Header fields that carry credentials: all of the value. */
static struct found find_header(const char *s, size_t n)
{
	static const char *const NAMES[] = { "authorization", "cookie", "x-api-key",
		                             "private-token" };

	for (size_t i = 0; i < COUNT(NAMES); i++) {
		if (starts(s, n, NAMES[i]))
			return find_value(s, n, strlen(NAMES[i]), ":=", "\r\n");
	}
	return (struct found){ 0 };
}

/* name=value in connection strings, query strings and command lines; "name": "value" in JSON. */
static struct found find_named(const char *s, size_t n)
{
	static const struct {
		const char *name, *separators;
	} NAMES[] = {
		{ "password", "=:" }, { "passwd", "=:" }, { "passphrase", "=:" }, { "secret", "=" },
		{ "token", "=" },     { "api_key", "=" }, { "apikey", "=" },
	};

	for (size_t i = 0; i < COUNT(NAMES); i++) {
		if (starts(s, n, NAMES[i].name))
			return find_value(s, n, strlen(NAMES[i].name), NAMES[i].separators,
			                  " \t\r\n&,;)\"'");
	}
	return (struct found){ 0 };
}

static bool find_form(const char *text, size_t n, size_t from, size_t *ret_start, size_t *ret_end)
{
	static finder *const FINDERS[] = { find_key,    find_userinfo, find_token,
		                           find_bearer, find_header,   find_named };
	static const bool FIRST[256] = {
		/* bytes that a form begins with */
		['p'] = true, ['P'] = true, [':'] = true, ['b'] = true, ['B'] = true, ['a'] = true,
		['A'] = true, ['c'] = true, ['C'] = true, ['e'] = true, ['E'] = true, ['x'] = true,
		['X'] = true, ['s'] = true, ['S'] = true, ['t'] = true, ['T'] = true
	};

	for (size_t i = from; i < n; i++) {
		if (!FIRST[(unsigned char)text[i]])
			continue;
		for (size_t f = 0; f < COUNT(FINDERS); f++) {
			struct found found = FINDERS[f](text + i, n - i);

			if (found.secret > 0) {
				*ret_start = i + found.shown;
				*ret_end = *ret_start + found.secret;
				return true;
			}
		}
	}
	return false;
}

/* --- Values --- */

static void add_word(struct ctx *cx, const char *text, size_t n)
{
	struct redact_word *word = arena_alloc(cx->arena, sizeof(*word));

	*word = (struct redact_word){ .text = text, .len = n, .next = cx->words };
	cx->words = word;
}

void redact_also(struct ctx *cx, const char *text)
{
	size_t n = text == NULL ? 0 : strlen(text);

	if (n < REDACT_WORD_MIN)
		return;
	add_word(cx, text, n);
	if (memchr(text, '\n', n) == NULL)
		return;
	for (const char *line = text; *line != '\0';) {
		size_t len = strcspn(line, "\r\n");

		if (len >= LINE_MIN && line[0] != '-')
			add_word(cx, line, len);
		line += len + strspn(line + len, "\r\n");
	}
}

void redact_forget(struct ctx *cx)
{
	cx->words = NULL;
}

bool redact_next_word(const struct redact_word *words, const char *text, size_t n, size_t from,
                      size_t *ret_start, size_t *ret_end)
{
	const char *first = NULL;

	for (const struct redact_word *w = words; w != NULL; w = w->next) {
		const char *at = memmem(text + from, n - from, w->text, w->len);

		/* Of two that begin together the longer one, so that nothing of it is left. */
		if (at == NULL || (first != NULL && at > first))
			continue;
		if (at == first && (size_t)(at - text) + w->len <= *ret_end)
			continue;
		first = at;
		*ret_end = (size_t)(at - text) + w->len;
	}
	if (first == NULL)
		return false;
	*ret_start = (size_t)(first - text);
	return true;
}

bool redact_next(const struct redact_word *words, const char *text, size_t n, size_t from,
                 size_t *ret_start, size_t *ret_end)
{
	size_t start, end;
	bool form = find_form(text, n, from, ret_start, ret_end);

	if (words == NULL || !redact_next_word(words, text, n, from, &start, &end))
		return form;
	if (form && *ret_start < start) {
		/* A value may begin in what has the form of a secret, and pass its end. */
		if (start < *ret_end && end > *ret_end)
			*ret_end = end;
		return true;
	}
	if (form && *ret_start<end && * ret_end> end)
		end = *ret_end;
	*ret_start = start;
	*ret_end = end;
	return true;
}

char *redact_text(struct ctx *cx, const char *text, redact_finder *find)
{
	size_t n = strlen(text), from = 0, start, end;
	struct sb sb = sb_new(cx->arena, SIZE_MAX / 4);

	while (find(cx->words, text, n, from, &start, &end)) {
		sb_addn(&sb, text + from, start - from);
		sb_add(&sb, REDACTED);
		from = end;
	}
	if (from == 0)
		return NULL;
	sb_addn(&sb, text + from, n - from);
	return sb.data;
}
