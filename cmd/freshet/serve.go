package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"freshet/internal/server"
)

func newServe(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Serve the API until interrupted",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := o.load()
			if err != nil {
				return starting(err)
			}
			s, err := server.Open(cmd.Context(), cfg, server.NewLogger(os.Stderr, cfg))
			if err != nil {
				return starting(err)
			}
			greet(cmd.OutOrStdout(), s)
			return errors.Join(s.Run(cmd.Context()), s.Close())
		},
	}
}

// greet says where the server is and what to do first.
func greet(w io.Writer, s *server.Server) {
	url := s.URL() + "/graphql"
	key := s.APIKey()
	fmt.Fprintf(w, "\n  Freshet serves on %s\n", url)
	if key != "" {
		fmt.Fprintf(w, "  API key           %s\n", key)
	} else {
		key = "YOUR_KEY"
	}
	if link := s.SetupLink(); link != "" {
		fmt.Fprintf(w, "  First admin       %s  (once, within 24 h)\n", link)
	}
	fmt.Fprintf(w, "\n  Try it:\n  curl %s -H 'content-type: application/json' -H 'x-api-key: %s' -d '%s'\n\n", url, key, s.Example())
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which program this is",
		Args:  cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			version := "(devel)"
			if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
				version = info.Main.Version
			}
			fmt.Fprintf(cmd.OutOrStdout(), "freshet %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		},
	}
}
