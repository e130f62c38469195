// Package client is the client of Freshet for servers and tools that are written in Go.
//
// [Client.Query] runs any document of the API. [Client.Write] and [Client.Push] write so that a write is applied once,
// however often its answer is lost; with a [Journal] that holds over a crash of the program too. [Client.Changes] gives
// what changed since a cursor, and then what changes, for as long as it is read.
//
// Errors are of the type freshet.Error; freshet.CodeOf gives what can be decided on.
package client
