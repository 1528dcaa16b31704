/* SVG: texts, their widths, colours and the style sheet. */
#include "maps/svg.h"

#include "base/utf8.h"

#include <string.h>

#define WIDE_EM  100 /* hundredths of the size: scripts of which nothing is measured */
#define ELLIPSIS "\xe2\x80\xa6"
#define HIDDEN   "\xef\xbf\xbd" /* U+FFFD */

/* Advance widths of DejaVu Sans and DejaVu Sans Bold in hundredths of the size, from U+0020 to U+007E. */
static const unsigned char REGULAR[] = {
	32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36,  32, 34, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53, 100, 68, 69, 70, 77, 63,
	58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63,  61, 73, 68, 99, 69,
	61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35,  63, 63, 28, 28, 58,
	28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59,  52, 64, 34, 64, 84,
};
static const unsigned char BOLD[] = {
	35, 46,  52, 84, 70, 100, 87, 31,  46, 46, 52, 84, 38, 42,  38, 37, 70, 70,  70,
	70, 70,  70, 70, 70, 70,  70, 40,  40, 84, 84, 84, 58, 100, 77, 76, 73, 83,  68,
	68, 82,  84, 37, 37, 77,  64, 100, 84, 85, 73, 85, 77, 72,  68, 81, 77, 110, 77,
	72, 73,  46, 37, 46, 84,  50, 50,  67, 72, 59, 72, 68, 44,  72, 71, 34, 34,  67,
	34, 104, 71, 69, 72, 72,  49, 60,  48, 71, 65, 92, 65, 65,  58, 71, 37, 71,  84,
};

static unsigned decode(const char *s, size_t n)
{
	const unsigned char *b = (const unsigned char *)s;

	switch (n) {
	case 2:
		return (b[0] & 31u) << 6 | (b[1] & 63u);
	case 3:
		return (b[0] & 15u) << 12 | (b[1] & 63u) << 6 | (b[2] & 63u);
	case 4:
		return (b[0] & 7u) << 18 | (b[1] & 63u) << 12 | (b[2] & 63u) << 6 | (b[3] & 63u);
	default:
		return b[0];
	}
}

