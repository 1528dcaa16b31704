// What Go's own parser and type checker say of Go files: imports by the names used of them, uses within a
// package, definitions.
//
//	go run oracle_go.go FOLDER  <{"files": [...]}
//
// All files of a package are checked together, whatever platform they are for: a name that several define
// leads to all of them, and the checker's word on redeclarations is not asked.  Packages from outside are not
// there; what their names are does not matter for the scopes of ours.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

type answer struct {
	Imports  [][]any  `json:"imports"`
	Uses     [][]any  `json:"uses"`
	Defs     [][]any  `json:"defs"`
	Unparsed []string `json:"unparsed"`
	// lines that hold more than comments and blanks, by go/scanner
	Code map[string]int `json:"code"`
}

type source struct {
	path string // below the folder
	dir  string
	file *ast.File
	test bool
}

type pack struct {
	sources []*source // not tests
	tests   []*source // of the package itself
	outside []*source // of name_test
	name    string
	scope   *types.Package
	busy    bool
	// files that define a name at the top
	defs map[string][]*source
}

var (
	fset    = token.NewFileSet()
	packs   = map[string]map[string]*pack{} // dir, package name
	modules = map[string]string{}           // module path: dir
	all     []*source
	out     = answer{[][]any{}, [][]any{}, [][]any{}, []string{}, map[string]int{}}
)

func main() {
	folder := os.Args[1]
	var in struct{ Files []string }
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		panic(err)
	}
	readModules(folder)
	for _, name := range in.Files {
		file, err := parser.ParseFile(fset, filepath.Join(folder, name), nil, 0)
		if err != nil {
			out.Unparsed = append(out.Unparsed, name)
			continue
		}
		countLines(filepath.Join(folder, name), name)
		place(&source{name, path.Dir(name), file, strings.HasSuffix(name, "_test.go")})
	}
	for _, s := range all {
		define(s)
	}
	for _, named := range packs {
		for _, p := range named {
			judge(p)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		panic(err)
	}
}

func countLines(full, name string) {
	text, _ := os.ReadFile(full)
	rows := strings.Split(string(text), "\n")
	file := token.NewFileSet().AddFile(name, -1, len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, 0)
	last := 0
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		if tok == token.SEMICOLON && lit != ";" {
			continue // made up at the end of a line
		}
		start := file.Line(pos)
		for at := start; at <= start+strings.Count(lit, "\n"); at++ {
			if at <= last {
				continue
			}
			if strings.TrimSpace(rows[at-1]) != "" {
				out.Code[name]++
			}
			last = at
		}
	}
}

var moduleLine = regexp.MustCompile(`(?m)^module\s+"?([^\s"]+)`)
var replaceLine = regexp.MustCompile(`(?m)^\s*(?:replace\s+)?(\S+)(?:\s+v\S+)?\s+=>\s+(\.\.?(?:/\S*)?)\s*$`)

func readModules(folder string) {
	filepath.WalkDir(folder, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.Name() != "go.mod" || entry.IsDir() {
			return nil
		}
		text, _ := os.ReadFile(name)
		dir, _ := filepath.Rel(folder, filepath.Dir(name))
		if found := moduleLine.FindSubmatch(text); found != nil {
			modules[string(found[1])] = dir
		}
		for _, found := range replaceLine.FindAllSubmatch(text, -1) {
			if _, known := modules[string(found[1])]; !known {
				modules[string(found[1])] = path.Join(dir, string(found[2]))
			}
		}
		return nil
	})
}

func place(s *source) {
	name := s.file.Name.Name
	outside := s.test && strings.HasSuffix(name, "_test")
	if outside {
		name = strings.TrimSuffix(name, "_test")
	}
	if packs[s.dir] == nil {
		packs[s.dir] = map[string]*pack{}
	}
	p := packs[s.dir][name]
	if p == nil {
		p = &pack{name: name, defs: map[string][]*source{}}
		packs[s.dir][name] = p
	}
	switch {
	case outside:
		p.outside = append(p.outside, s)
	case s.test:
		p.tests = append(p.tests, s)
	default:
		p.sources = append(p.sources, s)
	}
	all = append(all, s)
	for _, decl := range s.file.Decls {
		for _, name := range topNames(decl) {
			p.defs[key(outside, name.Name)] = append(p.defs[key(outside, name.Name)], s)
		}
	}
}

func key(outside bool, name string) string {
	if outside {
		return "_test " + name
	}
	return name
}

func topNames(decl ast.Decl) (names []*ast.Ident) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			names = append(names, d.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, s.Name)
			case *ast.ValueSpec:
				names = append(names, s.Names...)
			}
		}
	}
	return names
}

func define(s *source) {
	for _, decl := range s.file.Decls {
		names := topNames(decl)
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil {
			names = append(names, f.Name)
		}
		for _, name := range names {
			if name.Name != "_" {
				out.Defs = append(out.Defs, []any{s.path, fset.Position(name.Pos()).Line, name.Name})
			}
		}
	}
}

