package cognito

import (
	"context"
	"encoding/json"

	"freshet/internal/accounts"
)

// contextData is what an administrator's server says of the user for whom it signs in.
type contextData struct {
	IPAddress                                        string `json:"IpAddress"`
	ServerName, ServerPath, HTTPHeaders, EncodedData json.RawMessage
}

// from takes the user's address in place of the server's, so that the guesses of each user are counted apart.
func (d contextData) from(c accounts.Caller) accounts.Caller {
	if d.IPAddress != "" {
		c.Address = d.IPAddress
	}
	return c
}

// adminFlows are those that only administrators may begin, as the flows that they are.
var adminFlows = map[string]string{
	"ADMIN_USER_PASSWORD_AUTH": accounts.FlowPassword,
	"ADMIN_NO_SRP_AUTH":        accounts.FlowPassword, // its older name
}

type adminInitiateAuthInput struct {
	initiateAuthInput
	UserPoolID  string `json:"UserPoolId"`
	ContextData contextData
}

func (d *door) adminInitiateAuth(ctx context.Context, c accounts.Caller, in adminInitiateAuthInput) (authOutput, error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return authOutput{}, err
	}
	if flow, ok := adminFlows[in.AuthFlow]; ok {
		in.AuthFlow = flow
	}
	return d.initiateAuth(ctx, in.ContextData.from(c), in.initiateAuthInput)
}

type adminRespondInput struct {
	respondInput
	UserPoolID  string `json:"UserPoolId"`
	ContextData contextData
}

func (d *door) adminRespondToAuthChallenge(ctx context.Context, c accounts.Caller, in adminRespondInput) (authOutput, error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return authOutput{}, err
	}
	return d.respondToAuthChallenge(ctx, in.ContextData.from(c), in.respondInput)
}
