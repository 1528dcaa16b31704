/* B4: functions of shell scripts, and the files that they read in. */
#include "facts_text.h"

static const struct facts_case IMPORTS[] = {
	{ LANG_SHELL,
	  "#!/bin/sh\n. ./a.sh\nsource lib/b.sh arg\n\\. c.sh\ntrue && . 'd e.sh'\n"
	  "echo source no.sh\n# . no.sh\nx=. ; y() { . f.sh; }\nif . g.sh; then :; fi\n. /etc/h\n",
	  "2 source ./a.sh\n3 source lib/b.sh\n4 source c.sh\n5 source d e.sh\n8 source f.sh\n"
	  "9 source g.sh\n10 source /etc/h\n" },
	/* The script's own folder, as scripts find it. */
	{ LANG_SHELL,
	  ". \"$(dirname \"$0\")/a.sh\"\n. \"$(dirname -- \"${BASH_SOURCE[0]}\")/../b.sh\"\n"
	  ". \"${0%/*}/c.sh\"\n. `dirname $0`/d.sh\n. \"$(cd \"$(dirname \"$0\")/..\" && pwd)/e.sh\"\n"
	  "source \"${BASH_SOURCE%/*}\"/f.sh\n",
	  "1 source a.sh level=1 path\n2 source ../b.sh level=1 path\n3 source c.sh level=1 path\n"
	  "4 source d.sh level=1 path\n5 source ../e.sh level=1 path\n6 source f.sh level=1 path\n" },
	{ LANG_SHELL,
	  "DIR=$(cd \"$(dirname \"${BASH_SOURCE[0]}\")\" && pwd)\nreadonly LIB=\"$DIR/lib\"\n"
	  "ROOT=$(git rev-parse --show-toplevel)\nUP=$(dirname \"$DIR\")\n. \"$LIB/a.sh\"\n"
	  ". \"${ROOT}/b.sh\"\n. $UP/c.sh\nDIR=$1\n. \"$DIR/d.sh\"\n. \"$1\"\n. ~/.e\n. \"$X\"/*.sh\n",
	  "5 source lib/a.sh level=1 path\n6 source ./b.sh\n7 source ../c.sh level=1 path\n"
	  "9 source d.sh\n11 source ~/.e\n" },
	{ LANG_SHELL,
	  "cat <<E\n. no.sh\nE\ncat <<-'A' <<\"B\"\n. no.sh\n\tA\n. no.sh\nB\nawk '\n. no.sh\n'\n"
	  "x=$((1 << y))\ncat <<<\"z\"\n. yes.sh\n",
	  "14 source yes.sh\n" },
	{ LANG_SHELL, "load 'test_helper/bats'\nload \"$X\"/y\n",
	  "1 load test_helper/bats\n2 load y\n" },
};

static const struct facts_case DEFS[] = {
	{ LANG_SHELL,
	  "a() {\n  b() { :; }\n}\nfunction c {\n}\nfunction d() {\n}\ne() (\n  x)\nf::g-h ()\n{\n}\n"
	  "i=(j k)\nl \"m()\"\n",
	  "1-3 function a\n2-2 function b\n4-5 function c\n6-7 function d\n8-9 function e\n"
	  "10-12 function f::g-h\n" },
	{ LANG_SHELL,
	  "a() {\n  case $x in\n  b) c ;;\n  (d) e ;;\n  esac\n  echo \"}\" '}' \\} ${y:-\"}\"} ${z#\\}}\n"
	  "  echo \"$(f \"g }\")\"\n}\nh() {\n  awk '\nfunction no() { }\n'\n}\n",
	  "1-8 function a\n9-13 function h\n" },
	{ LANG_SHELL, "a() {\n  echo 'never closed\n", "1-1 function a\n" },
};

static void test_facts_shell__imports(void **state)
{
	check_imports(fixture_ctx(*state), IMPORTS, COUNT(IMPORTS));
}

static void test_facts_shell__defs(void **state)
{
	check_defs(fixture_ctx(*state), DEFS, COUNT(DEFS));
}

/* What opens and never closes costs no more than its size.  (T5) */
static void test_facts_shell__hostile(void **state)
{
	static const char *const UNITS[] = { "\"$(",  "a() {",  ". \"$(dirname \"",
		                             ". $((", "A=$(\n", "A=$A\n",
		                             ". a;",  "'",      "<<A ",
		                             "a-" };

	check_hostile(fixture_ctx(*state), LANG_SHELL, UNITS, COUNT(UNITS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_shell__imports),
		cmocka_unit_test(test_facts_shell__defs),
		cmocka_unit_test(test_facts_shell__hostile),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
