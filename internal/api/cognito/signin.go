package cognito

import (
	"context"

	"freshet/internal/accounts"
)

type initiateAuthInput struct {
	passedOver
	ClientID       string `json:"ClientId"`
	AuthFlow       string
	AuthParameters map[string]string
	Session        string
}

// authOutput is tokens, or the next challenge.
type authOutput struct {
	ChallengeName        string            `json:",omitempty"`
	ChallengeParameters  map[string]string // {} with tokens
	Session              string            `json:",omitempty"`
	AvailableChallenges  []string          `json:",omitempty"`
	AuthenticationResult *tokens           `json:",omitempty"`
}

func authOf(r accounts.AuthResult) authOutput {
	if r.Parameters == nil {
		r.Parameters = map[string]string{}
	}
	return authOutput{
		ChallengeName: r.Challenge, ChallengeParameters: r.Parameters, Session: r.Session, AvailableChallenges: r.Available,
		AuthenticationResult: tokensOf(r.Tokens),
	}
}

func (d *door) initiateAuth(ctx context.Context, c accounts.Caller, in initiateAuthInput) (authOutput, error) {
	c.Client = in.ClientID
	result, err := d.pool.InitiateAuth(ctx, c, accounts.AuthRequest{Flow: in.AuthFlow, Parameters: in.AuthParameters, Session: in.Session})
	return authOf(result), err
}

type respondInput struct {
	passedOver
	ClientID           string `json:"ClientId"`
	ChallengeName      string
	ChallengeResponses map[string]string
	Session            string
}

func (d *door) respondToAuthChallenge(ctx context.Context, c accounts.Caller, in respondInput) (authOutput, error) {
	c.Client = in.ClientID
	answer := accounts.ChallengeAnswer{Challenge: in.ChallengeName, Responses: in.ChallengeResponses, Session: in.Session}
	result, err := d.pool.RespondToAuthChallenge(ctx, c, answer)
	return authOf(result), err
}

type refreshInput struct {
	ClientID     string `json:"ClientId"`
	RefreshToken string
}

type refreshOutput struct{ AuthenticationResult *tokens }

func (d *door) getTokensFromRefreshToken(ctx context.Context, c accounts.Caller, in refreshInput) (refreshOutput, error) {
	c.Client = in.ClientID
	fresh, err := d.pool.GetTokensFromRefreshToken(ctx, c, in.RefreshToken)
	return refreshOutput{tokensOf(fresh)}, err
}

type revokeInput struct {
	ClientID string `json:"ClientId"`
	Token    string
}

func (d *door) revokeToken(ctx context.Context, c accounts.Caller, in revokeInput) (nothing, error) {
	c.Client = in.ClientID
	return nothing{}, d.pool.RevokeToken(ctx, c, in.Token)
}

type tokenInput struct{ AccessToken string }

func (d *door) globalSignOut(ctx context.Context, c accounts.Caller, in tokenInput) (nothing, error) {
	return nothing{}, d.pool.GlobalSignOut(ctx, c, in.AccessToken)
}
