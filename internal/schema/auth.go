package schema

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"freshet"
	"freshet/internal/rawjson"
)

// Access is a set of operations that a rule allows.
type Access uint8

// The operations of rules. The ones of AccessRead may be allowed singly.
const (
	AccessCreate Access = 1 << iota
	AccessUpdate
	AccessDelete
	AccessGet
	AccessList
	AccessSync
	AccessListen

	AccessRead = AccessGet | AccessList | AccessSync | AccessListen
	AccessAll  = AccessCreate | AccessUpdate | AccessDelete | AccessRead
)

var accessNames = map[string]Access{
	"create": AccessCreate, "update": AccessUpdate, "delete": AccessDelete, "read": AccessRead,
	"get": AccessGet, "list": AccessList, "sync": AccessSync, "listen": AccessListen, "search": 0,
}

// Allow is the kind of a rule.
type Allow string

// The kinds of rules.
const (
	AllowOwner   Allow = "owner"
	AllowGroups  Allow = "groups"
	AllowPrivate Allow = "private"
	AllowPublic  Allow = "public"
	AllowCustom  Allow = "custom"
)

// Rule allows some operations on a model's records to some callers. A model's rules add up.
type Rule struct {
	Allow    Allow
	Provider freshet.Provider
	Access   Access
	Field    *Field   // of owner and dynamic groups: who may, as the record says
	Claim    string   // of owner and groups: the claim of a caller that is compared; empty: the usual one
	Groups   []string // of static groups
}

// providers lists the providers that may admit each kind of rule, the usual one first.
var providers = map[Allow][]freshet.Provider{
	AllowOwner:   {freshet.UserPools, freshet.OIDC, freshet.IAM}, // of the identity pool: those who signed in
	AllowGroups:  {freshet.UserPools, freshet.OIDC},
	AllowPrivate: {freshet.UserPools, freshet.OIDC, freshet.IAM},
	AllowPublic:  {freshet.APIKey, freshet.IAM},
	AllowCustom:  {freshet.Function},
}

const (
	defaultOwnerField  = "owner"
	defaultGroupsField = "groups"
	subUsername        = "sub::username"
)

func (l *loader) rules(m *Model, directive *ast.Directive) {
	a := directive.Arguments.ForName("rules")
	if a == nil || len(directive.Arguments) != 1 {
		l.problem(directive.Position, "@auth on %s: write @auth(rules: [{allow: …}])", m.Name)
		return
	}
	values := []*ast.Value{a.Value}
	if a.Value.Kind == ast.ListValue {
		values = values[:0]
		for _, child := range a.Value.Children {
			values = append(values, child.Value)
		}
	}
	for _, value := range values {
		if value.Kind != ast.ObjectValue {
			l.problem(value.Position, "@auth on %s: a rule is an object like {allow: owner}", m.Name)
			continue
		}
		if rule := l.rule(m, value); rule != nil {
			m.Rules = append(m.Rules, rule)
		}
	}
}

func (l *loader) rule(m *Model, value *ast.Value) *Rule {
	arguments := make(map[string]*ast.Value)
	for _, child := range value.Children {
		arguments[child.Name] = child.Value
	}
	rule := &Rule{Access: AccessAll}
	raw := func(name string) string {
		if v := arguments[name]; v != nil {
			return v.Raw
		}
		return ""
	}
	rule.Allow = Allow(raw("allow"))
	usual, ok := providers[rule.Allow]
	if !ok {
		l.problem(value.Position, "@auth on %s: allow: %s is not known; write allow: owner, groups, private, public or custom", m.Name, raw("allow"))
		return nil
	}
	allowed := map[Allow][]string{
		AllowOwner:  {"ownerField", "identityClaim"},
		AllowGroups: {"groups", "groupsField", "groupClaim"},
	}
	for _, child := range value.Children {
		if !slices.Contains(append([]string{"allow", "provider", "operations"}, allowed[rule.Allow]...), child.Name) {
			l.problem(child.Value.Position, "@auth on %s: a rule with allow: %s has no argument %s", m.Name, rule.Allow, child.Name)
		}
	}
	rule.Provider = usual[0]
	if name := raw("provider"); name != "" {
		rule.Provider = freshet.Provider(name)
		if name == "identityPool" {
			rule.Provider = freshet.IAM
		}
		if !slices.Contains(usual, rule.Provider) {
			l.problem(arguments["provider"].Position, "@auth on %s: allow: %s cannot have the provider %s; write one of %q", m.Name, rule.Allow, name, usual)
			return nil
		}
	}
	if operations := arguments["operations"]; operations != nil {
		rule.Access = 0
		for _, name := range stringsOf(operations) {
			access, ok := accessNames[name]
			if !ok {
				l.problem(operations.Position, "@auth on %s: there is no operation %q; write create, read, update, delete, get, list, sync or listen", m.Name, name)
			}
			rule.Access |= access
		}
	}
	switch rule.Allow {
	case AllowOwner:
		l.ownerRule(m, rule, raw("ownerField"), raw("identityClaim"), value.Position)
	case AllowGroups:
		l.groupsRule(m, rule, arguments, value.Position)
	}
	return rule
}

