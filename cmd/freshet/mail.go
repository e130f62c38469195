package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"freshet/internal/api/control"
)

func newMail(o *options) *cobra.Command {
	return group("mail", "Read the mail that waits, that failed, and that no server takes", newMailList(o), newMailShow(o))
}

func newMailList(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the letters, newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.operate(cmd.Context(), existing, func(desk control.Operator) error {
				letters, err := desk.Letters(cmd.Context())
				if err != nil {
					return err
				}
				table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "ID\tCREATED\tSTATE\tTO\tSUBJECT")
				for i := range letters {
					l := &letters[i]
					fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", l.ID, l.Created.Format(time.RFC3339), l.State, l.To, l.Subject)
				}
				return table.Flush()
			})
		},
	}
}

func newMailShow(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Print a letter; it may hold a code or a password",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.operate(cmd.Context(), existing, func(desk control.Operator) error {
				l, err := desk.Letter(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				w := cmd.OutOrStdout()
				fmt.Fprintf(w, "To: %s\nSubject: %s\nDate: %s\nState: %s\n", l.To, l.Subject, l.Created.Format(time.RFC3339), l.State)
				if l.Error != "" {
					fmt.Fprintf(w, "Error: %s (attempt %d)\n", l.Error, l.Attempts)
				}
				_, err = fmt.Fprintf(w, "\n%s", l.Text)
				return err
			})
		},
	}
}
