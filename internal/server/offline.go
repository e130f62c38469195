package server

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"freshet"
	"freshet/internal/api/control"
	"freshet/internal/api/setup"
	"freshet/internal/audit"
	"freshet/internal/engine"
	"freshet/internal/store/pebble"
)

// newDesk makes a desk for a store, as far as that goes without an engine.
func newDesk(st *pebble.DB) *control.Desk {
	check := func(ctx context.Context, progress func(stage string, done int)) (control.Report, error) {
		found, err := st.Check(ctx, progress)
		if err != nil {
			return control.Report{}, err
		}
		return control.Report{
			Seq: found.Head.Seq, Records: found.Records, Changes: found.Changes, Entries: found.Entries, Indexed: found.Indexed, Problems: found.Problems,
		}, nil
	}
	return &control.Desk{Store: st, CheckStore: check}
}

// Parts says what of a data directory is opened.
type Parts int

// The parts.
const (
	StoreOnly       Parts = iota // which has to be there; also where an engine would not take its records
	ExistingRecords              // the schema, the records and the API keys too, of a store that has to be there
	WithEngine                   // the same; a store that is not there is made
	WithAccounts                 // the users, the mail and the access keys too; it may make a secret to seal them with
	Existing                     // all that, of a store that has to be there
)

// Offline is a desk on a data directory that no server has open.
type Offline struct {
	*control.Desk
	store *pebble.DB
}

// OpenOffline opens the desk of a data directory. Errors: not_found where there is no data directory, and
// those of Open.
//
// The schema is the one that the store's records keep to; a store that has none yet gets the one of the
// configuration, as a server would give it.
func OpenOffline(ctx context.Context, cfg Config, parts Parts, logger *slog.Logger) (*Offline, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	makes := parts == WithEngine || parts == WithAccounts
	if _, err := os.Stat(filepath.Join(cfg.Data, "store")); !makes && errors.Is(err, fs.ErrNotExist) {
		return nil, freshet.Errorf(freshet.NotFound, "there is no data in %s; give the data directory of a server with --data", cfg.Data)
	}
	st, err := openStore(cfg.Data, logger)
	if err != nil {
		return nil, err
	}
	desk := newDesk(st)
	if parts >= ExistingRecords {
		err = completeDesk(ctx, desk, st, &cfg, logger)
	}
	if parts >= WithAccounts && err == nil {
		err = addPeople(ctx, desk, &cfg, logger)
	}
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return &Offline{desk, st}, nil
}

func completeDesk(ctx context.Context, desk *control.Desk, st *pebble.DB, cfg *Config, logger *slog.Logger) error {
	sources, found, err := engine.StoredSources(ctx, st)
	if err != nil {
		return err
	}
	if !found {
		if sources, err = cfg.Sources(); err != nil {
			return err
		}
	}
	if desk.Engine, err = openEngine(ctx, st, sources, cfg, logger); err != nil {
		return err
	}
	documents := desk.Engine.Documents()
	desk.Audited = audit.New(documents, audit.Options{Logger: logger, Level: slog.LevelDebug}) // they are this operator's own acts
	if desk.Keyring, _, err = openKeys(ctx, cfg, documents); err != nil {
		return err
	}
	desk.Uses, err = openUses(ctx, documents, logger)
	return err
}

func addPeople(ctx context.Context, desk *control.Desk, cfg *Config, logger *slog.Logger) error {
	p, err := openPeople(ctx, cfg, desk.Engine, publicURL(cfg, cfg.Listen), desk.Audited, logger)
	if err != nil {
		return err
	}
	desk.AdminGroup, desk.SetupURL = cfg.AdminGroup, publicURL(cfg, cfg.Listen)+setup.Path
	desk.Pool, desk.Mail, desk.AccessKeys = p.pool, p.mail, p.keys
	return nil
}

// Close lets go of the data directory.
func (o *Offline) Close() error {
	var err error
	if o.Audited != nil {
		err = o.Audited.Close()
	}
	return errors.Join(err, o.store.Close())
}
