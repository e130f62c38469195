package client

import (
	"encoding/json"
	"fmt"
	"strings"

	"freshet"
)

// Write is what is to be done to one record.
type Write struct {
	Model     freshet.ModelName
	Op        freshet.Op
	Key       string          // as the wire has it; may be empty in a create, of which the server makes it up
	Fields    any             // written as a JSON object: the fields of a new record, or those that change; null takes one away
	Base      freshet.Version // the version that the writer knew; 0: whatever there is
	Condition any             // written as a JSON object: a filter that the current record has to match
}

// Status says what became of a write.
type Status string

// The statuses.
const (
	Pending Status = ""        // not answered yet: it is sent with the next Push, or by Flush
	Applied Status = "APPLIED" // as it was
	Merged  Status = "MERGED"  // in part: Conflicts tells what was not taken
	Refused Status = "REFUSED" // not at all: Err says why
	Skipped Status = "SKIPPED" // not at all, because another write of its PushAtomic was refused
)

// Result is what became of a write.
type Result struct {
	Counter   uint64 // the number of the write among those of the client; 0: it was given up before it was sent
	Status    Status
	Model     freshet.ModelName
	Key       string
	Version   freshet.Version         // of the record after the write; 0 where it was not applied
	Record    json.RawMessage         // as it is now; nil where there is none that the writer may see
	Conflicts []freshet.FieldConflict // of Merged
	Err       *freshet.Error          // of Refused
}

// letter is a write as it is on the wire and in a journal.
type letter struct {
	Counter   uint64            `json:"counter"`
	Model     freshet.ModelName `json:"model"`
	Op        string            `json:"op"`
	Key       *string           `json:"key,omitempty"`
	Fields    json.RawMessage   `json:"fields,omitempty"`
	Base      freshet.Version   `json:"base,omitempty"`
	Condition json.RawMessage   `json:"condition,omitempty"`
}

var opNames = map[freshet.Op]string{freshet.OpCreate: "CREATE", freshet.OpUpdate: "UPDATE", freshet.OpDelete: "DELETE"}

// letter reads what the caller gave, who may change it later.
func (w *Write) letter() (l letter, err error) {
	l = letter{Model: w.Model, Op: opNames[w.Op], Base: w.Base}
	if l.Op == "" {
		return l, freshet.Errorf(freshet.Invalid, "there is no operation %d; write OpCreate, OpUpdate or OpDelete", w.Op)
	}
	if w.Key != "" {
		key := w.Key
		l.Key = &key
	}
	if l.Fields, err = encoded("fields", w.Fields); err == nil {
		l.Condition, err = encoded("condition", w.Condition)
	}
	return l, err
}

// size gives the bytes of the letter, about.
func (l *letter) size() int { return len(l.Fields) + len(l.Condition) + len(l.Model) + 100 }

// record names the record of a letter that has a key. One of several fields can be written in many ways, so all
// these of a model have one name.
func (l *letter) record() string {
	if strings.HasPrefix(*l.Key, "[") {
		return string(l.Model) + "["
	}
	return string(l.Model) + " " + *l.Key
}

func encoded(name string, value any) (json.RawMessage, error) {
	if value == nil {
		return nil, nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, freshet.Wrap(freshet.Invalid, err, "%s cannot be written as JSON", name)
	}
	return text, nil
}

// answer is what became of a write as the wire has it.
type answer struct {
	Counter   uint64                  `json:"counter"`
	Status    Status                  `json:"status"`
	Model     freshet.ModelName       `json:"model"`
	Key       *string                 `json:"key"`
	Version   freshet.Version         `json:"version"`
	Record    json.RawMessage         `json:"record"`
	Conflicts []freshet.FieldConflict `json:"conflicts"`
	Error     *struct {
		Code    freshet.Code `json:"code"`
		Message string       `json:"message"`
	} `json:"error"`
}

func (a *answer) result() Result {
	r := Result{
		Counter: a.Counter, Status: a.Status, Model: a.Model, Version: a.Version, Conflicts: a.Conflicts,
	}
	if a.Key != nil {
		r.Key = *a.Key
	}
	if string(a.Record) != "null" {
		r.Record = a.Record
	}
	if a.Error != nil {
		r.Err = &freshet.Error{Code: a.Error.Code, Message: a.Error.Message}
	}
	return r
}

const pushDocument = `mutation($client: ID!, $writes: [WriteInput!]!, $atomic: Boolean) {
  push(client: $client, writes: $writes, atomic: $atomic) {
    results { counter status model key version record conflicts { field yours theirs base } error { code message } }
  }
}`

// readResults gives the results of a push of some letters.
func readResults(data json.RawMessage, sent []letter) ([]Result, error) {
	var decoded struct {
		Push struct{ Results []answer }
	}
	if err := json.Unmarshal(data, &decoded); err != nil {
		return nil, freshet.Wrap(freshet.Unavailable, err, "the answer cannot be read")
	}
	results := make([]Result, len(sent))
	if err := match(decoded.Push.Results, sent); err != nil {
		return nil, freshet.Wrap(freshet.Unavailable, err, "the answer is to other writes")
	}
	for i := range sent {
		results[i] = decoded.Push.Results[i].result()
	}
	return results, nil
}

func match(answers []answer, sent []letter) error {
	if len(answers) != len(sent) {
		return fmt.Errorf("%d answers to %d writes", len(answers), len(sent))
	}
	for i := range sent {
		if answers[i].Counter != sent[i].Counter || answers[i].Status == Pending {
			return fmt.Errorf("the answer to %d is %q, to %d", sent[i].Counter, answers[i].Status, answers[i].Counter)
		}
	}
	return nil
}
