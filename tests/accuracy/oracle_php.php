<?php
/*
 * What nikic's php-parser (Debian's php-parser, over PHP's own tokens) says of PHP files: imports, where
 * Composer would load them from, names used without an import, definitions, lines.
 *
 *     php oracle_php.php FOLDER  <{"files": [...]}
 *
 * Names are put in full by php-parser's NameResolver.  A class is where Composer's PSR-4 and PSR-0 rules
 * say, read here from all composer.json, else in the file that declares it; of several the one that shares
 * most folders with the importer.  A path of require that is no constant expression is not judged.
 */
require '/usr/share/php/PhpParser/autoload.php';

use PhpParser\Node;
use PhpParser\Node\Expr;
use PhpParser\Node\Stmt;

error_reporting(E_ALL & ~E_DEPRECATED);
ini_set('memory_limit', '2G');
$folder = realpath($argv[1]);
$files = json_decode(stream_get_contents(STDIN), true)['files'];
$known = array_flip($files);
$answer = ['imports' => [], 'uses' => [], 'defs' => [], 'unparsed' => [], 'unjudged' => [], 'code' => []];

/** What one file declares and says, without the others. */
class Reader extends PhpParser\NodeVisitorAbstract
{
	public array $defs = [], $classes = [], $functions = [], $constants = [];
	public array $uses = [], $names = [], $calls = [], $requires = [], $full = [];
	private array $around = [];

	private function define(Node $at, string $name): void
	{
		$this->defs[] = [$at->getStartLine(), $name];
	}

	private function inClass(): ?Stmt\ClassLike
	{
		foreach (array_reverse($this->around) as $one) {
			if ($one instanceof Stmt\ClassLike) {
				return $one;
			}
		}
		return null;
	}

	public function enterNode(Node $node)
	{
		if ($node instanceof Stmt\Namespace_ && $node->name) {
			$this->define($node, $node->name->toString());
		} elseif ($node instanceof Stmt\ClassLike && $node->name) {
			$this->define($node->name, $node->name->toString());
			$this->classes[] = $node->namespacedName->toString();
		} elseif ($node instanceof Stmt\ClassMethod && $this->inClass()->name) {
			$this->define($node->name, $node->name->toString());
		} elseif ($node instanceof Stmt\Function_) {
			$this->define($node->name, $node->name->toString());
			$this->functions[] = $node->namespacedName->toString();
		} elseif ($node instanceof Stmt\ClassConst && $this->inClass()->name) {
			foreach ($node->consts as $const) {
				$this->define($const->name, $const->name->toString());
			}
		} elseif ($node instanceof Stmt\Const_) {
			foreach ($node->consts as $const) {
				$this->define($const->name, $const->name->toString());
				$this->constants[] = $const->namespacedName->toString();
			}
		} elseif ($node instanceof Stmt\Use_ || $node instanceof Stmt\GroupUse) {
			$this->readUse($node);
		} elseif ($node instanceof Expr\FuncCall && $node->name instanceof Node\Name) {
			$this->readCall($node);
		} elseif ($node instanceof Expr\ConstFetch) {
			$node->name->setAttribute('isConstant', true);
		} elseif ($node instanceof Expr\Include_) {
			$this->requires[] = [$node->getStartLine(), $node->expr];
		} elseif ($node instanceof Node\Name) {
			$this->readName($node);
		}
		$this->around[] = $node;
	}

	public function leaveNode(Node $node)
	{
		array_pop($this->around);
	}

	private function readUse(Stmt $node): void
	{
		foreach ($node->uses as $one) {
			$name = $node instanceof Stmt\GroupUse ? Node\Name::concat($node->prefix, $one->name) : $one->name;
			$this->uses[] = [$one->getStartLine(), $node->type | $one->type, $name->toString(), $one->getAlias()->toString()];
			$one->name->setAttribute('isUse', true);
		}
		if ($node instanceof Stmt\GroupUse) {
			$node->prefix->setAttribute('isUse', true);
		}
	}

	private function readCall(Expr\FuncCall $node): void
	{
		$node->name->setAttribute('isConstant', true);
		$original = $node->name->getAttribute('originalName', $node->name);
		$name = $node->name->getAttribute('namespacedName') ?? $node->name;
		$this->calls[] = [$name->toString(), $original, $node->name->getStartLine()];
		$first = $node->args[0] ?? null;
		if ($node->name->toLowerString() === 'define' && $first instanceof Node\Arg && $first->value instanceof Node\Scalar\String_) {
			$this->define($first->value, $first->value->value);
			$this->constants[] = $first->value->value;
		}
	}

