# What Ripper, Ruby's own parser, says of Ruby files: requires and where they lead, constants of
# applications that load by names, definitions, lines.
#
#     ruby oracle_ruby.rb FOLDER  <{"files": [...]}
#
# A require leads to a file below a folder that its gem (or test runner) puts on the load path: lib, and for
# tests spec and test, of the nearest folder with a gemspec or Gemfile, then lib of the repository's other
# gems.  Where the argument is put together from __FILE__ and __dir__ alone it is worked out; any other is
# not judged.  Constants count where config/application.rb stands beside app/, in engines (a gem
# with a Rails::Engine) and in gems with Zeitwerk::Loader.for_gem: each is looked up through the
# modules around it, from the inside out, among the constants that files below the autoload folders define,
# the file being the one that Zeitwerk expects for the name.
require "json"
require "ripper"
require "set"

FOLDER = File.realpath(ARGV[0])
FILES = JSON.parse($stdin.read)["files"]
KNOWN = FILES.to_set
ALL = Dir.glob("**/*", File::FNM_DOTMATCH, base: FOLDER).to_set

# One file: walks the tree that Ripper builds.
class Reader
  attr_reader :defs, :requires, :constants, :defined, :code

  def initialize(text)
    @defs, @requires, @constants, @defined = [], [], [], []
    @tree = Ripper.sexp(text)
    count(text) if @tree
    visit(@tree, [], :file) if @tree
  end

  def parsed? = !@tree.nil?

  private

  # Lines with anything but comments and blanks.
  def count(text)
    rest = "".b
    Ripper.lex(text).each do |(_line, _column), type, token, _state|
      comment = %i[on_comment on_embdoc on_embdoc_beg on_embdoc_end].include?(type)
      rest << (comment ? token.b.gsub(/[^\n]/n, " ") : token.b)
    end
    rest << text.b[rest.bytesize..].to_s # behind __END__
    @code = rest.each_line.count { |line| line.match?(/\S/n) }
  end

  def visit(node, around, place)
    return unless node.is_a?(Array)
    unless node[0].is_a?(Symbol)
      node.each { |one| visit(one, around, place) }
      return
    end
    case node[0]
    when :module then visit_space(node[1], nil, node[2], around)
    when :class then visit_space(node[1], node[2], node[3], around)
    when :def then define(node[1], :method, around); visit(node[2..], around, :body)
    when :defs then define(node[3], :method, around); visit(node[4..], around, :body)
    when :sclass then visit(node[1], around, place); visit(node[2], around, :body)
    when :assign, :opassign then visit_assign(node, around, place)
    when :command, :method_add_arg, :command_call then visit_call(node, around, place)
    when :method_add_block then visit(node[1], around, place); visit(node[2], around, :body)
    when :var_ref, :const_path_ref, :top_const_ref then visit_constant(node, around)
    else node[1..].each { |one| visit(one, around, place) }
    end
  end

  def define(token, _kind, _around)
    @defs << [token[2][0], token[1]] if token[2]
  end

  # [[name, line], ...] of A::B; nil when it is no plain path
  def path(node)
    case node[0]
    when :const_ref, :var_ref, :top_const_ref, :top_const_field
      token = node[1]
      token[0] == :@const ? [[token[1], token[2][0]]] : nil
    when :const_path_ref, :const_path_field
      before = path(node[1])
      before && node[2][0] == :@const ? before + [[node[2][1], node[2][2][0]]] : nil
    end
  end

  def rooted?(node)
    node = node[1] while %i[const_path_ref const_path_field].include?(node[0])
    %i[top_const_ref top_const_field].include?(node[0])
  end

  def visit_space(name, parent, body, around)
    names = path(name)
    return visit(body, around, :body) if names.nil?
    @defs << [names.last[1], names.last[0]]
    full = (rooted?(name) ? [] : around.last.to_a) + names.map(&:first)
    @defined << [full.join("::"), parent && path(parent)&.map(&:first)]
    visit(parent, around, :body) if parent
    visit(body, around + [full], :space)
  end

  def visit_assign(node, around, place)
    target = node[1]
    if target[0] == :var_field && target[1] && target[1][0] == :@const && place != :body
      @defs << [target[1][2][0], target[1][1]]
      @defined << [(around.last.to_a + [target[1][1]]).join("::"), nil]
    else
      visit(target, around, place)
    end
    visit(node[2..], around, :body) # a hash, a lambda: no place for further constants
  end

  def visit_constant(node, around)
    names = path(node)
    return visit(node[1..], around, :body) if names.nil?
    @constants << [names.last[1], names.map(&:first), around, rooted?(node)]
  end

  # require "x", require("x")
  def visit_call(node, around, place)
    call = node[0] == :method_add_arg ? node[1] : node
    token = call[0] == :fcall || call[0] == :command ? call[1] : (call[0] == :command_call || call[0] == :call ? call[3] : nil)
    name = token.is_a?(Array) && token[0] == :@ident ? token[1] : nil
    receiver = %i[command_call call].include?(call[0]) ? call[1] : nil
    arguments = node[0] == :method_add_arg ? node[2] : node[-1]
    if %w[require require_relative load autoload].include?(name) && (receiver.nil? || path(receiver)&.map(&:first) == ["Kernel"] || name == "autoload")
      list = plain_arguments(arguments)
      @requires << [token[2][0], name, list, around] if list
    end
    node[1..].each { |one| visit(one, around, place) }
  end

  def plain_arguments(node)
    node = node[1] while node.is_a?(Array) && %i[arg_paren args_add_block].include?(node[0])
    node.is_a?(Array) && !node[0].is_a?(Symbol) ? node : nil
  end
