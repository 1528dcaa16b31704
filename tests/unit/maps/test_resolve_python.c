/*
 * Python imports: roots, submodules before names, relative levels, the standard library.  (B4)
 */
#include "map_tree.h"

static const struct tree_case CASES[] = {
	{
		.why = "absolute from the root, src and a package's parent",
		.files = {
			{ "app.py",
			  "import pkg.a\n"
		  "from pkg import b\n"
		  "from core.util import helper\n" },
			{ "src/pkg/__init__.py",
			  "\n" },
			{ "src/pkg/a.py",
			  "\n" },
			{ "src/pkg/b.py",
			  "\n" },
			{ "lib/core/__init__.py",
			  "\n" },
			{ "lib/core/util.py",
			  "\n" },
		},
		.edges = "app.py:1 src/pkg/a.py py.absolute\n"
		  "app.py:2 src/pkg/b.py py.absolute\n"
		  "app.py:3 lib/core/util.py py.absolute\n",
		.misses = "",
	},
	{
		.why = "a name that is no submodule leads to the package",
		.files = {
			{ "app.py",
			  "from pkg import thing, sub\n" },
			{ "pkg/__init__.py",
			  "thing = 1\n" },
			{ "pkg/sub.py",
			  "\n" },
		},
		.edges = "app.py:1 pkg/__init__.py py.absolute\n"
		  "app.py:1 pkg/sub.py py.absolute\n",
		.misses = "",
	},
	{
		.why = "relative by level",
		.files = {
			{ "p/__init__.py",
			  "\n" },
			{ "p/a.py",
			  "from . import b\n"
		  "from .q import c\n"
		  "from .b import name\n" },
			{ "p/b.py",
			  "\n" },
			{ "p/q/__init__.py",
			  "\n" },
			{ "p/q/c.py",
			  "from .. import b\n"
		  "from ..a import x\n"
		  "from ... import y\n" },
		},
		.edges = "p/a.py:1 p/b.py py.relative\n"
		  "p/a.py:2 p/q/c.py py.relative\n"
		  "p/a.py:3 p/b.py py.relative\n"
		  "p/q/c.py:1 p/b.py py.relative\n"
		  "p/q/c.py:2 p/a.py py.relative\n",
		.misses = "",
	},
	{
		.why = "a module of the standard library stays that inside a package with such a submodule",
		.files = {
			{ "p/__init__.py",
			  "\n" },
			{ "p/json/__init__.py",
			  "import json\n"
		  "import os.path\n" },
			{ "p/m.py",
			  "import json\n"
		  "from . import json as j\n" },
		},
		.edges = "p/m.py:2 p/json/__init__.py py.relative\n",
		.misses = "p/json/__init__.py:1 json standard\n"
		  "p/json/__init__.py:2 os.path standard\n"
		  "p/m.py:1 json standard\n",
	},
	{
		.why = "a script finds its neighbour",
		.files = {
			{ "tools/run.py",
			  "import helper\n" },
			{ "tools/helper.py",
			  "\n" },
		},
		.edges = "tools/run.py:1 tools/helper.py py.script_dir\n",
		.misses = "",
	},
	{
		.why = "a declared dependency, by its own name and by another; an unknown one; one that should be here",
		.files = {
			{ "requirements.txt",
			  "PyYAML>=6\n"
		  "typing-extensions\n" },
			{ "p/__init__.py",
			  "\n" },
			{ "m.py",
			  "import yaml\n"
		  "import typing_extensions\n"
		  "import numpy\n"
		  "import p.gone\n" },
		},
		.edges = "",
		.misses = "m.py:1 yaml external PyYAML\n"
		  "m.py:2 typing_extensions external typing-extensions\n"
		  "m.py:3 numpy external\n"
		  "m.py:4 p.gone not_found\n",
	},
};

static void test_resolve_python__edges_and_misses(void **state)
{
	tree_check(fixture_ctx(*state), CASES, COUNT(CASES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve_python__edges_and_misses),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
