package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"freshet"
	"freshet/internal/codegen"
	"freshet/internal/schema"
)

func newCodegen(o *options) *cobra.Command {
	return group("codegen", "Write what a client's program has to know of the schema", newTypeScript(o))
}

func newTypeScript(o *options) *cobra.Command {
	var opts codegen.Options
	var out string
	c := &cobra.Command{
		Use:   "typescript",
		Short: "Write the types of the schema's records as a TypeScript module",
		Long: "Write a TypeScript module with the types of the schema's records and the constant `schema` that a client is made\n" +
			"with. The schema is the one that `freshet serve` would take: that of --schema, FRESHET_SCHEMA or freshet.toml.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := o.schema(&opts)
			if err != nil {
				return starting(err)
			}
			module, err := codegen.TypeScript(s, opts)
			if err != nil {
				return err
			}
			if out == "" {
				_, err = cmd.OutOrStdout().Write(module)
				return err
			}
			return os.WriteFile(out, module, 0o644)
		},
	}
	o.bindOnly(c.Flags(), "schema")
	c.Flags().StringVar(&out, "out", "", "the `file` to write (default: what is written is shown)")
	c.Flags().StringVar(&opts.Import, "import", "", "the `module` to import the type Schema from (default @freshet/client)")
	return c
}

// schema reads the schema of the configuration, and notes its files.
func (o *options) schema(opts *codegen.Options) (*schema.Schema, error) {
	cfg, err := o.load()
	if err != nil {
		return nil, err
	}
	sources, err := cfg.Sources()
	if err != nil {
		return nil, err
	}
	for _, source := range sources {
		opts.Sources = append(opts.Sources, source.Name)
	}
	s, err := schema.Load(sources...)
	if problems, ok := errors.AsType[schema.Problems](err); ok {
		return nil, freshet.Wrap(freshet.Invalid, problems, "the schema cannot be used")
	}
	return s, err
}
