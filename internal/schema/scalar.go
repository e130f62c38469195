package schema

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"freshet/internal/rawjson"
)

// scalar says what values of a scalar type look like.
type scalar struct {
	hint string // what to write, for errors
	key  keyKind

	// text checks the decoded string; nil where any string will do. number checks a JSON number and
	// gives the form it is stored in; nil where the value is a string or a boolean.
	text   func(string) bool
	number func([]byte) ([]byte, bool)
}

type keyKind byte

const (
	keyText keyKind = iota
	keyInt
	keyFloat
	keyBool
)

// scalars are the types that fields may have without being declared.
var scalars = map[string]*scalar{
	"ID":           {hint: "a string"},
	"String":       {hint: "a string"},
	"Int":          {hint: "a whole number of 32 bits", key: keyInt, number: wholeNumber(math.MinInt32, math.MaxInt32)},
	"Float":        {hint: "a number", key: keyFloat, number: anyNumber},
	"Boolean":      {hint: "true or false", key: keyBool},
	"AWSDate":      {hint: `a date like "2026-11-21"`, text: isDate},
	"AWSTime":      {hint: `a time like "12:30:00.000" or "12:30Z"`, text: isTime},
	"AWSDateTime":  {hint: `a date and time like "2026-11-21T12:30:00.000Z"; the offset is needed`, text: isDateTime},
	"AWSTimestamp": {hint: "a whole number of seconds or milliseconds", key: keyInt, number: wholeNumber(-1<<53, 1<<53)},
	"AWSJSON":      {hint: `a string that holds JSON, like "{\"a\":1}"`, text: isJSON},
	"AWSEmail":     {hint: `an e-mail address like "ana@example.com"`, text: isEmail},
	"AWSURL":       {hint: `an absolute URL like "https://example.com/"`, text: isURL},
	"AWSPhone":     {hint: `a phone number like "+41 44 668 18 00"`, text: isPhone},
	"AWSIPAddress": {hint: `an address like "192.0.2.1", "2001:db8::1" or "192.0.2.0/24"`, text: isIPAddress},
}

// Scalars gives the names of the scalar types, in alphabetical order.
func Scalars() []string { return slices.Sorted(maps.Keys(scalars)) }

// IsScalar tells whether name is a scalar type.
func IsScalar(name string) bool { return scalars[name] != nil }

// append checks a JSON value that is not null and appends it in the form it is stored in.
func (s *scalar) append(dst, value []byte, name string) ([]byte, error) {
	switch {
	case s.number != nil:
		number, ok := s.number(value)
		if !ok {
			return dst, fmt.Errorf("%s is no %s; write %s", excerpt(value), name, s.hint)
		}
		return append(dst, number...), nil
	case s.key == keyBool:
		if !bytes.Equal(value, []byte("true")) && !bytes.Equal(value, []byte("false")) {
			return dst, fmt.Errorf("%s is no %s; write %s", excerpt(value), name, s.hint)
		}
		return append(dst, value...), nil
	case name == "ID" && value[0] != '"':
		number, ok := wholeNumber(math.MinInt64, math.MaxInt64)(value)
		if !ok {
			return dst, fmt.Errorf("%s is no ID; write %s", excerpt(value), s.hint)
		}
		return append(append(append(dst, '"'), number...), '"'), nil
	case value[0] != '"':
		return dst, fmt.Errorf("%s is no %s; write %s", excerpt(value), name, s.hint)
	case s.text == nil:
		return append(dst, value...), nil
	}
	text, err := rawjson.String(value)
	if err != nil {
		return dst, err
	}
	if !s.text(text) {
		return dst, fmt.Errorf("%s is no %s; write %s", excerpt(value), name, s.hint)
	}
	return append(dst, value...), nil
}

func excerpt(value []byte) string {
	if len(value) > 60 {
		return string(value[:57]) + "..."
	}
	return string(value)
}

// wholeNumber accepts integers in a range, 1.0 and 1e3 among them, and gives them in plain digits.
func wholeNumber(least, most int64) func([]byte) ([]byte, bool) {
	return func(value []byte) ([]byte, bool) {
		if !isNumber(value) {
			return nil, false
		}
		n, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil {
			f, err := strconv.ParseFloat(string(value), 64)
			if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
				return nil, false
			}
			n = int64(f)
			value = strconv.AppendInt(nil, n, 10)
		}
		if n == 0 {
			value = []byte("0") // it may have been -0
		}
		return value, n >= least && n <= most
	}
}

func anyNumber(value []byte) ([]byte, bool) {
	if !isNumber(value) {
		return nil, false
	}
	_, err := strconv.ParseFloat(string(value), 64)
	return value, err == nil
}

func isNumber(value []byte) bool {
	return len(value) > 0 && (value[0] == '-' || value[0] >= '0' && value[0] <= '9')
}

// The forms below follow the scalar definitions in AppSync's documentation and what Amplify's client
// accepts before it sends.

var (
	dateForm     = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})(Z|[+-]\d{2}:\d{2}(:\d{2})?)?$`)
	timeForm     = regexp.MustCompile(`^(\d{2}:\d{2})(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}(:\d{2})?)?$`)
	dateTimeForm = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2}(:\d{2})?)$`)
	emailForm    = regexp.MustCompile("^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9-]+(\\.[a-zA-Z0-9-]+)*$")
	phoneForm    = regexp.MustCompile(`^\+?\d[\d\s-]+$`)
)

func isDate(s string) bool {
	m := dateForm.FindStringSubmatch(s)
	return m != nil && isDay(m[1]) && isOffset(m[2])
}

func isTime(s string) bool {
	m := timeForm.FindStringSubmatch(s)
	return m != nil && isClock(m[1], m[2]) && isOffset(m[4])
}

func isDateTime(s string) bool {
	if len(s) == len("2006-01-02T15:04:05.000Z") {
		if _, err := time.Parse("2006-01-02T15:04:05.000Z", s); err == nil {
			return true // the usual form, without a regular expression
		}
	}
	m := dateTimeForm.FindStringSubmatch(s)
	return m != nil && isDay(m[1]) && isClock(m[2][:5], m[2][5:]) && isOffset(m[3])
}

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func isClock(minutes, seconds string) bool {
	if seconds == "" {
		seconds = ":00"
	}
	_, err := time.Parse("15:04:05", minutes+seconds)
	return err == nil
}

func isOffset(s string) bool {
	if s == "" || s == "Z" {
		return true
	}
	hours, minutes := s[1:3], s[4:6]
	return hours <= "18" && minutes <= "59" && (len(s) < 9 || s[7:9] <= "59")
}

func isJSON(s string) bool {
	_, err := rawjson.Trim([]byte(s))
	return err == nil
}

func isEmail(s string) bool { return len(s) <= 320 && emailForm.MatchString(s) }

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "" || strings.HasPrefix(u.Path, "/"))
}

func isPhone(s string) bool { return len(s) <= 32 && phoneForm.MatchString(s) }

func isIPAddress(s string) bool {
	if strings.Contains(s, "/") {
		_, err := netip.ParsePrefix(s)
		return err == nil
	}
	addr, err := netip.ParseAddr(s)
	return err == nil && addr.Zone() == ""
}
