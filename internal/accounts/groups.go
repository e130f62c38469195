package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"freshet"
)

// Group is a set of users; its name is in their tokens as cognito:groups.
type Group struct {
	Name        string
	Description string
	Precedence  *int // of several groups the lowest goes first; nil: last
	Created     time.Time
	Modified    time.Time
}

// group is the stored one, under its name.
type group struct {
	Description string    `json:"description,omitempty"`
	Precedence  *int      `json:"precedence,omitempty"`
	Created     time.Time `json:"created"`
	Modified    time.Time `json:"modified"`
	Members     int       `json:"members"` // written with every member, so that a removal of the group notices
	Removing    bool      `json:"removing,omitzero"`
}

// member is the other side of user.Groups, under "group id".
type member struct {
	Since time.Time `json:"since"`
}

const (
	maxGroups    = 50   // of a user, as all of them stand in each token
	maxGroupText = 2048 // characters of a description
	pageLimit    = 60   // entries of a page, as in Cognito
)

// groupName holds no space, which parts the keys of members.
var groupName = regexp.MustCompile(`^[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,128}$`)

// IsGroupName tells whether a group can have a name.
func IsGroupName(name string) bool { return groupName.MatchString(name) }

func groupDocument(name string) freshet.Document { return freshet.Document{Kind: kindGroup, Key: name} }

func memberDocument(group, userID string) freshet.Document {
	return freshet.Document{Kind: kindMember, Key: group + " " + userID}
}

func (g *group) view(name string) Group {
	return Group{Name: name, Description: g.Description, Precedence: g.Precedence, Created: g.Created, Modified: g.Modified}
}

func noSuchGroup(name string) error {
	return refuse(ResourceNotFound, "Group %s not found.", excerpt(name))
}

// CreateGroup makes a group. Errors: GroupExists.
func (p *Pool) CreateGroup(ctx context.Context, c Caller, g Group) (_ Group, err error) {
	defer func() { p.record(ctx, c, "CreateGroup", g.Name, OutcomeOK, err) }()
	if !IsGroupName(g.Name) {
		return Group{}, refuse(InvalidParameter, "A group name has 1 to 128 characters, none of them a space.")
	}
	if err := checkGroup(g); err != nil {
		return Group{}, err
	}
	d := groupDocument(g.Name)
	now := p.now()
	made := group{Description: g.Description, Precedence: g.Precedence, Created: now, Modified: now}
	err = p.update(ctx, []freshet.Document{d}, func(e *edit) error {
		if e.get(d, new(group)) {
			return refuse(GroupExists, "A group with the name %s already exists.", g.Name)
		}
		e.put(d, made)
		return nil
	})
	return made.view(g.Name), err
}

func checkGroup(g Group) error {
	if utf8.RuneCountInString(g.Description) > maxGroupText || g.Precedence != nil && *g.Precedence < 0 {
		return refuse(InvalidParameter, "A group has a description of %d characters at most, and a precedence of 0 at least.", maxGroupText)
	}
	return nil
}

// UpdateGroup gives a group another description and precedence.
func (p *Pool) UpdateGroup(ctx context.Context, c Caller, g Group) (_ Group, err error) {
	defer func() { p.record(ctx, c, "UpdateGroup", g.Name, OutcomeOK, err) }()
	if err := checkGroup(g); err != nil {
		return Group{}, err
	}
	var changed group
	err = p.changeGroup(ctx, g.Name, func(stored *group) {
		stored.Description, stored.Precedence, stored.Modified = g.Description, g.Precedence, p.now()
		changed = *stored
	})
	return changed.view(g.Name), err
}

func (p *Pool) changeGroup(ctx context.Context, name string, change func(*group)) error {
	d := groupDocument(name)
	return p.update(ctx, []freshet.Document{d}, func(e *edit) error {
		var stored group
		if !e.get(d, &stored) {
			return noSuchGroup(name)
		}
		change(&stored)
		e.put(d, stored)
		return nil
	})
}

// GetGroup gives a group.
func (p *Pool) GetGroup(ctx context.Context, name string) (Group, error) {
	var stored group
	found, err := p.documents.Get(ctx, groupDocument(name), &stored)
	if err == nil && !found {
		err = noSuchGroup(name)
	}
	return stored.view(name), err
}

// HasMembers tells whether a group is there and has members.
func (p *Pool) HasMembers(ctx context.Context, name string) (bool, error) {
	var stored group
	_, err := p.documents.Get(ctx, groupDocument(name), &stored)
	return stored.Members > 0, err
}

