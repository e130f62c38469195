package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"freshet/internal/api/control"
)

func newCheck(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Compare every part of the store with every other",
		Long:  "Compare every part of the store with every other: the log has no hole, and the records and the indexes are what it says. Exits with 1 when something is wrong.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.operate(cmd.Context(), storeOnly, func(desk control.Operator) error {
				p := newProgress()
				report, err := desk.Check(cmd.Context(), func(stage string, done int) { p.say("checking %s: %d", stage, done) })
				p.end()
				if err != nil {
					return err
				}
				return printReport(cmd.OutOrStdout(), &report)
			})
		},
	}
}

func printReport(w io.Writer, r *control.Report) error {
	fmt.Fprintf(w, "the log up to %d, %d changes kept\n%d records, %d entries for tokens, %d index entries\n", r.Seq, r.Changes, r.Records, r.Entries, r.Indexed)
	for _, problem := range r.Problems {
		fmt.Fprintf(w, "wrong: %s\n", problem)
	}
	if len(r.Problems) > 0 {
		return errSaid
	}
	fmt.Fprintln(w, "all is well")
	return nil
}

func newStatus(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Tell how the store stands, and where it is served",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.operate(cmd.Context(), records, func(desk control.Operator) error {
				s, err := desk.Status(cmd.Context())
				if err != nil {
					return err
				}
				address := "not served"
				if s.Address != "" {
					address = "served on " + s.Address
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\nthe log %s up to %d, kept from %d\nmodels %v\n", address, s.Epoch, s.Seq, s.History, s.Models)
				return err
			})
		},
	}
}