end

# What an expression of __FILE__, __dir__ and literals spells, "/" standing for the repository; nil: unknown.
def spell(node, file)
  return nil unless node.is_a?(Array)
  case node[0]
  when :string_literal
    return spell_content(node[1], file)
  when :xstring_literal then return nil
  when :string_concat
    parts = [spell(node[1], file), spell(node[2], file)]
    return parts.include?(nil) ? nil : parts.join
  when :paren
    return node[1].is_a?(Array) && node[1].length == 1 ? spell(node[1][0], file) : nil
  when :var_ref, :vcall
    token = node[1]
    return "/#{file}" if token[0] == :@kw && token[1] == "__FILE__"
    return "/#{File.dirname(file)}" if token[1] == "__dir__"
    return nil
  when :binary
    parts = [spell(node[1], file), spell(node[3], file)]
    return node[2] == :+ && !parts.include?(nil) ? parts.join : nil
  when :method_add_arg
    return spell_call(node[1], node[2], file)
  when :command_call
    return spell_call([:call, node[1], node[2], node[3]], node[4], file)
  end
  nil
end

def spell_content(node, file)
  parts = node[1..].map do |one|
    if one[0] == :@tstring_content then one[1]
    elsif one[0] == :string_embexpr && one[1].length == 1 then spell(one[1][0], file)
    end
  end
  parts.include?(nil) ? nil : parts.join
end

def spell_call(call, arguments, file)
  return nil unless call[0] == :call && call[1][0] == :var_ref && call[1][1][1] == "File"
  arguments = arguments[1] while arguments.is_a?(Array) && %i[arg_paren args_add_block].include?(arguments[0])
  values = arguments.to_a.map { |one| spell(one, file) }
  return nil if values.empty? || values.include?(nil)
  case call[3][1]
  when "dirname" then File.dirname(values[0])
  when "join" then File.join(*values)
  when "expand_path" then values.length == 2 ? File.expand_path(values[0], values[1].start_with?("/") ? values[1] : "/") : File.expand_path(values[0], "/")
  end
end

def common(a, b)
  a, b = a.split("/")[..-2], b.split("/")[..-2]
  a.zip(b).take_while { |x, y| x == y }.length
end

def nearest(candidates, from)
  candidates.min_by { |one| [-common(one, from), one] }
end

# Folders of gems and applications: with a gemspec, a Gemfile or config/application.rb.
GEMS = ALL.select { |path| path.end_with?(".gemspec") }.map { |path| File.dirname(path) }.uniq

def below?(path, base) = base == "." || path.start_with?("#{base}/")
def under(base, path) = base == "." ? path : "#{base}/#{path}"

APPS = ALL.select { |path| path.match?(%r{(\A|/)config/application\.rb\z}) }.map { |path| File.dirname(File.dirname(path)) }
ENGINES = GEMS.select do |base|
  FILES.any? { |path| below?(path, base) && File.read(File.join(FOLDER, path)).b.match?(/<\s*(::)?Rails::Engine\b/n) }
end
APPS.concat(ENGINES).uniq!
# Gems that load themselves by names: Zeitwerk::Loader.for_gem in lib/name.rb.
SELF_LOADING = GEMS.select do |base|
  FILES.any? { |path| File.dirname(path) == (base == "." ? "lib" : "#{base}/lib") && File.read(File.join(FOLDER, path)).b.include?("Loader.for_gem") }
end
APPS.concat(SELF_LOADING).uniq!
BASES = (ALL.select { |path| path.match?(%r{(\A|/)(Gemfile|[^/]+\.gemspec)\z}) }.map { |path| File.dirname(path) } + APPS).uniq

def file_named(path)
  path = path.delete_prefix("./")
  return nil if path.start_with?("../")
  [path.end_with?(".rb") ? path : "#{path}.rb", path].find { |one| ALL.include?(one) && File.file?(File.join(FOLDER, one)) }
end

def from_load_path(name, from)
  own = (BASES + ["."]).uniq.select { |base| below?(from, base) }.sort_by { |base| -base.length }
  own.each do |base|
    rest = base == "." ? from : from.delete_prefix("#{base}/")
    folders = rest.match?(%r{\A(spec|test)/}) ? ["lib", rest[/\A\w+/]] : %w[lib]
    folders.each { |folder| (found = file_named(under(base, "#{folder}/#{name}"))) && (return found) }
  end
  found = GEMS.filter_map { |base| file_named(under(base, "lib/#{name}")) }
  nearest(found, from)
