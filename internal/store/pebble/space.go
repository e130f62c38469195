package pebble

import (
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"freshet"
)

// spaceGuard refuses writes before the disk is full, while there is still room to flush and compact what
// was accepted. Writes go on once there is space again.
type spaceGuard struct {
	fs    vfs.FS
	dir   string
	least uint64
	now   func() time.Time

	looked time.Time
	err    error
}

const spaceInterval = time.Second

func (s *spaceGuard) check() error {
	now := s.now()
	if now.Sub(s.looked) < spaceInterval && !now.Before(s.looked) {
		return s.err
	}
	s.looked, s.err = now, nil
	usage, err := s.fs.GetDiskUsage(s.dir)
	if err == nil && usage.AvailBytes < s.least {
		s.err = freshet.Errorf(freshet.Unavailable, "the disk is nearly full: %d MiB are free, and writes need %d MiB; free some space, and they go on",
			usage.AvailBytes>>20, s.least>>20)
	}
	return s.err
}
