package wasihttp

import (
	"fmt"

	types "pipefitter/internal/bindings/wasi_http_types"
)

// The names of wasi:http's error codes, in its order.
var codes = [...]string{
	"dns-timeout",
	"dns-error",
	"destination-not-found",
	"destination-unavailable",
	"destination-ip-prohibited",
	"destination-ip-unroutable",
	"connection-refused",
	"connection-terminated",
	"connection-timeout",
	"connection-read-timeout",
	"connection-write-timeout",
	"connection-limit-reached",
	"tls-protocol-error",
	"tls-certificate-error",
	"tls-alert-received",
	"http-request-denied",
	"http-request-length-required",
	"http-request-body-size",
	"http-request-method-invalid",
	"http-request-uri-invalid",
	"http-request-uri-too-long",
	"http-request-header-section-size",
	"http-request-header-size",
	"http-request-trailer-section-size",
	"http-request-trailer-size",
	"http-response-incomplete",
	"http-response-header-section-size",
	"http-response-header-size",
	"http-response-body-size",
	"http-response-trailer-section-size",
	"http-response-trailer-size",
	"http-response-transfer-coding",
	"http-response-content-coding",
	"http-response-timeout",
	"http-upgrade-failed",
	"http-protocol-error",
	"loop-detected",
	"configuration-error",
	"internal-error",
}

func failed(code types.ErrorCode) error {
	if int(code.Tag()) >= len(codes) {
		return &Error{Code: fmt.Sprintf("error code %d", code.Tag())}
	}
	err := &Error{Code: codes[code.Tag()]}
	switch code.Tag() {
	case types.ErrorCode_InternalError:
		err.Detail = code.InternalError().SomeOr("")
	case types.ErrorCode_DnsError:
		err.Detail = code.DnsError().Rcode.SomeOr("")
	case types.ErrorCode_TlsAlertReceived:
		err.Detail = code.TlsAlertReceived().AlertMessage.SomeOr("")
	}
	return err
}
