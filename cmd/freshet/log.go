package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"freshet"
	"freshet/internal/api/control"
)

func newLog(o *options) *cobra.Command {
	return group("log", "Read the log of changes", newLogTail(o))
}

func newLogTail(o *options) *cobra.Command {
	var from uint64
	var asJSON, follow bool
	c := &cobra.Command{
		Use:   "tail",
		Short: "Print the latest changes, or those from a place in the log on",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := control.TailQuery{From: freshet.Seq(from), Follow: follow}
			return o.operate(cmd.Context(), storeOnly, func(desk control.Operator) error {
				out := bufio.NewWriter(cmd.OutOrStdout())
				err := desk.Tail(cmd.Context(), q, func(entries []control.Entry) error {
					for i := range entries {
						if err := printEntry(out, &entries[i], asJSON); err != nil {
							return err
						}
					}
					if follow {
						return out.Flush()
					}
					return nil
				})
				if follow && errors.Is(err, context.Canceled) {
					err = nil // that is how it ends
				}
				return errors.Join(err, out.Flush())
			})
		},
	}
	c.Flags().Uint64Var(&from, "from", 0, "the first change, by its `seq` (default: the last ten changes)")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, an object a line, with the record as the change left it")
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on with the changes to come, until interrupted")
	return c
}

const shownRecord = 120 // bytes of a record in a line of text

func printEntry(w io.Writer, e *control.Entry, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(e)
	}
	record := string(e.Record)
	if record == "null" {
		record = ""
	}
	if len(record) > shownRecord {
		record = record[:shownRecord] + "…"
	}
	line := fmt.Sprintf("%d  %s  %s %s %s  version %d  by %s  %s",
		e.Seq, e.At.Time().Format(time.DateTime), e.Op, e.Model, e.Key, e.Version, e.By, record)
	_, err := fmt.Fprintln(w, strings.TrimRight(line, " "))
	return err
}
