// What javac says of Java files: imports, classes of the same package or a wildcard that are used, definitions.
//
//     java OracleJava.java FOLDER  <{"files": [...]}
//
// All files are parsed and attributed in one task; libraries are not there, and what cannot be attributed for want
// of them is not asked about.  Of several files with a class of one full name the one with most folders in common
// with the importer is meant.
import com.sun.source.tree.*;
import com.sun.source.util.*;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import javax.lang.model.element.*;
import javax.tools.*;

public class OracleJava {
	static Path folder;
	static Trees trees;
	static final Map<String, List<String>> classes = new HashMap<>();
	static final List<String> imports = new ArrayList<>(), uses = new ArrayList<>(), defs = new ArrayList<>();
	static final List<String> unparsed = new ArrayList<>();

	public static void main(String[] args) throws IOException {
		folder = Path.of(args[0]).toRealPath();
		String input = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
		List<String> files = strings(input.substring(input.indexOf('[')));
		JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
		StandardJavaFileManager manager = compiler.getStandardFileManager(d -> {}, null, StandardCharsets.UTF_8);
		List<String> broken = new ArrayList<>();
		for (String file : files) {
			if (!file.endsWith(".java")) { // a template of one, which javac does not take
				broken.add(file);
				continue;
			}
			// each by itself first: one that does not parse is not judged and not shown to the others
			DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
			JavacTask task = (JavacTask) compiler.getTask(null, manager, found, List.of("-proc:none"), null,
				manager.getJavaFileObjects(folder.resolve(file)));
			for (CompilationUnitTree unit : task.parse())
				note(unit, file);
			if (found.getDiagnostics().stream().anyMatch(d -> d.getKind() == Diagnostic.Kind.ERROR))
				broken.add(file);
		}
		unparsed.addAll(broken);
		List<Path> good = new ArrayList<>();
		for (String file : files)
			if (!broken.contains(file) && !file.endsWith("module-info.java"))
				good.add(folder.resolve(file));
		JavacTask task = (JavacTask) compiler.getTask(null, manager, d -> {},
			List.of("-proc:none", "-XDshould-stop.ifError=FLOW", "-Xmaxerrs", "1", "-nowarn"), null,
			manager.getJavaFileObjects(good.toArray(new Path[0])));
		trees = Trees.instance(task);
		List<CompilationUnitTree> units = new ArrayList<>();
		task.parse().forEach(units::add);
		try {
			task.analyze();
		} catch (RuntimeException | Error e) {
			System.err.println("javac gave up: " + e);
		}
		for (CompilationUnitTree unit : units)
			new Reader(unit).read();
		System.out.println("{\"imports\":[" + String.join(",", imports) + "],\"uses\":[" + String.join(",", uses) + "],\"defs\":["
			+ String.join(",", defs) + "],\"unparsed\":[" + String.join(",", unparsed.stream().map(OracleJava::quote).toList()) + "]}");
	}

	static void note(CompilationUnitTree unit, String file) {
		String prefix = unit.getPackageName() == null ? "" : unit.getPackageName() + ".";
		for (Tree type : unit.getTypeDecls())
			if (type instanceof ClassTree c)
				classes.computeIfAbsent(prefix + c.getSimpleName(), k -> new ArrayList<>()).add(file);
	}

	static String fileOf(String name, String from) {
		String best = null;
		int most = -1;
		for (String file : classes.getOrDefault(name, List.of())) {
			String[] a = file.split("/"), b = from.split("/");
			int n = 0;
			while (n < Math.min(a.length, b.length) - 1 && a[n].equals(b[n]))
				n++;
			if (n > most) {
				most = n;
				best = file;
			}
		}
		return best;
	}

	static class Reader extends TreePathScanner<Void, Void> {
		final CompilationUnitTree unit;
		final String file, text, own;
		final Map<String, Long> wildcards = new LinkedHashMap<>();
		final Set<String> seen = new HashSet<>(), single = new HashSet<>(), written = new HashSet<>();

		Reader(CompilationUnitTree unit) throws IOException {
			this.unit = unit;
			file = folder.relativize(Path.of(unit.getSourceFile().toUri()).toRealPath()).toString();
			text = unit.getSourceFile().getCharContent(true).toString();
			own = unit.getPackageName() == null ? "" : unit.getPackageName().toString();
		}

		long start(Tree tree) { return trees.getSourcePositions().getStartPosition(unit, tree); }
		long end(Tree tree) { return trees.getSourcePositions().getEndPosition(unit, tree); }
		long line(long position) { return unit.getLineMap().getLineNumber(position); }

		void read() {
			for (ImportTree one : unit.getImports()) {
				String name = one.getQualifiedIdentifier().toString();
				long line = line(start(one));
				if (name.endsWith(".*") && !one.isStatic() && outer(name.substring(0, name.length() - 2)) == null) {
					wildcards.put(name.substring(0, name.length() - 2), line);
					continue;
				}
				if (!one.isStatic() && !name.endsWith(".*"))
					single.add(name.substring(name.lastIndexOf('.') + 1));
				String to = outer(name);
				imports.add("[" + quote(file) + "," + line + "," + (to == null ? "null" : quote(to)) + "]");
			}
			scan(unit, null);
		}

		/** The file of a class or of the class around it. */
		String outer(String name) {
			for (; !name.isEmpty(); name = name.contains(".") ? name.substring(0, name.lastIndexOf('.')) : "") {
				String to = fileOf(name, file);
				if (to != null)
					return to;
			}
			return null;
		}

