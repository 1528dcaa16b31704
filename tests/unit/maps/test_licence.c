/*
 * B4: licences by their text (re-wrapped, in comments, with other names in it) and by SPDX lines,
 * whose expressions are checked.
 */
#include "facts_text.h"

#include "maps/licence.h"

#include <stdio.h>

#define MIT_GRANT                                                                                  \
	"Permission is hereby granted, free of charge, to any person obtaining a copy of this "    \
	"software and associated documentation files (the \"Software\"), to deal in the Software " \
	"without restriction, including without limitation the rights to use, copy, modify, "      \
	"merge, publish, distribute, sublicense, and/or sell copies of the Software, and to "      \
	"permit persons to whom the Software is furnished to do so, subject to the following "     \
	"conditions:\n\nThe above copyright notice and this permission notice shall be included "  \
	"in all copies or substantial portions of the Software.\n\n"
#define MIT_WARRANTY                                                                               \
	"THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, "   \
	"INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A "           \
	"PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT "      \
	"HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF "    \
	"CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR " \
	"THE USE OR OTHER DEALINGS IN THE SOFTWARE.\n"
#define BSD_HEAD                                                                                   \
	"Redistribution and use in source and binary forms, with or without modification, are "    \
	"permitted provided that the following conditions are met:\n\n"                            \
	"* Redistributions of source code must retain the above copyright notice, this list of "   \
	"conditions and the following disclaimer.\n\n* Redistributions in binary form must "       \
	"reproduce the above copyright notice, this list of conditions and the following "         \
	"disclaimer in the documentation and/or other materials provided with the "                \
	"distribution.\n\n"
#define BSD_NAMES                                                                                  \
	"* Neither the name of Example Industries, Inc. nor the names of its contributors may be " \
	"used to endorse or promote products derived from this software without specific prior "   \
	"written permission.\n\n"
#define BSD_WARRANTY                                                                               \
	"THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS \"AS IS\" AND ANY "   \
	"EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF " \
	"MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL "  \
	"THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, "    \
	"SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, "            \
	"PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS " \
	"INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, "       \
	"STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF " \
	"THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.\n"
#define ISC                                                                                        \
	"Permission to use, copy, modify, and/or distribute this software for any purpose with "   \
	"or without fee is hereby granted, provided that the above copyright notice and this "     \
	"permission notice appear in all copies.\n\nTHE SOFTWARE IS PROVIDED \"AS IS\" AND THE "   \
	"AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED "      \
	"WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR "   \
	"ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER "       \
	"RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, "          \
	"NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR "    \
	"PERFORMANCE OF THIS SOFTWARE.\n"

/* The text with @width letters to a line, each after @prefix. */
static const char *wrapped(struct ctx *cx, const char *text, const char *prefix, size_t width)
{
	struct sb sb = sb_new(cx->arena, 256 * 1024);
	size_t column = 0;
	const char *ret;

	sb_add(&sb, prefix);
	for (; *text; text++, column++) {
		if ((*text == ' ' && column >= width) || *text == '\n') {
			sb_addf(&sb, "\n%s", prefix);
			column = 0;
		} else {
			sb_addc(&sb, *text);
		}
	}
	assert_int_equal(sb_finish(cx, &sb, &ret), ERR_OK);
	return ret;
}

/* "MIT ISC", without the percents */
static const char *ids(struct ctx *cx, const char *text)
{
	struct facts facts = facts_of(cx, LANG_TEXT, text);
	const char *ret = "";

	for (size_t i = 0; i < facts.nlicences; i++) {
		assert_int_equal(facts.licences[i].evidence, LICENCE_TEXT);
		assert_in_range(facts.licences[i].percent, LICENCE_CONFIDENT, 100);
		ret = arena_printf(cx->arena, "%s%s%s", ret, *ret ? " " : "",
		                   facts.licences[i].expression);
	}
	return ret;
}

