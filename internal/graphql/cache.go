package graphql

import (
	"container/list"
	"sync"
)

// maxPlanBytes bounds the memory of all cached plans, as far as their cost estimates it.
const maxPlanBytes = 64 << 20

// planCache keeps the plans that were used last.
type planCache struct {
	count int

	mu     sync.Mutex // guards what is below
	bytes  int
	recent list.List // of *cachedPlan; the first one was used last
	plans  map[planKey]*list.Element
}

type planKey struct {
	query, operation string
}

type cachedPlan struct {
	key planKey
	op  *Operation
}

func newPlanCache(count int) *planCache {
	return &planCache{count: count, plans: make(map[planKey]*list.Element)}
}

func (c *planCache) get(key planKey) *Operation {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.plans[key]
	if e == nil {
		return nil
	}
	c.recent.MoveToFront(e)
	return e.Value.(*cachedPlan).op
}

func (c *planCache) put(key planKey, op *Operation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.plans[key] != nil {
		return
	}
	c.plans[key] = c.recent.PushFront(&cachedPlan{key: key, op: op})
	c.bytes += op.cost
	for c.recent.Len() > c.count || c.bytes > maxPlanBytes {
		last := c.recent.Back()
		old := c.recent.Remove(last).(*cachedPlan)
		c.bytes -= old.op.cost
		delete(c.plans, old.key)
	}
}
