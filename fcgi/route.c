/*
 * The index of paths, and the checks that a table passes before it may serve.
 *
 * A path is looked up in one hash probe: segments that are ids are replaced by
 * "{id}", and the result is the very text that the rows are indexed under.  When
 * there is none, each segment in turn is taken for a name, and replaced by "{name}".
 */
#include "route.h"

#include "base/utf8.h"

#include <string.h>

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"
#define ID_DIGITS_MAX   18 /* any number of so many digits fits an int64_t */

static const char *const METHOD_NAMES[HTTP_METHODS] = {
	[HTTP_UNSET] = "",        [HTTP_GET] = "GET",         [HTTP_HEAD] = "HEAD",
	[HTTP_POST] = "POST",     [HTTP_PUT] = "PUT",         [HTTP_PATCH] = "PATCH",
	[HTTP_DELETE] = "DELETE", [HTTP_OPTIONS] = "OPTIONS",
};

/* One path and the rows that answer there. */
struct place {
	const char *path; /* NULL: the slot is free */
	const struct route *routes[HTTP_METHODS];
	unsigned methods;
};

struct router {
	struct place *places; /* open addressing; a power of two of slots */
	size_t mask;
	bool named; /* some row has a {name} */
};

enum http_method http_method_by_name(const char *name)
{
	for (int m = HTTP_UNSET + 1; m < HTTP_METHODS; m++) {
		if (strcmp(METHOD_NAMES[m], name) == 0)
			return (enum http_method)m;
	}
	return HTTP_UNSET;
}

const char *http_method_name(enum http_method method)
{
	assert(method > HTTP_UNSET && method < HTTP_METHODS);
	return METHOD_NAMES[method];
}

void route_allow(struct sb *sb, unsigned methods)
{
	const char *comma = "";

	for (int m = HTTP_UNSET + 1; m < HTTP_METHODS; m++) {
		if ((methods & 1U << m) == 0)
			continue;
		sb_add(sb, comma);
		sb_add(sb, METHOD_NAMES[m]);
		comma = ", ";
	}
}

bool route_keeps(const struct route *route)
{
	return route->method == HTTP_POST && route->role != ROLE_ANYONE && !route->unkept;
}

const char *route_scope(const struct route *r)
{
	return scope_name(r->area, r->method != HTTP_GET);
}

static size_t hash_of(const char *text)
{
	size_t h = 14695981039346656037ULL; /* FNV-1a */

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 1099511628211ULL;
	return h;
}

static struct place *place_of(const struct router *router, const char *path)
{
	size_t i = hash_of(path) & router->mask;

	while (router->places[i].path != NULL && strcmp(router->places[i].path, path) != 0)
		i = (i + 1) & router->mask;
	return &router->places[i];
}

/* Note why a row may not serve. */
static void refuse(struct sb *why, const struct route *r, const char *rule)
{
	sb_addf(why, "%s%s: %s", why->len > 0 ? "\n" : "", r->op == NULL ? "(no op)" : r->op, rule);
}

/* @ret the length of a place of that form that is a whole segment at p, 0 when there is none */
static size_t place_at(const char *p, const char *form)
{
	size_t n = strlen(form);

	return strncmp(p, form, n) == 0 && p[-1] == '/' && (p[n] == '/' || p[n] == '\0') ? n : 0;
}

/* Literal segments in small letters, at most ROUTE_IDS_MAX times {id}, at most one {name}. */
static bool path_is_sound(const char *path)
{
	int ids = 0, names = 0;

	if (path == NULL || path[0] != '/' || strlen(path) > ROUTE_PATH_MAX)
		return false;
	for (const char *p = path; *p != '\0'; p++) {
		if (*p == '{' && place_at(p, "{id}") > 0) {
			ids++;
			p += strlen("{id}") - 1;
		} else if (*p == '{' && place_at(p, "{name}") > 0) {
			names++;
			p += strlen("{name}") - 1;
		} else if (*p == '/' && (p[1] == '/' || p[1] == '\0')) {
			return false;
		} else if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-._/", *p) == NULL) {
			return false;
		}
	}
	return ids <= ROUTE_IDS_MAX && names <= 1;
}

