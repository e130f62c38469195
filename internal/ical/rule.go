package ical

import (
	"errors"
	"regexp"
	"strings"

	"github.com/teambition/rrule-go"
)

const maxRule = 1024 // bytes

var until = regexp.MustCompile(`UNTIL=(\d{8})T\d{6}Z`)

// rule gives a recurrence rule in the form of the standard. That of an event of whole days ends with a day.
func rule(text string, allDay bool) (string, error) {
	text = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(text)), "RRULE:")
	if text == "" || len(text) > maxRule || strings.ContainsAny(text, "\r\n") {
		return "", errors.New("it is empty, too long, or not one line")
	}
	option, err := rrule.StrToROption(text)
	if err != nil {
		return "", err
	}
	if len(option.Byeaster) > 0 {
		return "", errors.New("BYEASTER is not of the standard")
	}
	if _, err := rrule.NewRRule(*option); err != nil {
		return "", err
	}
	text = option.RRuleString()
	if allDay {
		text = until.ReplaceAllString(text, "UNTIL=$1")
	}
	return text, nil
}
