// A map as it lies in memory: the table of GET map.files.json with its folders summed up, and the graph of
// GET map.graph.json.  A node is a file (its index, from 0) or a folder (-1 - its index; the root is -1).

export const ROOT = -1;
export const is_folder = (node) => node < 0;
export const folder_node = (d) => -1 - d;
export const folder_of = (node) => -1 - node;

const zeros = (n) => new Float64Array(n);

export class Chart {
	constructor(data) {
		Object.assign(this, data);
		this.n = data.files.name.length;
		this.nf = data.folders.name.length;
		this.#place();
		this.#sum();
	}

	// Folders' paths, and what lies in each.
	#place() {
		const { name, parent } = this.folders;
		this.paths = [""];
		this.by_path = new Map([["", 0]]);
		this.inside = name.map(() => []);
		for (let d = 1; d < this.nf; d++) {
			const around = this.paths[parent[d]];
			this.paths[d] = around ? `${around}/${name[d]}` : name[d];
			this.by_path.set(this.paths[d], d);
			this.inside[parent[d]].push(folder_node(d));
		}
		for (let f = 0; f < this.n; f++) this.inside[this.files.folder[f]].push(f);
	}

	// Sums over all that lies below each folder; untested counts lines of source that no test reaches.
	#sum() {
		const { files, folders, nf } = this;
		const sums = (this.sums = { files: zeros(nf), code: zeros(nf), commits: zeros(nf), rank: zeros(nf), source: zeros(nf), tested: zeros(nf), cyclic: zeros(nf) });
		const source = this.roles.indexOf("source");
		const by_lang = folders.name.map(() => new Map());
		const add = (d, key, value) => (sums[key][d] += value);
		for (let f = 0; f < this.n; f++) {
			const d = files.folder[f];
			add(d, "files", 1);
			add(d, "code", files.code[f]);
			add(d, "commits", files.commits[f] ?? 0);
			add(d, "rank", files.rank[f]);
			add(d, "cyclic", files.cycle[f] ? 1 : 0);
			if (files.role[f] === source) {
				add(d, "source", files.code[f]);
				add(d, "tested", files.tested[f] >= 0 ? files.code[f] : 0);
			}
			if (files.lang[f] >= 0) by_lang[d].set(files.lang[f], (by_lang[d].get(files.lang[f]) ?? 0) + files.code[f]);
		}
		for (let d = nf - 1; d > 0; d--) {
			for (const key in sums) add(folders.parent[d], key, sums[key][d]);
			for (const [lang, code] of by_lang[d]) by_lang[folders.parent[d]].set(lang, (by_lang[folders.parent[d]].get(lang) ?? 0) + code);
		}
		this.shares = by_lang;
		this.langs = by_lang.map((all) => [...all].reduce((best, one) => (one[1] > best[1] ? one : best), [-1, -1])[0]);
	}

	path(node) {
		if (is_folder(node)) return this.paths[folder_of(node)];
		const around = this.paths[this.files.folder[node]];
		return around ? `${around}/${this.files.name[node]}` : this.files.name[node];
	}
	name = (node) => (is_folder(node) ? this.folders.name[folder_of(node)] || "all" : this.files.name[node]);
	parent = (node) => folder_node(is_folder(node) ? this.folders.parent[folder_of(node)] : this.files.folder[node]);
	children = (node) => this.inside[folder_of(node)];
	code = (node) => (is_folder(node) ? this.sums.code[folder_of(node)] : this.files.code[node]);
	count = (node) => (is_folder(node) ? this.sums.files[folder_of(node)] : 1);

	// The node of a path, null where there is none.
	find(path) {
		if (path === undefined || path === null) return null;
		if (this.by_path.has(path)) return folder_node(this.by_path.get(path));
		const cut = path.lastIndexOf("/");
		const d = this.by_path.get(cut < 0 ? "" : path.slice(0, cut));
		return d === undefined ? null : (this.inside[d].find((node) => node >= 0 && this.files.name[node] === path.slice(cut + 1)) ?? null);
	}
	within(node, folder) {
		for (; node !== ROOT; node = this.parent(node)) if (node === folder) return true;
		return folder === ROOT;
	}
	files_of = (folder) => Array.from({ length: this.n }, (_, f) => f).filter((f) => this.within(f, folder));

	// The folders to begin with: the largest are opened until there is enough to see.
	first_open(enough = 32) {
		const open = new Set([ROOT]);
		const seen = new Set(this.children(ROOT).filter((node) => is_folder(node) || this.files.fan_in[node] + this.files.fan_out[node])); // others say little
		for (;;) {
			let best = null;
			for (const node of seen)
				if (is_folder(node) && this.children(node).length <= 40 && (best === null || this.code(node) > this.code(best))) best = node;
			// What is as large as its neighbours is no reason to open it before them.
			if (best === null || (seen.size > 3 && (seen.size + this.children(best).length > enough || this.code(best) * seen.size < 1.6 * this.sums.code[0]))) return open;
			open.add(best);
			seen.delete(best);
			for (const child of this.children(best)) seen.add(child);
		}
	}

	members = (cycle) => this.files.cycle.flatMap((c, f) => (c === cycle ? [f] : []));
	get cycles() {
		return (this.sizes ??= this.files.cycle.reduce((sizes, c) => (c && (sizes[c - 1] = (sizes[c - 1] ?? 0) + 1), sizes), []));
	}
	top = (score, n) => Array.from({ length: this.n }, (_, f) => f).filter((f) => score(f) > 0).sort((a, b) => score(b) - score(a)).slice(0, n);
}

// Imports both ways, and the places.
export class Graph {
	constructor({ unit, folders, files, imports, complete }) {
		const n = imports.count.length;
		Object.assign(this, { unit, places: { folders, files }, complete, n });
		this.out = { start: new Uint32Array(n + 1), to: Uint32Array.from(imports.to) };
		this.in = { start: new Uint32Array(n + 1), to: new Uint32Array(imports.to.length) };
		for (let f = 0; f < n; f++) this.out.start[f + 1] = this.out.start[f] + imports.count[f];
		for (const t of imports.to) this.in.start[t + 1]++;
		for (let f = 0; f < n; f++) this.in.start[f + 1] += this.in.start[f];
		const next = this.in.start.slice();
		for (let f = 0; f < n; f++) this.each("out", f, (t) => (this.in.to[next[t]++] = f));
	}
	each(way, file, act) {
		const { start, to } = this[way];
		for (let i = start[file]; i < start[file + 1]; i++) act(to[i]);
	}
	// Files at 1, 2, ... steps from some; steps[f] is 0 for those themselves, -1 for who is not reached.
	reach(way, files, most = Infinity) {
		const steps = new Int32Array(this.n).fill(-1);
		let edge = files;
		for (const f of files) steps[f] = 0;
		for (let step = 1; edge.length && step <= most; step++) {
			const further = [];
			for (const f of edge)
				this.each(way, f, (t) => {
					if (steps[t] < 0) further.push(t);
					if (steps[t] < 0) steps[t] = step;
				});
			edge = further;
		}
		return steps;
	}
}
