package schemas

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/schema"
)

func load(t *testing.T, name string) *schema.Schema {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Load(schema.Source{Name: name, Text: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// facts gives what a model declares: its key, its fields with their defaults, and its indexes.
func facts(m *schema.Model) []string {
	line := func(fields []*schema.Field) string {
		var names []string
		for _, f := range fields {
			names = append(names, f.Name)
		}
		return strings.Join(names, " ")
	}
	list := []string{"key " + line(m.Key)}
	for _, f := range m.Fields {
		if !f.Implicit {
			list = append(list, f.Name+": "+f.Type.String()+" "+string(f.Default))
		}
	}
	for _, index := range m.Indexes {
		list = append(list, index.QueryField+" by "+line(index.Fields))
	}
	return list
}

func TestWorkspace(t *testing.T) {
	s, err := schema.Load(schema.Source{Name: "workspace.graphql", Text: Workspace})
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[freshet.ModelName][]string)
	for _, m := range s.Models {
		got[m.Name] = facts(m)
	}
	want := map[freshet.ModelName][]string{
		"Task": {
			"key id", "id: ID! ", "title: String! ", "description: String ", `status: TaskStatus "OPEN"`, "due: AWSDateTime ", "owner: String ",
			"sharedWith: [String] ", "tasksByStatus by status", "tasksByOwnerAndDue by owner due",
		},
		"Event": {
			"key id", "id: ID! ", "title: String! ", "start: AWSDateTime! ", "end: AWSDateTime! ", "allDay: Boolean false", "zone: String ",
			"location: String ", "notes: String ", "rrule: String ", "exdates: [AWSDateTime] ", "series: ID ", "occurrence: AWSDateTime ", "calendar: ID ",
			"owner: String ", "attendees: [String] ", "eventsByCalendar by calendar start", "eventsByOwnerAndStart by owner start",
		},
		"Calendar": {
			"key id", "id: ID! ", "name: String! ", "color: String ", "owner: String ", "sharedWith: [String] ", "calendarsByOwner by owner",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("models (-want +got):\n%s", diff)
	}
}

// TestWorkspaceRules holds who may do what with a record of Ana's that she shares with Bob.
func TestWorkspaceRules(t *testing.T) {
	s := load(t, "workspace.graphql")
	user := func(name string) *freshet.Identity {
		id := &freshet.Identity{Providers: []freshet.Provider{freshet.UserPools}, Claims: map[string]any{"username": name}}
		id.Tokens = s.TokensOf(id)
		return id
	}
	key := &freshet.Identity{Providers: []freshet.Provider{freshet.APIKey}}
	key.Tokens = s.TokensOf(key)
	of := func(group string) *freshet.Identity {
		id := &freshet.Identity{Providers: []freshet.Provider{freshet.GroupKey}, Claims: map[string]any{freshet.GroupsClaim: []string{group}}}
		id.Tokens = s.TokensOf(id)
		return id
	}
	for _, shared := range []struct {
		model   freshet.ModelName
		record  string
		bob     schema.Access
		readers string // the group that may read; empty: none
	}{
		{model: "Task", record: `{"id":"1","title":"Paint the fence","owner":"ana","sharedWith":["bob"]}`, bob: schema.AccessRead | schema.AccessUpdate},
		{
			model:  "Event",
			record: `{"id":"1","title":"Lunch","start":"2026-11-21T12:00:00Z","end":"2026-11-21T13:00:00Z","owner":"ana","attendees":["bob"],"calendar":"c1"}`,
			bob:    schema.AccessRead | schema.AccessUpdate, readers: "c1",
		},
		{model: "Calendar", record: `{"id":"c1","name":"Work","owner":"ana","sharedWith":["bob"]}`, bob: schema.AccessRead, readers: "c1"},
	} {
		m := s.Model(shared.model)
		doc, err := m.Patch([]byte(shared.record))
		if err != nil {
			t.Fatal(err)
		}
		var byGroup schema.Access
		if shared.readers != "" {
			byGroup = schema.AccessRead
		}
		for _, c := range []struct {
			who string
			id  *freshet.Identity
			may schema.Access
		}{
			{who: "ana", id: user("ana"), may: schema.AccessAll},
			{who: "bob", id: user("bob"), may: shared.bob},
			{who: "eve", id: user("eve")},
			{who: "a key", id: key, may: schema.AccessAll},
			{who: "a key of the calendar", id: of("c1"), may: byGroup},
			{who: "a key of another calendar", id: of("c2")},
			{who: "nobody", id: &freshet.Identity{}},
		} {
			for access := schema.AccessCreate; access <= schema.AccessListen; access <<= 1 {
				if got, want := m.Allows(c.id, access, doc), c.may&access != 0; got != want {
					t.Errorf("%s, %s, operation %b: %v, want %v", shared.model, c.who, access, got, want)
				}
			}
		}
	}
}

// TestDescriptions: each type and field says what it is, for those who look at the API.
func TestDescriptions(t *testing.T) {
	for _, file := range []string{"workspace.graphql", "agenda.graphql"} {
		s := load(t, file)
		for _, m := range s.Models {
			if m.Description == "" {
				t.Errorf("%s has no description", m.Name)
			}
			for _, f := range m.Fields {
				if f.Description == "" && !f.Implicit && f != m.ID() {
					t.Errorf("%s.%s has no description", m.Name, f.Name)
				}
			}
		}
		for _, e := range s.Enums {
			if e.Description == "" {
				t.Errorf("%s has no description", e.Name)
			}
			for _, v := range e.Values {
				if v.Description == "" {
					t.Errorf("%s.%s has no description", e.Name, v.Name)
				}
			}
		}
	}
}

func TestAgenda(t *testing.T) {
	s := load(t, "agenda.graphql")
	want := []string{"key user_id id", "user_id: Int! ", "id: Int! ", "dt_start: String ", "dt_end: String ", "title: String ", "description: String "}
	m := s.Model("EventsTable")
	if diff := cmp.Diff(want, facts(m)); diff != "" || len(s.Models) != 1 {
		t.Errorf("%d models (-want +got):\n%s", len(s.Models), diff)
	}
	if diff := cmp.Diff([]freshet.Token{"public"}, m.Audience(make(schema.Doc, len(m.Fields)))); diff != "" {
		t.Errorf("audience (-want +got):\n%s", diff)
	}
}

// TestAgendaItems: what agenda.json puts into the table are records of the model.
func TestAgendaItems(t *testing.T) {
	text, err := os.ReadFile("agenda.json")
	if err != nil {
		t.Fatal(err)
	}
	var requests map[freshet.ModelName][]struct {
		PutRequest struct {
			Item map[string]struct {
				S *string     `json:",omitempty"`
				N json.Number `json:",omitempty"`
			}
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&requests); err != nil {
		t.Fatal(err)
	}
	m := load(t, "agenda.graphql").Model("EventsTable")
	puts := requests[m.Name]
	if len(requests) != 1 || len(puts) != 12 { // DynamoDB takes 25 at most
		t.Fatalf("%d tables, %d items", len(requests), len(puts))
	}
	keys, users := make(map[freshet.Key]bool), make(map[any]bool)
	for _, put := range puts {
		fields := make(map[string]any)
		for name, value := range put.PutRequest.Item {
			if fields[name] = any(value.N); value.S != nil {
				fields[name] = *value.S
			}
		}
		input, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := m.Patch(input)
		if err != nil {
			t.Errorf("%s: %v", input, err)
			continue
		}
		key, err := m.KeyOf(doc)
		if err != nil || keys[key] {
			t.Errorf("%s: the key %s stands twice, or %v", input, key.Text(), err)
		}
		keys[key], users[fields["user_id"]] = true, true
		start, err := time.Parse(time.RFC3339, fields["dt_start"].(string))
		if err != nil {
			t.Errorf("%s: %v", input, err)
		}
		end, err := time.Parse(time.RFC3339, fields["dt_end"].(string))
		if err != nil || !start.Before(end) || start.Year() < 2026 || end.Year() > 2027 {
			t.Errorf("%s: from %v to %v, %v", input, start, end, err)
		}
	}
	if len(users) != 3 {
		t.Errorf("the items are of %d users", len(users))
	}
}
