package test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// floors says how high in the house each package stands, and why. A package imports only lower ones, never
// one of its own floor. A pattern stands for all packages right beneath a folder.
var floors = map[string]struct {
	floor int
	why   string
}{
	"freshet":                        {0, "the nouns that every package speaks in"},
	"freshet/schemas":                {0, "embeds SDL and does nothing with it"},
	"freshet/web":                    {0, "embeds what was built of the web app"},
	"freshet/internal/rawjson":       {0, "JSON text, whatever it means"},
	"freshet/client":                 {1, "speaks to a server over the wire, and shares the nouns alone with it"},
	"freshet/internal/schema":        {1, "pure: what SDL means"},
	"freshet/internal/documentstest": {1, "stands in for documents, and tests who keeps them"},
	"freshet/internal/passkeytest":   {1, "an authenticator, whoever takes what it gives"},
	"freshet/internal/tokencache":    {1, "tokens that were verified, whatever they prove"},
	"freshet/internal/rate":          {1, "how often, whatever is asked for"},
	"freshet/internal/ical":          {1, "pure: events as other calendars write them"},
	"freshet/internal/holidays":      {1, "knows days, and nothing of who asks"},
	"freshet/internal/store":         {1, "the contract of an engine, in the nouns alone"},
	"freshet/internal/mail":          {2, "sends letters, whatever they say"},
	"freshet/internal/filter":        {2, "predicates on the records of a schema"},
	"freshet/internal/codegen":       {2, "pure: what clients have to know of a schema"},
	"freshet/internal/graphql":       {2, "executes documents for whoever resolves their fields"},
	"freshet/internal/auth":          {2, "knows who asks, and nothing of what they ask for"},
	"freshet/internal/accesskey":     {2, "knows who signed a request, and nothing of what it asks for"},
	"freshet/internal/accounts":      {2, "who there is, kept as records by whoever it is given"},
	"freshet/internal/store/*":       {2, "each keeps the contract, or tests who does"},
	"freshet/internal/engine":        {3, "the only writer; picks no store"},
	"freshet/internal/feed":          {3, "reads the log back; writes nothing"},
	"freshet/internal/files":         {4, "versions of files are records, written through the engine"},
	"freshet/internal/notify":        {4, "a reader of the log like any other"},
	"freshet/internal/audit":         {4, "what happened is records, written through the engine"},
	"freshet/internal/api":           {5, "what is asked for, whatever the door"},
	"freshet/internal/api/*":         {6, "a door knows its own dialect, and no other door"},
	"freshet/internal/server":        {7, "puts the parts together; the only one that picks a store"},
	"freshet/internal/servertest":    {8, "a whole server, for the tests of its clients"},
	"freshet/cmd/*":                  {8, "turns arguments into calls"},
	"freshet/test":                   {9, "tests of the whole house"},
}

// testFloor is how far up the tests of a package may reach for what they need, beside what is beneath the
// package itself: a real store, a schema, keys. Test helpers named so stand beside the packages they serve.
const testFloor = 2

// reserved says who alone may import what.
var reserved = []struct {
	imported string // and what is beneath it
	by       []string
	why      string
}{
	{"github.com/cockroachdb/pebble", []string{"freshet/internal/store/pebble"}, "the engines are behind the contract, so that another one can take its place"},
	{"github.com/spf13", []string{"freshet/cmd/freshet"}, "flags are the command's affair; a server is made from a Config"},
	{"github.com/BurntSushi/toml", []string{"freshet/cmd/freshet"}, "so are files of settings"},
	{"github.com/gorilla/websocket", []string{"freshet/internal/api/graphqlws", "freshet/client"}, "sockets are the affair of a door, and of who comes by it"},
	{"github.com/vektah/gqlparser", []string{"freshet/internal/schema", "freshet/internal/graphql"}, "SDL and documents are read in one place each"},
	{"github.com/go-jose", []string{"freshet/internal/auth", "freshet/internal/accounts"}, "tokens are made in one place and believed in one"},
	{"freshet/internal/store/pebble", []string{"freshet/internal/server"}, "only the server picks an engine"},
}

type goPackage struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Standard     bool
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	command := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	command.Dir = ".."
	out, err := command.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("go list: %v\n%s", err, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	var list []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(p.ImportPath, "/node_modules/") {
			list = append(list, p)
		}
	}
}

// floorOf gives the floor of a package, by its name or by a pattern.
func floorOf(name string) (int, bool) {
	if f, ok := floors[name]; ok {
		return f.floor, true
	}
	f, ok := floors[path.Dir(name)+"/*"]
	return f.floor, ok
}

func isOurs(name string) bool { return name == "freshet" || strings.HasPrefix(name, "freshet/") }

// isHelper tells whether a package is there for tests only.
func isHelper(name string) bool { return strings.HasSuffix(name, "test") && name != "freshet/test" }

// TestFloors holds the house: what each package may import.
func TestFloors(t *testing.T) {
	for _, p := range listPackages(t) {
		floor, ok := floorOf(p.ImportPath)
		if !ok {
			t.Errorf("%s stands on no floor; give it one in this test, with the reason", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			if !isOurs(imported) {
				continue
			}
			switch at, known := floorOf(imported); {
			case !known: // said above
			case isHelper(imported) && !isHelper(p.ImportPath):
				t.Errorf("%s imports %s: that is for tests", p.ImportPath, imported)
			case at == floor:
				t.Errorf("%s imports %s: both stand on floor %d (%s)", p.ImportPath, imported, at, whyOf(imported))
			case at > floor:
				t.Errorf("%s imports %s: floor %d reaches up to floor %d (%s)", p.ImportPath, imported, floor, at, whyOf(imported))
			}
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			at, known := floorOf(imported)
			if !isOurs(imported) || !known || imported == p.ImportPath || isHelper(imported) {
				continue
			}
			if at > testFloor && at >= floor {
				t.Errorf("the tests of %s import %s: they may reach what is below it, and up to floor %d", p.ImportPath, imported, testFloor)
			}
		}
	}
}

func whyOf(name string) string {
	if f, ok := floors[name]; ok {
		return f.why
	}
	return floors[path.Dir(name)+"/*"].why
}

// TestReservedImports holds what only one package is for.
func TestReservedImports(t *testing.T) {
	for _, p := range listPackages(t) {
		for _, imported := range p.Imports {
			for _, r := range reserved {
				within := imported == r.imported || strings.HasPrefix(imported, r.imported+"/")
				if within && !slices.Contains(r.by, p.ImportPath) && !isHelper(p.ImportPath) {
					t.Errorf("%s imports %s, which only %s may: %s", p.ImportPath, imported, strings.Join(r.by, ", "), r.why)
				}
			}
			if floor, ok := floorOf(p.ImportPath); ok && floor == 0 && !isOurs(imported) && isForeign(imported) {
				t.Errorf("%s imports %s: floor 0 imports the standard library alone", p.ImportPath, imported)
			}
			if p.ImportPath == "freshet" && isOurs(imported) {
				t.Errorf("freshet imports %s: the nouns stand on the standard library alone", imported)
			}
		}
	}
}

// isForeign tells whether a package is of another module: the paths of those begin with a domain.
func isForeign(name string) bool {
	domain, _, _ := strings.Cut(name, "/")
	return strings.Contains(domain, ".")
}
