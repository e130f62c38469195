package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"freshet/internal/api/control"
	"freshet/internal/server"
)

func newSecret(o *options) *cobra.Command {
	return group("secret", "Look after the secret that seals accounts and keys", newSecretRotate(o))
}

func newSecretRotate(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "rotate",
		Short: "Put another secret in the place of the one that seals accounts and keys",
		Long: "Put another secret in the place of the one that seals accounts and keys. The one before stays in the line below it,\n" +
			"for the tokens of those who are signed in. A server that runs takes the new one when it is started again; without\n" +
			"one everything is sealed with it at once. It can be cut off and begun again.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := o.load()
			if err != nil {
				return starting(err)
			}
			path, err := server.RotateSecret(cfg)
			if err != nil {
				return starting(err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "another secret is in %s\n", path)
			if _, err := control.Dial(cmd.Context(), dataOf(cfg)); !errors.Is(err, control.ErrNobody) {
				fmt.Fprintln(cmd.OutOrStdout(), "start the server again, which seals everything with it")
				return err
			}
			err = o.operate(cmd.Context(), existing, func(control.Operator) error { return nil })
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), "everything is sealed with it")
			}
			return err
		},
	}
}
