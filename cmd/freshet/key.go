package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"freshet"
	"freshet/internal/api/control"
)

func newKey(o *options) *cobra.Command {
	return group("key", "Create, list and revoke keys", newKeyCreate(o), newKeyList(o), newKeyRevoke(o))
}

func newKeyCreate(o *options) *cobra.Command {
	var expires string
	var signed, admin bool
	var scopeTexts, groups []string
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a key, and print its secret",
		Long: "Make an API key, and print its secret. The secret is shown this once; only its hash is kept.\n\n" +
			"With --signed it is an access key, with which programs sign their requests as they do for AWS: the id and the\n" +
			"secret are printed. With --admin too, it may do what an administrator of accounts may.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			until, err := expiry(expires)
			if err != nil {
				return starting(err)
			}
			scopes, err := parseScopes(scopeTexts)
			if err != nil {
				return starting(err)
			}
			if signed && len(scopes)+len(groups) > 0 {
				return starting(freshet.Errorf(freshet.Invalid, "--scope and --group are for API keys; leave --signed out"))
			}
			if admin && !signed {
				return starting(freshet.Errorf(freshet.Invalid, "--admin is for keys that sign; give --signed too"))
			}
			if signed {
				return createSigned(cmd, o, args[0], until, admin)
			}
			return o.operate(cmd.Context(), engine, func(desk control.Operator) error {
				key, secret, err := desk.CreateKey(cmd.Context(), control.NewKey{Name: args[0], Expires: until, Scopes: scopes, Groups: groups})
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
	c.Flags().StringArrayVar(&scopeTexts, "scope", nil, "what its holder may do at most: `MODEL:OPERATIONS`, like Task:read,create or '*:read'; several may be given (default: whatever the rules allow)")
	c.Flags().StringArrayVar(&groups, "group", nil, "a `group` as whose member it lets in, and by no other rule; several may be given (default: by the rules for API keys)")
	c.Flags().BoolVar(&signed, "signed", false, "an access key, for requests that are signed (SigV4)")
	c.Flags().BoolVar(&admin, "admin", false, "of an access key: it may administer accounts")
	return c
}

func createSigned(cmd *cobra.Command, o *options, name string, until time.Time, admin bool) error {
	return o.operate(cmd.Context(), people, func(desk control.Operator) error {
		key, secret, err := desk.CreateSignedKey(cmd.Context(), name, until, admin)
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s\n%s\n", key.ID, secret)
		fmt.Fprintf(cmd.ErrOrStderr(), "The access key %q has the id on the first line and expires %s. Its secret is not shown again.\n", key.Name, never(key.Expires))
		return nil
	})
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

// parseScopes reads scopes like Task:read,create.
func parseScopes(texts []string) ([]freshet.Scope, error) {
	var scopes []freshet.Scope
	for _, text := range texts {
		model, operations, found := strings.Cut(text, ":")
		if !found || model == "" || operations == "" {
			return nil, freshet.Errorf(freshet.Invalid, "--scope: %q is no scope; write one like Task:read,create", text)
		}
		scopes = append(scopes, freshet.Scope{Model: freshet.ModelName(model), Operations: strings.Split(operations, ",")})
	}
	return scopes, nil
}

func newKeyList(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the API keys, and the access keys behind them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.operate(cmd.Context(), existing, func(desk control.Operator) error {
				keys, err := desk.Keys(cmd.Context())
				if err != nil {
					return err
				}
				signed, err := desk.SignedKeys(cmd.Context())
				if err != nil {
					return err
				}
				return printKeys(cmd.OutOrStdout(), keys, signed)
			})
		},
	}
}

func printKeys(w io.Writer, keys []control.Key, signed []control.SignedKey) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tCREATED\tEXPIRES\tLAST USED")
	for _, key := range keys {
		if key.Fixed {
			fmt.Fprintf(table, "-\t%s\tfixed\tnever\t%s\n", key.Name, never(key.Used))
			continue
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s%s\n", key.ID, key.Name, key.Created.Format(time.RFC3339), expiring(key.Expires), never(key.Used), bounds(key))
	}
	for _, key := range signed {
		kind := "signed"
		if key.Admin {
			kind += ", admin"
		}
		if !key.Revoked.IsZero() {
			kind += ", revoked"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", key.ID, key.Name, key.Created.Format(time.RFC3339), expiring(key.Expires), never(key.Used), kind)
	}
	return table.Flush()
}

// bounds gives a column for a key that has scopes, or is of groups; most lists have none.
func bounds(key control.Key) string {
	var parts []string
	if len(key.Scopes) > 0 {
		parts = append(parts, "may "+writeScopes(key.Scopes))
	}
	if len(key.Groups) > 0 {
		parts = append(parts, "of "+strings.Join(key.Groups, ", "))
	}
	if key.By != "" {
		parts = append(parts, "by "+key.By)
	}
	if len(parts) == 0 {
		return ""
	}
	return "\t" + strings.Join(parts, ", ")
}

// writeScopes writes scopes as --scope takes them.
func writeScopes(scopes []freshet.Scope) string {
	texts := make([]string, len(scopes))
	for i, scope := range scopes {
		texts[i] = string(scope.Model) + ":" + strings.Join(scope.Operations, ",")
	}
	return strings.Join(texts, " ")
}

func expiring(t time.Time) string {
	if !t.IsZero() && !time.Now().Before(t) {
		return never(t) + " (expired)"
	}
	return never(t)
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
		Short: "Take a key away, of either kind",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.operate(cmd.Context(), existing, func(desk control.Operator) error {
				if err := desk.RevokeKey(cmd.Context(), args[0]); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "revoked %s\n", args[0])
				return nil
			})
		},
	}
}
