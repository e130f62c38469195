package codegen

import (
	"regexp"
	"slices"
	"strings"

	"freshet"
	"freshet/internal/schema"
)

// collection gives the name that the client gives a model's records: tasks for Task, as in the query listTasks.
func collection(m *schema.Model) string {
	plural := m.PluralName()
	return strings.ToLower(plural[:1]) + plural[1:]
}

var identifier = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

// property gives the name of a property as it stands in an object.
func property(name string) string {
	if identifier.MatchString(name) && name != "__proto__" {
		return name
	}
	return quoted(name)
}

// ofClient are the properties that a client has beside its collections, and those that the language looks for.
var ofClient = strings.Fields(`
	status conflicts rejected outbox files transact graphql start stop close destroy subscribe session user schema endpoint
	then constructor prototype toString valueOf hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString`)

// ofQueries are the names that stand beside fields in a where.
var ofQueries = []string{"and", "or", "not"}

// ofLanguage are the names that a type cannot have in TypeScript, and those of the module itself.
var ofLanguage = strings.Fields(`
	any as async await bigint boolean break case catch class const continue debugger default delete do else enum export
	extends false finally for function if implements import in instanceof interface let never new null number object
	package private protected public return static string super switch symbol this throw true try type typeof
	undefined unknown var void while with yield
	Schema`)

// checkNames refuses names that the module or the client could not have.
func checkNames(s *schema.Schema) error {
	var faults []string
	fault := func(parts ...string) { faults = append(faults, strings.Join(parts, "")) }
	taken := make(map[string]string)
	declare := func(name, by string) {
		switch other, again := taken[name]; {
		case slices.Contains(ofLanguage, name) || !identifier.MatchString(name):
			fault(by, ": no TypeScript type can be named ", name, "; rename ", by)
		case again:
			fault(by, ": ", other, " makes the type ", name, " too; rename one of them")
		}
		taken[name] = by
	}
	for _, e := range s.Enums {
		declare(e.Name, "the enum "+e.Name)
	}
	for _, o := range s.Objects {
		declare(o.Name, "the type "+o.Name)
	}
	for _, m := range s.Models {
		by := "the model " + string(m.Name)
		for _, suffix := range []string{"", "Create", "Patch", "Key"} {
			declare(m.TypeName()+suffix, by)
		}
		if name := collection(m); slices.Contains(ofClient, name) || !identifier.MatchString(name) {
			fault(by, ": its records would be client.", name, ", which is the client's own; rename ", by)
		}
		for _, f := range m.Fields {
			if slices.Contains(ofQueries, f.Name) {
				fault(by, ": the field ", f.Name, " could not be told from the operator ", f.Name, " in a where; rename the field")
			}
		}
	}
	if len(faults) > 0 {
		return freshet.Errorf(freshet.Invalid, "%s", strings.Join(faults, "\n"))
	}
	return nil
}
