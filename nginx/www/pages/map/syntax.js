// Colours for source, line by line: comments, texts, numbers and the words that most languages share.  It need
// not be right: a file is never read otherwise than it is.
const WORDS = new Set("abstract async await bool boolean break case catch char class const continue def default defer defined do double elif else end enum export extends extern false final finally float fn for foreach from func function goto if impl implements import in include inline int interface is let long loop match mod module namespace new nil none None not null nullptr or package pass private protected pub public raise ref return self short signed sizeof static struct super switch template this throw throws trait true True False try type typedef typename union unless unsigned until use using var virtual void volatile when where while with yield".split(" "));
const HASH = /\.(py|rb|sh|bash|ya?ml|toml|pl|r|mk|cmake|conf|ini|dockerfile)$|(^|\/)(makefile|dockerfile|gemfile|rakefile)$/i;
const DASH = /\.(sql|lua|hs|elm)$/i;
const PLAIN = /\.(md|txt|rst|adoc|csv|svg|html?|xml)$/i;

// @ret by line: a list of [class or "", text]
export function coloured(path, lines) {
	if (PLAIN.test(path)) return lines.map((line) => [["", line]]);
	const note = HASH.test(path) ? "#.*" : DASH.test(path) ? "--.*" : "//.*";
	const token = new RegExp(`(${note}|/\\*.*?(?:\\*/|$))|("(?:[^"\\\\]|\\\\.)*"?|'(?:[^'\\\\]|\\\\.)*'?|\`[^\`]*\`?)|\\b(\\d[\\w.]*)\\b|([A-Za-z_]\\w*)`, "g");
	let within = false; // a comment of several lines
	return lines.map((line) => {
		const parts = [];
		let at = 0;
		const put = (kind, text) => text && parts.push([kind, text]);
		if (within) {
			const end = line.indexOf("*/");
			if (end < 0) return [["s-note", line]];
			put("s-note", line.slice(0, end + 2));
			at = end + 2;
			within = false;
		}
		token.lastIndex = at;
		for (let m = token.exec(line); m; m = token.exec(line)) {
			const kind = m[1] !== undefined ? "s-note" : m[2] !== undefined ? "s-text" : m[3] !== undefined ? "s-number" : WORDS.has(m[4]) ? "s-word" : "";
			if (!kind) continue;
			put("", line.slice(at, m.index));
			put(kind, m[0]);
			at = m.index + m[0].length;
			if (m[0].startsWith("/*") && !m[0].endsWith("*/")) within = true;
		}
		put("", line.slice(at));
		return parts;
	});
}
