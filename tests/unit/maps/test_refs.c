/* B4: the identifiers that a file uses, in any language, with or without a reader of its own. */
#include "facts_text.h"

static const struct facts_case CASES[] = {
	/* Not the definitions, keywords, imports, comments, strings; a plain name once. */
	{ LANG_C,
	  "#include \"dict.h\"\nstruct node *new_node(size_t n)\n{\n\tstruct node *p = xmalloc(n);\n"
	  "\tp->next = p->next; /* free(p) */\n\treturn fits(p) ? first : first;\n}\nint go(void)\n{\n"
	  "\treturn puts(\"call(me)\"), new_node(LIMIT), LIMIT;\n}\n",
	  "10 name LIMIT\n6 name first\n6 call fits\n10 call new_node\n5 name next\n2 type node\n4 type node\n10 call puts\n"
	  "4 call xmalloc\n" },
	{ LANG_PYTHON,
	  "from a import helper\nimport os\nclass A(Base):\n    def run(self, x: Thing) -> None:\n"
	  "        helper(x.size)\n        helper(\n            2)\n",
	  "3 type Base\n4 type Thing\n5 call helper\n6 call helper\n5 name size\n" },
	{ LANG_TSX,
	  "import { Card } from './card'\nexport const Page = () => {\n  const user = useUser<User>()\n"
	  "  return <div>\n    <Card title={titleOf(user)} />\n    <List.Item>Text</List.Item>\n  </div>\n}\n",
	  "5 type Card\n6 type List\n3 type User\n5 call titleOf\n3 name useUser\n3 name user\n" },
	{ LANG_RUST, "use a::b;\nfn f() { println!(\"{}\", conv::<u8>(X)); Foo::new(first) }\n",
	  "2 type Foo\n2 call conv\n2 name first\n2 call println\n" },
	{ LANG_GO, "package p\nfunc F() { pkg.Do(x.Name); v := &Tee{} }\n",
	  "2 call Do\n2 type Name\n2 type Tee\n2 name pkg\n" },
	/* No reader is needed. */
	{ LANG_LUA, "local t = setup(name) -- other(x)\nsetup(\"a\")\n",
	  "1 name name\n1 call setup\n2 call setup\n" },
	/* Data and prose have none. */
	{ LANG_JSON, "{\"a\": b}\n", "" },
	{ LANG_MARKDOWN, "call(me)\n", "" },
	{ LANG_VUE, "<template><p>call(me)</p></template>\n<script>\nrun(it2)\n</script>\n",
	  "3 name it2\n3 call run\n" },
};

static const char *refs_text(struct ctx *cx, const struct facts *facts)
{
	struct sb sb = sb_new(cx->arena, 64 * 1024);
	const char *text;

	for (size_t i = 0; i < facts->nrefs; i++)
		sb_addf(&sb, "%u %s %s\n", facts->refs[i].line,
		        ref_kind_name((enum ref_kind)facts->refs[i].kind), facts->refs[i].name);
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	return text;
}

static void test_refs__by_name_and_line(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct facts facts = facts_of(cx, CASES[i].lang, CASES[i].source);

		assert_string_equal(refs_text(cx, &facts), CASES[i].expected);
		assert_false(facts.truncated);
	}
}

/* More than the limit: the first ones are kept, in order, and the flag says so. */
static void test_refs__limit(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 4 << 20);
	const char *text;
	struct facts facts;

	for (int i = 0; i < FACTS_REFS_MAX + 10; i++)
		sb_addf(&sb, "call%d()\n", i);
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	facts = facts_of(cx, LANG_RUBY, text);
	assert_true(facts.truncated);
	assert_true(facts.nrefs <= FACTS_REFS_MAX && facts.nrefs > FACTS_REFS_MAX / 2);
	for (size_t i = 1; i < facts.nrefs; i++)
		assert_true(strcmp(facts.refs[i - 1].name, facts.refs[i].name) < 0);
}

/* A hash that anybody can turn around: what a table of names must not rest on. */
static uint32_t weak_hash(const char *name)
{
	uint64_t h = 0x9e3779b97f4a7c15u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3u;
	return (uint32_t)(h ^ h >> 29);
}

#define COLLIDING  300
#define SLOTS_MASK 0xfffu

/* Class names that meet in one slot of a table with that hash. */
static void colliding_names(char names[COLLIDING][8])
{
	char name[8] = "Aaaaa";
	int n = 0;

	for (uint64_t i = 0; n < COLLIDING; i++) {
		uint64_t rest = i;

		for (int k = 1; k < 7; k++, rest /= 26)
			name[k] = (char)('a' + rest % 26);
		if ((weak_hash(name) & SLOTS_MASK) == 7)
			memcpy(names[n++], name, sizeof(name));
	}
}

/* However names were chosen: each is there, as use and as a name of the set. */
static void test_refs__colliding_names(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 1 << 20);
	char names[COLLIDING][8];
	const char *text;
	struct facts facts;

	colliding_names(names);
	for (int i = 0; i < COLLIDING; i++)
		sb_addf(&sb, "new %s();\n", names[i]);
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	facts = facts_of(cx, LANG_JAVA, text);
	assert_false(facts.truncated);
	assert_int_equal(facts.nrefs, COLLIDING);
	assert_int_equal(facts.nnames, COLLIDING);
}

/* What a definition says itself is no use; that is asked of each one, not guessed. */
static void test_refs__every_use(void **state)
{
	enum { FUNCTIONS = 4000 };

	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 1 << 20);
	const char *text;
	struct facts facts;

	for (int i = 0; i < FUNCTIONS; i++)
		sb_addf(&sb, "def work_%d():\n    work_%d()\n", i, i + 1);
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	facts = facts_of(cx, LANG_PYTHON, text);
	assert_int_equal(facts.ndefs, FUNCTIONS);
	assert_int_equal(facts.nrefs, FUNCTIONS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refs__by_name_and_line),
		cmocka_unit_test(test_refs__limit),
		cmocka_unit_test(test_refs__colliding_names),
		cmocka_unit_test(test_refs__every_use),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
