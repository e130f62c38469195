package accounts

import (
	"errors"

	"freshet"
)

// Fault is the name that Cognito gives to a refusal. Clients decide on it.
type Fault string

// The faults.
const (
	AliasExists              Fault = "AliasExistsException"
	CodeDeliveryFailure      Fault = "CodeDeliveryFailureException"
	CodeMismatch             Fault = "CodeMismatchException"
	EnableSoftwareTokenMFA   Fault = "EnableSoftwareTokenMFAException"
	ExpiredCode              Fault = "ExpiredCodeException"
	GroupExists              Fault = "GroupExistsException"
	InternalFault            Fault = "InternalErrorException"
	InvalidParameter         Fault = "InvalidParameterException"
	InvalidPassword          Fault = "InvalidPasswordException"
	LimitExceeded            Fault = "LimitExceededException"
	NotAuthorized            Fault = "NotAuthorizedException"
	PasswordResetRequired    Fault = "PasswordResetRequiredException"
	RefreshTokenReuse        Fault = "RefreshTokenReuseException"
	ResourceNotFound         Fault = "ResourceNotFoundException"
	SoftwareTokenMFANotFound Fault = "SoftwareTokenMFANotFoundException"
	TooManyFailedAttempts    Fault = "TooManyFailedAttemptsException"
	TooManyRequests          Fault = "TooManyRequestsException"
	UnsupportedOperation     Fault = "UnsupportedOperationException"
	UnsupportedUserState     Fault = "UnsupportedUserStateException"
	UserNotConfirmed         Fault = "UserNotConfirmedException"
	UserNotFound             Fault = "UserNotFoundException"
	UsernameExists           Fault = "UsernameExistsException"

	WebAuthnChallengeNotFound      Fault = "WebAuthnChallengeNotFoundException"
	WebAuthnConfigurationMissing   Fault = "WebAuthnConfigurationMissingException"
	WebAuthnCredentialNotSupported Fault = "WebAuthnCredentialNotSupportedException"
	WebAuthnOriginNotAllowed       Fault = "WebAuthnOriginNotAllowedException"
	WebAuthnRelyingPartyMismatch   Fault = "WebAuthnRelyingPartyMismatchException"
)

// code gives what kind of error a fault is.
func (f Fault) code() freshet.Code {
	switch f {
	case AliasExists, GroupExists, UsernameExists, UnsupportedUserState:
		return freshet.Conflict
	case NotAuthorized, PasswordResetRequired, RefreshTokenReuse, UserNotConfirmed:
		return freshet.Unauthenticated
	case ResourceNotFound, UserNotFound:
		return freshet.NotFound
	case CodeDeliveryFailure, LimitExceeded, TooManyFailedAttempts, TooManyRequests:
		return freshet.Unavailable
	case InternalFault:
		return freshet.Internal
	}
	return freshet.Invalid
}

// Error is a refusal with its Cognito name. errors.As finds the freshet.Error within it too.
type Error struct {
	Fault Fault
	Err   *freshet.Error
}

// Error gives the name and what is wrong.
func (e *Error) Error() string { return string(e.Fault) + ": " + e.Err.Error() }

// Unwrap gives the error of the house.
func (e *Error) Unwrap() error { return e.Err }

// FaultOf gives the name of the first Error in err's chain; InternalFault when there is none.
func FaultOf(err error) Fault {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Fault
	}
	return InternalFault
}

// NotSupported is the answer to an operation of Cognito that this server does not have.
func NotSupported(what string) error {
	return refuse(UnsupportedOperation, "%s is not supported by this server", what)
}

func refuse(fault Fault, format string, args ...any) error {
	return &Error{Fault: fault, Err: freshet.Errorf(fault.code(), format, args...)}
}

// The refusals that have to be the same wherever they come from, for their differences would tell what is
// known to the server. Some clients go by the words of those that are about tokens.
var (
	errNoDevice      = refuse(ResourceNotFound, "Device does not exist.") // by this text clients forget what they kept
	errWrongPassword = refuse(NotAuthorized, "Incorrect username or password.")
	errWrongCode     = refuse(CodeMismatch, "Invalid verification code provided, please try again.")
	errSession       = refuse(NotAuthorized, "Invalid session for the user, or the session has expired; sign in again.")
	errUnknownUser   = refuse(UserNotFound, "User does not exist.")
	errAccessToken   = refuse(NotAuthorized, "Access Token has been revoked")
	errInvalidToken  = refuse(NotAuthorized, "Invalid Access Token")
	errRefreshToken  = refuse(NotAuthorized, "Invalid Refresh Token")
)
