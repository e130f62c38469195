package api

import (
	"freshet"
	"freshet/internal/rawjson"
)

// Request is a GraphQL request as every door carries it.
type Request struct {
	Query         string
	OperationName string
	Variables     []byte // a JSON object; nil: none
}

// ParseRequest reads a request: a JSON object with query, and perhaps variables and operationName. Other
// members are passed over, as the protocol asks.
func ParseRequest(body []byte) (Request, error) {
	var q Request
	body, err := rawjson.Trim(body)
	if err != nil {
		return q, freshet.Errorf(freshet.Invalid, "the request is no JSON: %v", err)
	}
	if body[0] != '{' {
		return q, freshet.Errorf(freshet.Invalid, `the request is no JSON object; write {"query": "…", "variables": {…}}`)
	}
	err = rawjson.Members(body, func(name, value []byte) error {
		if rawjson.IsNull(value) {
			return nil
		}
		var err error
		switch string(name) {
		case "query":
			q.Query, err = rawjson.String(value)
		case "operationName":
			q.OperationName, err = rawjson.String(value)
		case "variables":
			if q.Variables = value; value[0] != '{' {
				return freshet.Errorf(freshet.Invalid, "variables: write a JSON object")
			}
		}
		if err != nil {
			return freshet.Errorf(freshet.Invalid, "%s: write a string", name)
		}
		return nil
	})
	if err == nil && q.Query == "" {
		err = freshet.Errorf(freshet.Invalid, `the request has no query; write {"query": "…", "variables": {…}}`)
	}
	return q, err
}
