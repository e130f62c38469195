// Package schemas holds the schema that the binary starts with when it is given no other, and examples.
package schemas

import _ "embed"

// Workspace is the SDL of tasks, events and calendars that people keep and share.
//
//go:embed workspace.graphql
var Workspace string