end

def resolve(kind, value, from)
  if kind == "require_relative" && !value.start_with?("/")
    return file_named(File.join("/", File.dirname(from), value).then { |path| File.expand_path(path)[1..] })
  end
  return file_named(value[1..]) if value.start_with?("/")
  if kind == "load" || value.start_with?(".")
    bases = BASES.select { |base| below?(from, base) }.sort_by { |base| -base.length } + ["."]
    bases.each { |base| (found = file_named(File.expand_path("/" + under(base, value))[1..])) && (return found) }
    return kind == "load" ? from_load_path(value, from) : nil
  end
  from_load_path(value, from)
end

readers, answer = {}, { imports: [], defs: [], unparsed: [], unjudged: [], code: {} }
FILES.each do |file|
  text = File.read(File.join(FOLDER, file), encoding: "UTF-8")
  text = text.b unless text.valid_encoding?
  $VERBOSE = nil
  reader = Reader.new(text)
  if reader.parsed?
    readers[file] = reader
  else
    answer[:unparsed] << file
  end
end

def underscore(name)
  name.gsub(/([A-Z\d]+)([A-Z][a-z])/, '\1_\2').gsub(/([a-z\d])([A-Z])/, '\1_\2').downcase
end

readers.each do |file, reader|
  answer[:code][file] = reader.code
  reader.defs.each { |line, name| answer[:defs] << [file, line, name] }
  reader.requires.each do |line, kind, arguments, around|
    if kind == "autoload"
      name, path = arguments[0], arguments[1]
      if path
        value = spell(path, file)
      elsif name && name[0] == :symbol_literal
        value = (around.last.to_a + [name[1][1][1]]).map { |one| underscore(one) }.join("/")
      end
    else
      value = arguments[0] && spell(arguments[0], file)
    end
    value ? answer[:imports] << [file, line, resolve(kind, value, file)] : answer[:unjudged] << [file, line]
  end
end

# --- Applications that load by names. ---

def app_of(file) = APPS.select { |base| below?(file, base) }.max_by(&:length)

# Below app/x, app/x/concerns, and lib where config.autoload_lib says so.
def expected(file, app, roots)
  rest = app == "." ? file : file.delete_prefix("#{app}/")
  root = roots.select { |one| rest.start_with?("#{one}/") }.max_by(&:length)
  root && rest.delete_prefix("#{root}/").delete_suffix(".rb")
end

constants = {}
APPS.each do |app|
  settings = File.join(FOLDER, under(app, "config/application.rb"))
  text = File.exist?(settings) ? File.read(settings) : ""
  roots = ALL.select { |path| path.match?(%r{\A#{Regexp.escape(under(app, "app")).sub('\A\./', "")}/[^/]+\z}) && File.directory?(File.join(FOLDER, path)) }
  roots = roots.map { |path| app == "." ? path : path.delete_prefix("#{app}/") }.reject { |path| path.match?(%r{/(assets|javascript|javascripts|views)\z}) }
  roots += roots.map { |path| "#{path}/concerns" }
  roots << "lib" if text.include?("autoload_lib") || SELF_LOADING.include?(app)
  table = constants[app] = {}
  readers.each do |file, reader|
    next unless app_of(file) == app && (name = expected(file, app, roots))
    # inflections (HTML, API) are the application's: letters are compared alone
    reader.defined.each { |full, parent| (table[full] ||= []) << [file, parent] if full.gsub("::", "/").delete("_").downcase == name.delete("_").downcase }
  end
end

# By Ruby's rule: the modules around it, then what the innermost inherits, then the top.
def find(table, names, around, rooted, depth = 0)
  spaces = rooted ? [[]] : around.reverse + parents(table, around, depth) + [[]]
  spaces.each do |space|
    found = table[(space + names).join("::")]
    return found if found
  end
  names.length > 1 ? find(table, names[..-2], around, rooted, depth) : nil
end

def parents(table, around, depth)
  return [] if around.empty? || depth > 8
  files = table[around.last.join("::")] || []
  files.filter_map(&:last).uniq.flat_map do |names|
    spaces = around[..-2].reverse + [[]]
    full = spaces.map { |space| space + names }.find { |one| table.key?(one.join("::")) }
    full ? [full] + parents(table, [full], depth + 1) : []
  end
end

readers.each do |file, reader|
  own = constants[app_of(file)] or next
  table = ENGINES.map { |base| constants[base] }.reduce({}) { |all, one| all.merge(one) }.merge(own)
  seen = Set.new
  reader.constants.sort_by(&:first).each do |line, names, around, rooted|
    found = find(table, names, around, rooted)&.map(&:first) or next
    next if found.include?(file)
    to = nearest(found, file)
    answer[:imports] << [file, line, to] if seen.add?(to)
  end
end
puts JSON.generate(answer)
