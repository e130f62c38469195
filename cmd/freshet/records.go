package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"freshet"
	"freshet/internal/api/control"
)

func newImport(o *options) *cobra.Command {
	var model, format string
	var replace bool
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Write the records of a file",
		Long: "Write the records of a file: JSON with an object a line, CSV whose first line names the fields, or the JSON of a\n" +
			"DynamoDB batch write. The file - is what is piped in. Records that cannot be taken are counted and shown, the\n" +
			"others are written; exits with 1 when there were some.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := control.ImportQuery{
				Model: freshet.ModelName(model), Format: control.Format(format), Name: filepath.Base(args[0]), Replace: replace,
			}
			file := os.Stdin
			if args[0] != "-" {
				var err error
				if file, err = os.Open(args[0]); err != nil {
					return starting(freshet.Errorf(freshet.Invalid, "%v", err))
				}
				defer file.Close()
			}
			return o.operate(cmd.Context(), engine, func(desk control.Operator) error {
				p := newProgress()
				done, err := desk.Import(cmd.Context(), q, file, func(done control.Imported) {
					p.say("imported %d, refused %d", done.Total()-done.Refused, done.Refused)
				})
				p.end()
				return printImported(cmd, done, err)
			})
		},
	}
	c.Flags().StringVar(&model, "model", "", "the `model` of the records; a DynamoDB file may name models itself")
	c.Flags().StringVar(&format, "format", "", "the `form` of the file: ndjson, csv or dynamodb (default: as its name and content suggest)")
	c.Flags().BoolVar(&replace, "replace", false, "let a record take the place of the one that has its key")
	return c
}

func printImported(cmd *cobra.Command, done control.Imported, err error) error {
	if err != nil && done.Total() == 0 {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%d created, %d replaced, %d deleted, %d refused\n", done.Created, done.Replaced, done.Deleted, done.Refused)
	w := cmd.ErrOrStderr()
	for _, refusal := range done.First {
		fmt.Fprintf(w, "%s: %s\n", refusal.Where, refusal.Message)
	}
	if more := done.Refused - len(done.First); more > 0 {
		fmt.Fprintf(w, "and %d more\n", more)
	}
	if len(done.First) > 1 {
		fmt.Fprintln(w, "refused, by reason:")
		for _, reason := range done.Reasons {
			fmt.Fprintf(w, "%6d  %s\n", reason.Count, reason.Text)
		}
	}
	if err == nil && done.Refused > 0 {
		return errSaid
	}
	return err
}

func newExport(o *options) *cobra.Command {
	var q control.ExportQuery
	var out string
	c := &cobra.Command{
		Use:   "export --model MODEL",
		Short: "Print the records of a model as JSON, an object a line",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.Model == "" {
				return starting(freshet.Errorf(freshet.Invalid, "say with --model what to export"))
			}
			return o.operate(cmd.Context(), records, func(desk control.Operator) error {
				if out == "" || out == "-" {
					return export(cmd, desk, q, cmd.OutOrStdout())
				}
				return toFile(out, func(w io.Writer) error { return export(cmd, desk, q, w) })
			})
		},
	}
	c.Flags().StringVar((*string)(&q.Model), "model", "", "the `model` whose records are wanted")
	c.Flags().StringVar(&out, "out", "", "the `file` to write (default: standard output)")
	c.Flags().BoolVar(&q.Deleted, "deleted", false, "tombstones too, marked with _deleted")
	return c
}

func export(cmd *cobra.Command, desk control.Operator, q control.ExportQuery, w io.Writer) error {
	out := bufio.NewWriter(w)
	p := newProgress()
	defer p.end()
	n := 0
	err := desk.Export(cmd.Context(), q, func(record []byte) error {
		if n++; n%1000 == 0 {
			p.say("exported %d", n)
		}
		if _, err := out.Write(record); err != nil {
			return err
		}
		return out.WriteByte('\n')
	})
	return errors.Join(err, out.Flush())
}

// toFile writes a file that appears under its name only when it is whole.
func toFile(name string, write func(io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	err = errors.Join(write(file), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
