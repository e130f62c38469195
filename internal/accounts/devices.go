package accounts

import (
	"cmp"
	"context"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"freshet"
)

const (
	maxDevices    = 50   // of a user; the one that was away the longest makes room
	maxDeviceName = 1024 // characters
	maxDeviceSalt = 64   // bytes
)

// The statuses of devices, in Cognito's words.
const (
	Remembered    = "remembered" // it stands in for the second factor, once it was there when that was given
	NotRemembered = "not_remembered"
)

// NewDevice is what a client gets to make itself known as a device, by ConfirmDevice.
type NewDevice struct {
	Key   string
	Group string // the device's verifier is bound to it
}

// DeviceSecret is what the server keeps of a device's password, as SRP has it.
type DeviceSecret struct{ Salt, Verifier []byte }

// Device is one that its user signs in on.
type Device struct {
	Key      string
	Name     string
	Status   string // Remembered or NotRemembered
	Created  time.Time
	Modified time.Time
	Used     time.Time // when somebody signed in on it last
}

// device is the stored one.
type device struct {
	Name       string    `json:"name,omitempty"`
	Salt       []byte    `json:"salt"`
	Verifier   []byte    `json:"verifier"` // sealed
	Remembered bool      `json:"remembered,omitzero"`
	Trusted    bool      `json:"trusted,omitzero"` // it was there when the second factor was given
	Created    time.Time `json:"created"`
	Modified   time.Time `json:"modified"`
	Used       time.Time `json:"used"`
}

func (d *device) view(key string) Device {
	status := NotRemembered
	if d.Remembered {
		status = Remembered
	}
	return Device{Key: key, Name: d.Name, Status: status, Created: d.Created, Modified: d.Modified, Used: d.Used}
}

func deviceDocument(userID, key string) freshet.Document {
	return freshet.Document{Kind: kindDevice, Key: userID + " " + key}
}

// newDeviceKey has the form of Cognito's: a region and a UUID.
func (p *Pool) newDeviceKey() string {
	region, _, _ := strings.Cut(p.config.PoolID, "_")
	return region + "_" + uuid.NewString()
}

// device gives one that a user has. Errors: ResourceNotFound.
func (p *Pool) device(ctx context.Context, userID, key string) (*device, error) {
	d := new(device)
	if len(key) > maxNameBytes {
		return nil, errNoDevice
	}
	found, err := p.documents.Get(ctx, deviceDocument(userID, key), d)
	if err == nil && !found {
		err = errNoDevice
	}
	return d, err
}

// ConfirmDevice makes the device known on which the session of an access token began. It tells whether the user still
// has to say that it is to be remembered. Errors: ResourceNotFound for another device than that; InvalidParameter for
// one that is known already, or was forgotten since, as a stolen token could give it another password.
func (p *Pool) ConfirmDevice(ctx context.Context, c Caller, accessToken, key, name string, secret DeviceSecret) (ask bool, err error) {
	if p.config.Devices == DevicesOff {
		return false, NotSupported("device tracking, as it is configured,")
	}
	v, u, err := p.owner(ctx, c, "ConfirmDevice", accessToken)
	if err != nil {
		return false, err
	}
	defer func() { p.recordAbout(ctx, c, "ConfirmDevice", u.ID, "device "+key, OutcomeOK, err) }()
	if err := secret.check(name); err != nil {
		return false, err
	}
	if len(key) > maxNameBytes {
		return false, errNoDevice
	}
	made, now := deviceDocument(u.ID, key), p.now()
	begun := sessionDocument(u.ID, v.session)
	ask = p.config.Devices == DevicesAsk
	err = p.change(ctx, u.ID, func(e *edit, u *user) error {
		var s session
		switch {
		case !e.get(begun, &s), s.over(u, now), key == "", s.Device != key:
			return errNoDevice
		case s.Known, e.get(made, new(device)):
			return refuse(InvalidParameter, "The device was confirmed already.")
		}
		s.Known = true
		e.put(begun, s)
		e.put(made, device{
			Name: name, Salt: secret.Salt, Verifier: seal(p.secrets.rest, secret.Verifier, "device", u.ID, key),
			Remembered: !ask, Trusted: s.Second, Created: now, Modified: now, Used: now,
		})
		return nil
	}, begun, made)
	if err != nil {
		return false, err
	}
	return ask, p.keepDevices(ctx, u.ID, maxDevices)
}

func (s DeviceSecret) check(name string) error {
	v := new(big.Int).SetBytes(s.Verifier)
	switch {
	case len([]rune(name)) > maxDeviceName:
		return refuse(InvalidParameter, "DeviceName has to have %d characters at most.", maxDeviceName)
	case len(s.Salt) == 0 || len(s.Salt) > maxDeviceSalt:
		return refuse(InvalidParameter, "Salt has to have 1 to %d bytes.", maxDeviceSalt)
	case len(s.Verifier) > srpSize+1 || v.Sign() == 0 || v.Cmp(srpN) >= 0:
		return refuse(InvalidParameter, "PasswordVerifier has to be a number between 0 and N.")
	}
	return nil
}

