# The gems that a Gemfile or a .gemspec declares, by Ripper's tree: [[name, requirements]], as JSON.
#
#     ruby oracle_gems.rb FILE
#
# Nothing is run: what is not literal is left out.  A gem with a path is a folder of this repository; one
# without requirements that comes from a git address has that for them.
require "json"
require "ripper"

FOUND = []

def literal(node)
  return nil unless node.is_a?(Array)
  case node[0]
  when :string_literal
    parts = node[1][1..]
    parts.all? { |one| one[0] == :@tstring_content } ? parts.map { |one| one[1] }.join : nil
  when :method_add_arg, :call then literal(node[1]) # "x".freeze
  end
end

def arguments(node)
  node = node[1] while node.is_a?(Array) && %i[arg_paren args_add_block].include?(node[0])
  node.is_a?(Array) && !node[0].is_a?(Symbol) ? node : []
end

def options(list)
  hash = list.find { |one| one.is_a?(Array) && one[0] == :bare_assoc_hash }
  (hash ? hash[1] : []).filter_map do |pair|
    next unless pair[0] == :assoc_new
    key = pair[1][0] == :@label ? pair[1][1].delete_suffix(":") : (pair[1][0] == :symbol_literal ? pair[1][1][1][1] : nil)
    [key, literal(pair[2])] if key
  end.to_h
end

def declare(list)
  name = literal(list[0])
  return if name.nil?
  given = options(list)
  return if given.key?("path")
  rest = list[1..].flat_map { |one| one.is_a?(Array) && one[0] == :array ? one[1].to_a : [one] }
  spec = rest.filter_map { |one| literal(one) }.join(", ")
  spec = given["git"] || given["github"] || given["gist"] || "" if spec.empty?
  FOUND << [name, spec]
end

def visit(node)
  return unless node.is_a?(Array)
  if node[0] == :command && node[1][1] == "gem"
    declare(arguments(node[2]))
  elsif node[0] == :method_add_arg && node[1][0] == :fcall && node[1][1][1] == "gem"
    declare(arguments(node[2]))
  elsif node[0] == :command_call && node[3].is_a?(Array) && node[3][1].to_s.match?(/\Aadd_(development_|runtime_)?dependency\z/)
    declare(arguments(node[4]))
  elsif node[0] == :method_add_arg && node[1][0] == :call && node[1][3].is_a?(Array) && node[1][3][1].to_s.match?(/\Aadd_(development_|runtime_)?dependency\z/)
    declare(arguments(node[2]))
  end
  node.each { |one| visit(one) if one.is_a?(Array) }
end

tree = Ripper.sexp(File.read(ARGV[0])) or abort "not Ruby"
visit(tree)
puts JSON.generate(FOUND)
