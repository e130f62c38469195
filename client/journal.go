package client

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"freshet"
)

// Journal is a file of the writes that are not answered. A program that ends before its writes are answered opens it
// again and goes on, and each write is applied once. It belongs to one Client at a time, and to one identity: the server
// counts the writes of each identity apart.
//
// The file has a JSON object on each line: who the client is, the writes of a push, up to where they are answered, and
// what became of those whose push has ended, until that is told.
type Journal struct {
	id    string
	last  uint64   // the last number that was given
	queue []*batch // what the file held
	late  []Result
	taken bool

	mu     sync.Mutex
	file   *os.File
	size   int64
	broken error // nothing can be kept any more: what the file holds is not known
}

type journalLine struct {
	Client   string   `json:"client,omitempty"`
	Last     uint64   `json:"last,omitempty"` // the last number that was given before
	Writes   []letter `json:"writes,omitempty"`
	Atomic   bool     `json:"atomic,omitempty"`
	Answered uint64   `json:"answered,omitempty"` // all writes up to this number are
	Late     []Result `json:"late,omitempty"`     // of them, what nobody was told
	Told     []uint64 `json:"told,omitempty"`     // the numbers of late results that somebody was told
}

// OpenJournal opens the journal in a file, and makes it where there is none. Errors: conflict where another program has
// it open, invalid where the file is something else.
func OpenJournal(path string) (*Journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, freshet.Wrap(freshet.Invalid, err, "open the journal")
	}
	j := &Journal{file: file}
	if err = lock(file); err != nil {
		err = freshet.Wrap(freshet.Conflict, err, "the journal %s is in use", path)
	} else if err = j.read(); err != nil {
		err = freshet.Wrap(freshet.Invalid, err, "read the journal %s", path)
	} else {
		err = syncDirectory(filepath.Dir(path))
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return j, nil
}

func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Close ends the use of the journal. Its client must not write any more.
func (j *Journal) Close() error { return j.file.Close() }

// read takes in what the file holds. The end of a line that was cut off is of writes that were never sent.
func (j *Journal) read() error {
	for r := bufio.NewReader(j.file); ; {
		text, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			if j.id == "" && !isBeginning(text) {
				return errNoJournal
			}
			break
		}
		var line journalLine
		if err == nil {
			err = json.Unmarshal(text, &line)
		}
		if err == nil {
			err = j.replay(&line)
		}
		if err != nil {
			return err
		}
		j.size += int64(len(text))
	}
	if err := j.cut(j.size); err != nil {
		return err
	}
	if j.id != "" {
		return nil
	}
	j.id = rand.Text()
	return j.append(journalLine{Client: j.id})
}

var errNoJournal = errors.New("it does not begin with the id of a client")

// isBeginning tells whether a text may be what was written of a journal's first line.
func isBeginning(text []byte) bool {
	const first = `{"client":`
	n := min(len(text), len(first))
	return string(text[:n]) == first[:n]
}

func (j *Journal) cut(size int64) error {
	j.size = size
	if err := j.file.Truncate(size); err != nil {
		return err
	}
	_, err := j.file.Seek(size, io.SeekStart)
	return err
}

func (j *Journal) replay(line *journalLine) error {
	switch {
	case j.id == "" && line.Client == "":
		return errNoJournal
	case line.Client != "":
		j.id, j.last = line.Client, line.Last
	case len(line.Writes) > 0:
		b := &batch{atomic: line.Atomic, abandoned: true}
		for _, l := range line.Writes {
			b.add(l)
			j.last = l.Counter
		}
		j.queue = append(j.queue, b)
	}
	j.late = append(j.late, line.Late...)
	j.late = slices.DeleteFunc(j.late, func(r Result) bool { return slices.Contains(line.Told, r.Counter) })
	for len(j.queue) > 0 && j.queue[0].skip(line.Answered) {
		j.queue = j.queue[1:]
	}
	return nil
}

func (j *Journal) take() (id string, last uint64, queue []*batch, late []Result, err error) {
	if j.taken {
		return "", 0, nil, nil, freshet.Errorf(freshet.Invalid, "the journal belongs to another client already")
	}
	j.taken = true
	queue, j.queue, late, j.late = j.queue, nil, j.late, nil
	return j.id, j.last, queue, late, nil
}

// keep puts batches on the disk.
func (j *Journal) keep(batches []*batch) error {
	lines := make([]journalLine, len(batches))
	for i, b := range batches {
		lines[i] = journalLine{Writes: b.letters, Atomic: b.atomic}
		j.last = b.letters[len(b.letters)-1].Counter
	}
	return j.append(lines...)
}

// settle notes that the writes up to a number are answered, and which of the results nobody waits for.
func (j *Journal) settle(answered uint64, late []Result) error {
	return j.append(journalLine{Answered: answered, Late: late})
}

// tell notes that somebody was told results that nobody had waited for.
func (j *Journal) tell(late []Result) error {
	var told []uint64
	for _, r := range late {
		told = append(told, r.Counter)
	}
	return j.append(journalLine{Told: told})
}

// journalBytes is the size from which a journal begins anew.
const journalBytes = 1 << 20

// renew is called when all is answered and told.
func (j *Journal) renew() error {
	j.mu.Lock()
	grown := j.size >= journalBytes
	if grown && j.broken == nil {
		j.broken = j.cut(0)
	}
	j.mu.Unlock()
	if !grown {
		return nil
	}
	return j.append(journalLine{Client: j.id, Last: j.last})
}

func (j *Journal) append(lines ...journalLine) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil || len(lines) == 0 {
		return j.broken
	}
	var text bytes.Buffer
	err := error(nil)
	for encoder, i := json.NewEncoder(&text), 0; i < len(lines) && err == nil; i++ {
		err = encoder.Encode(lines[i])
	}
	if err == nil {
		_, err = j.file.Write(text.Bytes())
	}
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		j.broken = freshet.Wrap(freshet.Invalid, err, "the journal cannot be kept; open it again")
	}
	j.size += int64(text.Len())
	return j.broken
}
