/*
 * Ruby: files beside the file, on the load path, of other gems; and by the names of constants.  (B4)
 */
#include "map_tree.h"

static const struct tree_case CASES[] = {
	{
		.why = "require_relative and its older spellings, from the working folder",
		.files = {
			{ "bin/x.rb",
			  "require_relative '../lib/a'\n"
			  "require File.expand_path('../../lib/b.rb', __FILE__)\n"
			  "require './tasks/c'\n"
			  "load 'tasks/d.rake'\n"
			  "require_relative 'gone'\n" },
			{ "lib/a.rb", "\n" },
			{ "lib/b.rb", "\n" },
			{ "tasks/c.rb", "\n" },
			{ "tasks/d.rake", "\n" },
		},
		.edges = "bin/x.rb:1 lib/a.rb ruby.relative\n"
		         "bin/x.rb:2 lib/b.rb ruby.relative\n"
		         "bin/x.rb:3 tasks/c.rb ruby.load_path\n"
		         "bin/x.rb:4 tasks/d.rake ruby.load_path\n",
		.misses = "bin/x.rb:5 gone not_found\n",
	},
	{
		.why = "the gem's own lib first, then other gems here, declared gems, the standard library",
		.files = {
			{ "one/Gemfile", "gem 'two', path: '../two'\ngem 'active-x'\n" },
			{ "one/lib/one.rb",
			  "require 'one/json'\n"
			  "require 'two/deep'\n"
			  "require 'json'\n"
			  "require 'active_x/y'\n"
			  "require 'net/http'\n"
			  "require 'one/gone'\n"
			  "require 'unknown'\n"
			  "autoload :HTTPServer, 'one/json'\n"
			  "module One\n"
			  "  autoload :XMLThing\n"
			  "end\n" },
			{ "one/lib/one/json.rb", "\n" },
			{ "one/lib/one/xml_thing.rb", "\n" },
			{ "one/spec/spec_helper.rb", "require 'one'\n" },
			{ "one/spec/deep/a_spec.rb", "require 'spec_helper'\n" },
			{ "two/lib/two/deep.rb", "\n" },
			{ "two/two.gemspec", "s.name = 'two'\n" },
			{ "two/test/t.rb", "require 'spec_helper'\n" },
		},
		.edges = "one/lib/one.rb:1 one/lib/one/json.rb ruby.load_path\n"
		         "one/lib/one.rb:2 two/lib/two/deep.rb ruby.gem\n"
		         "one/lib/one.rb:8 one/lib/one/json.rb ruby.load_path\n"
		         "one/lib/one.rb:10 one/lib/one/xml_thing.rb ruby.load_path\n"
		         "one/spec/deep/a_spec.rb:1 one/spec/spec_helper.rb ruby.load_path\n"
		         "one/spec/spec_helper.rb:1 one/lib/one.rb ruby.load_path\n",
		.misses = "one/lib/one.rb:3 json standard\n"
		          "one/lib/one.rb:4 active_x/y external active-x\n"
		          "one/lib/one.rb:5 net/http standard\n"
		          "one/lib/one.rb:6 one/gone not_found\n"
		          "one/lib/one.rb:7 unknown external\n"
		          "two/test/t.rb:1 spec_helper external\n",
	},
	{
		.why = "an application: constants by scope, inflected names, concerns; nothing that only looks alike",
		.files = {
			{ "Gemfile", "gem 'rails'\n" },
			{ "app/controllers/admin/users_controller.rb",
			  "module Admin\n"
			  "  class UsersController < ApplicationController\n"
			  "    include Pages\n"
			  "    def a\n"
			  "      User.find(HTMLReport::Row)\n"
			  "      Role; ::Role; String; Helper\n"
			  "    end\n"
			  "  end\n"
			  "end\n" },
			{ "app/controllers/application_controller.rb", "class ApplicationController\nend\n" },
			{ "app/controllers/concerns/pages.rb", "module Pages\nend\n" },
			{ "app/models/admin/role.rb", "class Admin::Role\nend\n" },
			{ "app/models/html_report.rb", "class HTMLReport\n  class Row; end\nend\n" },
			{ "app/models/role.rb", "class Role\nend\n" },
			{ "app/models/string.rb", "# defines nothing\n" },
			{ "app/models/user.rb", "require 'active_support/concern'\nclass User\n  User\nend\n" },
			{ "app/views/helper.rb", "class Helper\nend\n" },
		},
		.edges = "app/controllers/admin/users_controller.rb:2 app/controllers/application_controller.rb ruby.constant\n"
		         "app/controllers/admin/users_controller.rb:3 app/controllers/concerns/pages.rb ruby.constant\n"
		         "app/controllers/admin/users_controller.rb:5 app/models/html_report.rb ruby.constant\n"
		         "app/controllers/admin/users_controller.rb:5 app/models/user.rb ruby.constant\n"
		         "app/controllers/admin/users_controller.rb:6 app/models/admin/role.rb ruby.constant\n"
		         "app/controllers/admin/users_controller.rb:6 app/models/role.rb ruby.constant\n",
		.misses = "app/models/user.rb:1 active_support/concern external rails\n",
	},
	{
		.why = "a gem that loads by names; without that, constants make no edges",
		.files = {
			{ "x/lib/x.rb", "Zeitwerk::Loader.for_gem.setup\nmodule X\n  Y::Z\nend\n" },
			{ "x/lib/x/y/z.rb", "module X::Y\n  class Z; end\nend\n" },
			{ "y/lib/q.rb", "R\n" },
			{ "y/lib/r.rb", "class R; end\n" },
		},
		.edges = "x/lib/x.rb:3 x/lib/x/y/z.rb ruby.constant\n",
		.misses = "",
	},
};

static void test_resolve_ruby__edges_and_misses(void **state)
{
	tree_check(fixture_ctx(*state), CASES, COUNT(CASES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve_ruby__edges_and_misses),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
