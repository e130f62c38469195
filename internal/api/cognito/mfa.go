package cognito

import (
	"context"

	"freshet/internal/accounts"
)

// softwareTokenInput brings a token of one who is signed in, or the session of one who is about to be.
type softwareTokenInput struct{ AccessToken, Session string }

type associateOutput struct {
	SecretCode string
	Session    string `json:",omitempty"`
}

func (d *door) associateSoftwareToken(ctx context.Context, c accounts.Caller, in softwareTokenInput) (out associateOutput, err error) {
	out.SecretCode, out.Session, err = d.pool.AssociateSoftwareToken(ctx, c, in.AccessToken, in.Session)
	return out, err
}

type verifySoftwareTokenInput struct {
	softwareTokenInput
	UserCode           string
	FriendlyDeviceName string // there is one app at most: it needs no name
}

type verifySoftwareTokenOutput struct {
	Status  string
	Session string `json:",omitempty"`
}

func (d *door) verifySoftwareToken(ctx context.Context, c accounts.Caller, in verifySoftwareTokenInput) (out verifySoftwareTokenOutput, err error) {
	out.Status = "SUCCESS"
	out.Session, err = d.pool.VerifySoftwareToken(ctx, c, in.AccessToken, in.Session, in.UserCode)
	return out, err
}

type mfaSetting struct{ Enabled, PreferredMfa bool }

func (s *mfaSetting) setting() *accounts.MFASetting {
	if s == nil {
		return nil
	}
	return &accounts.MFASetting{Enabled: s.Enabled, Preferred: s.PreferredMfa}
}

// mfaSettings turns second factors on and off; those that are missing stay as they are.
type mfaSettings struct {
	SMSMfaSettings           *mfaSetting
	SoftwareTokenMfaSettings *mfaSetting
	EmailMfaSettings         *mfaSetting
	WebAuthnMfaSettings      *struct {
		FactorConfiguration string
	}
}

// check refuses the factors that there are not. Clients turn them off all the same.
func (s mfaSettings) check() error {
	if s.SMSMfaSettings != nil && s.SMSMfaSettings.Enabled {
		return accounts.NotSupported("a second factor by SMS")
	}
	if s.WebAuthnMfaSettings != nil {
		return accounts.NotSupported("to say how many factors a passkey is, which is two,")
	}
	return nil
}

type setUserMFAPreferenceInput struct {
	mfaSettings
	AccessToken string
}

func (d *door) setUserMFAPreference(ctx context.Context, c accounts.Caller, in setUserMFAPreferenceInput) (nothing, error) {
	if err := in.check(); err != nil {
		return nothing{}, err
	}
	return nothing{}, d.pool.SetUserMFAPreference(ctx, c, in.AccessToken, in.SoftwareTokenMfaSettings.setting(), in.EmailMfaSettings.setting())
}

type authFactorsOutput struct {
	Username                  string
	ConfiguredUserAuthFactors []string
	mfaInUse
}

func (d *door) getUserAuthFactors(ctx context.Context, c accounts.Caller, in tokenInput) (authFactorsOutput, error) {
	u, factors, err := d.pool.GetUserAuthFactors(ctx, c, in.AccessToken)
	return authFactorsOutput{u.Name, factors, mfaOf(u)}, err
}
