// Command pocketbase is PocketBase as the benchmarks run it: used as a library, on a loopback port, with
// one collection of tasks whose rules are open. It is a module of its own because PocketBase needs a newer
// Go than Freshet does, and so that neither program's libraries decide the other's versions.
//
//	pocketbase --dir D --sync full|stock           serve, and print the address
//	pocketbase --dir D --sync stock --fill 1000000 insert tasks and leave
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/types"

	_ "github.com/pocketbase/pocketbase/migrations"
)

func main() {
	var config config
	flag.StringVar(&config.dir, "dir", "", "data `directory`")
	flag.StringVar(&config.sync, "sync", "stock", "full: every commit is on disk when it is answered; stock: as PocketBase comes")
	flag.IntVar(&config.fill, "fill", 0, "insert this many tasks and leave")
	flag.IntVar(&config.mine, "mine", 0, "how many of them belong to the owner ana, spread evenly")
	flag.IntVar(&config.text, "text", 400, "length of the body of each")
	flag.BoolVar(&config.log, "log", true, "keep PocketBase's log of requests, as it comes")
	flag.Parse()
	if err := run(config); err != nil {
		log.Fatal(err)
	}
}

type config struct {
	dir, sync        string
	fill, mine, text int
	log              bool
}

func run(config config) error {
	app := core.NewBaseApp(core.BaseAppConfig{DataDir: config.dir, DBConnect: connect(config.sync)})
	if err := app.Bootstrap(); err != nil {
		return err
	}
	if err := app.RunAllMigrations(); err != nil {
		return err
	}
	if err := checkSync(app, config.sync); err != nil {
		return err
	}
	if err := makeTasks(app); err != nil {
		return err
	}
	if config.fill > 0 {
		if err := fill(app, config); err != nil {
			return err
		}
		return app.ResetBootstrapState() // closes the database
	}
	if !config.log {
		app.Settings().Logs.MaxDays = 0
		if err := app.Save(app.Settings()); err != nil {
			return err
		}
	}
	return serve(app)
}

// connect opens databases as core.DefaultDBConnect does but for the one pragma.
func connect(sync string) core.DBConnectFunc {
	if sync != "full" {
		return core.DefaultDBConnect
	}
	return func(path string) (*dbx.DB, error) {
		return dbx.Open("sqlite", path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"+
			"&_pragma=journal_size_limit(200000000)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)"+
			"&_pragma=temp_store(MEMORY)&_pragma=cache_size(-32000)&_defensive=1")
	}
}

// checkSync asks the database itself: 1 is NORMAL, 2 is FULL.
func checkSync(app core.App, sync string) error {
	var level int
	if err := app.NonconcurrentDB().NewQuery("PRAGMA synchronous").Row(&level); err != nil {
		return err
	}
	if want := map[string]int{"full": 2, "stock": 1}[sync]; level != want {
		return fmt.Errorf("PRAGMA synchronous is %d; --sync %s wants %d", level, sync, want)
	}
	return nil
}

func makeTasks(app core.App) error {
	if _, err := app.FindCollectionByNameOrId("tasks"); err == nil {
		return nil
	}
	open := types.Pointer("")
	tasks := core.NewBaseCollection("tasks")
	tasks.ListRule, tasks.ViewRule, tasks.CreateRule, tasks.UpdateRule, tasks.DeleteRule = open, open, open, open, open
	tasks.Fields.Add(
		&core.TextField{Name: "title", Required: true},
		&core.TextField{Name: "body"},
		&core.TextField{Name: "owner"},
		&core.AutodateField{Name: "updated", OnCreate: true, OnUpdate: true},
	)
	tasks.AddIndex("tasks_owner_updated", false, "owner, updated", "")
	return app.Save(tasks)
}

func serve(app core.App) error {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupts
		_ = app.OnTerminate().Trigger(&core.TerminateEvent{App: app}, func(e *core.TerminateEvent) error {
			return e.App.ResetBootstrapState()
		})
	}()
	app.OnServe().BindFunc(func(e *core.ServeEvent) error {
		e.InstallerFunc = nil // no browser window for a first superuser
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		e.Listener = listener
		fmt.Printf("pocketbase listens on http://%s\n", listener.Addr())
		return e.Next()
	})
	return apis.Serve(app, apis.ServeConfig{})
}

// fill inserts tasks by SQL, all in one transaction, past the checks that a request would go through.
func fill(app core.App, config config) error {
	const noise = "abcdefghijklmnopqrstuvwxyz0123456789-_ "
	every := max(config.fill/max(config.mine, 1), 1)
	return app.RunInTransaction(func(tx core.App) error {
		insert := tx.NonconcurrentDB().NewQuery(
			"INSERT INTO tasks (id, title, body, owner, updated) VALUES ({:id}, {:title}, {:body}, {:owner}, {:updated})").Prepare()
		defer insert.Close()
		var body strings.Builder
		for n := range config.fill {
			owner := fmt.Sprintf("user%d", n%1000)
			if config.mine > 0 && n%every == 0 && n/every < config.mine {
				owner = "ana"
			}
			body.Reset()
			for state := uint64(n)*2654435761 + 1; body.Len() < config.text; {
				state ^= state << 13
				state ^= state >> 7
				state ^= state << 17
				body.WriteByte(noise[state%uint64(len(noise))])
			}
			_, err := insert.Bind(dbx.Params{
				"id": core.GenerateDefaultRandomId(), "title": fmt.Sprintf("t%07d", n), "body": body.String(),
				"owner": owner, "updated": types.NowDateTime().String(),
			}).Execute()
			if err != nil {
				return err
			}
		}
		return nil
	})
}
