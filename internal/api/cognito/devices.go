package cognito

import (
	"context"

	"freshet/internal/accounts"
)

// deviceInput names a device of the user of a token.
type deviceInput struct{ AccessToken, DeviceKey string }

func (in deviceInput) whose() accounts.Whose { return accounts.Whose{AccessToken: in.AccessToken} }

// userDeviceInput names a device of any user, for administrators.
type userDeviceInput struct {
	userInput
	DeviceKey string
}

func (in userDeviceInput) whose() accounts.Whose { return accounts.Whose{Username: in.Username} }

type confirmDeviceInput struct {
	deviceInput
	DeviceName                 string
	DeviceSecretVerifierConfig struct{ Salt, PasswordVerifier []byte } // base64
}

type confirmDeviceOutput struct{ UserConfirmationNecessary bool }

func (d *door) confirmDevice(ctx context.Context, c accounts.Caller, in confirmDeviceInput) (out confirmDeviceOutput, err error) {
	secret := accounts.DeviceSecret{Salt: in.DeviceSecretVerifierConfig.Salt, Verifier: in.DeviceSecretVerifierConfig.PasswordVerifier}
	out.UserConfirmationNecessary, err = d.pool.ConfirmDevice(ctx, c, in.AccessToken, in.DeviceKey, in.DeviceName, secret)
	return out, err
}

type device struct {
	DeviceKey                   string
	DeviceAttributes            []attribute
	DeviceCreateDate            seconds
	DeviceLastModifiedDate      seconds
	DeviceLastAuthenticatedDate seconds
}

func deviceOf(d accounts.Device) device {
	return device{
		DeviceKey: d.Key, DeviceAttributes: []attribute{{Name: "device_status", Value: d.Status}, {Name: "device_name", Value: d.Name}},
		DeviceCreateDate: seconds(d.Created), DeviceLastModifiedDate: seconds(d.Modified), DeviceLastAuthenticatedDate: seconds(d.Used),
	}
}

type deviceOutput struct{ Device device }

func (d *door) getDevice(ctx context.Context, c accounts.Caller, in deviceInput) (deviceOutput, error) {
	found, err := d.pool.GetDevice(ctx, c, in.whose(), in.DeviceKey)
	return deviceOutput{deviceOf(found)}, err
}

func (d *door) adminGetDevice(ctx context.Context, c accounts.Caller, in userDeviceInput) (deviceOutput, error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return deviceOutput{}, err
	}
	found, err := d.pool.GetDevice(ctx, c, in.whose(), in.DeviceKey)
	return deviceOutput{deviceOf(found)}, err
}

// devicePage is which part of a list is asked for.
type devicePage struct {
	Limit           int
	PaginationToken string
}

type listDevicesInput struct {
	devicePage
	AccessToken string
}

type adminListDevicesInput struct {
	userInput
	devicePage
}

type listDevicesOutput struct {
	Devices         []device
	PaginationToken string `json:",omitempty"`
}

func (d *door) listDevices(ctx context.Context, c accounts.Caller, in listDevicesInput) (listDevicesOutput, error) {
	return d.devices(ctx, c, accounts.Whose{AccessToken: in.AccessToken}, in.devicePage)
}

func (d *door) adminListDevices(ctx context.Context, c accounts.Caller, in adminListDevicesInput) (listDevicesOutput, error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return listDevicesOutput{}, err
	}
	return d.devices(ctx, c, accounts.Whose{Username: in.Username}, in.devicePage)
}

func (d *door) devices(ctx context.Context, c accounts.Caller, w accounts.Whose, page devicePage) (listDevicesOutput, error) {
	list, next, err := d.pool.ListDevices(ctx, c, w, page.Limit, page.PaginationToken)
	out := listDevicesOutput{Devices: make([]device, len(list)), PaginationToken: next}
	for i, one := range list {
		out.Devices[i] = deviceOf(one)
	}
	return out, err
}

func (d *door) forgetDevice(ctx context.Context, c accounts.Caller, in deviceInput) (nothing, error) {
	return nothing{}, d.pool.ForgetDevice(ctx, c, in.whose(), in.DeviceKey)
}

func (d *door) adminForgetDevice(ctx context.Context, c accounts.Caller, in userDeviceInput) (nothing, error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return nothing{}, err
	}
	return nothing{}, d.pool.ForgetDevice(ctx, c, in.whose(), in.DeviceKey)
}

type updateDeviceStatusInput struct {
	deviceInput
	DeviceRememberedStatus string
}

func (d *door) updateDeviceStatus(ctx context.Context, c accounts.Caller, in updateDeviceStatusInput) (nothing, error) {
	return nothing{}, d.pool.UpdateDeviceStatus(ctx, c, in.whose(), in.DeviceKey, in.DeviceRememberedStatus)
}

type adminUpdateDeviceStatusInput struct {
	userDeviceInput
	DeviceRememberedStatus string
}

func (d *door) adminUpdateDeviceStatus(ctx context.Context, c accounts.Caller, in adminUpdateDeviceStatusInput) (nothing, error) {
	if err := d.ofPool(in.UserPoolID); err != nil {
		return nothing{}, err
	}
	return nothing{}, d.pool.UpdateDeviceStatus(ctx, c, in.whose(), in.DeviceKey, in.DeviceRememberedStatus)
}