func (l *loader) ownerRule(m *Model, rule *Rule, field, claim string, at *ast.Position) {
	if field == "" {
		field = defaultOwnerField
	}
	if claim != "username" && claim != "cognito:username" {
		rule.Claim = claim
	}
	l.checkClaim(m, rule, at)
	if m.fields[field] == nil {
		f := &Field{Name: field, Type: &Type{Name: "String"}, Ordinal: len(m.Fields), Implicit: true}
		m.Fields = append(m.Fields, f)
		m.fields[field] = f
	}
	rule.Field = l.nameField(m, field, "ownerField", at)
	if rule.Field != nil {
		rule.Field.Owner = true
		rule.Field.SubUsername = rule.Field.SubUsername || claim == subUsername
	}
}

func (l *loader) groupsRule(m *Model, rule *Rule, arguments map[string]*ast.Value, at *ast.Position) {
	if claim := arguments["groupClaim"]; claim != nil && claim.Raw != freshet.GroupsClaim {
		rule.Claim = claim.Raw
	}
	l.checkClaim(m, rule, at)
	if groups := arguments["groups"]; groups != nil {
		rule.Groups = stringsOf(groups)
		if len(rule.Groups) == 0 || arguments["groupsField"] != nil {
			l.problem(at, "@auth on %s: write groups: [\"…\"] for fixed groups, or groupsField: \"…\" for a field that names them; not both", m.Name)
		}
		return
	}
	name := defaultGroupsField
	if field := arguments["groupsField"]; field != nil {
		name = field.Raw
	}
	if m.fields[name] == nil {
		l.problem(at, "@auth on %s: there is no field %q to name the groups; declare %s: [String]", m.Name, name, name)
		return
	}
	rule.Field = l.nameField(m, name, "groupsField", at)
}

func (l *loader) checkClaim(m *Model, rule *Rule, at *ast.Position) {
	if strings.ContainsAny(rule.Claim, "[],") {
		l.problem(at, "@auth on %s: the claim %q has a bracket or a comma in its name, which is not supported", m.Name, rule.Claim)
	}
	if slices.Contains(providers[rule.Allow], freshet.Provider(rule.Claim)) { // its tokens would be those of the provider
		l.problem(at, "@auth on %s: the claim %q has the name of a provider, which is not supported", m.Name, rule.Claim)
	}
}

// token names a reader by a rule. The usual provider and claim leave no trace, so that the usual tokens
// are short: owner:ana; others are told apart: owner[oidc,email]:ana@example.com.
func (r *Rule) token(name string) freshet.Token {
	return r.holding().token(name)
}

func (r *Rule) holding() holding {
	return holding{allow: r.Allow, provider: r.Provider, claim: r.Claim}
}

// Audience gives the tokens that may read a record: sorted, each once.
func (m *Model) Audience(doc Doc) []freshet.Token { return m.tokens(doc, AccessRead) }

// tokens gives the tokens that may do any of some operations on a record.
func (m *Model) tokens(doc Doc, access Access) []freshet.Token {
	var tokens []freshet.Token
	for _, rule := range m.Rules {
		if rule.Access&access != 0 {
			rule.each(doc, func(name string) { tokens = append(tokens, rule.token(name)) })
		}
	}
	slices.Sort(tokens)
	return slices.Compact(tokens)
}

// each calls visit with the names that the rule allows on a record; once with an empty one for private
// and public.
func (r *Rule) each(doc Doc, visit func(string)) {
	switch {
	case r.Field != nil:
		namesIn(doc[r.Field.Ordinal], visit)
	case r.Allow == AllowGroups:
		for _, group := range r.Groups {
			visit(group)
		}
	default:
		visit("")
	}
}

// namesIn calls visit with each non-empty name in a stored string or list of strings.
func namesIn(value []byte, visit func(string)) {
	one := func(value []byte) error {
		if !rawjson.IsNull(value) {
			if name, err := rawjson.String(value); err == nil && name != "" {
				visit(name)
			}
		}
		return nil
	}
	if rawjson.IsNull(value) {
		return
	}
	if value[0] == '[' {
		_ = rawjson.Elements(value, one) // stored values are valid
		return
	}
	_ = one(value)
}

// Allows tells whether the rules allow an operation on a record to an identity.
func (m *Model) Allows(id *freshet.Identity, access Access, doc Doc) bool {
	return id.System || id.HoldsAny(m.tokens(doc, m.scoped(id, access)))
}

