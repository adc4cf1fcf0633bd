// Package wasihttp makes net/http work in a plugin: its requests go through wasi:http to the worker, which makes them
// if the operator has granted their scheme, host and port. Importing it is enough:
//
//	import (
//		"net/http"
//
//		_ "pipefitter/wasihttp"
//	)
//
//	response, err := http.Get("https://api.example.com/")
//
// The manifest has to ask:
//
//	[capabilities]
//	network = [{ to = "https://api.example.com", reason = "to announce the release" }]
//
// Without this package the requests of net/http fail, since there are no sockets. A component that imports it is
// served only where the operator grants it network.
//
// What an [http.Client] does works: contexts, timeouts, redirects, cookie jars. Connections, TLS and proxies are the
// worker's; bodies are not unzipped unasked. Goroutines may wait for several requests at once. Natively [Transport] is
// net/http's own, so that tests may use package net/http/httptest.
package wasihttp

import (
	"net/http"
)

// A Transport is an [http.RoundTripper] over wasi:http. The zero value is ready to use. Importing this package makes
// one [http.DefaultTransport].
type Transport struct{}

// RoundTrip makes one request, as [http.RoundTripper] says. An error of the worker's is an [*Error].
func (Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	return roundTrip(request)
}

// An Error is the answer of the worker where there is none of the server.
type Error struct {
	// Code is the name of wasi:http's error code, such as http-request-denied.
	Code string
	// Detail is what is told besides, or empty.
	Detail string
}

// Error gives code and detail, and for what the operator decides what to do.
func (err *Error) Error() string {
	text := err.Code
	if err.Detail != "" {
		text += ": " + err.Detail
	}
	switch err.Code {
	case "http-request-denied":
		text += ": this address is not granted to the plugin; the worker's operator can grant it"
	case "destination-ip-prohibited":
		text += ": the name leads to an address that is not public; the worker's operator can grant its range"
	}
	return text
}
