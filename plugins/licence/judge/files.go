package judge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"licence/lock"
	"licence/spdx"
)

// A Mapping gives the licences of packages by ecosystem:name@version, or ecosystem:name for every version.
type Mapping struct {
	// File is the file that it is from.
	File     string
	licences map[string]string
}

func (mapping Mapping) of(p lock.Package) (string, bool) {
	if licence, ok := mapping.licences[p.String()]; ok {
		return licence, true
	}
	licence, ok := mapping.licences[p.Ecosystem+":"+p.Name]
	return licence, ok
}

// ParseMapping reads a mapping. The error names the package whose licence is none.
func ParseMapping(file string, content []byte) (Mapping, error) {
	mapping := Mapping{File: file}
	if err := strictly(content, &mapping.licences); err != nil {
		return mapping, fmt.Errorf("it is an object such as {\"npm:left-pad\": \"MIT\"}: %w", err)
	}
	for name, licence := range mapping.licences {
		if err := checkName(name); err != nil {
			return mapping, err
		}
		if _, err := spdx.Parse(licence); err != nil {
			return mapping, fmt.Errorf("the licence of `%s` cannot be read: %w", name, err)
		}
	}
	return mapping, nil
}

// An Exception is a dependency that is allowed for a reason, and for a time.
type Exception struct {
	// Package is ecosystem:name@version, or ecosystem:name for every version.
	Package string `json:"package"`
	// Licence is the licence that it is for, or empty for any.
	Licence string `json:"licence"`
	// Reason says why.
	Reason string `json:"reason"`
	// Expires is the last day that it counts, such as 2027-01-31, in UTC.
	Expires string `json:"expires"`

	last time.Time
	used bool
}

// ParseExceptions reads a list of exceptions. The error names the one that is wrong.
func ParseExceptions(content []byte) ([]Exception, error) {
	var exceptions []Exception
	if err := strictly(content, &exceptions); err != nil {
		return nil, fmt.Errorf("it is a list of objects with package, reason, expires and perhaps licence: %w", err)
	}
	for at := range exceptions {
		if err := exceptions[at].check(); err != nil {
			return nil, fmt.Errorf("exception %d (`%s`): %w", at+1, exceptions[at].Package, err)
		}
	}
	return exceptions, nil
}

func (exception *Exception) check() error {
	if err := checkName(exception.Package); err != nil {
		return err
	}
	if strings.TrimSpace(exception.Reason) == "" {
		return fmt.Errorf("it has no reason")
	}
	last, err := time.Parse(time.DateOnly, exception.Expires)
	if err != nil {
		return fmt.Errorf("expires is `%s`, which is no day such as 2027-01-31", exception.Expires)
	}
	exception.last = last
	if exception.Licence == "" {
		return nil
	}
	expression, err := spdx.Parse(exception.Licence)
	if err != nil {
		return fmt.Errorf("its licence cannot be read: %w", err)
	}
	exception.Licence = expression.String()
	return nil
}

func (exception *Exception) fits(p lock.Package, licence string) bool {
	named := exception.Package == p.String() || exception.Package == p.Ecosystem+":"+p.Name
	return named && (exception.Licence == "" || exception.Licence == licence)
}

func (exception *Exception) ended(today time.Time) bool {
	return !today.Before(exception.last.AddDate(0, 0, 1))
}

// Unused gives the exceptions that no dependency has needed.
func (policy *Policy) Unused() []Exception {
	var unused []Exception
	for _, exception := range policy.Exceptions {
		if !exception.used {
			unused = append(unused, exception)
		}
	}
	return unused
}

// EndingSoon gives the exceptions in use that end within a time.
func (policy *Policy) EndingSoon(within time.Duration) []Exception {
	var soon []Exception
	for _, exception := range policy.Exceptions {
		if exception.used && !exception.ended(policy.Today) && exception.ended(policy.Today.Add(within)) {
			soon = append(soon, exception)
		}
	}
	return soon
}

func checkName(name string) error {
	ecosystem, rest, ok := strings.Cut(name, ":")
	switch ecosystem {
	case lock.Cargo, lock.Composer, lock.Go, lock.NPM, lock.PyPI:
		if ok && rest != "" {
			return nil
		}
	}
	return fmt.Errorf("`%s` is no package: it is cargo:, composer:, go:, npm: or pypi: and a name, and perhaps "+
		"@ and a version", name)
}

func strictly(content []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if decoder.More() {
		return fmt.Errorf("there is more after its end")
	}
	return nil
}
