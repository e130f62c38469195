package engine

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
	"freshet/internal/filter"
	"freshet/internal/schema"
)

func TestGet(t *testing.T) {
	f := newFixture(t, tasks+`
		type Secret @model @auth(rules: [{allow: groups, groups: ["spies"]}]) { x: Int }
		type Part @model @auth(rules: [{allow: private, operations: [list]}, {allow: owner, operations: [create, delete, get]}]) { x: Int }`)
	ana, bob, red, key := f.user("ana"), f.user("bob"), f.user("ron", "red"), f.anyone()
	f.write(ana, create(`{"id":"a","title":"x","team":"red"}`))
	f.write(ana, create(`{"id":"gone","title":"x","team":"red"}`))
	f.write(ana, remove("gone", 0))
	f.write(f.operator(), of("Secret", create(`{"id":"a"}`)))
	f.write(ana, of("Part", create(`{"id":"a"}`)))
	for _, c := range []struct {
		who     *freshet.Identity
		model   freshet.ModelName
		id      string
		deleted bool
		want    string // a record, nothing, or a code
	}{
		{ana, "Task", "a", false, "record"},
		{red, "Task", "a", false, "record"},
		{f.operator(), "Task", "a", false, "record"},
		{bob, "Task", "a", false, "forbidden"},
		{f.user("ron", "blue"), "Task", "a", false, "forbidden"},
		{f.user("red"), "Task", "a", false, "forbidden"},
		{key, "Task", "a", false, "forbidden"},
		{ana, "Task", "none", false, "nothing"},
		{bob, "Task", "none", true, "nothing"},
		{key, "Task", "none", false, "forbidden"},
		{ana, "Task", "gone", false, "nothing"},
		{ana, "Task", "gone", true, "record"},
		{red, "Task", "gone", true, "record"},
		{bob, "Task", "gone", true, "forbidden"},
		{bob, "Task", "gone", false, "forbidden"},
		{ana, "Secret", "a", false, "forbidden"},
		{ana, "Secret", "none", false, "forbidden"},
		{f.user("jim", "spies"), "Secret", "a", false, "record"},
		{f.operator(), "Secret", "a", false, "record"},
		{ana, "Part", "a", false, "record"},
		{bob, "Part", "a", false, "forbidden"},
		{ana, "Ghost", "a", false, "invalid"},
		{f.operator(), settings, "cursor seal", false, "invalid"},
	} {
		row, err := f.Get(t.Context(), c.who, c.model, freshet.StringKey(c.id), c.deleted)
		got := "nothing"
		switch {
		case err != nil:
			got = string(freshet.CodeOf(err))
		case row != nil:
			got = "record"
			wantText(t, "its id", row.field("id"), fmt.Sprintf("%q", c.id))
		}
		wantText(t, fmt.Sprintf("%s gets %s %s, deleted %v", c.who.Name, c.model, c.id, c.deleted), got, c.want)
	}
}

// listIDs walks all pages of a list.
func (f *fixture) listIDs(id *freshet.Identity, q ListQuery) []string {
	f.t.Helper()
	var ids []string
	for {
		page, err := f.List(f.t.Context(), id, q)
		if err != nil {
			f.t.Fatalf("list %+v: %v", q, err)
		}
		if q.Limit > 0 && len(page.Rows) > q.Limit {
			f.t.Fatalf("a page of %d has %d records", q.Limit, len(page.Rows))
		}
		for _, row := range page.Rows {
			ids = append(ids, row.Key.Text())
		}
		if page.NextToken == "" {
			return ids
		}
		q.Token = page.NextToken
	}
}