		@Override public Void visitImport(ImportTree node, Void v) { return null; }
		@Override public Void visitPackage(PackageTree node, Void v) { return scan(node.getAnnotations(), v); }

		@Override public Void visitIdentifier(IdentifierTree node, Void v) {
			Element element = trees.getElement(getCurrentPath());
			if (element instanceof TypeElement type && type.getNestingKind() == NestingKind.TOP_LEVEL
				&& seen.add(type.getQualifiedName().toString()))
				use(type.getQualifiedName().toString(), node.getName().toString());
			return null;
		}

		/** A class with its package in the code. */
		@Override public Void visitMemberSelect(MemberSelectTree node, Void v) {
			Element element = trees.getElement(getCurrentPath());
			if (!(element instanceof TypeElement type) || type.getNestingKind() != NestingKind.TOP_LEVEL)
				return super.visitMemberSelect(node, v);
			String full = type.getQualifiedName().toString(), to = fileOf(full, file);
			if (to != null && start(node) >= 0 && written.add(full)) // below 0: a type that javac puts in
				imports.add("[" + quote(file) + "," + line(start(node)) + "," + quote(to) + "]");
			return null;
		}

		void use(String full, String name) {
			String in = full.contains(".") ? full.substring(0, full.lastIndexOf('.')) : "", to = fileOf(full, file);
			if (to == null || single.contains(name))
				return;
			if (in.equals(own))
				uses.add("[" + quote(file) + "," + quote(to) + "]");
			else if (wildcards.containsKey(in))
				imports.add("[" + quote(file) + "," + wildcards.get(in) + "," + quote(to) + "]");
		}

		/** Whether this stands in an anonymous class, or in a method or block: no definition of a map. */
		boolean hidden() {
			for (TreePath path = getCurrentPath().getParentPath(); path != null; path = path.getParentPath())
				if (path.getLeaf() instanceof NewClassTree || path.getLeaf() instanceof BlockTree
					|| path.getLeaf() instanceof LambdaExpressionTree)
					return true;
			return false;
		}

		boolean inInterface() {
			Tree.Kind kind = getCurrentPath().getParentPath().getLeaf().getKind();
			return kind == Tree.Kind.INTERFACE || kind == Tree.Kind.ANNOTATION_TYPE;
		}

		void define(long from, String name) {
			if (hidden())
				return;
			int at = (int) Math.max(from, 0);
			while (at >= 0 && (at = text.indexOf(name, at)) >= 0) {
				boolean before = at > 0 && Character.isJavaIdentifierPart(text.charAt(at - 1));
				boolean after = at + name.length() < text.length() && Character.isJavaIdentifierPart(text.charAt(at + name.length()));
				if (!before && !after)
					break;
				at++;
			}
			if (at >= 0)
				defs.add("[" + quote(file) + "," + line(at) + "," + quote(name) + "]");
		}

		@Override public Void visitClass(ClassTree node, Void v) {
			if (!node.getSimpleName().isEmpty())
				define(Math.max(end(node.getModifiers()), start(node)), node.getSimpleName().toString());
			return super.visitClass(node, v);
		}

		@Override public Void visitMethod(MethodTree node, Void v) {
			boolean constructor = node.getReturnType() == null;
			String name = constructor ? className() : node.getName().toString();
			long from = constructor ? Math.max(end(node.getModifiers()), start(node)) : end(node.getReturnType());
			if (start(node) >= 0 && end(node) > start(node) && text.startsWith(name, (int) find(from, name)))
				define(from, name);
			return super.visitMethod(node, v);
		}

		long find(long from, String name) { return Math.max(0, text.indexOf(name, (int) Math.max(0, from))); }

		String className() {
			for (TreePath path = getCurrentPath().getParentPath(); path != null; path = path.getParentPath())
				if (path.getLeaf() instanceof ClassTree c)
					return c.getSimpleName().toString();
			return "";
		}

		@Override public Void visitVariable(VariableTree node, Void v) {
			Set<Modifier> flags = node.getModifiers().getFlags();
			if (getCurrentPath().getParentPath().getLeaf() instanceof ClassTree
				&& ((flags.contains(Modifier.STATIC) && flags.contains(Modifier.FINAL)) || inInterface()) && !isEnumConstant(node))
				define(end(node.getType()), node.getName().toString());
			return super.visitVariable(node, v);
		}

		boolean isEnumConstant(VariableTree node) {
			Element element = trees.getElement(getCurrentPath());
			return element != null && element.getKind() == ElementKind.ENUM_CONSTANT;
		}
	}

	static String quote(String s) {
		return "\"" + s.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
	}

	/** The strings of a JSON list of paths. */
	static List<String> strings(String json) {
		List<String> found = new ArrayList<>();
		StringBuilder one = null;
		for (int i = 0; i < json.length(); i++) {
			char c = json.charAt(i);
			if (one == null && c == '"')
				one = new StringBuilder();
			else if (one != null && c == '"') {
				found.add(one.toString());
				one = null;
			} else if (one != null && c == '\\') {
				c = json.charAt(++i);
				if (c == 'u') {
					one.append((char) Integer.parseInt(json.substring(i + 1, i + 5), 16));
					i += 4;
				} else
					one.append(c);
			} else if (one != null)
				one.append(c);
		}
		return found;
	}
}