// scoped gives what of some operations the identity's scopes leave.
func (m *Model) scoped(id *freshet.Identity, access Access) Access {
	if len(id.Scopes) == 0 {
		return access
	}
	var bound Access
	for _, scope := range id.Scopes {
		if scope.Model == m.Name || scope.Model == AnyModel {
			for _, operation := range scope.Operations {
				bound |= accessNames[operation]
			}
		}
	}
	return access & bound
}

// ReadOnly tells whether an identity's scopes leave it no write of any model.
func ReadOnly(id *freshet.Identity) bool {
	return len(id.Scopes) > 0 && !slices.ContainsFunc(id.Scopes, func(scope freshet.Scope) bool {
		return slices.ContainsFunc(scope.Operations, func(operation string) bool {
			return accessNames[operation]&(AccessCreate|AccessUpdate|AccessDelete) != 0
		})
	})
}

// AnyModel stands for every model in a scope.
const AnyModel freshet.ModelName = "*"

// CheckScope tells what is wrong with a scope.
func (s *Schema) CheckScope(scope freshet.Scope) error {
	if scope.Model != AnyModel && s.Model(scope.Model) == nil {
		return freshet.Errorf(freshet.Invalid, "the scope names a model %q that there is not; write one of the schema, or *", scope.Model)
	}
	if len(scope.Operations) == 0 {
		return freshet.Errorf(freshet.Invalid, "the scope of %s names no operation; write create, read, update or delete", scope.Model)
	}
	for _, operation := range scope.Operations {
		if accessNames[operation] == 0 {
			return freshet.Errorf(freshet.Invalid, "the scope of %s names an operation %q that there is not; write create, read, update, delete, get, list, sync or listen", scope.Model, operation)
		}
	}
	return nil
}

// MayEver tells whether there can be a record on which the rules allow an operation to an identity.
func (m *Model) MayEver(id *freshet.Identity, access Access) bool {
	if id.System {
		return true
	}
	access = m.scoped(id, access)
	return slices.ContainsFunc(m.Rules, func(r *Rule) bool {
		if r.Access&access == 0 || !r.holding().admits(id) {
			return false
		}
		if r.Field != nil || r.Allow != AllowGroups {
			return true
		}
		return slices.ContainsFunc(r.Groups, func(group string) bool { return id.Holds(r.token(group)) })
	})
}

// OnlyOwns tells whether an identity may ever do an operation only on records that name it as an owner.
func (m *Model) OnlyOwns(id *freshet.Identity, access Access) bool {
	others := Model{Name: m.Name, Rules: slices.DeleteFunc(slices.Clone(m.Rules), func(r *Rule) bool { return r.Allow == AllowOwner })}
	return m.MayEver(id, access) && !others.MayEver(id, access)
}

// Partial tells whether some rule allows one way of reading and not another. Then a record in the
// audience of a caller has still to be looked at with Allows.
func (m *Model) Partial() bool {
	return slices.ContainsFunc(m.Rules, func(r *Rule) bool {
		return r.Access&AccessRead != 0 && r.Access&AccessRead != AccessRead
	})
}

// SetOwners fills the absent owner fields of a new record in from its writer, as far as a rule lets
// owners create. A field that was set to null stays so.
func (m *Model) SetOwners(id *freshet.Identity, doc Doc) {
	for _, rule := range m.Rules {
		if rule.Allow != AllowOwner || rule.Access&AccessCreate == 0 || !id.Has(rule.Provider) || doc[rule.Field.Ordinal] != nil {
			continue
		}
		name := claimText(id, rule.Claim)
		if name == "" {
			continue
		}
		value := rawjson.AppendString(nil, name)
		if rule.Field.Type.IsList() {
			value = append(append([]byte{'['}, value...), ']')
		}
		doc[rule.Field.Ordinal] = value
	}
}

// OwnerFields gives the fields with a single owner by which an identity may be known as a listener, and
// its names there.
func (m *Model) OwnerFields() []*Field {
	var fields []*Field
	for _, rule := range m.Rules {
		if rule.Allow == AllowOwner && rule.Access&AccessRead != 0 && !rule.Field.Type.IsList() && !slices.Contains(fields, rule.Field) {
			fields = append(fields, rule.Field)
		}
	}
	return fields
}

// HidesSub tells whether some field holds owners as "sub::username", which readers are shown otherwise.
func (m *Model) HidesSub() bool {
	return slices.ContainsFunc(m.Fields, func(f *Field) bool { return f.SubUsername })
}

// Names tells whether an owner field names an owner, in whichever form it is stored.
func (f *Field) Names(value []byte, owner string) bool {
	named := false
	namesIn(value, func(name string) {
		named = named || name == owner || f.SubUsername && ShownOwner(name) == owner
	})
	return named
}

// ShownOwner gives an owner stored as "sub::username" as readers are shown it.
func ShownOwner(stored string) string { return stored[strings.LastIndex(stored, ":")+1:] }

