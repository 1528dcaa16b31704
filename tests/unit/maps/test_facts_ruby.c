/* B4: what Ruby files load, and definitions with the "end" of each. */
#include "facts_text.h"

static const struct facts_case IMPORTS[] = {
	{ LANG_RUBY,
	  "require 'a/b'\nrequire \"c\" if x\nrequire_relative('../d')\nload './e.rb'\n"
	  "require 'x' + y\nrequire \"#{z}/q\"\nobj.require 'no'\nrequire: 'no'\n",
	  "1 require a/b\n2 require c optional\n3 require ../d level=1 path\n4 load ./e.rb\n" },
	{ LANG_RUBY,
	  "require File.expand_path('../a', __FILE__)\n"
	  "require File.expand_path(\"b\", __dir__)\n"
	  "require File.join(File.dirname(__FILE__), 'c', 'd')\n"
	  "require File.dirname(File.dirname(__FILE__)) + '/e'\n"
	  "require \"#{File.dirname(__FILE__)}/f\"\n",
	  "1 require ../a path\n2 require b level=1 path\n3 require c/d level=1 path\n"
	  "4 require /e level=2 path\n5 require f level=1 path\n" },
	{ LANG_RUBY,
	  "module M\n  autoload :A, 'm/a'\n  autoload(:B, \"m/b\")\n"
	  "  autoload_under 'deep' do\n    autoload :C\n  end\n  autoload :D\nend\n",
	  "2 autoload m/a name=A in=M\n3 autoload m/b name=B in=M\n5 autoload  name=C as=deep in=M\n"
	  "7 autoload  name=D in=M\n" },
	{ LANG_RUBY, "begin\n  require 'a'\nrescue LoadError\nend\nrequire 'b' rescue nil\n",
	  "2 require a optional\n3 constant LoadError\n5 require b optional\n" },
	/* The first use of a constant in each scope; symbols, keys and definitions are none. */
	{ LANG_RUBY,
	  "module A\n  class B < C::D\n    E.f(:G, H: 1)\n    E.f\n    ::I.new\n  end\nend\nE\n",
	  "2 constant C::D in=A\n3 constant E in=A::B\n5 constant I\n8 constant E\n" },
	/* Values of arguments, and code in strings; not what is quoted in it. */
	{ LANG_RUBY,
	  "def a(b: C.d, e = F, g: :H)\n  \"I #{J::K.l} #{m ? 'N' : :O} P\"\n  '#{Q}'\nend\n",
	  "1 constant C\n1 constant F\n2 constant J::K\n" },
	/* Strings, words, regular expressions and here-documents hold no code. */
	{ LANG_RUBY,
	  "x = %w[require 'a'\n require 'b']\ny = /require 'c'\n/x\nz = <<~ONE + <<-'TWO'\n"
	  "require 'd'\nONE\nrequire 'e'\nTWO\nrequire 'f'\n=begin\nrequire 'g'\n=end\n"
	  "__END__\nrequire 'h'\n",
	  "10 require f\n" },
};

static const struct facts_case DEFS[] = {
	{ LANG_RUBY,
	  "module A\n  class B::C < D\n    X = 1\n    def self.m(a = {})\n      Y = 2\n    end\n"
	  "    def n?; end\n    def o=(v)\n    end\n    def p = 1\n    def q(x) = x + 1\n"
	  "    class << self\n      def r\n      end\n    end\n  end\nend\ndef s\nend\n",
	  "1-17 module A\n2-16 class C of B\n3-3 constant X of C\n4-6 method m of C\n"
	  "7-7 method n? of C\n8-9 method o= of C\n10-10 method p of C\n11-11 method q of C\n"
	  "13-14 method r of C\n18-19 function s\n" },
	/* What opens, and what only modifies. */
	{ LANG_RUBY,
	  "def a\n  return if b\n  c = if d then e else f end\n  g unless h\n  while i do\n  end\n"
	  "  j = case k when 1 then 2 end\n  l.end if m.begin\n  n ||= begin\n    1\n  end while o\n"
	  "  p.each do |q| r if q.nil? end\n  s(if: 1, end: 2)\n  raise $! if t? if u!\n"
	  "  [if v then w end]\nend\ndef z\nend\n",
	  "1-16 function a\n17-18 function z\n" },
	/* Literals whose bytes look like keywords, quotes or comments. */
	{ LANG_RUBY,
	  "def a\n  b = \"#{c(\"d end\")} # end\"\n  e = ?\" if f\n  g = h / i # '\n  j /k'/ if l\n"
	  "  m(:end, %q(end ' (end)), %r{end\"}i)\n  n <<x\n  o = $' if p\n  q = 'multi\nend'\n"
	  "  r(<<-END, <<~\"FIN\") if s\n  end '\n  END\n  end \"\n  FIN\nend\ndef t\nend\n",
	  "1-16 function a\n17-18 function t\n" },
	{ LANG_RUBY,
	  "class A\n  def /(o)\n    b / o\n  end\n  def %(o) b(:/, o) end\n  def ==(o)\n  end\n"
	  "  def []=(k, v)\n  end\n  def `(c)\n  end\n  def class\n  end\n  def if?; end\nend\n",
	  "1-15 class A\n2-4 method / of A\n5-5 method % of A\n6-7 method == of A\n"
	  "8-9 method []= of A\n10-11 method ` of A\n12-13 method class of A\n14-14 method if? of A\n" },
	{ LANG_RUBY, "def @a.b(c)\nend\ndef $d.e\nend\n", "1-2 function b\n3-4 function e\n" },
	{ LANG_RUBY, "class A\n  def b\n    \"never closed\n", "1-1 class A\n2-2 method b of A\n" },
};

static void test_facts_ruby__imports(void **state)
{
	check_imports(fixture_ctx(*state), IMPORTS, COUNT(IMPORTS));
}

static void test_facts_ruby__defs(void **state)
{
	check_defs(fixture_ctx(*state), DEFS, COUNT(DEFS));
}

/* Zeitwerk is noticed where a file asks for it. */
static void test_facts_ruby__names_load_files(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	assert_string_equal(
		facts_of(cx, LANG_RUBY, "l = Zeitwerk::Loader.for_gem\nl.setup\n").package,
		"zeitwerk");
	assert_string_equal(facts_of(cx, LANG_RUBY, "for_gem = 1\n").package, "");
}

/* What opens and never closes costs no more than its size.  (T5) */
static void test_facts_ruby__hostile(void **state)
{
	static const char *const UNITS[] = { "f /\\/ ",
		                             "f /",
		                             "\"#{",
		                             "x <<A\n",
		                             "%w[",
		                             "if a\n",
		                             "class A\n",
		                             "module A; B;",
		                             "require 'a' + ",
		                             "autoload :A,",
		                             "<<A <<B <<C <<D <<E\n",
		                             "?\"'" };

	check_hostile(fixture_ctx(*state), LANG_RUBY, UNITS, COUNT(UNITS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_ruby__imports),
		cmocka_unit_test(test_facts_ruby__defs),
		cmocka_unit_test(test_facts_ruby__hostile),
		cmocka_unit_test(test_facts_ruby__names_load_files),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
