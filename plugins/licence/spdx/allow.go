package spdx

import (
	"fmt"
	"strings"
)

// An Allowlist is the licences that are allowed.
type Allowlist map[Licence]struct{}

// ParseAllowlist reads identifiers, each with an exception or none. The error names what is none.
func ParseAllowlist(names []string) (Allowlist, error) {
	allowed := Allowlist{}
	for _, name := range names {
		expression, err := Parse(name)
		if err != nil {
			if known := Informal(name); known != "" {
				return nil, fmt.Errorf("%w: it is called `%s` there", err, known)
			}
			return nil, err
		}
		if expression.operator != "" {
			return nil, fmt.Errorf("`%s` is more than one licence: name each, with a comma between", expression)
		}
		allowed[expression.licence] = struct{}{}
	}
	return allowed, nil
}

// Allows says whether an expression can be complied with by allowed licences alone: all of those with AND between them,
// one of those with OR.
func (allowed Allowlist) Allows(expression *Expression) bool {
	switch expression.operator {
	case "AND":
		return allowed.Allows(expression.left) && allowed.Allows(expression.right)
	case "OR":
		return allowed.Allows(expression.left) || allowed.Allows(expression.right)
	default:
		return allowed.allows(expression.licence)
	}
}

func (allowed Allowlist) allows(licence Licence) bool {
	if _, ok := allowed[licence]; ok {
		return true
	}
	// An exception permits more than the licence alone, never less.
	if licence.Exception != "" {
		licence.Exception = ""
		return allowed.allows(licence)
	}
	// Whoever may choose a later version may choose this one.
	if licence.OrLater {
		licence.OrLater = false
		return allowed.allows(licence)
	}
	if base, ok := strings.CutSuffix(licence.ID, "-or-later"); ok {
		_, ok = allowed[Licence{ID: base + "-only"}]
		return ok
	}
	return false
}

// Denied gives the licences of an expression that are not allowed.
func (allowed Allowlist) Denied(expression *Expression) []Licence {
	var denied []Licence
	for _, licence := range expression.Licences() {
		if !allowed.allows(licence) {
			denied = append(denied, licence)
		}
	}
	return denied
}
