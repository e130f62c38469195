package cognito

import (
	"context"

	"freshet/internal/accounts"
)

type group struct {
	GroupName        string
	UserPoolID       string `json:"UserPoolId"`
	Description      string `json:",omitempty"`
	Precedence       *int   `json:",omitempty"`
	CreationDate     seconds
	LastModifiedDate seconds
}

func (d *door) groupOf(g accounts.Group) group {
	return group{g.Name, d.opts.PoolID, g.Description, g.Precedence, seconds(g.Created), seconds(g.Modified)}
}

func (d *door) groupsOf(list []accounts.Group) []group {
	groups := make([]group, len(list))
	for i, g := range list {
		groups[i] = d.groupOf(g)
	}
	return groups
}

type groupInput struct {
	UserPoolID string `json:"UserPoolId"`
	GroupName  string
}

type groupOutput struct{ Group group }

// groupText is what a group says of itself; what is missing in an update stays.
type groupText struct {
	groupInput
	Description *string
	Precedence  *int
	RoleARN     string `json:"RoleArn"`
}

func (t *groupText) check(d *door) error {
	if t.RoleARN != "" {
		return accounts.NotSupported("a group's RoleArn")
	}
	return d.ofPool(t.UserPoolID)
}

func (t *groupText) over(g accounts.Group) accounts.Group {
	if t.Description != nil {
		g.Description = *t.Description
	}
	if t.Precedence != nil {
		g.Precedence = t.Precedence
	}
	return g
}

func (d *door) createGroup(ctx context.Context, c accounts.Caller, in groupText) (out groupOutput, err error) {
	if err := in.check(d); err != nil {
		return out, err
	}
	made, err := d.pool.CreateGroup(ctx, c, in.over(accounts.Group{Name: in.GroupName}))
	return groupOutput{d.groupOf(made)}, err
}

func (d *door) updateGroup(ctx context.Context, c accounts.Caller, in groupText) (out groupOutput, err error) {
	if err := in.check(d); err != nil {
		return out, err
	}
	before, err := d.pool.GetGroup(ctx, in.GroupName)
	if err != nil {
		return out, err
	}
	now, err := d.pool.UpdateGroup(ctx, c, in.over(before))
	return groupOutput{d.groupOf(now)}, err
}

func (d *door) getGroup(ctx context.Context, _ accounts.Caller, in groupInput) (out groupOutput, err error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return out, err
	}
	found, err := d.pool.GetGroup(ctx, in.GroupName)
	return groupOutput{d.groupOf(found)}, err
}

func (d *door) deleteGroup(ctx context.Context, c accounts.Caller, in groupInput) (nothing, error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return nothing{}, err
	}
	return nothing{}, d.pool.DeleteGroup(ctx, c, in.GroupName)
}

type pageInput struct {
	UserPoolID string `json:"UserPoolId"`
	Limit      int
	NextToken  string
}

type groupsOutput struct {
	Groups    []group
	NextToken string `json:",omitempty"`
}

func (d *door) listGroups(ctx context.Context, _ accounts.Caller, in pageInput) (out groupsOutput, err error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return out, err
	}
	page, err := d.pool.ListGroups(ctx, in.Limit, in.NextToken)
	return groupsOutput{d.groupsOf(page.Groups), page.Next}, err
}

type adminListGroupsForUserInput struct {
	pageInput
	Username string
}

// adminListGroupsForUser gives all groups in one page: a user is in few.
func (d *door) adminListGroupsForUser(ctx context.Context, _ accounts.Caller, in adminListGroupsForUserInput) (out groupsOutput, err error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return out, err
	}
	list, err := d.pool.AdminListGroupsForUser(ctx, in.Username)
	return groupsOutput{Groups: d.groupsOf(list)}, err
}

type listUsersInGroupInput struct {
	pageInput
	GroupName string
}

type listUsersInGroupOutput struct {
	Users     []user
	NextToken string `json:",omitempty"`
}

func (d *door) listUsersInGroup(ctx context.Context, _ accounts.Caller, in listUsersInGroupInput) (out listUsersInGroupOutput, err error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return out, err
	}
	page, err := d.pool.ListUsersInGroup(ctx, in.GroupName, in.Limit, in.NextToken)
	return listUsersInGroupOutput{usersOf(page.Users), page.Next}, err
}

type memberInput struct {
	groupInput
	Username string
}

// inGroup makes an operation of what happens to a user in a group.
func inGroup(act func(p *accounts.Pool, ctx context.Context, c accounts.Caller, username, group string) error) func(*door, context.Context, accounts.Caller, memberInput) (nothing, error) {
	return func(d *door, ctx context.Context, c accounts.Caller, in memberInput) (nothing, error) {
		if err := d.ofPool(in.UserPoolID); err != nil {
			return nothing{}, err
		}
		return nothing{}, act(d.pool, ctx, c, in.Username, in.GroupName)
	}
}
