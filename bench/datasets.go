package main

import (
	"fmt"
	"os"
	"path/filepath"

	"freshet"
)

// dataset gives a directory that was filled with records, and fills it at first. With -dir it is kept from
// run to run.
func (b *bench) dataset(name string, fill func(dir string) error) (string, error) {
	dir := filepath.Join(b.dir, name)
	done := dir + ".filled"
	if _, err := os.Stat(done); err == nil {
		return dir, nil
	}
	b.progress("  filling %s", name)
	err := os.RemoveAll(dir) // what an interrupted run left
	if err == nil {
		err = fill(dir)
	}
	if err == nil {
		err = os.WriteFile(done, nil, 0o600)
	}
	return dir, err
}

func (b *bench) freshetData(model string, records, mine int) (string, error) {
	return b.dataset(fmt.Sprintf("freshet-%s-%d", model, records), func(dir string) error {
		return fillFreshet(b.ctx, dir, freshet.ModelName(model), records, mine)
	})
}

func (b *bench) pocketBaseData(records, mine int) (string, error) {
	return b.dataset(fmt.Sprintf("pocketbase-%d", records), func(dir string) error {
		return fillPocketBase(b, dir, records, mine)
	})
}

// large and mine are the size of a large data set, and how many of its records one owner has.
func (b *bench) large() (records, mine int) { return b.size(1_000_000, 20_000), b.size(1000, 200) }

// small is a data set with as many records of that owner and few others.
func (b *bench) small() int { return b.size(10_000, 1000) }
