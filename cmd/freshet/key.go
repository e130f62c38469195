package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"freshet"
	"freshet/internal/api/control"
)

func newKey(o *options) *cobra.Command {
	return group("key", "Create, list and revoke API keys", newKeyCreate(o), newKeyList(o), newKeyRevoke(o))
}

func newKeyCreate(o *options) *cobra.Command {
	var expires string
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Make an API key, and print its secret",
		Long:  "Make an API key, and print its secret. The secret is shown this once; only its hash is kept.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			until, err := expiry(expires)
			if err != nil {
				return starting(err)
			}
			return o.operate(cmd.Context(), engine, func(desk control.Operator) error {
				key, secret, err := desk.CreateKey(cmd.Context(), args[0], until)
				if err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), secret)
				fmt.Fprintf(cmd.ErrOrStderr(), "The key %q has the id %s and expires %s. Its secret is not shown again.\n", key.Name, key.ID, never(key.Expires))
				return nil
			})
		},
	}
	c.Flags().StringVar(&expires, "expires", "", "when it expires: a `time` from now, like 30d (default: never)")
	return c
}

func expiry(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	d, err := parseDuration(text)
	if err != nil || d == 0 {
		return time.Time{}, freshet.Errorf(freshet.Invalid, "--expires: %q: write a time like 30d, 2w or 12h", text)
	}
	return time.Now().Add(d), nil
}

func newKeyList(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the API keys",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.operate(cmd.Context(), engine, func(desk control.Operator) error {
				keys, err := desk.Keys(cmd.Context())
				if err != nil {
					return err
				}
				return printKeys(cmd.OutOrStdout(), keys)
			})
		},
	}
}

func printKeys(w io.Writer, keys []control.Key) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tCREATED\tEXPIRES")
	for _, key := range keys {
		if key.Fixed {
			fmt.Fprintf(table, "-\t%s\tfixed\tnever\n", key.Name)
			continue
		}
		expires := never(key.Expires)
		if !key.Expires.IsZero() && !time.Now().Before(key.Expires) {
			expires += " (expired)"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", key.ID, key.Name, key.Created.Format(time.RFC3339), expires)
	}
	return table.Flush()
}

func never(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

func newKeyRevoke(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "Take an API key away",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.operate(cmd.Context(), engine, func(desk control.Operator) error {
				if err := desk.RevokeKey(cmd.Context(), args[0]); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "revoked %s\n", args[0])
				return nil
			})
		},
	}
}