	private function readName(Node\Name $node): void
	{
		$parent = end($this->around);
		$original = $node->getAttribute('originalName', $node);
		if ($parent instanceof Stmt\Namespace_ || $node->getAttribute('isUse') || $node->getAttribute('isConstant')) {
			return;
		}
		if (!$original->isSpecialClassName() && $node instanceof Node\Name\FullyQualified) {
			$this->names[] = [$node->toString(), $original, $node->getStartLine()];
		}
	}
}

/** Composer's autoload sections: [prefix, folder, psr-0?]. */
function roots(): array
{
	global $folder, $known;
	$roots = [];
	$all = new RecursiveIteratorIterator(new RecursiveCallbackFilterIterator(
		new RecursiveDirectoryIterator($folder, FilesystemIterator::SKIP_DOTS),
		fn ($one) => $one->isDir() ? !$one->isLink() && $one->getFilename() !== 'vendor' : $one->getFilename() === 'composer.json'));
	foreach ($all as $file) {
		$document = json_decode(file_get_contents($file), true) ?? [];
		$at = ltrim(substr($file->getPath(), strlen($folder)) . '/', '/');
		foreach (['autoload', 'autoload-dev'] as $section) {
			foreach (['psr-4', 'psr-0'] as $kind) {
				foreach ($document[$section][$kind] ?? [] as $prefix => $places) {
					foreach ((array) $places as $place) {
						$place = preg_replace('~^\./~', '', $at . ($place === '' ? '' : rtrim($place, '/') . '/'));
						$roots[] = [$prefix, $place, $kind === 'psr-0'];
					}
				}
			}
		}
	}
	usort($roots, fn ($a, $b) => strlen($b[0]) <=> strlen($a[0]));
	return $roots;
}

/** Lines with anything but comments and blanks, by PHP's own tokens. */
function codeLines(string $text): int
{
	$rest = '';
	foreach (PhpToken::tokenize($text) as $token) {
		$rest .= $token->is([T_COMMENT, T_DOC_COMMENT]) ? preg_replace('/[^\n]/', ' ', $token->text) : $token->text;
	}
	return count(preg_grep('/\S/', explode("\n", $rest)));
}

function common(string $a, string $b): int
{
	$a = explode('/', $a);
	$b = explode('/', $b);
	for ($n = 0; $n < min(count($a), count($b)) - 1 && $a[$n] === $b[$n]; $n++) {
	}
	return $n;
}

function nearest(array $candidates, string $from): ?string
{
	if (in_array($from, $candidates, true)) {
		return $from;
	}
	usort($candidates, fn ($a, $b) => [common($b, $from), $a] <=> [common($a, $from), $b]);
	return $candidates[0] ?? null;
}

function loaded(string $class, string $from): ?string
{
	global $roots, $known;
	$found = [];
	$longest = null;
	foreach ($roots as [$prefix, $place, $psr0]) {
		if (strncmp($class, $prefix, strlen($prefix)) !== 0 || ($longest !== null && strlen($prefix) < $longest)) {
			continue;
		}
		$rest = $psr0 ? $class : substr($class, strlen($prefix));
		$slash = strrpos($rest, '\\');
		$name = substr($rest, $slash === false ? 0 : $slash + 1);
		$space = $slash === false ? '' : str_replace('\\', '/', substr($rest, 0, $slash + 1));
		$path = $place . $space . ($psr0 ? str_replace('_', '/', $name) : $name) . '.php';
		if (isset($known[$path])) {
			$found[] = $path;
			$longest = strlen($prefix);
		}
	}
	return nearest($found, $from);
}

function classFile(string $name, string $from): ?string
{
	global $classes;
	$declared = $classes[strtolower($name)] ?? [];
	return in_array($from, $declared, true) ? $from : (loaded($name, $from) ?? nearest($declared, $from));
}

/** A constant expression of a path, from the folder; null when it is none. */
function path(Node $node, string $file): ?string
{
	global $folder;
	if ($node instanceof Node\Scalar\String_) {
		return $node->value;
	}
	if ($node instanceof Node\Scalar\MagicConst\Dir) {
		return $folder . '/' . dirname($file);
	}
	if ($node instanceof Node\Scalar\MagicConst\File) {
		return $folder . '/' . $file;
	}
	if ($node instanceof Expr\BinaryOp\Concat) {
		[$left, $right] = [path($node->left, $file), path($node->right, $file)];
		return $left === null || $right === null ? null : $left . $right;
	}
	if ($node instanceof Expr\FuncCall && $node->name instanceof Node\Name && $node->name->toLowerString() === 'dirname') {
		$levels = $node->args[1]->value ?? null;
		$inner = path($node->args[0]->value, $file);
		return $inner === null ? null : dirname($inner, $levels instanceof Node\Scalar\LNumber ? $levels->value : 1);
	}
	return null;
}