// The folder that an import path means: of the longest module that is its prefix, else of a vendor folder.
func dirOf(from, name string) (string, bool) {
	for prefix := name; ; prefix = path.Dir(prefix) {
		if dir, ok := modules[prefix]; ok {
			found := path.Join(dir, strings.TrimPrefix(name, prefix))
			return found, packs[found] != nil
		}
		if prefix == "." || prefix == "/" {
			break
		}
	}
	for dir := from; ; dir = path.Dir(dir) {
		found := path.Join(dir, "vendor", name)
		if packs[found] != nil {
			return found, true
		}
		if dir == "." {
			return "", false
		}
	}
}

// The package that a folder gives to who imports it.
func importable(dir string) *pack {
	var found *pack
	for _, p := range packs[dir] {
		if len(p.sources) > 0 && (found == nil || (found.name == "main" && p.name != "main") ||
			(p.name != "main" && p.name == path.Base(dir))) {
			found = p
		}
	}
	return found
}

type importer struct{ from string }

func (i importer) Import(name string) (*types.Package, error) {
	dir, ok := dirOf(i.from, name)
	if p := importable(dir); ok && p != nil && !p.busy {
		return check(p), nil
	}
	base := path.Base(name)
	if regexp.MustCompile(`^v\d+$`).MatchString(base) {
		base = path.Base(path.Dir(name))
	}
	fake := types.NewPackage(name, strings.TrimPrefix(strings.Split(base, ".")[0], "go-"))
	fake.MarkComplete()
	return fake, nil
}

func checkFiles(name, dir string, sources []*source) (*types.Package, *types.Info) {
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Implicits: map[ast.Node]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer{dir}, Error: func(error) {}, FakeImportC: true, DisableUnusedImportCheck: true}
	files := []*ast.File{}
	for _, s := range sources {
		files = append(files, s.file)
	}
	scope, _ := config.Check(name, fset, files, info)
	return scope, info
}

func check(p *pack) *types.Package {
	if p.scope == nil {
		p.busy = true
		p.scope, _ = checkFiles(p.sources[0].dir, p.sources[0].dir, p.sources)
		p.scope.SetName(p.name)
		p.busy = false
	}
	return p.scope
}

func judge(p *pack) {
	own := append(append([]*source{}, p.sources...), p.tests...)
	if len(own) > 0 {
		scope, info := checkFiles(own[0].dir, own[0].dir, own)
		judgeFiles(p, own, scope, info, false)
	}
	if len(p.outside) > 0 {
		scope, info := checkFiles(p.outside[0].dir+" test", p.outside[0].dir, p.outside)
		judgeFiles(p, p.outside, scope, info, true)
	}
}

// Identifiers that the checker did not reach (in what it could not make sense of) are looked up by their scopes.
func judgeFiles(p *pack, sources []*source, scope *types.Package, info *types.Info, outside bool) {
	for _, s := range sources {
		used := map[types.Object]map[string]bool{} // imported package: names
		ast.Inspect(s.file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok {
					if name, ok := info.Uses[x].(*types.PkgName); ok {
						if used[name] == nil {
							used[name] = map[string]bool{}
						}
						used[name][sel.Sel.Name] = true
					}
				}
			}
			if id, ok := n.(*ast.Ident); ok {
				within(p, s, id, info.Uses[id], scope, outside)
			}
			return true
		})
		for _, spec := range s.file.Imports {
			imported(s, spec, info, used)
		}
	}
}

func within(p *pack, s *source, id *ast.Ident, object types.Object, scope *types.Package, outside bool) {
	if object == nil || object.Pkg() != scope || object.Parent() != scope.Scope() {
		return
	}
	files := p.defs[key(outside, id.Name)]
	for _, to := range files {
		if to == s {
			return
		}
	}
	for _, to := range files {
		if s.test || !to.test {
			out.Uses = append(out.Uses, []any{s.path, to.path})
		}
	}
}

func imported(s *source, spec *ast.ImportSpec, info *types.Info, used map[types.Object]map[string]bool) {
	name, _ := strconv.Unquote(spec.Path.Value)
	line := fset.Position(spec.Pos()).Line
	dir, ok := dirOf(s.dir, name)
	p := importable(dir)
	if !ok || p == nil {
		out.Imports = append(out.Imports, []any{s.path, line, nil})
		return
	}
	var object types.Object = info.Implicits[spec]
	if spec.Name != nil {
		object = info.Defs[spec.Name]
	}
	found := false
	for name := range used[object] {
		for _, to := range p.defs[name] {
			if !to.test {
				found = true
				out.Imports = append(out.Imports, []any{s.path, line, to.path})
			}
		}
	}
	if !found {
		// nothing of it is used by name: any file of the package will do
		out.Imports = append(out.Imports, []any{s.path, line, fmt.Sprintf("%s/*", dir)})
	}
}
