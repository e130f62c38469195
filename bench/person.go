package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

const (
	personPassword = "tulip-garden-47"
	poolName       = "freshet" // of local_freshet
	appID          = "freshet-web"
	cognitoPrefix  = "AWSCognitoIdentityProviderService."

	// perNetwork is how many requests a person makes from one network: fewer than the server takes in a minute.
	perNetwork = 200
)

// person signs up and in at Freshet, on a connection of its own.
type person struct {
	*conn
	addr     string
	number   int
	name     string
	requests int
	srp      *srpClient
}

// newPeople connects some people who have no account yet.
func newPeople(addr, prefix string, count int) ([]*person, error) {
	people := make([]*person, count)
	for i := range people {
		c, err := dial(addr)
		if err != nil {
			return nil, err
		}
		people[i] = &person{conn: c, addr: addr, number: i, name: fmt.Sprintf("%s%d", prefix, i), srp: newSRPClient()}
	}
	return people, nil
}

func disconnect(people []*person) {
	for _, p := range people {
		p.Close()
	}
}

type authResult struct {
	ChallengeParameters  map[string]string
	AuthenticationResult struct{ AccessToken string }
}

func (p *person) signUp() error {
	return p.perform("SignUp", map[string]any{"ClientId": appID, "Username": p.name, "Password": personPassword}, nil)
}

func (p *person) logIn() error {
	var result authResult
	err := p.perform("InitiateAuth", map[string]any{
		"ClientId": appID, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": map[string]string{"USERNAME": p.name, "PASSWORD": personPassword},
	}, &result)
	return p.isIn(result, err)
}

func (p *person) logInBySRP() error {
	var result authResult
	err := p.perform("InitiateAuth", map[string]any{
		"ClientId": appID, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": map[string]string{"USERNAME": p.name, "SRP_A": p.srp.public.Text(16)},
	}, &result)
	if err != nil {
		return err
	}
	responses, err := p.srp.prove(poolName, personPassword, result.ChallengeParameters)
	if err != nil {
		return err
	}
	err = p.perform("RespondToAuthChallenge", map[string]any{"ClientId": appID, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses}, &result)
	return p.isIn(result, err)
}

func (p *person) isIn(result authResult, err error) error {
	if err == nil && result.AuthenticationResult.AccessToken == "" {
		err = fmt.Errorf("%s is not let in", p.name)
	}
	return err
}

// perform does an operation of Cognito's.
func (p *person) perform(operation string, input, output any) error {
	network := fmt.Sprintf("10.%d.%d.%d", p.number>>8, p.number&255, p.requests/perNetwork%250+1)
	p.requests++
	headers := "X-Amz-Target: " + cognitoPrefix + operation + "\r\nX-Forwarded-For: " + network + "\r\n"
	body := encode(input)
	request := fmt.Appendf(nil, "POST /idp HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: %d\r\n%s\r\n%s",
		p.addr, len(body), headers, body)
	status, answer, err := p.roundTrip(request)
	if err != nil {
		return err
	}
	if status != 200 {
		return fmt.Errorf("%s answers %d %.300s", operation, status, answer)
	}
	if output == nil {
		return nil
	}
	return json.Unmarshal(bytes.Clone(answer), output)
}

// repeat has each person do something again and again for a time, and gives how often in a second that was done.
func repeat(people []*person, turn time.Duration, do func(*person) error) (perSecond float64, err error) {
	done, errs := make([]int, len(people)), make([]error, len(people))
	begin := time.Now()
	var wait sync.WaitGroup
	for i, p := range people {
		wait.Go(func() {
			for time.Since(begin) < turn && errs[i] == nil {
				errs[i] = do(p)
				done[i]++
			}
		})
	}
	wait.Wait()
	total := 0
	for i := range people {
		if total += done[i]; errs[i] != nil {
			return 0, errs[i]
		}
	}
	return float64(total) / time.Since(begin).Seconds(), nil
}