static void check_row(struct sb *why, const struct route *r)
{
	if (r->op == NULL || r->op[0] == '\0')
		refuse(why, r, "has no .op");
	if (r->method >= HTTP_METHODS || r->method == HTTP_HEAD || r->method == HTTP_OPTIONS)
		refuse(why, r, ".method is not one that a row may have");
	if (!path_is_sound(r->path))
		refuse(why, r, ".path is not well-formed");
	if (r->auth == AUTH_UNSET)
		refuse(why, r, "has no .auth");
	if (r->role == ROLE_UNSET)
		refuse(why, r, "has no .role");
	if (r->area == AREA_UNSET)
		refuse(why, r, "has no .area");
	if (r->auth == AUTH_NONE && (r->role != ROLE_ANYONE || r->area != AREA_NONE))
		refuse(why, r, "is open to everybody: .role is ROLE_ANYONE, .area AREA_NONE");
	if (r->auth == AUTH_KEY && r->role == ROLE_ANYONE)
		refuse(why, r, "acts in a tenant: .role is one of it");
	if (r->rate == RATE_UNSET)
		refuse(why, r, "has no .rate");
	if (r->run == NULL)
		refuse(why, r, "has no .run");
	if (r->ask != NULL && (r->method != HTTP_GET || r->auth == AUTH_NONE || r->local))
		refuse(why, r, ".ask is of a GET whose caller is admitted");
	if (r->doc == NULL || r->tag == NULL)
		refuse(why, r, "has no .doc or no .tag");
	if (r->status != 101 && (r->status < 200 || r->status > 299))
		refuse(why, r, ".status is not one of success");
	if (r->body != NULL && r->method != HTTP_POST && r->method != HTTP_PUT &&
	    r->method != HTTP_PATCH)
		refuse(why, r, "takes a body, but its method does not");
	if (r->raw != NULL && r->method != HTTP_POST && r->method != HTTP_PUT)
		refuse(why, r, ".raw is about the body of a POST or PUT");
	if ((r->form == ROUTE_TEXT) != (r->media != NULL))
		refuse(why, r, ".media and ROUTE_TEXT go together");
	if ((r->method == HTTP_PATCH || r->method == HTTP_PUT) && !r->if_match)
		refuse(why, r, "changes something and has no .if_match");
	if (r->creates && (!r->if_match || r->method != HTTP_PUT))
		refuse(why, r, ".creates is about a PUT that has .if_match");
	if (r->local && (r->auth != AUTH_ANY || r->method != HTTP_GET))
		refuse(why, r, ".local is about a GET that others show a credential for");
	if (r->optional && r->body == NULL)
		refuse(why, r, ".optional is about a body");
	if (r->secret && r->method != HTTP_POST)
		refuse(why, r, ".secret is about what is kept of a POST");
	if (r->method != HTTP_GET && (r->audit == NULL) == (r->unaudited == NULL))
		refuse(why, r, "changes something: say .audit, or .unaudited and why");
	if (r->alias && (r->path == NULL || strncmp(r->path, "/api/v1/", 8) != 0))
		refuse(why, r, "has an .alias but is not below /api/v1/");
}

static void check_op(struct sb *why, const struct route *const tables[], const struct route *r)
{
	int n = 0;

	if (r->op == NULL)
		return;
	for (size_t t = 0; tables[t] != NULL; t++) {
		for (const struct route *o = tables[t]; o->method != HTTP_UNSET; o++)
			n += o->op != NULL && strcmp(o->op, r->op) == 0;
	}
	if (n > 1)
		refuse(why, r, "shares its .op with another row");
}

static void add(struct router *router, struct sb *why, const char *path, const struct route *r)
{
	struct place *place = place_of(router, path);

	place->path = path;
	router->named = router->named || strstr(path, "{name}") != NULL;
	if (place->routes[r->method] != NULL)
		refuse(why, r, "shares its path and method with another row");
	place->routes[r->method] = r;
	place->methods |= 1U << r->method | 1U << HTTP_OPTIONS;
	if (r->method == HTTP_GET) {
		place->routes[HTTP_HEAD] = r;
		place->methods |= 1U << HTTP_HEAD;
	}
}

static size_t count(const struct route *const tables[])
{
	size_t n = 0;

	for (size_t t = 0; tables[t] != NULL; t++) {
		for (const struct route *r = tables[t]; r->method != HTTP_UNSET; r++)
			n++;
	}
	return n;
}

struct router *router_new(struct arena *arena, const struct route *const tables[],
                          const char **ret_why)
{
	struct router *router = arena_alloc(arena, sizeof(*router));
	struct sb why = sb_new(arena, 16 * 1024);
	size_t slots = 16;

	while (slots < 4 * count(tables)) /* two paths a row at most, half full at most */
		slots *= 2;
	router->places = arena_array(arena, slots, sizeof(*router->places));
	router->mask = slots - 1;
	for (size_t t = 0; tables[t] != NULL; t++) {
		for (const struct route *r = tables[t]; r->method != HTTP_UNSET; r++) {
			size_t before = why.len;

			check_row(&why, r);
			check_op(&why, tables, r);
			if (why.len > before)
				continue;
			add(router, &why, r->path, r);
			if (r->alias)
				add(router, &why,
				    arena_printf(arena, "/api%s", r->path + strlen("/api/v1")), r);
		}
	}
	if (why.len == 0)
		return router;
	*ret_why = why.data;
	return NULL;
}

