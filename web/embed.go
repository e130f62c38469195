// Package web holds the workspace app as it is built. A program that is built without it, which needs no Node, holds
// a page in its place.
package web

import (
	"embed"
	"io/fs"
)

// The placeholder is always there, so that there is something to embed.
//
//go:embed all:app/dist*
var files embed.FS

const (
	built       = "app/dist"
	placeholder = "app/dist-placeholder"
)

// App gives the files of the app, and whether they are those of the app and not of the page in its place.
func App() (app fs.FS, isBuilt bool) {
	if _, err := fs.Stat(files, built+"/index.html"); err == nil {
		return sub(built), true
	}
	return Placeholder(), false
}

// Placeholder gives the page that says what this server is, and how the app gets into it.
func Placeholder() fs.FS { return sub(placeholder) }

func sub(dir string) fs.FS {
	f, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // the name is a valid one
	}
	return f
}
