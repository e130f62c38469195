package pebble

import (
	"runtime"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// logFile is a log file that lets others run before it waits for the disk: the committer above all, who was told a
// moment ago that its last group is durable. A processor whose thread waits is given to others only after some
// milliseconds where none is idle, as on two cores of which one does the arithmetic of log-ins.
type logFile struct{ vfs.File }

// yielding makes a file that was made under a name a log file, where it is one.
func yielding(name string, file vfs.File) vfs.File {
	if file != nil && strings.HasSuffix(name, ".log") {
		return logFile{file}
	}
	return file
}

// SyncData is that of the file.
func (f logFile) SyncData() error {
	runtime.Gosched()
	return f.File.SyncData()
}
