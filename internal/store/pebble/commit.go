package pebble

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"freshet"
	"freshet/internal/store"
)

const (
	groupBytes  = 8 << 20 // a group of commits takes no further batch beyond this
	queueLength = 1024
	inlineBytes = 4 << 10 // images beyond this in sum over a record's tokens are kept once, in the record
)

// committer orders batches and makes them durable. Batches that wait at the same time form a group, which
// one fsync makes durable. Two goroutines share the work, so that a group is put together while the one
// before it is written: order checks a group's batches and applies them, sync waits for the disk, shows
// the group to readers and answers its writers.
type committer struct {
	db     *DB
	queue  chan *request
	groups chan *group
	done   sync.WaitGroup
	unlock func() error

	mu      sync.RWMutex // guards stopped against a send on queue
	stopped bool

	// Owned by order.
	head     store.Head // with the groups that are not durable yet
	group    uint64
	inFlight []*group // applied and perhaps not published
	space    spaceGuard
	scratch  []byte

	published atomic.Uint64
}

// request is a batch on its way, or a step of a trim.
type request struct {
	batch   store.Batch
	trim    *trimStep
	receipt store.Receipt
	err     error
	done    chan struct{}
}

// group is what one fsync makes durable.
type group struct {
	number   uint64
	batch    *pebble.Batch
	requests []*request
	rows     map[store.Ref]*row // as the group leaves them; nil: gone
	clients  map[string]client
	view     view
}

func (c *committer) start(db *DB, head store.Head) {
	c.db, c.head = db, head
	c.queue = make(chan *request, queueLength)
	c.groups = make(chan *group)
	c.space = spaceGuard{fs: db.opts.FS, dir: db.dir, least: db.opts.MinFree, now: db.opts.Now}
	c.done.Add(2)
	go c.order()
	go c.sync()
}

func (c *committer) stop() {
	c.mu.Lock()
	if !c.stopped {
		c.stopped = true
		close(c.queue)
	}
	c.mu.Unlock()
	c.done.Wait()
}

// Commit applies a batch and returns when it is durable.
func (d *DB) Commit(ctx context.Context, batch store.Batch) (store.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return store.Receipt{}, err
	}
	return d.committer.do(&request{batch: batch, done: make(chan struct{})})
}

func (c *committer) do(r *request) (store.Receipt, error) {
	c.mu.RLock()
	if c.stopped {
		c.mu.RUnlock()
		return store.Receipt{}, errClosed
	}
	c.queue <- r
	c.mu.RUnlock()
	<-r.done
	return r.receipt, r.err
}

// order takes what waits in the queue as a group, checks and applies it, and hands it to sync.
func (c *committer) order() {
	defer c.done.Done()
	defer close(c.groups)
	for first := range c.queue {
		g := c.gather(first)
		if err := c.apply(g); err != nil {
			c.db.fail(err)
			g.refuse(c.db.failure.final())
			continue
		}
		c.groups <- g
	}
}

func (c *committer) gather(first *request) *group {
	c.group++
	g := &group{
		number:  c.group,
		batch:   c.db.db.NewBatch(),
		rows:    make(map[store.Ref]*row),
		clients: make(map[string]client),
	}
	c.inFlight = slices.DeleteFunc(c.inFlight, func(g *group) bool { return g.number <= c.published.Load() })
	c.inFlight = append(c.inFlight, g)
	for r := first; r != nil; {
		g.requests = append(g.requests, r)
		c.take(g, r)
		if g.batch.Len() > groupBytes {
			break
		}
		select {
		case r = <-c.queue:
		default:
			r = nil
		}
	}
	return g
}

// take adds one request to the group, or notes in it why it cannot be.
func (c *committer) take(g *group, r *request) {
	if err := c.db.failure.err(); err != nil {
		r.err = err
		return
	}
	if err := c.space.check(); err != nil {
		r.err = err
		return
	}
	if r.trim != nil {
		if r.err = c.trim(g, r.trim); r.err != nil {
			c.db.fail(r.err) // the group may hold half of the step
		}
		return
	}
	priors, err := c.check(&r.batch)
	if err != nil {
		r.err = err
		return
	}
	if r.receipt, r.err = c.write(g, &r.batch, priors); r.err != nil {
		c.db.fail(r.err) // the group may hold half of the batch
	}
}

// apply writes the group into the log file and the memtable, without waiting for the disk.
func (c *committer) apply(g *group) error {
	if err := c.db.failure.final(); err != nil {
		return err
	}
	if g.batch.Empty() {
		return nil
	}
	head := binary.AppendUvarint(nil, uint64(c.head.Seq))
	head = binary.AppendUvarint(head, uint64(c.head.At))
	if err := g.batch.Set(keyHead, head, nil); err != nil {
		return err
	}
	// Where the database cannot go on it parks the goroutine.
	applied := make(chan error, 1)
	go func() { applied <- c.db.db.ApplyNoSyncWait(g.batch, pebble.Sync) }()
	select {
	case err := <-applied:
		if err != nil {
			return err
		}
	case <-c.db.failure.failed:
		return c.db.failure.final()
	}
	g.view = newView(c.db.db, c.head, g.number)
	return nil
}

