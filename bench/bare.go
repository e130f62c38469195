package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/google/uuid"

	"freshet"
)

// bare is Pebble with nothing around it but a group commit: the limit of what an engine over it can reach.
// For each record it writes what the engine was seen to write, entry for entry and byte for byte, with
// another id, seq and text. It checks nothing and reads nothing.
type bare struct {
	db    *pebble.DB
	shape shape
	seq   atomic.Uint64
	queue chan *bareRequest
	sync  chan *bareGroup
	done  sync.WaitGroup
}

type bareRequest struct {
	batch *pebble.Batch
	done  chan error
}

type bareGroup struct {
	batch    *pebble.Batch
	requests []*bareRequest
}

const bareGroupBytes = 8 << 20

// openBare opens an empty directory with the options of the engine's store.
func openBare(dir string, s shape) (*bare, error) {
	opts := &pebble.Options{
		CacheSize:                   128 << 20,
		FormatMajorVersion:          pebble.FormatTableFormatV6,
		Logger:                      silent{},
		MemTableSize:                64 << 20,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       64,
		LBaseMaxBytes:               256 << 20,
		BytesPerSync:                1 << 20,
	}
	for i := range opts.Levels {
		opts.Levels[i].BlockSize = 16 << 10
		opts.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	db, err := pebble.Open(dir, opts)
	if err != nil {
		return nil, err
	}
	b := &bare{db: db, shape: s, queue: make(chan *bareRequest, 1024), sync: make(chan *bareGroup)}
	b.done.Go(b.order)
	b.done.Go(b.wait)
	return b, nil
}

// commit writes one record and returns when it is durable.
func (b *bare) commit(_ context.Context, n int) error {
	r := &bareRequest{batch: b.db.NewBatch(), done: make(chan error, 1)}
	if err := b.shape.write(r.batch, b.seq.Add(1), n); err != nil {
		return err
	}
	b.queue <- r
	return <-r.done
}

// order puts the batches that wait together and applies them; wait waits for the disk meanwhile.
func (b *bare) order() {
	defer close(b.sync)
	for first := range b.queue {
		g := &bareGroup{batch: first.batch, requests: []*bareRequest{first}}
		var err error
		for r := b.waiting(); r != nil && err == nil && g.batch.Len() < bareGroupBytes; r = b.waiting() {
			err = g.batch.Apply(r.batch, nil)
			g.requests = append(g.requests, r)
		}
		err = errors.Join(err, g.batch.Set([]byte("mh"), binary.AppendUvarint(nil, b.seq.Load()), nil))
		if err == nil {
			err = b.db.ApplyNoSyncWait(g.batch, pebble.Sync)
		}
		if err != nil {
			g.answer(err)
			continue
		}
		b.sync <- g
	}
}

func (b *bare) waiting() *bareRequest {
	select {
	case r := <-b.queue:
		return r
	default:
		return nil
	}
}

func (b *bare) wait() {
	for g := range b.sync {
		g.answer(g.batch.SyncWait())
		for _, r := range g.requests {
			_ = r.batch.Close()
		}
	}
}

func (g *bareGroup) answer(err error) {
	for _, r := range g.requests {
		r.done <- err
	}
}

func (b *bare) Close() error {
	close(b.queue)
	b.done.Wait()
	return b.db.Close()
}

type silent struct{}

func (silent) Infof(string, ...any)      {}
func (silent) Errorf(string, ...any)     {}
func (silent) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

// shape is what the engine writes for one new record.
type shape []shapeEntry

// shapeEntry is one key and its value, with the places in them that differ from record to record; -1
// where there is none.
type shapeEntry struct {
	key, value              []byte
	keyID, valueID, valueAt int
	seq                     bool // the key ends with it
}

// takeShape looks into a closed directory for all that the engine wrote for one record.
func takeShape(dir string, key freshet.Key, text string) (shape, error) {
	db, err := pebble.Open(dir, &pebble.Options{ReadOnly: true, Logger: silent{}})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	iter, err := db.NewIter(nil)
	if err != nil {
		return nil, err
	}
	defer iter.Close()
	id := []byte(key.Text())
	var s shape
	for ok := iter.First(); ok; ok = iter.Next() {
		value, err := iter.ValueAndErr()
		if err != nil {
			return nil, err
		}
		e := shapeEntry{
			key: bytes.Clone(iter.Key()), value: bytes.Clone(value),
			keyID: bytes.Index(iter.Key(), id), valueID: bytes.Index(value, id), valueAt: bytes.Index(value, []byte(text)),
		}
		e.seq = e.keyID < 0
		if e.keyID >= 0 || e.valueID >= 0 {
			s = append(s, e)
		}
	}
	if len(s) < 3 {
		return nil, fmt.Errorf("the engine wrote %d entries for %s; a record, its place in the log and in a token's index were looked for", len(s), id)
	}
	return s, iter.Error()
}

// write adds one record's entries to a batch.
func (s shape) write(batch *pebble.Batch, seq uint64, n int) error {
	id := uuid.Must(uuid.NewV7()).String()
	words := text(n)
	for _, e := range s {
		op := batch.SetDeferred(len(e.key), len(e.value))
		copy(op.Key, e.key)
		copy(op.Value, e.value)
		if e.keyID >= 0 {
			copy(op.Key[e.keyID:], id)
		}
		if e.seq {
			binary.BigEndian.PutUint64(op.Key[len(op.Key)-8:], seq)
		}
		if e.valueID >= 0 {
			copy(op.Value[e.valueID:], id)
		}
		if e.valueAt >= 0 {
			copy(op.Value[e.valueAt:], words)
		}
		if err := op.Finish(); err != nil {
			return err
		}
	}
	return nil
}

func (s shape) bytes() int {
	n := 0
	for _, e := range s {
		n += len(e.key) + len(e.value)
	}
	return n
}
