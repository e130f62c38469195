package freshet

import "encoding/json"

// Write is what somebody asks to be done to one record.
type Write struct {
	Model     ModelName
	Op        Op
	Key       Key     // of the record; empty in a create that leaves its key to Fields or to the server
	Fields    []byte  // a JSON object: the fields of a new record, or those that change; null takes one away
	Base      Version // the version that the writer knew; 0: whatever there is
	Condition []byte  // a filter that the current record has to match; empty: none
	Counter   uint64  // the client's own count of its writes, rising; 0 where it does not count
}

// FieldConflict is a field whose new value a merge did not take, or not whole.
type FieldConflict struct {
	Field  string          `json:"field"`
	Yours  json.RawMessage `json:"yours"`  // what the write asked for
	Theirs json.RawMessage `json:"theirs"` // what the record holds now
	Base   json.RawMessage `json:"base"`   // what both began from; null where that is not known any more
}