// sync waits until each group is on disk, then shows it and answers its writers.
func (c *committer) sync() {
	defer c.done.Done()
	for g := range c.groups {
		if !g.batch.Empty() {
			err := g.batch.SyncWait()
			if err != nil {
				c.db.fail(err)
				g.view.drop()
				g.refuse(c.db.failure.final())
				continue
			}
			c.db.publish(g.view)
			for ref, r := range g.rows {
				c.db.cache.committed(ref, r, g.number)
			}
		}
		c.published.Store(g.number)
		_ = g.batch.Close()
		for _, r := range g.requests {
			close(r.done)
		}
	}
}

// refuse answers every writer of a group that will not become durable.
func (g *group) refuse(why error) {
	for _, r := range g.requests {
		r.receipt, r.err = store.Receipt{}, why
		close(r.done)
	}
}

// row gives the latest version of a record, durable or about to be.
func (c *committer) row(ref store.Ref) (*row, error) {
	for _, g := range slices.Backward(c.inFlight) {
		if r, ok := g.rows[ref]; ok {
			return r, nil
		}
	}
	if r, ok := c.db.cache.get(ref); ok {
		return r, nil
	}
	if isNew, err := c.db.isNew(ref); isNew || err != nil {
		return nil, err
	}
	return readRow(c.db.db, ref)
}

// client gives what is known of a client, durable or about to be.
func (c *committer) client(name string) (client, error) {
	for _, g := range slices.Backward(c.inFlight) {
		if known, ok := g.clients[name]; ok {
			return known, nil
		}
	}
	return readClient(c.db.db, name)
}

// check gives what each put and reindex of the batch replaces, in their order.
func (c *committer) check(batch *store.Batch) ([]prior, error) {
	if batch.Counter != nil {
		if err := c.checkCounter(batch.Counter); err != nil {
			return nil, err
		}
	}
	priors := make([]prior, 0, len(batch.Puts)+len(batch.Reindex))
	earlier := make(map[store.Ref]int) // the latest put of a record so far
	stale := &store.StaleError{}
	expect := func(ref store.Ref, version freshet.Version) error {
		if i, ok := earlier[ref]; ok {
			if batch.Puts[i].Expect+1 != version {
				return freshet.Errorf(freshet.Internal, "a batch builds on version %d of %s %s, which it leaves at %d", version, ref.Model, ref.Key.Text(), batch.Puts[i].Expect+1)
			}
			priors = append(priors, prior{put: i})
			return nil
		}
		r, err := c.row(ref)
		if err != nil {
			return err
		}
		priors = append(priors, prior{row: r, put: -1})
		if r == nil && version != 0 || r != nil && r.Version != version {
			stale.Refs = append(stale.Refs, ref)
			stale.Current = append(stale.Current, recordOf(r))
		}
		return nil
	}
	for i := range batch.Puts {
		if err := expect(batch.Puts[i].Ref, batch.Puts[i].Expect); err != nil {
			return nil, err
		}
		if len(batch.Puts) > 1 {
			earlier[batch.Puts[i].Ref] = i
		}
	}
	for i := range batch.Reindex {
		if err := expect(batch.Reindex[i].Ref, batch.Reindex[i].Expect); err != nil {
			return nil, err
		}
	}
	if len(stale.Refs) > 0 {
		return nil, stale
	}
	return priors, nil
}

// prior is what a put replaces: a row, or what an earlier put of the same batch leaves.
type prior struct {
	row *row
	put int // -1: none
}

func (c *committer) checkCounter(counter *store.Counter) error {
	client, err := c.client(counter.Client)
	if err != nil {
		return err
	}
	if len(counter.Results) == 0 || counter.Results[0].Counter > client.last {
		last := client.last
		for _, result := range counter.Results {
			if result.Counter <= last {
				return freshet.Errorf(freshet.Invalid, "counter %d comes after %d; counters must rise", result.Counter, last)
			}
			last = result.Counter
		}
		return nil
	}
	seen := &store.SeenError{Last: client.last}
	kept, err := readResults(c.db.db, counter.Client)
	if err != nil {
		return err
	}
	for _, result := range counter.Results {
		if outcome, ok := kept[result.Counter]; ok {
			seen.Results = append(seen.Results, store.Result{Counter: result.Counter, Outcome: outcome})
		}
	}
	return seen
}

// now gives the time of a commit; the log's clock never goes back.
func (c *committer) now() freshet.Millis {
	return max(c.head.At, freshet.MillisOf(c.db.opts.Now()))
}

func recordOf(r *row) *freshet.Record {
	if r == nil {
		return nil
	}
	return &r.Record
}
