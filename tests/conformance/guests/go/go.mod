module conformance

go 1.27.1

require pipefitter v0.1.0

replace pipefitter => ../../../../guest-sdk/go
