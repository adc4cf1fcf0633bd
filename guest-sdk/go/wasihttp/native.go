//go:build !wasip1

package wasihttp

import "net/http"

var native = http.DefaultTransport

func roundTrip(request *http.Request) (*http.Response, error) {
	return native.RoundTrip(request)
}
