package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"freshet/internal/api/control"
	"freshet/internal/server"
)

// What a command needs where no server is running.
const (
	storeOnly = server.StoreOnly       // the store alone, which has to be there
	records   = server.ExistingRecords // the schema, the records and the API keys, which have to be there
	engine    = server.WithEngine      // the same; what is not there is made
	people    = server.WithAccounts    // the users, the mail and the access keys too; what is not there is made
	existing  = server.Existing        // all that, which has to be there: a command that looks for something makes nothing
)

// operate calls do with the desk of the data directory: of the server that has it open, or one of its own.
func (o *options) operate(ctx context.Context, n server.Parts, do func(control.Operator) error) error {
	cfg, err := o.load()
	if err != nil {
		return starting(err)
	}
	client, err := control.Dial(ctx, dataOf(cfg))
	if err == nil {
		return do(client)
	}
	if !errors.Is(err, control.ErrNobody) {
		return starting(err)
	}
	desk, err := server.OpenOffline(ctx, cfg, n, server.NewLogger(os.Stderr, cfg))
	if err != nil {
		return starting(err)
	}
	return errors.Join(do(desk), desk.Close())
}

func dataOf(cfg server.Config) string {
	if cfg.Data == "" {
		return server.DefaultData
	}
	return cfg.Data
}

// group makes a command that only has others beneath it.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	c.AddCommand(commands...)
	return c
}
