// Package freshet holds the nouns of Freshet: what a record, a change, a token, an identity, a write
// and an error are. Every other package speaks in these words, and this one imports nothing but the
// standard library.
//
// Freshet is one ordered log of changes. A write by any door is authorised, resolved against the
// current record and committed as one entry of that log; every reader is a cursor on it.
package freshet
