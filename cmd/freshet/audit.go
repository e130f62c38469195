package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"freshet"
	"freshet/internal/api/control"
	"freshet/internal/audit"
)

func newAudit(o *options) *cobra.Command {
	var q control.AuditQuery
	var since string
	var asJSON bool
	c := &cobra.Command{
		Use:   "audit",
		Short: "Print what happened to accounts, keys and mail",
		Long: "Print what happened to accounts, keys and mail, the oldest first: when, what, with what outcome, to whom, by which\n" +
			"operator, from where and at which app. Entries named " + audit.Omitted + " stand for others, which came faster than they are kept.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			back, err := parseDuration(since)
			if err != nil {
				return starting(freshet.Errorf(freshet.Invalid, "--since: %q: write a time like 1h or 7d, or 0 for all", since))
			}
			if back > 0 {
				q.Since = time.Now().Add(-back)
			}
			return o.operate(cmd.Context(), existing, func(desk control.Operator) error {
				out := bufio.NewWriter(cmd.OutOrStdout())
				err := desk.Audit(cmd.Context(), q, func(list []control.AuditEntry) error {
					for i := range list {
						if err := printAudit(out, &list[i], asJSON); err != nil {
							return err
						}
					}
					return out.Flush()
				})
				if q.Follow && errors.Is(err, context.Canceled) {
					err = nil // that is how it ends
				}
				return errors.Join(err, out.Flush())
			})
		},
	}
	c.Flags().StringVar(&since, "since", "1d", "how far back: a `time` like 1h or 7d, or 0 for all that is kept")
	c.Flags().StringVar(&q.User, "user", "", "a `user` by name, e-mail or id, or a name as it was typed")
	c.Flags().BoolVarP(&q.Follow, "follow", "f", false, "go on with what is to come, until interrupted")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, an object a line")
	return c
}

func printAudit(w io.Writer, e *control.AuditEntry, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(e)
	}
	line := []string{e.At.UTC().Format(time.RFC3339), "", legible(e.What), legible(e.Outcome)}
	if e.Omitted > 0 {
		line = append(line, fmt.Sprintf("%d entries", e.Omitted))
	}
	for _, part := range []struct{ word, text string }{{"", e.Who}, {"", e.Name}, {"about", e.About}, {"by", e.By}, {"from", e.From}, {"at", e.Client}} {
		if part.text != "" {
			line = append(line, strings.TrimSpace(part.word+" "+legible(part.text)))
		}
	}
	_, err := fmt.Fprintln(w, strings.Join(line, " "))
	return err
}

// legible quotes what a stranger typed where it would not look like what it is, or move a terminal's cursor.
func legible(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) || r == '"' || r == unicode.ReplacementChar }) {
		return strconv.Quote(text)
	}
	return text
}