// DeleteGroup takes a group away, and its members out of it first. When it is cut off, it may be called again;
// nobody joins in between.
func (p *Pool) DeleteGroup(ctx context.Context, c Caller, name string) (err error) {
	defer func() { p.record(ctx, c, "DeleteGroup", name, OutcomeOK, err) }()
	if err := p.changeGroup(ctx, name, func(g *group) { g.Removing = true }); err != nil {
		return err
	}
	var ids []string
	err = p.documents.Under(ctx, kindMember, name+" ", func(key string, _ []byte) error {
		ids = append(ids, strings.TrimPrefix(key, name+" "))
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := p.leave(ctx, id, name); err != nil {
			return err
		}
	}
	return freshet.RemoveDocuments(ctx, p.documents, groupDocument(name))
}

// AdminAddUserToGroup has a user join a group; the user's next tokens say so.
func (p *Pool) AdminAddUserToGroup(ctx context.Context, c Caller, username, name string) (err error) {
	u, err := p.admins(ctx, c, "AdminAddUserToGroup", username)
	if err != nil {
		return err
	}
	defer func() { p.record(ctx, c, "AdminAddUserToGroup "+excerpt(name), u.ID, OutcomeOK, err) }()
	of, as := groupDocument(name), memberDocument(name, u.ID)
	return p.change(ctx, u.ID, func(e *edit, u *user) error {
		var g group
		if !e.get(of, &g) || g.Removing {
			return noSuchGroup(name)
		}
		if e.get(as, new(member)) {
			return nil
		}
		return p.join(e, u, name, &g)
	}, of, as)
}

// join has a user join a group within an update of the user that holds the group and the membership.
func (p *Pool) join(e *edit, u *user, name string, g *group) error {
	if len(u.Groups) >= maxGroups {
		return refuse(LimitExceeded, "A user is in %d groups at most.", maxGroups)
	}
	u.Groups = append(u.Groups, name)
	slices.Sort(u.Groups)
	g.Members++
	e.put(groupDocument(name), g)
	e.put(memberDocument(name, u.ID), member{p.now()})
	return nil
}

// AdminRemoveUserFromGroup has a user leave a group.
func (p *Pool) AdminRemoveUserFromGroup(ctx context.Context, c Caller, username, name string) (err error) {
	u, err := p.admins(ctx, c, "AdminRemoveUserFromGroup", username)
	if err != nil {
		return err
	}
	defer func() { p.record(ctx, c, "AdminRemoveUserFromGroup "+excerpt(name), u.ID, OutcomeOK, err) }()
	if _, err := p.GetGroup(ctx, name); err != nil {
		return err
	}
	return p.leave(ctx, u.ID, name)
}

func (p *Pool) leave(ctx context.Context, userID, name string) error {
	of, as, who := groupDocument(name), memberDocument(name, userID), userDocument(userID)
	return p.update(ctx, []freshet.Document{of, as, who}, func(e *edit) error {
		var g group
		if e.get(as, new(member)) && e.get(of, &g) {
			g.Members--
			e.put(of, g)
		}
		e.remove(as)
		u := new(user)
		if e.get(who, u) && slices.Contains(u.Groups, name) {
			u.Groups = slices.DeleteFunc(u.Groups, func(other string) bool { return other == name })
			u.Modified = p.now()
			e.put(who, u)
		}
		return nil
	})
}

// Groups is a page of groups.
type Groups struct {
	Groups []Group
	Next   string // for the next page; empty: there is none
}

// ListGroups gives the groups by name. A limit of 0 is 60, the most.
func (p *Pool) ListGroups(ctx context.Context, limit int, next string) (Groups, error) {
	limit, err := checkLimit(limit)
	if err != nil {
		return Groups{}, err
	}
	after, err := readNext(next)
	if err != nil {
		return Groups{}, err
	}
	var page Groups
	err = p.documents.Under(ctx, kindGroup, "", func(key string, body []byte) error {
		if key <= after {
			return nil
		}
		if len(page.Groups) == limit {
			page.Next = writeNext(page.Groups[limit-1].Name)
			return errStop
		}
		var g group
		if err := json.Unmarshal(body, &g); err != nil {
			return err
		}
		page.Groups = append(page.Groups, g.view(key))
		return nil
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	return page, err
}

// AdminListGroupsForUser gives the groups of a user, all of them.
func (p *Pool) AdminListGroupsForUser(ctx context.Context, username string) ([]Group, error) {
	u, err := p.findKnown(ctx, username)
	if err != nil {
		return nil, err
	}
	var list []Group
	for _, name := range u.Groups {
		g, err := p.GetGroup(ctx, name)
		if err != nil && FaultOf(err) != ResourceNotFound {
			return nil, err
		}
		if err == nil {
			list = append(list, g)
		}
	}
	return list, nil
}
