package control

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
)

// SocketName is the name of the socket in a data directory.
const SocketName = "freshet.sock"

const maxSocketPath = 96 // bytes that every operating system has room for, with what Listen appends

// Listen opens the socket of a data directory, for its owner alone. Only the process that has the store
// open may call it: what an earlier one left is replaced.
func Listen(data string) (net.Listener, error) {
	path, release, err := socketPath(data)
	if err != nil {
		return nil, err
	}
	defer release()
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	listener, err := net.Listen("unix", fresh)
	if err != nil {
		return nil, fmt.Errorf("open the control socket: %w", err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false) // it will not have this name
	if err := os.Chmod(fresh, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	if err := os.Rename(fresh, path); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return &socketListener{listener, filepath.Join(data, SocketName)}, nil
}

// socketListener takes its socket away when it closes.
type socketListener struct {
	net.Listener
	path string
}

func (l *socketListener) Close() error {
	if err := l.Listener.Close(); err != nil {
		return err
	}
	if err := os.Remove(l.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// socketPath gives a path of the socket that is short enough for the system; release is called after use.
func socketPath(data string) (path string, release func(), err error) {
	path = filepath.Join(data, SocketName)
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	dir, err := os.Open(data)
	if err != nil {
		return "", nil, err
	}
	short := fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), SocketName)
	if _, err := os.Stat(filepath.Dir(short)); err != nil {
		return "", nil, errors.Join(fmt.Errorf("the path %s is too long for a socket; give a shorter data directory", path), dir.Close())
	}
	return short, func() { _ = dir.Close() }, nil
}