// keepDevices forgets the devices of a user that were away the longest, where there are more than so many.
func (p *Pool) keepDevices(ctx context.Context, userID string, most int) error {
	all, err := p.devices(ctx, userID)
	if err != nil || len(all) <= most {
		return err
	}
	slices.SortFunc(all, func(a, b Device) int { return a.Used.Compare(b.Used) })
	var gone []freshet.Document
	for _, d := range all[:len(all)-most] {
		gone = append(gone, deviceDocument(userID, d.Key))
	}
	return freshet.RemoveDocuments(ctx, p.documents, gone...)
}

// devices gives all devices of a user, by key.
func (p *Pool) devices(ctx context.Context, userID string) ([]Device, error) {
	var list []Device
	err := p.documents.Under(ctx, kindDevice, userID+" ", func(key string, body []byte) error {
		var d device
		if err := json.Unmarshal(body, &d); err != nil {
			return err
		}
		list = append(list, d.view(strings.TrimPrefix(key, userID+" ")))
		return nil
	})
	slices.SortFunc(list, func(a, b Device) int { return cmp.Compare(a.Key, b.Key) })
	return list, err
}

// Whose tells of whom an operation on devices is: the user of an access token, or, for an administrator, one by name.
type Whose struct{ AccessToken, Username string }

func (p *Pool) whose(ctx context.Context, c Caller, what string, w Whose) (*user, error) {
	if p.config.Devices == DevicesOff {
		return nil, NotSupported("device tracking, as it is configured,")
	}
	if w.Username != "" && strings.HasPrefix(what, "Admin") {
		return p.admins(ctx, c, what, w.Username)
	}
	if w.Username != "" { // what is only read the door tells
		return p.findKnown(ctx, w.Username)
	}
	_, u, err := p.owner(ctx, c, what, w.AccessToken)
	return u, err
}

// ListDevices gives a page of a user's devices, and what the next one is asked for with; empty: there is none. A limit
// of 0 is 60, the most.
func (p *Pool) ListDevices(ctx context.Context, c Caller, w Whose, limit int, next string) (page []Device, after string, err error) {
	u, err := p.whose(ctx, c, "ListDevices", w)
	if err != nil {
		return nil, "", err
	}
	if limit, err = checkLimit(limit); err != nil {
		return nil, "", err
	}
	last, err := readNext(next)
	if err != nil {
		return nil, "", err
	}
	all, err := p.devices(ctx, u.ID)
	if err != nil {
		return nil, "", err
	}
	all = slices.DeleteFunc(all, func(d Device) bool { return d.Key <= last })
	if len(all) > limit {
		after = writeNext(all[limit-1].Key)
	}
	return all[:min(limit, len(all))], after, nil
}

// GetDevice gives one of a user's devices. Errors: ResourceNotFound.
func (p *Pool) GetDevice(ctx context.Context, c Caller, w Whose, key string) (Device, error) {
	u, err := p.whose(ctx, c, "GetDevice", w)
	if err != nil {
		return Device{}, err
	}
	d, err := p.device(ctx, u.ID, key)
	return d.view(key), err
}

// ForgetDevice has a device be a new one at its next sign-in. Sessions on it go on. Errors: ResourceNotFound.
func (p *Pool) ForgetDevice(ctx context.Context, c Caller, w Whose, key string) error {
	return p.changeDevice(ctx, c, w, "ForgetDevice", key, func(e *edit, document freshet.Document, _ *device) error {
		e.remove(document)
		return nil
	})
}

// UpdateDeviceStatus says whether a device is to be remembered. Errors: ResourceNotFound.
func (p *Pool) UpdateDeviceStatus(ctx context.Context, c Caller, w Whose, key, status string) error {
	return p.changeDevice(ctx, c, w, "UpdateDeviceStatus", key, func(e *edit, document freshet.Document, d *device) error {
		if status != Remembered && status != NotRemembered {
			return refuse(InvalidParameter, "DeviceRememberedStatus has to be %s or %s.", Remembered, NotRemembered)
		}
		d.Remembered, d.Modified = status == Remembered, p.now()
		e.put(document, d)
		return nil
	})
}

func (p *Pool) changeDevice(ctx context.Context, c Caller, w Whose, what, key string, change func(*edit, freshet.Document, *device) error) (err error) {
	if w.Username != "" {
		what = "Admin" + what
	}
	u, err := p.whose(ctx, c, what, w)
	if err != nil {
		return err
	}
	defer func() { p.recordAbout(ctx, c, what, u.ID, "device "+key, OutcomeOK, err) }()
	if _, err := p.device(ctx, u.ID, key); err != nil {
		return err
	}
	document := deviceDocument(u.ID, key)
	return p.update(ctx, []freshet.Document{document}, func(e *edit) error {
		d := new(device)
		if !e.get(document, d) {
			return errNoDevice
		}
		return change(e, document, d)
	})
}
