package cognito

// Operations are the names of all that there is.
func Operations() (names []string) {
	for name := range operations() {
		names = append(names, name)
	}
	return names
}
