/* B4: environment variables that a file reads, with their literal defaults; not those it sets. */
#include "facts_text.h"

/* expected: "LINE NAME", then "=default" */
static const struct facts_case CASES[] = {
	{ LANG_C,
	  "#define KEY \"APP_KEY\"\nchar *a = getenv(\"HOME\"); /* getenv(\"NO\") */\nchar *b = secure_getenv(KEY);\n"
	  "setenv(\"SET\", \"1\", 1); getenv(name); o->getenv(\"NO\");\n",
	  "2 HOME\n3 APP_KEY\n" },
	{ LANG_CPP, "auto a = std::getenv(\"A\");\n", "1 A\n" },
	{ LANG_PYTHON,
	  "import os\na = os.environ['A']\nos.environ['SET'] = '1'\nb = os.environ.get('B', 'x')\nc = os.getenv(\"C\", default=\"y\")\n"
	  "d = os.getenv('D') or 'z'\nif 'E' in os.environ: pass\nos.environ.setdefault('F', 'f')\nos.environ[key]\n",
	  "2 A\n4 B=x\n5 C=y\n6 D=z\n7 E\n8 F=f\n" },
	{ LANG_TYPESCRIPT,
	  "const p = process.env.PORT || '3000', q = process.env['Q-Q'] ?? 1\nprocess.env.SET = 'x'\n"
	  "const { A, B: b, C = 'c' } = process.env\nif (process.env.NODE_ENV === 'test') import.meta.env.VITE_X + import.meta.env.MODE\n"
	  "const d = Deno.env.get('D') ?? 'dd', e = process.env[key], f = other.env.NO\n",
	  "1 PORT=3000\n3 A\n3 B\n3 C=c\n4 NODE_ENV\n4 VITE_X\n5 D=dd\n" },
	{ LANG_GO,
	  "package p\nfunc f() { os.Getenv(\"A\"); v, ok := os.LookupEnv(\"B\"); x.Getenv(\"NO\"); os.Setenv(\"S\", \"\") }\n",
	  "2 A\n2 B\n" },
	{ LANG_RUST,
	  "use std::env;\nfn f() { env::var(\"A\").unwrap_or_else(|_| \"a\".into()); std::env::var_os(\"B\"); env!(\"C\"); x.var(\"NO\"); }\n",
	  "2 A=a\n2 B\n2 C\n" },
	{ LANG_JAVA,
	  "class A { String a = System.getenv(\"A\"), b = System.getenv().getOrDefault(\"B\", \"bb\"), c = x.getenv(\"NO\"); }\n",
	  "1 A\n1 B=bb\n" },
	{ LANG_KOTLIN, "val a = System.getenv(\"A\") ?: \"aa\"\n", "1 A=aa\n" },
	{ LANG_CSHARP, "var a = Environment.GetEnvironmentVariable(\"A\") ?? \"aa\";\n",
	  "1 A=aa\n" },
	{ LANG_RUBY,
	  "a = ENV['A'] || 'aa'\nb = ENV.fetch('B', 'bb')\nENV['SET'] = '1'\nENV.fetch('C') { 1 }\n",
	  "1 A=aa\n2 B=bb\n4 C\n" },
	{ LANG_PHP,
	  "<?php\n$a = getenv('A') ?: 'aa'; $b = env('B', 'bb'); $c = $_ENV['C'] ?? 'cc'; $x->env('NO');\n",
	  "2 A=aa\n2 B=bb\n2 C=cc\n" },
	{ LANG_SHELL,
	  "#!/bin/sh\n# ${NO:-1}\nAA=${AA:-a b}\nLOCAL=1\necho \"${LOCAL:-2} ${BB:?needed} ${CC-} ${1:-x} ${DD} ${EE:=$HOME}\" ${BASH_SOURCE:-0}\n",
	  "3 AA=a b\n5 BB\n5 CC\n5 EE\n" },
};

static const char *env_text(struct ctx *cx, const struct facts *facts)
{
	struct sb sb = sb_new(cx->arena, 64 * 1024);
	const char *text;

	for (size_t i = 0; i < facts->nenv; i++) {
		sb_addf(&sb, "%u %s", facts->env[i].line, facts->env[i].name);
		if (facts->env[i].value)
			sb_addf(&sb, "=%s", facts->env[i].value);
		sb_addc(&sb, '\n');
	}
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	return text;
}

static void test_env__read_not_set(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct facts facts = facts_of(cx, CASES[i].lang, CASES[i].source);

		assert_string_equal(env_text(cx, &facts), CASES[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_env__read_not_set),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