func (f *fixture) wantList(what string, id *freshet.Identity, q ListQuery, want ...string) {
	f.t.Helper()
	if diff := cmp.Diff(want, f.listIDs(id, q)); diff != "" {
		f.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func (f *fixture) filter(model freshet.ModelName, text string) *filter.Filter {
	f.t.Helper()
	compiled, err := filter.Compile(f.schema.Model(model), []byte(text))
	if err != nil {
		f.t.Fatal(err)
	}
	return compiled
}

func TestListVisible(t *testing.T) {
	f := newFixture(t, tasks+`
		type Secret @model @auth(rules: [{allow: groups, groups: ["spies"]}]) { x: Int }
		type Part @model @auth(rules: [{allow: private, operations: [get]}, {allow: owner}]) { x: Int }
		type Hidden @model @auth(rules: [{allow: owner, operations: [create, get]}]) { x: Int }`)
	ana, bob, admin := f.user("ana"), f.user("bob", "red"), f.user("eve", "admins")
	f.write(ana, create(`{"id":"a","title":"x"}`))
	f.write(ana, create(`{"id":"b","title":"x","editors":["bob"],"team":"red"}`))
	f.write(bob, create(`{"id":"c","title":"x"}`))
	f.write(ana, create(`{"id":"gone","title":"x","editors":["bob"]}`))
	f.write(ana, remove("gone", 0))
	f.write(admin, create(`{"id":"nobody","title":"x","owner":null}`))
	f.write(ana, of("Part", create(`{"id":"p"}`)))
	f.write(bob, of("Part", create(`{"id":"q"}`)))
	f.write(ana, of("Hidden", create(`{"id":"h"}`)))
	all := ListQuery{Model: "Task"}
	f.wantList("the owner's", ana, all, "a", "b")
	f.wantList("an editor's and member's, each once", bob, all, "b", "c")
	f.wantList("an admin's", admin, all, "a", "b", "c", "nobody")
	f.wantList("the operator's", f.operator(), all, "a", "b", "c", "nobody")
	f.wantList("a stranger's", f.user("sue"), all)
	f.wantList("tombstones too", ana, ListQuery{Model: "Task", Deleted: true}, "a", "b", "gone")
	f.wantList("tombstones only", ana, ListQuery{Model: "Task", Filter: f.filter("Task", `{"_deleted":{"eq":true}}`)}, "gone")
	f.wantList("an editor's tombstones", bob, ListQuery{Model: "Task", Deleted: true}, "b", "c", "gone")
	f.wantList("a stranger's tombstones", f.user("sue"), ListQuery{Model: "Task", Deleted: true})
	f.wantList("those that may be listed, not only got", ana, ListQuery{Model: "Part"}, "p")
	for model, who := range map[freshet.ModelName]*freshet.Identity{"Task": f.anyone(), "Secret": ana, "Hidden": ana} {
		_, err := f.List(t.Context(), who, ListQuery{Model: model})
		wantCode(t, fmt.Sprintf("%s lists %s", who.Name, model), err, freshet.Forbidden)
	}
	_, err := f.List(t.Context(), f.operator(), ListQuery{Model: settings})
	wantCode(t, "a list of settings", err, freshet.Invalid)
}

// TestListPages lists with every size of page, with and without a filter, and by tokens that overlap.
func TestListPages(t *testing.T) {
	f := newFixture(t, tasks, Limits{ListPage: 20})
	ana, bob := f.user("ana"), f.user("bob", "red")
	var all, odd []string
	for n := range 12 {
		id := fmt.Sprintf("t%02d", n)
		all = append(all, id)
		if n%2 == 1 {
			odd = append(odd, id)
		}
		f.write(ana, create(fmt.Sprintf(`{"id":%q,"title":"x","priority":%d,"editors":["bob"],"team":"red"}`, id, n%2)))
	}
	f.write(ana, create(`{"id":"t055","title":"x","editors":["bob"]}`))
	f.write(ana, remove("t055", 0))
	filtered := f.filter("Task", `{"priority":{"eq":1}}`)
	for limit := 1; limit <= 14; limit++ {
		f.wantList(fmt.Sprint("pages of ", limit), bob, ListQuery{Model: "Task", Limit: limit}, all...)
		f.wantList(fmt.Sprint("filtered pages of ", limit), bob, ListQuery{Model: "Task", Limit: limit, Filter: filtered}, odd...)
		f.wantList(fmt.Sprint("the operator's pages of ", limit), f.operator(), ListQuery{Model: "Task", Limit: limit}, all...)
		back := slices.Clone(all)
		slices.Reverse(back)
		f.wantList(fmt.Sprint("descending pages of ", limit), bob, ListQuery{Model: "Task", Limit: limit, Descending: true}, back...)
	}
	if page, err := f.List(t.Context(), bob, ListQuery{Model: "Task", Limit: 12}); err != nil || page.NextToken != "" {
		t.Errorf("a page that holds all has the next token %q: %v", page.NextToken, err)
	}
	if page, err := f.List(t.Context(), bob, ListQuery{Model: "Task", Limit: 4, Filter: filtered}); err != nil || len(page.Rows) != 4 {
		t.Errorf("a filtered page of 4 has %d records: %v", len(page.Rows), err)
	}
	if _, err := f.List(t.Context(), bob, ListQuery{Model: "Task", Limit: 20}); err != nil {
		t.Errorf("the largest page: %v", err)
	}
	for _, limit := range []int{21, -1} {
		_, err := f.List(t.Context(), bob, ListQuery{Model: "Task", Limit: limit})
		wantCode(t, fmt.Sprint("a page of ", limit), err, freshet.TooLarge)
	}
	for _, token := range []string{"!", "a", "="} {
		_, err := f.List(t.Context(), bob, ListQuery{Model: "Task", Token: token})
		wantCode(t, "the next token "+token, err, freshet.Invalid)
	}
	// One that was made up shows what the caller may see, and nothing else.
	for _, token := range []string{"\x00", "\xff\xff", string(freshet.StringKey("t05"))} {
		for _, who := range []*freshet.Identity{bob, f.operator()} {
			for _, id := range f.listIDs(who, ListQuery{Model: "Task", Token: base64.RawURLEncoding.EncodeToString([]byte(token))}) {
				if !slices.Contains(all, id) {
					t.Errorf("the next token %q gives %s", token, id)
				}
			}
		}
	}
}

// TestListBounds holds that a page looks at a bounded number of records, and that the next goes on.
func TestListBounds(t *testing.T) {
	f := newFixture(t, `type T @model @auth(rules: [{allow: public}]) { n: Int }`)
	key := f.anyone()
	for n := 0; n < maxScanned+100; n += 100 {
		var writes []freshet.Write
		for i := range 100 {
			writes = append(writes, of("T", create(fmt.Sprintf(`{"id":"%06d","n":%d}`, n+i, n+i))))
		}
		f.push(key, "loader", count(uint64(n+1), writes...), true)
	}
	q := ListQuery{Model: "T", Limit: 1000, Filter: f.filter("T", fmt.Sprintf(`{"n":{"eq":%d}}`, maxScanned+50))}
	page, err := f.List(t.Context(), key, q)
	if err != nil || len(page.Rows) != 0 || page.NextToken == "" {
		t.Errorf("the first page has %d records and the next token %q: %v", len(page.Rows), page.NextToken, err)
	}
	f.wantList("all pages", key, q, fmt.Sprintf("%06d", maxScanned+50))
	if page, err = f.List(t.Context(), key, ListQuery{Model: "T"}); err != nil || len(page.Rows) != usualListPage {
		t.Errorf("a page without a limit has %d records: %v", len(page.Rows), err)
	}
}

// TestListRanges asks for ranges of an index and of a composite key, by every operator.
func TestListRanges(t *testing.T) {
	f := newFixture(t, `type T @model @auth(rules: [{allow: public}]) {
		hall: String! @primaryKey(sortKeyFields: ["row", "seat"]) row: Int! seat: String!
		tag: String @index(name: "byTag", sortKeyFields: ["word"]) word: String }`)
	key := f.anyone()
	for i, c := range []struct {
		hall      string
		row       int
		seat      string
		tag, word string
	}{
		{"A", -1, "a", "t", "an"},
		{"A", 1, "a", "t", "and"},
		{"A", 1, "ab", "t", "b"},
		{"A", 1, "b", "t", ""},
		{"A", 2, "a", "t", "b\x00"},
		{"A", 10, "a", "t", "c"},
		{"A\x00", 1, "a", "t\x00", "an"},
		{"B", 1, "a", "u", "an"},
	} {
		fields := fmt.Sprintf(`{"hall":%s,"row":%d,"seat":%q,"tag":%s,"word":%s}`, text(c.hall), c.row, c.seat, text(c.tag), text(c.word))
		if _, err := f.Write(t.Context(), key, of("T", create(fields))); err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
	}
	m := f.schema.Model("T")
	for _, c := range []struct {
		index, partition, operator string
		values                     []string
		want                       string // the words, or the keys' sort values; or the code of the error
	}{
		{"", `"A"`, "", nil, "-1a 1a 1ab 1b 2a 10a"},
		{"", `"A\u0000"`, "", nil, "1a"},
		{"", `"C"`, "", nil, ""},
		{"", `"A"`, "eq", []string{`{"row":1}`}, "1a 1ab 1b"},
		{"", `"A"`, "eq", []string{`{"row":1,"seat":"a"}`}, "1a"},
		{"", `"A"`, "lt", []string{`{"row":1}`}, "-1a"},
		{"", `"A"`, "le", []string{`{"row":1}`}, "-1a 1a 1ab 1b"},
		{"", `"A"`, "le", []string{`{"row":1,"seat":"ab"}`}, "-1a 1a 1ab"},
		{"", `"A"`, "ge", []string{`{"row":1,"seat":"ab"}`}, "1ab 1b 2a 10a"},
		{"", `"A"`, "gt", []string{`{"row":1,"seat":"ab"}`}, "1b 2a 10a"},
		{"", `"A"`, "gt", []string{`{"row":1}`}, "2a 10a"},
		{"", `"A"`, "between", []string{`{"row":1,"seat":"ab"}`, `{"row":2}`}, "1ab 1b 2a"},
		{"", `"A"`, "between", []string{`{"row":2}`, `{"row":1}`}, ""},
		{"", `"A"`, "beginsWith", []string{`{"row":1,"seat":"a"}`}, "1a 1ab"},
		{"", `"A"`, "beginsWith", []string{`{"row":1}`}, "1a 1ab 1b"},
		{"", `"A"`, "eq", []string{`{"seat":"a"}`}, "invalid"},
		{"", `"A"`, "eq", []string{`{}`}, "invalid"},
		{"", `"A"`, "eq", []string{`1`}, "invalid"},
		{"", `"A"`, "eq", []string{`{"row":"x"}`}, "invalid"},
		{"", `"A"`, "eq", []string{`{"row":1,"ghost":1}`}, "invalid"},
		{"", `"A"`, "near", []string{`{"row":1}`}, "invalid"},
		{"", `null`, "", nil, "invalid"},
		{"", `1`, "", nil, "invalid"},
		{"byTag", `"t"`, "", nil, `"" "an" "and" "b" "b\x00" "c"`},
		{"byTag", `"u"`, "", nil, `"an"`},
		{"byTag", `"t"`, "eq", []string{`"b"`}, `"b"`},
		{"byTag", `"t"`, "eq", []string{`"b\u0000"`}, `"b\x00"`},
		{"byTag", `"t"`, "lt", []string{`"b"`}, `"" "an" "and"`},
		{"byTag", `"t"`, "le", []string{`"b"`}, `"" "an" "and" "b"`},
		{"byTag", `"t"`, "ge", []string{`"b"`}, `"b" "b\x00" "c"`},
		{"byTag", `"t"`, "gt", []string{`"b"`}, `"b\x00" "c"`},
		{"byTag", `"t"`, "between", []string{`"and"`, `"b"`}, `"and" "b"`},
		{"byTag", `"t"`, "beginsWith", []string{`"an"`}, `"an" "and"`},
		{"byTag", `"t"`, "beginsWith", []string{`"b"`}, `"b" "b\x00"`},
		{"byTag", `"t"`, "beginsWith", []string{`""`}, `"" "an" "and" "b" "b\x00" "c"`},
		{"byTag", `"t"`, "beginsWith", []string{`1`}, "invalid"},
		{"byTag", `"t"`, "between", []string{`"b"`}, "invalid"},
		{"byTag", `"t"`, "eq", nil, "invalid"},
		{"byTag", `"t"`, "eq", []string{`null`}, "invalid"},
		{"byTag", `"t"`, "eq", []string{`1`}, "invalid"},
	} {
		condition := KeyCondition{Fields: m.Key, Partition: []byte(c.partition), Operator: c.operator}
		if c.index != "" {
			condition.Fields = m.Index(c.index).Fields
		}
		for _, value := range c.values {
			condition.Values = append(condition.Values, []byte(value))
		}
		what := fmt.Sprintf("%s %s %s %v", c.index, c.partition, c.operator, c.values)
		keys, err := condition.Range()
		if c.want == "invalid" {
			wantCode(t, what, err, freshet.Invalid)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		for _, q := range []ListQuery{
			{Model: "T", Index: c.index, Range: keys},
			{Model: "T", Index: c.index, Range: keys, Limit: 1},
			{Model: "T", Index: c.index, Range: keys, Descending: true},
			{Model: "T", Index: c.index, Range: keys, Descending: true, Limit: 1},
		} {
			got := f.listSorts(m, key, q)
			if q.Descending {
				slices.Reverse(got)
			}
			wantText(t, fmt.Sprintf("%s, limit %d, descending %v", what, q.Limit, q.Descending), strings.Join(got, " "), c.want)
		}
	}
}

// listSorts lists what each record of a range sorts by.
func (f *fixture) listSorts(m *schema.Model, id *freshet.Identity, q ListQuery) []string {
	f.t.Helper()
	var list []string
	for {
		page, err := f.List(f.t.Context(), id, q)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, row := range page.Rows {
			elements, err := row.Key.Elements()
			if err != nil {
				f.t.Fatal(err)
			}
			if q.Index == "" {
				list = append(list, fmt.Sprint(elements[1])+elements[2].(string))
				continue
			}
			for _, ik := range row.Index {
				words, _ := ik.Key.Elements()
				list = append(list, fmt.Sprintf("%q", words[1]))
			}
		}
		if page.NextToken == "" {
			return list
		}
		q.Token = page.NextToken
	}
}