/* Digits of an id at s, or 0 when the segment there is none. */
static size_t id_digits(const char *s, int64_t *ret)
{
	size_t n = 0;

	*ret = 0;
	if (*s == '0')
		return 0;
	for (; s[n] >= '0' && s[n] <= '9' && n < ID_DIGITS_MAX; n++)
		*ret = *ret * 10 + (s[n] - '0');
	return s[n] == '/' || s[n] == '\0' ? n : 0;
}

int route_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One byte of the path, decoded; -1 for a bad escape. */
static int path_byte(const char **p)
{
	const char *s = *p;
	int hi, lo;

	if (*s != '%') {
		(*p)++;
		return (unsigned char)*s;
	}
	hi = route_hex(s[1]);
	lo = hi < 0 ? -1 : route_hex(s[2]);
	if (lo < 0)
		return -1;
	*p += 3;
	return hi * 16 + lo;
}

/* A name at s, decoded.  @ret bytes of the segment, 0 when it is no name */
static size_t name_bytes(const char *s, char ret[ROUTE_NAME_MAX + 1])
{
	size_t n = 0, len = 0;

	while (s[n] != '/' && s[n] != '\0') {
		const char *p = s + n;
		int c = path_byte(&p);

		if (c <= 0 || strchr(NAME_CHARACTERS, c) == NULL || len == ROUTE_NAME_MAX)
			return 0;
		ret[len++] = (char)c;
		n = (size_t)(p - s);
	}
	ret[len] = '\0';
	return n;
}

/*
 * The text under which a path is indexed, its nth segment taken for a name.
 * @nth  0: none is
 * @ret  false when there is no such row
 */
static bool find(const struct router *router, const char *path, int nth, struct route_match *found,
                 const struct place **ret)
{
	char key[ROUTE_PATH_MAX + 1];
	size_t len = 0;
	int nids = 0, segment = 0;

	while (*path != '\0') {
		bool begins = *path == '/';
		size_t bytes = 0;
		int64_t id;

		if (len + sizeof("/{name}") > sizeof(key) || *path == '{')
			return false; /* braces are for the rows alone */
		key[len++] = *path++;
		segment += begins;
		if (begins && segment == nth) {
			bytes = name_bytes(path, found->name);
			if (bytes == 0)
				return false;
			memcpy(key + len, "{name}", 6);
			len += 6;
		} else if (begins && nids < ROUTE_IDS_MAX && (bytes = id_digits(path, &id)) > 0) {
			memcpy(key + len, "{id}", 4);
			len += 4;
			found->ids[nids++] = id;
		}
		path += bytes;
	}
	key[len] = '\0';
	*ret = place_of(router, key);
	return (*ret)->path != NULL;
}

bool router_match(const struct router *router, enum http_method method, const char *path,
                  struct route_match *ret)
{
	const struct place *place = NULL;
	struct route_match found = { 0 };
	int nth = 0;

	if (!find(router, path, 0, &found, &place)) {
		for (const char *p = path; router->named && *p != '\0'; p++)
			nth += *p == '/';
		for (; nth > 0; nth--) {
			found = (struct route_match){ 0 };
			if (find(router, path, nth, &found, &place))
				break;
		}
		if (nth == 0)
			return false;
	}
	found.methods = place->methods;
	found.route = place->routes[method];
	*ret = found;
	return true;
}

static bool is_dots(const char *segment, size_t n)
{
	return (n == 1 && segment[0] == '.') || (n == 2 && segment[0] == '.' && segment[1] == '.');
}

enum err route_path_check(struct ctx *cx, const char *path)
{
	char *plain = arena_alloc(cx->arena, strlen(path) + 1);
	size_t n = 0, segment = 0;

	if (path[0] != '/')
		return err_set(cx, ERR_BAD_REQUEST, "The path does not begin with a slash.");
	for (const char *p = path; *p != '\0';) {
		bool escaped = *p == '%';
		int byte = path_byte(&p);

		if (byte < 0)
			return err_set(cx, ERR_BAD_REQUEST, "The path holds a bad percent-escape.");
		if (escaped && (byte == '/' || byte == '\\' || byte == 0))
			return err_set(cx, ERR_BAD_REQUEST,
			               "The path holds an encoded slash, backslash or NUL.");
		if (byte < 0x20 || byte == 0x7F || byte == '#' || (byte == '\\' && !escaped))
			return err_set(cx, ERR_BAD_REQUEST,
			               "The path holds a character that no path may have.");
		if (byte == '/') {
			if (is_dots(plain + segment, n - segment))
				break;
			segment = n + 1;
		}
		plain[n++] = (char)byte;
	}
	if (is_dots(plain + segment, n - segment))
		return err_set(cx, ERR_BAD_REQUEST, "The path holds a dot segment.");
	if (utf8_valid(plain, n) != n)
		return err_set(cx, ERR_ENCODING, "The path is not valid UTF-8.");
	return ERR_OK;
}
