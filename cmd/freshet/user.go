package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"freshet"
	"freshet/internal/api/control"
)

func newUser(o *options) *cobra.Command {
	return group("user", "Create, list and look after users", newUserCreate(o), newUserList(o),
		newUserAct(o, control.DisableUser, "disable NAME", "Let a user in no more, and end all sessions", "disabled"),
		newUserAct(o, control.EnableUser, "enable NAME", "Let a user in again", "enabled"),
		newUserGroups(o),
		newUserSetupLink(o),
		newUserReset(o),
		newUserAct(o, control.DeleteUser, "delete NAME", "Take an account away; the setting deleted_users says what becomes of the user's records", "deleted"))
}

func newUserCreate(o *options) *cobra.Command {
	var user control.NewUser
	var fromStdin bool
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Make an account",
		Long: "Make an account. NAME is a user name or an e-mail. Who has an e-mail is invited by mail, with a password for the\n" +
			"first sign-in; for anybody else that password is printed, this once.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			user.Name = args[0]
			if fromStdin {
				line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
				if err != nil && !errors.Is(err, io.EOF) {
					return err
				}
				if user.Password = strings.TrimRight(line, "\r\n"); user.Password == "" {
					return starting(freshet.Errorf(freshet.Invalid, "--password-stdin: there is no password on standard input"))
				}
			}
			return o.operate(cmd.Context(), people, func(desk control.Operator) error {
				made, password, err := desk.CreateUser(cmd.Context(), user)
				if err != nil {
					return err
				}
				printCreated(cmd, &made, password, fromStdin)
				return nil
			})
		},
	}
	c.Flags().StringVar(&user.Email, "email", "", "the user's `address`")
	c.Flags().StringSliceVar(&user.Groups, "group", nil, "a `group` to join; several may be given")
	c.Flags().BoolVar(&fromStdin, "password-stdin", false, "take the password from standard input, for good; nothing is mailed")
	return c
}

// printCreated names a user as people do: whose user name is the id is known by the e-mail.
func printCreated(cmd *cobra.Command, u *control.User, password string, given bool) {
	name := u.Name
	if name == u.ID {
		name = u.Email
	}
	fmt.Fprintf(cmd.OutOrStdout(), "created %s %s\n", u.ID, name)
	switch {
	case password != "":
		fmt.Fprintf(cmd.OutOrStdout(), "password %s\n", password)
		fmt.Fprintln(cmd.ErrOrStderr(), "The password is for the first sign-in and is not shown again.")
	case !given:
		fmt.Fprintf(cmd.ErrOrStderr(), "An invitation goes to %s, with a password for the first sign-in.\n", u.Email)
	}
}

func newUserList(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the users",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.operate(cmd.Context(), existing, func(desk control.Operator) error {
				table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "ID\tNAME\tE-MAIL\tSTATUS\tCREATED\tGROUPS")
				err := desk.Users(cmd.Context(), func(users []control.User) error {
					for i := range users {
						printUser(table, &users[i])
					}
					return nil
				})
				return errors.Join(err, table.Flush())
			})
		},
	}
}

func printUser(w io.Writer, u *control.User) {
	status := u.Status
	if !u.Enabled {
		status += " (disabled)"
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", u.ID, u.Name, orDash(u.Email), status, u.Created.UTC().Format(time.RFC3339), orDash(strings.Join(u.Groups, " ")))
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func newUserReset(o *options) *cobra.Command {
	c := newUserAct(o, control.ResetUser, "reset NAME", "Have a user choose another password, by a code that is mailed", "reset")
	c.Long = "Have a user choose another password, by a code that is mailed. Where there is no verified e-mail to mail it to,\n" +
		"an administrator sets a password: by AdminSetUserPassword, as `aws cognito-idp admin-set-user-password` sends it."
	return c
}

func newUserAct(o *options, act control.UserAct, use, short, done string) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.operate(cmd.Context(), existing, func(desk control.Operator) error {
				if err := desk.ActOnUser(cmd.Context(), args[0], act); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", done, args[0])
				return nil
			})
		},
	}
}

func newUserGroups(o *options) *cobra.Command {
	var change control.GroupChange
	c := &cobra.Command{
		Use:   "groups NAME",
		Short: "Print the groups of a user, after joining and leaving some",
		Long:  "Print the groups of a user, after joining and leaving some. A group that is joined and is not there is made.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.operate(cmd.Context(), existing, func(desk control.Operator) error {
				groups, err := desk.SetUserGroups(cmd.Context(), args[0], change)
				if err != nil {
					return err
				}
				for _, name := range groups {
					fmt.Fprintln(cmd.OutOrStdout(), name)
				}
				return nil
			})
		},
	}
	c.Flags().StringSliceVar(&change.Join, "join", nil, "a `group` to join; several may be given")
	c.Flags().StringSliceVar(&change.Leave, "leave", nil, "a `group` to leave; several may be given")
	return c
}

func newUserSetupLink(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "setup-link",
		Short: "Print a link by which a user becomes the first administrator",
		Long: "Print a link by which a user who is signed in, with a verified e-mail, becomes the first member of the group of\n" +
			"administrators. It works once, for 24 hours; the link before it works no more.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.operate(cmd.Context(), people, func(desk control.Operator) error {
				link, err := desk.SetupLink(cmd.Context())
				if err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), link)
				return nil
			})
		},
	}
}