// OwnerNames gives the names under which an identity owns records by a field.
func (m *Model) OwnerNames(id *freshet.Identity, f *Field) []string {
	var names []string
	for _, rule := range m.Rules {
		if rule.Allow == AllowOwner && rule.Field == f && id.Has(rule.Provider) {
			names = append(names, claimNames(id, rule.Claim)...)
		}
	}
	return names
}

// holding is a kind of token: those by one kind of rule, provider and claim.
type holding struct {
	allow    Allow
	provider freshet.Provider
	claim    string
}

// admits tells whether rules with such tokens may concern an identity.
func (h holding) admits(id *freshet.Identity) bool {
	if id.Has(freshet.GroupKey) {
		return h == holding{allow: AllowGroups, provider: freshet.UserPools}
	}
	return id.Has(h.provider) && (h.allow != AllowPrivate || !id.Guest)
}

func (h holding) token(name string) freshet.Token {
	kind := string(h.allow)
	if h.allow == AllowGroups {
		kind = "group"
	}
	var apart []string
	if h.provider != providers[h.allow][0] {
		apart = append(apart, string(h.provider))
	}
	if h.claim != "" {
		apart = append(apart, h.claim)
	}
	if apart != nil {
		kind += "[" + strings.Join(apart, ",") + "]"
	}
	if h.allow == AllowPrivate || h.allow == AllowPublic || h.allow == AllowCustom {
		return freshet.Token(kind)
	}
	return freshet.Token(kind + ":" + name)
}

// holdings gives the kinds of tokens that rules for some operations use.
func holdings(rules []*Rule, access Access) []holding {
	var list []holding
	for _, r := range rules {
		if h := r.holding(); r.Access&access != 0 && !slices.Contains(list, h) {
			list = append(list, h)
		}
	}
	return list
}

// TokensOf gives the tokens that an identity holds, of those that the schema's rules use: sorted, each
// once.
func (s *Schema) TokensOf(id *freshet.Identity) []freshet.Token { return tokensOf(s.held, id) }

// Admits tells whether some rule is for the users of a provider.
func (s *Schema) Admits(provider freshet.Provider) bool {
	return slices.ContainsFunc(s.held, func(h holding) bool { return h.provider == provider })
}

// ReadTokens gives the tokens by which an identity may find records of the model: sorted, each once.
func (m *Model) ReadTokens(id *freshet.Identity) []freshet.Token {
	if m.scoped(id, AccessRead) == 0 {
		return nil
	}
	return tokensOf(m.readers, id)
}

func tokensOf(held []holding, id *freshet.Identity) []freshet.Token {
	var tokens []freshet.Token
	for _, h := range held {
		if !h.admits(id) {
			continue
		}
		switch h.allow {
		case AllowOwner:
			for _, name := range claimNames(id, h.claim) {
				tokens = append(tokens, h.token(name))
			}
		case AllowGroups:
			for _, name := range groupNames(id, h.claim) {
				tokens = append(tokens, h.token(name))
			}
		default:
			tokens = append(tokens, h.token(""))
		}
	}
	slices.Sort(tokens)
	return slices.Compact(tokens)
}

// claimText gives what is stored as the owner of a record that the identity creates.
func claimText(id *freshet.Identity, claim string) string {
	text := func(name string) string {
		s, _ := id.Claims[name].(string)
		return s
	}
	switch claim {
	case "":
		for _, name := range []string{"username", "cognito:username", "sub"} {
			if s := text(name); s != "" {
				return s
			}
		}
		return ""
	case subUsername:
		sub, username := text("sub"), claimText(id, "")
		if sub == "" || username == "" {
			return ""
		}
		return sub + "::" + username
	}
	return text(claim)
}

// claimNames gives every form in which a record may name the identity as its owner.
func claimNames(id *freshet.Identity, claim string) []string {
	name := claimText(id, claim)
	if name == "" {
		return nil
	}
	if claim == subUsername {
		sub, _ := id.Claims["sub"].(string)
		return []string{name, sub, claimText(id, "")}
	}
	return []string{name}
}

// groupNames reads a claim that lists groups: an array, a JSON array in text, or one name.
func groupNames(id *freshet.Identity, claim string) []string {
	if claim == "" {
		claim = freshet.GroupsClaim
	}
	var names []string
	switch v := id.Claims[claim].(type) {
	case []any:
		for _, element := range v {
			if name, ok := element.(string); ok && name != "" {
				names = append(names, name)
			}
		}
	case []string:
		names = v
	case string:
		if strings.HasPrefix(v, "[") {
			if value, err := rawjson.Trim([]byte(v)); err == nil {
				namesIn(value, func(name string) { names = append(names, name) })
			}
		} else if v != "" {
			names = append(names, v)
		}
	}
	return names
}
