package freshet

import "slices"

// Provider is the way in which an identity proved itself; a rule of the schema admits one of them.
type Provider string

// The providers.
const (
	APIKey    Provider = "apiKey"
	UserPools Provider = "userPools"
	OIDC      Provider = "oidc"
	IAM       Provider = "iam"
	Function  Provider = "function"
)

// GroupKey is the provider of API keys that stand for a member of groups, which GroupsClaim lists. Rules for
// groups admit it as they admit users, and no other rule does.
const GroupKey Provider = "groupKey"

// GroupsClaim is the claim that rules for groups look at when they name no other.
const GroupsClaim = "cognito:groups"

// Identity is who asks.
type Identity struct {
	Name      string         // for logs and histories: "user ana", "key console"
	Providers []Provider     // the ones whose rules admit it
	Claims    map[string]any // of a token; values as JSON decodes them
	Tokens    []Token        // what it may read: sorted, each once; filled from a schema
	Scopes    []Scope        // what it may do at most, whatever the rules say; none: no such bound
	Guest     bool           // nobody has signed in; what is private is not for it
	System    bool           // the operator; rules do not apply
}

// Scope bounds an identity to some operations on a model.
type Scope struct {
	Model      ModelName `json:"model"`      // "*": every model
	Operations []string  `json:"operations"` // as rules name them: create, read, update, delete, get, list, sync, listen
}

// Has tells whether rules for a provider admit the identity.
func (id *Identity) Has(provider Provider) bool { return slices.Contains(id.Providers, provider) }

// Holds tells whether the identity holds a token.
func (id *Identity) Holds(token Token) bool {
	_, found := slices.BinarySearch(id.Tokens, token)
	return found
}

// HoldsAny tells whether the identity holds one of some tokens.
func (id *Identity) HoldsAny(tokens []Token) bool { return slices.ContainsFunc(tokens, id.Holds) }
