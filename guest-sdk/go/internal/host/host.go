// Package host is the way to the host: in a component its functions, natively a stand-in that tests can play.
package host

// What came of asking for a secret; past the first these are the contract's errors in its order.
const (
	SecretThere uint8 = iota
	SecretDenied
	SecretMissing
	SecretUnavailable
)
