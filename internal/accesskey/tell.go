package accesskey

// OnRevoke has a function called with the name of the identity whose key was revoked by this process, after that is
// stored. It must not hold up its caller.
func (k *Keys) OnRevoke(f func(identity string)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.revoked = append(k.revoked, f)
}

// OnUse has a function called with the id of a key whenever it has proven who signed a request. It must not hold up
// its caller.
func (k *Keys) OnUse(f func(id string)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.used = append(k.used, f)
}

func (k *Keys) tell(functions *[]func(string), what string) {
	k.mu.Lock()
	list := *functions
	k.mu.Unlock()
	for _, f := range list {
		f(what)
	}
}