/* Control characters, marks of direction, spaces without width, and what XML does not allow. */
static bool hides(unsigned c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c >= 0xe0000 ||
	       (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

/* One character, or a byte that is none.  @ret its bytes; *c 0xfffd where it is not to be shown */
static size_t next_char(struct span text, size_t at, unsigned *c)
{
	size_t n = utf8_char(text.data + at, text.len - at);

	*c = n != 0 ? decode(text.data + at, n) : 0xfffd;
	if (hides(*c))
		*c = 0xfffd;
	return n != 0 ? n : 1;
}

static int char_width(unsigned c, bool bold)
{
	if (c >= 0x20 && c < 0x7f)
		return bold ? BOLD[c - 0x20] : REGULAR[c - 0x20];
	return c == 0xb7 ? 39 : WIDE_EM + (bold ? 10 : 0);
}

int svg_width(struct span text, int size, bool bold)
{
	int64_t width = 0;
	unsigned c;

	for (size_t at = 0; at < text.len; at += next_char(text, at, &c)) {
		next_char(text, at, &c);
		width += char_width(c, bold);
	}
	width = (width * size + 99) / 100;
	return width < INT32_MAX ? (int)width : INT32_MAX;
}

static void add_char(struct sb *sb, unsigned c, const char *bytes, size_t n)
{
	if (c == 0xfffd)
		sb_add(sb, HIDDEN);
	else
		sb_markupn(sb, bytes, n);
}

void svg_escape(struct sb *sb, struct span text)
{
	unsigned c;

	for (size_t at = 0; at < text.len;) {
		size_t n = next_char(text, at, &c);

		add_char(sb, c, text.data + at, n);
		at += n;
	}
}

void svg_text(struct sb *sb, int x, int y, int size, bool bold, const char *class, struct span text,
              int max)
{
	int64_t room = (int64_t)max * 100, width = 0;
	bool cut = max > 0 && svg_width(text, size, bold) > max;
	unsigned c;

	if (cut)
		room -= (int64_t)WIDE_EM * size + 10 * size;
	sb_addf(sb, "<text x=\"%d\" y=\"%d\" class=\"%s\" font-size=\"%d\"%s>", x, y, class, size,
	        bold ? " font-weight=\"700\"" : "");
	for (size_t at = 0; at < text.len;) {
		size_t n = next_char(text, at, &c);

		width += (int64_t)char_width(c, bold) * size;
		if (cut && width > room)
			break;
		add_char(sb, c, text.data + at, n);
		at += n;
	}
	sb_add(sb, cut ? ELLIPSIS "</text>\n" : "</text>\n");
}

void svg_number(struct sb *sb, int64_t n)
{
	int64_t unit = 1;

	while (n / unit >= 1000)
		unit *= 1000;
	sb_int(sb, n / unit);
	for (unit /= 1000; unit > 0; unit /= 1000)
		sb_addf(sb, ",%03d", (int)(n / unit % 1000));
}

/* Muted middle tones: three to one and better against both backgrounds. */
static const struct {
	const char *language, *color;
} COLORS[] = {
	{ "C", "#5b84b1" },          { "C++", "#c25b7c" },
	{ "Python", "#3d85c6" },     { "JavaScript", "#b8982a" },
	{ "TypeScript", "#4a7fc9" }, { "TSX", "#6b74c9" },
	{ "Vue", "#3f9e72" },        { "Svelte", "#d4643f" },
	{ "Go", "#2b9bb8" },         { "Rust", "#b9713c" },
	{ "Java", "#a8743a" },       { "Kotlin", "#8e6fc7" },
	{ "C#", "#5d9444" },         { "Ruby", "#b5484f" },
	{ "PHP", "#7379b8" },        { "Shell", "#6d9a3a" },
	{ "SQL", "#c08a3e" },        { "HTML", "#cf6a4c" },
	{ "CSS", "#8a65b5" },        { "SCSS", "#b96592" },
	{ "Markdown", "#7d8a97" },   { "reStructuredText", "#7d8a97" },
	{ "Text", "#8a8f96" },       { "JSON", "#93886f" },
	{ "YAML", "#a0777f" },       { "TOML", "#94795f" },
	{ "XML", "#6f9085" },        { "Tcl", "#c79a4b" },
	{ "Lua", "#5a6fae" },        { "Makefile", "#6f9152" },
};
static const char *const OTHERS[] = { "#7a8f6a", "#8c7aa3", "#5f9090", "#a37f6a",
	                              "#7088a0", "#a0708c", "#8f8a5a", "#6a8f7f" };

const char *svg_color(struct span language)
{
	unsigned hash = 5381;

	for (size_t i = 0; i < COUNT(COLORS); i++)
		if (strlen(COLORS[i].language) == language.len &&
		    memcmp(COLORS[i].language, language.data, language.len) == 0)
			return COLORS[i].color;
	for (size_t i = 0; i < language.len; i++)
		hash = hash * 33 + (unsigned char)language.data[i];
	return OTHERS[hash % COUNT(OTHERS)];
}

static const char STYLE[] =
	"<style>text{font-family:'DejaVu Sans',Verdana,'Segoe UI',Helvetica,Arial,sans-serif}\n"
	".g{fill:#ffffff}.t{fill:#1f2933}.s{fill:#52606d}.w{fill:#ffffff}.h{fill:#1f2933}\n"
	".m{text-anchor:middle}.r{text-anchor:end}\n"
	".b{fill:#f7f9fb;stroke:#9fb0c0;stroke-width:1}.f{fill:none;stroke:#9fb0c0}\n"
	".bo{fill:#ffffff;stroke:#c3ced8;stroke-width:1}\n"
	".k{fill:#eef2f6;stroke:#c3ced8}.u{fill:#dde4ea}\n"
	".e{fill:none;stroke:#8396a8}.a{fill:#8396a8}\n"
	".b1{fill:#e8f6ec;stroke:#1a7f37;stroke-width:2}.e1{fill:none;stroke:#1a7f37}.a1{fill:#1a7f37}\n"
	".b2{fill:#fdecec;stroke:#b42318;stroke-width:2;stroke-dasharray:6 4}\n"
	".e2{fill:none;stroke:#b42318;stroke-dasharray:6 4}.a2{fill:#b42318}\n"
	".b3{fill:#fdf5e3;stroke:#996300;stroke-width:2}.e3{fill:none;stroke:#996300}.a3{fill:#996300}\n"
	"@media (prefers-color-scheme:dark){\n"
	".g{fill:#14181d}.t{fill:#e6edf3}.s{fill:#a3b1bf}.h{fill:#e6edf3}\n"
	".b{fill:#1d242c;stroke:#4b5b6b}.f{stroke:#4b5b6b}.k{fill:#1a2027;stroke:#36424e}.u{fill:#303b46}\n"
	".bo{fill:#14181d;stroke:#36424e}\n"
	".e{stroke:#6d8195}.a{fill:#6d8195}\n"
	".b1{fill:#12281a;stroke:#3fb950}.e1{stroke:#3fb950}.a1{fill:#3fb950}\n"
	".b2{fill:#2d1517;stroke:#f47067}.e2{stroke:#f47067}.a2{fill:#f47067}\n"
	".b3{fill:#2b2312;stroke:#d4a72c}.e3{stroke:#d4a72c}.a3{fill:#d4a72c}\n"
	"}</style>\n";

void svg_open(struct sb *sb, int width, int height, const char *title)
{
	sb_addf(sb,
	        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
	        " viewBox=\"0 0 %d %d\" role=\"img\">\n<title>",
	        width, height, width, height);
	svg_escape(sb, (struct span){ title, strlen(title) });
	sb_add(sb, "</title>\n");
	sb_add(sb, STYLE);
	sb_addf(sb, "<rect class=\"g\" width=\"%d\" height=\"%d\"/>\n", width, height);
}

void svg_close(struct sb *sb)
{
	sb_add(sb, "</svg>\n");
}