function tidy(string $path): string
{
	$parts = [];
	foreach (explode('/', $path) as $part) {
		if ($part === '..') {
			array_pop($parts);
		} elseif ($part !== '' && $part !== '.') {
			$parts[] = $part;
		}
	}
	return implode('/', $parts);
}

/** Where a require leads: a path, null for nowhere, false when that is known when it runs. */
function required(Node $expr, string $file)
{
	global $folder, $known;
	$path = path($expr, $file);
	if ($path === null) {
		return false;
	}
	if (str_starts_with($path, $folder . '/')) {
		$path = tidy(substr($path, strlen($folder)));
		return isset($known[$path]) ? $path : null;
	}
	foreach (str_starts_with($path, '.') ? [dirname($file), ''] : [dirname($file), '', 'src', 'lib'] as $at) {
		if (isset($known[tidy("$at/$path")])) {
			return tidy("$at/$path");
		}
	}
	return null;
}

$parser = (new PhpParser\ParserFactory())->create(PhpParser\ParserFactory::PREFER_PHP7);
$readers = $classes = $functions = $constants = [];
foreach ($files as $file) {
	try {
		$tree = $parser->parse(file_get_contents("$folder/$file"));
		$walk = new PhpParser\NodeTraverser();
		$walk->addVisitor(new PhpParser\NodeVisitor\NameResolver(null, ['preserveOriginalNames' => true]));
		$walk->addVisitor($reader = new Reader());
		$walk->traverse($tree);
	} catch (PhpParser\Error $error) {
		$answer['unparsed'][] = $file;
		continue;
	}
	$answer['code'][$file] = codeLines(file_get_contents("$folder/$file"));
	$readers[$file] = $reader;
	foreach ($reader->classes as $name) {
		$classes[strtolower($name)][] = $file;
	}
	foreach ($reader->functions as $name) {
		$functions[strtolower($name)][] = $file;
	}
	foreach ($reader->constants as $name) {
		$constants[$name][] = $file;
	}
}
$roots = roots();

foreach ($readers as $file => $reader) {
	foreach ($reader->defs as [$line, $name]) {
		$answer['defs'][] = [$file, $line, $name];
	}
	foreach ($reader->uses as [$line, $type, $name, $alias]) {
		if ($type === Stmt\Use_::TYPE_FUNCTION) {
			$answer['imports'][] = [$file, $line, nearest($functions[strtolower($name)] ?? [], $file)];
		} elseif ($type === Stmt\Use_::TYPE_CONSTANT) {
			$answer['imports'][] = [$file, $line, nearest($constants[$name] ?? [], $file)];
		} else {
			$to = classFile($name, $file);
			$answer['imports'][] = [$file, $line, $to];
			// a namespace: what is named below it
			foreach ($to === null ? [...$reader->names, ...$reader->calls] : [] as $k => [$full, $original]) {
				if (!$original instanceof Node\Name\FullyQualified && $original->isQualified() && $original->getFirst() === $alias) {
					$below = $k < count($reader->names) ? classFile($full, $file) : nearest($functions[strtolower($full)] ?? [], $file);
					$answer['imports'][] = [$file, $line, $below];
				}
			}
		}
	}
	// local names that stand for a namespace: what is named through them is the use's
	$aliases = [];
	foreach ($reader->uses as [$line, $type, $name, $alias]) {
		$aliases[$alias] = $type !== Stmt\Use_::TYPE_NORMAL || classFile($name, $file) === null;
	}
	$through = fn ($original) => !$original instanceof Node\Name\FullyQualified
		&& ($original->isUnqualified() ? isset($aliases[$original->getFirst()]) : $aliases[$original->getFirst()] ?? false);
	$seen = [];
	foreach ($reader->names as [$name, $original, $line]) {
		$to = classFile($name, $file);
		if ($original instanceof Node\Name\FullyQualified && count($original->parts) > 1) {
			$isFirst = !isset($seen[$name]);
			$seen[$name] = true;
			if ($isFirst) {
				$answer['imports'][] = [$file, $line, $to];
			}
		} elseif ($to !== null && $to !== $file && !$through($original)) {
			$answer['uses'][] = [$file, $to];
		}
	}
	foreach ($reader->calls as [$name, $original]) {
		$short = $original->isUnqualified() ? $original->toLowerString() : '';
		if ($through($original)) {
			continue;
		}
		$to = nearest($functions[strtolower($name)] ?? $functions[$short] ?? [], $file);
		if ($to !== null && $to !== $file) {
			$answer['uses'][] = [$file, $to];
		}
	}
}
foreach ($readers as $file => $reader) {
	foreach ($reader->requires as [$line, $expr]) {
		$to = required($expr, $file);
		$answer[$to === false ? 'unjudged' : 'imports'][] = $to === false ? [$file, $line] : [$file, $line, $to];
	}
}
echo json_encode($answer, JSON_THROW_ON_ERROR);
