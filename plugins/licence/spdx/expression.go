// Package spdx reads licence expressions as SPDX 2.3 has them (annex D), and judges them.
package spdx

import (
	"fmt"
	"strings"
)

// Expressions of strangers may be anything: no more of it than this.
const (
	deepest = 100
	longest = 1000
)

// A Licence is a licence by name, with an exception or none: what an expression is made of.
type Licence struct {
	// ID is the identifier as the SPDX list spells it, or a LicenseRef.
	ID string
	// OrLater says that later versions count, too, as in Apache-2.0+.
	OrLater bool
	// Exception is the exception of a WITH, or empty.
	Exception string
}

// String gives the licence as an expression has it.
func (licence Licence) String() string {
	text := licence.ID
	if licence.OrLater {
		text += "+"
	}
	if licence.Exception != "" {
		text += " WITH " + licence.Exception
	}
	return text
}

// An Expression is a licence, or two expressions with AND or OR between them.
type Expression struct {
	licence     Licence
	operator    string
	left, right *Expression
}

// String gives the expression with no more parentheses than it needs.
func (expression *Expression) String() string {
	if expression.operator == "" {
		return expression.licence.String()
	}
	side := func(side *Expression) string {
		if expression.operator == "AND" && side.operator == "OR" {
			return "(" + side.String() + ")"
		}
		return side.String()
	}
	return side(expression.left) + " " + expression.operator + " " + side(expression.right)
}

// Licences gives the licences in it, from left to right.
func (expression *Expression) Licences() []Licence {
	if expression.operator == "" {
		return []Licence{expression.licence}
	}
	return append(expression.left.Licences(), expression.right.Licences()...)
}

// Join makes one expression of several, all of which count.
func Join(all []*Expression) *Expression {
	joined := all[0]
	for _, next := range all[1:] {
		joined = &Expression{operator: "AND", left: joined, right: next}
	}
	return joined
}

// Parse reads an expression. AND binds closer than OR. A slash between identifiers, which Cargo once used, is OR.
// The error says what is wrong, and where.
func Parse(text string) (*Expression, error) {
	reader := &reader{tokens: tokens(text)}
	if len(reader.tokens) > longest {
		return nil, fmt.Errorf("it has %d words of at most %d", len(reader.tokens), longest)
	}
	expression, err := reader.either(0)
	if err != nil {
		return nil, err
	}
	if next := reader.peek(); next != "" {
		return nil, fmt.Errorf("`%s` is not expected after `%s`", next, expression)
	}
	return expression, nil
}

func tokens(text string) []string {
	spaced := strings.NewReplacer("(", " ( ", ")", " ) ", "/", " OR ").Replace(text)
	return strings.Fields(spaced)
}

type reader struct {
	tokens []string
	at     int
}

func (reader *reader) peek() string {
	if reader.at < len(reader.tokens) {
		return reader.tokens[reader.at]
	}
	return ""
}

func (reader *reader) take(word string) bool {
	if !strings.EqualFold(reader.peek(), word) {
		return false
	}
	reader.at++
	return true
}

func (reader *reader) either(depth int) (*Expression, error) {
	return reader.chain("OR", func() (*Expression, error) { return reader.both(depth) })
}

func (reader *reader) both(depth int) (*Expression, error) {
	return reader.chain("AND", func() (*Expression, error) { return reader.term(depth) })
}

func (reader *reader) chain(operator string, part func() (*Expression, error)) (*Expression, error) {
	left, err := part()
	for err == nil && reader.take(operator) {
		var right *Expression
		if right, err = part(); err == nil {
			left = &Expression{operator: operator, left: left, right: right}
		}
	}
	return left, err
}

func (reader *reader) term(depth int) (*Expression, error) {
	if reader.take("(") {
		if depth == deepest {
			return nil, fmt.Errorf("there are more than %d parentheses in each other", deepest)
		}
		inner, err := reader.either(depth + 1)
		if err == nil && !reader.take(")") {
			err = fmt.Errorf("a `)` is missing after `%s`", inner)
		}
		return inner, err
	}
	licence, err := reader.licence()
	return &Expression{licence: licence}, err
}

func (reader *reader) licence() (Licence, error) {
	word := reader.peek()
	switch strings.ToUpper(word) {
	case "":
		return Licence{}, fmt.Errorf("a licence is missing at the end")
	case "AND", "OR", "WITH", ")":
		return Licence{}, fmt.Errorf("a licence is missing before `%s`", word)
	}
	reader.at++
	licence, err := identifier(word)
	if err != nil || !reader.take("WITH") {
		return licence, err
	}
	name := reader.peek()
	exception, ok := lists().exceptions[strings.ToLower(name)]
	if !ok && !strings.HasPrefix(name, "AdditionRef-") {
		return licence, fmt.Errorf("`%s` is no exception of the SPDX list", name)
	}
	if !ok {
		exception = name
	}
	reader.at++
	licence.Exception = exception
	return licence, nil
}

func identifier(word string) (Licence, error) {
	if strings.HasPrefix(word, "LicenseRef-") || strings.HasPrefix(word, "DocumentRef-") {
		return Licence{ID: word}, nil
	}
	name, orLater := strings.CutSuffix(word, "+")
	// Some deprecated identifiers end with a plus themselves.
	if listed, ok := lists().licences[strings.ToLower(word)]; ok {
		name, orLater = listed, false
	} else if listed, ok := lists().licences[strings.ToLower(name)]; ok {
		name = listed
	} else {
		return Licence{}, fmt.Errorf("`%s` is no licence of the SPDX list", word)
	}
	if current, ok := renamed[name]; ok {
		name = current
	}
	if base, ok := strings.CutSuffix(name, "-only"); ok && orLater {
		name, orLater = base+"-or-later", false
	}
	return Licence{ID: name, OrLater: orLater}, nil
}