static void test_licence__texts(void **state)
{
	static const struct {
		const char *text, *ids;
	} CASES[] = {
		{ "MIT License\n\nCopyright (c) 2024 Someone\n\n" MIT_GRANT MIT_WARRANTY, "MIT" },
		{ "Copyright 2001 A\nCopyright 2002 B\nAll rights reserved.\n\n" MIT_GRANT
		          MIT_WARRANTY,
		  "MIT" },
		{ "Copyright (c) 2024, Example\n" BSD_HEAD BSD_WARRANTY, "BSD-2-Clause" },
		{ "Copyright (c) 2024, Example\n" BSD_HEAD BSD_NAMES BSD_WARRANTY, "BSD-3-Clause" },
		{ "ISC License\n\nCopyright (c) X\n" ISC, "ISC" },
		{ MIT_GRANT MIT_WARRANTY "\n\nParts are under:\n" BSD_HEAD BSD_NAMES BSD_WARRANTY,
		  "BSD-3-Clause MIT" },
		{ MIT_GRANT, "" },
		{ "There is no warranty, and this is no licence.\n", "" },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		assert_string_equal(ids(cx, CASES[i].text), CASES[i].ids);
		assert_string_equal(ids(cx, wrapped(cx, CASES[i].text, "", 30)), CASES[i].ids);
		assert_string_equal(ids(cx, wrapped(cx, CASES[i].text, " * ", 66)), CASES[i].ids);
	}
}

/* The texts that every Debian has. */
static void test_licence__long_texts(void **state)
{
	static const char *const CASES[][2] = {
		{ "Apache-2.0", "Apache-2.0" }, { "GPL-2", "GPL-2.0" },   { "GPL-3", "GPL-3.0" },
		{ "LGPL-2.1", "LGPL-2.1" },     { "LGPL-3", "LGPL-3.0" }, { "MPL-2.0", "MPL-2.0" },
		{ "CC0-1.0", "CC0-1.0" },       { "MPL-1.1", "MPL-1.1" },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		char *text = arena_alloc(cx->arena, 100000);
		FILE *f = fopen(
			arena_printf(cx->arena, "/usr/share/common-licenses/%s", CASES[i][0]), "r");

		assert_non_null(f);
		assert_true(fread(text, 1, 99999, f) > 5000);
		fclose(f);
		assert_string_equal(ids(cx, text), CASES[i][1]);
		assert_string_equal(ids(cx, wrapped(cx, text, "# ", 50)), CASES[i][1]);
	}
}

static void test_licence__expressions(void **state)
{
	static const char *const GOOD[] = { "MIT",
		                            "mit",
		                            "GPL-2.0-or-later",
		                            "GPL-2.0+",
		                            "(MIT OR Apache-2.0) AND BSD-3-Clause",
		                            "GPL-2.0-only WITH Classpath-exception-2.0",
		                            "LicenseRef-Own",
		                            "MIT AND (Zlib OR (ISC))",
		                            "NOASSERTION" };
	static const char *const BAD[] = { "",
		                           "MITT",
		                           "MIT OR",
		                           "OR MIT",
		                           "MIT Apache-2.0",
		                           "(MIT",
		                           "MIT)",
		                           "MIT WITH MIT",
		                           "(MIT) WITH Classpath-exception-2.0",
		                           "MIT/Apache-2.0",
		                           "()" };
	char deep[LICENCE_EXPRESSION_MAX + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(GOOD); i++)
		assert_true(licence_expression_valid((struct span){ GOOD[i], strlen(GOOD[i]) }));
	for (size_t i = 0; i < COUNT(BAD); i++)
		assert_false(licence_expression_valid((struct span){ BAD[i], strlen(BAD[i]) }));
	memset(deep, '(', sizeof(deep));
	assert_false(licence_expression_valid((struct span){ deep, sizeof(deep) }));
}

static void test_licence__tags(void **state)
{
	static const struct {
		enum lang lang;
		const char *source, *expected; /* "LINE expression percent" */
	} CASES[] = {
		{ LANG_C, "// SPDX-License-Identifier: MIT\n", "1 MIT 100\n" },
		{ LANG_C, "/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */\r\nint a;\n",
		  "1 (MIT OR GPL-2.0-only) 100\n" },
		{ LANG_HTML, "\n<!-- SPDX-License-Identifier: CC0-1.0 -->\n", "2 CC0-1.0 100\n" },
		{ LANG_PYTHON, "# SPDX-License-Identifier: Mine\n", "1 Mine 0\n" },
		{ LANG_PERL, "/SPDX-License-Identifier: (.*)/i\n", "" },
		{ LANG_C, "/* SPDX-License-Identifier:\n*/\n", "" },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct facts facts = facts_of(cx, CASES[i].lang, CASES[i].source);
		const char *text = "";

		for (size_t k = 0; k < facts.nlicences; k++)
			text = arena_printf(cx->arena, "%s%u %s %u\n", text, facts.licences[k].line,
			                    facts.licences[k].expression,
			                    facts.licences[k].percent);
		assert_string_equal(text, CASES[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_licence__texts),
		cmocka_unit_test(test_licence__long_texts),
		cmocka_unit_test(test_licence__expressions),
		cmocka_unit_test(test_licence__tags),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
