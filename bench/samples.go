package main

import (
	"math"
	"slices"
)

// samples are measurements of one thing.
type samples []float64

func (s *samples) add(v float64) { *s = append(*s, v) }

func (s samples) median() float64 { return s.percentile(50) }

// percentile gives the smallest sample that p percent of all are not above; NaN of none.
func (s samples) percentile(p float64) float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(s))
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
