/* B4: imports and definitions of Python. */
#include "facts_text.h"

static const struct facts_case IMPORTS[] = {
	{ LANG_PYTHON, "import os\nimport a.b as c, d\n",
	  "1 module os\n2 module a.b as=c\n2 module d\n" },
	{ LANG_PYTHON, "from a.b import (c,  # why\n    d as e,\n)\n",
	  "1 from a.b name=c\n1 from a.b name=d as=e\n" },
	{ LANG_PYTHON, "from . import x\nfrom .. y import *\nfrom ...z.q import w\n",
	  "1 from  name=x level=1\n2 from y name=* level=2\n3 from z.q name=w level=3\n" },
	{ LANG_PYTHON, "import a; import b\nif x: import c\n",
	  "1 module a\n1 module b\n2 module c optional\n" },
	{ LANG_PYTHON, "try:\n    import a\nexcept ImportError:\n    import b\nimport c\n",
	  "2 module a optional\n4 module b optional\n5 module c\n" },
	{ LANG_PYTHON, "def f():\n    from a import b\n", "2 from a name=b\n" },
	{ LANG_PYTHON, "from a import b, \\\n    c\nfrom d. e import f\n",
	  "1 from a name=b\n1 from a name=c\n3 from d.e name=f\n" },
	{ LANG_PYTHON,
	  "x = importlib.import_module('a.b')\ny = __import__(\".c\")\nz = import_module(f'n')\n",
	  "1 dynamic a.b\n2 dynamic c level=1\n" },
	/* Comments, strings and documentation say nothing. */
	{ LANG_PYTHON, "'''\nimport a\n'''\n# import b\nx = 'import c'\ny = (1,\nimport_d)\n", "" },
	{ LANG_PYTHON, "def g():\n    yield from x\n    raise A from b\n", "" },
	{ LANG_PYTHON, "import", "" },
	{ LANG_PYTHON, "from a import (b", "1 from a name=b\n" },
};

static const struct facts_case DEFS[] = {
	{ LANG_PYTHON,
	  "class A(B):\n    x = 1\n    def f(self,\n          y):\n        def g(): pass\n        return g\n"
	  "    class C:\n        async def h(self): ...\n\n\nasync def k():\n    pass\n",
	  "1-8 class A\n3-6 method f of A\n5-5 function g\n7-8 class C of A\n8-8 method h of C\n"
	  "11-12 function k\n" },
	/* A string over lines in the first column ends no block. */
	{ LANG_PYTHON,
	  "def f():\n    '''a\nb\n'''\n    return 1\nLIMIT = 3\nlower = 4\nX: Final = 5\nY == 6\n",
	  "1-5 function f\n6-6 constant LIMIT\n8-8 constant X\n" },
	{ LANG_PYTHON, "if a:\n    def f(): pass\nelse:\n    def f():\n        pass\n",
	  "2-2 function f\n4-5 function f\n" },
	{ LANG_PYTHON, "@dec(\n  1)\ndef f():\n\treturn (\n1)\n", "3-5 function f\n" },
};

static void test_facts_python__imports(void **state)
{
	check_imports(fixture_ctx(*state), IMPORTS, COUNT(IMPORTS));
}

static void test_facts_python__defs(void **state)
{
	check_defs(fixture_ctx(*state), DEFS, COUNT(DEFS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_python__imports),
		cmocka_unit_test(test_facts_python__defs),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
