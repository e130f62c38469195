// Command freshet is the one binary: it serves, and it is the operator's tool, beside a server that runs or
// on a data directory that nobody has open.
//
// It only turns arguments into calls and what comes back into text. Without arguments it serves with the
// defaults.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"freshet"
)

// Exit codes.
const (
	exitFailed = 1 // what was asked for was not done, or something is wrong
	exitUsage  = 2 // it could not begin: a bad flag, a taken port, a schema that cannot be read, data in use
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx))
}

func run(ctx context.Context) int {
	begun := false
	root := newRoot()
	root.PersistentPreRun = func(*cobra.Command, []string) { begun = true } // the arguments were understood
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	if !begun {
		err = fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())
	}
	if !errors.Is(err, errSaid) {
		complain(err)
	}
	if _, starting := errors.AsType[*startError](err); starting || !begun {
		return exitUsage
	}
	return exitFailed
}

// startError is the error of a command that could not begin.
type startError struct{ error }

func (e *startError) Unwrap() error { return e.error }

// starting marks an error, unless it is a fault that nobody can do anything about by other arguments.
func starting(err error) error {
	if err == nil || freshet.CodeOf(err) == freshet.Internal {
		return err
	}
	return &startError{err}
}

// errSaid is the error of a command that has said itself what is wrong.
var errSaid = errors.New("something is wrong")

func complain(err error) {
	text := strings.TrimSpace(err.Error())
	if errors.Is(err, context.Canceled) {
		text = "interrupted"
	}
	fmt.Fprintln(os.Stderr, "freshet: "+text)
}

func newRoot() *cobra.Command {
	o := newOptions()
	serve := newServe(o)
	root := &cobra.Command{
		Use:   "freshet",
		Short: "Keeps data in step, in real time, between every client that uses it",
		Long: "Freshet keeps data in step, in real time, between every client that uses it.\n\n" +
			"Without a command it serves, as `freshet serve` does.",
		Args:              cobra.NoArgs,
		RunE:              serve.RunE,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	o.bindCommon(root.PersistentFlags())
	o.bindServe(root.Flags())
	o.bindServe(serve.Flags())
	root.AddCommand(serve, newUser(o), newMail(o), newKey(o), newSecret(o), newLog(o), newAudit(o), newCheck(o), newStatus(o), newImport(o), newExport(o), newCodegen(o), newVersion())
	return root
}
