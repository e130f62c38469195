package server

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"freshet"
	"freshet/internal/api/control"
)

// useKind holds when each key let somebody in last, apart from the key: a write of it cannot bring back a key that
// was revoked meanwhile.
const useKind freshet.ModelName = "_KeyUse"

const (
	useEvery = time.Minute // between two writes of one key's use
	usePage  = 500         // uses that are stored by one commit
)

// keyUses is when each key was used last. A request only notes it in memory, where there is a time for each key; what
// is new is stored by run.
type keyUses struct {
	documents freshet.Documents
	logger    *slog.Logger
	now       func() time.Time

	storing sync.Mutex // above mu; one at a time, so that what is forgotten is not stored again

	mu    sync.RWMutex
	last  map[string]time.Time // in UTC, to the second
	fresh map[string]bool      // those that are not stored yet
}

var _ control.Uses = (*keyUses)(nil)

func useDocument(ref string) freshet.Document { return freshet.Document{Kind: useKind, Key: ref} }

type storedUse struct {
	Used time.Time `json:"used"`
}

// openUses reads the uses.
func openUses(ctx context.Context, documents freshet.Documents, logger *slog.Logger) (*keyUses, error) {
	u := &keyUses{documents: documents, logger: logger, now: time.Now, last: make(map[string]time.Time), fresh: make(map[string]bool)}
	err := documents.Under(ctx, useKind, "", func(ref string, body []byte) error {
		var stored storedUse
		if err := json.Unmarshal(body, &stored); err != nil {
			return fmt.Errorf("key %s: %w", ref, err)
		}
		u.last[ref] = stored.Used
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the uses of keys: %w", err)
	}
	return u, nil
}

// note takes down that a key let somebody in.
func (u *keyUses) note(ref string) {
	now := u.now().UTC().Truncate(time.Second)
	if !u.Last(ref).Before(now) {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.last[ref], u.fresh[ref] = now, true
}

// Last gives when a key let somebody in last.
func (u *keyUses) Last(ref string) time.Time {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return u.last[ref]
}

// Forget forgets a key that is gone.
func (u *keyUses) Forget(ctx context.Context, ref string) {
	u.storing.Lock()
	defer u.storing.Unlock()
	u.mu.Lock()
	delete(u.last, ref)
	delete(u.fresh, ref)
	u.mu.Unlock()
	if err := freshet.RemoveDocuments(ctx, u.documents, useDocument(ref)); err != nil {
		u.logger.Error("the last use of a revoked key was not forgotten", "key", ref, "err", err)
	}
}

// run stores what is new now and then, and at the end.
func (u *keyUses) run(ctx context.Context) {
	ticker := time.NewTicker(useEvery)
	defer ticker.Stop()
	for ended := false; !ended; {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			ended = true
		}
		if err := u.store(context.WithoutCancel(ctx)); err != nil {
			u.logger.Error("the last use of keys was not stored", "err", err)
		}
	}
}

// store stores what is new; what could not be stored is new still.
func (u *keyUses) store(ctx context.Context) error {
	u.storing.Lock()
	defer u.storing.Unlock()
	u.mu.Lock()
	refs := slices.Collect(maps.Keys(u.fresh))
	u.mu.Unlock()
	for page := range slices.Chunk(refs, usePage) {
		if err := u.storePage(ctx, page); err != nil {
			return err
		}
	}
	return nil
}

func (u *keyUses) storePage(ctx context.Context, refs []string) error {
	documents, bodies := make([]freshet.Document, len(refs)), make([][]byte, len(refs))
	u.mu.Lock()
	for i, ref := range refs {
		body, _ := json.Marshal(storedUse{u.last[ref]}) // it holds nothing that cannot be encoded
		documents[i], bodies[i] = useDocument(ref), body
		delete(u.fresh, ref)
	}
	u.mu.Unlock()
	err := u.documents.Update(ctx, documents, func([][]byte) ([][]byte, error) { return bodies, nil })
	if err == nil {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, ref := range refs {
		u.fresh[ref] = true
	}
	return err
}
