package found

import (
	"regexp"
	"slices"
	"strings"

	"licence/spdx"
)

// A text has all of these in it, and none of those. Letters and digits only, with one space between words. Titles are
// with their date: the licences of GNU name each other.
var texts = []struct {
	id        string
	has, lack []string
}{
	{"Apache-2.0", []string{"apache license version 2 0 january 2004"}, nil},
	{"MPL-2.0", []string{"mozilla public license version 2 0"}, nil},
	{"AGPL-3.0-only", []string{"gnu affero general public license version 3 19 november 2007"}, nil},
	{"LGPL-3.0-only", []string{"gnu lesser general public license version 3 29 june 2007"}, nil},
	{"LGPL-2.1-only", []string{"gnu lesser general public license version 2 1 february 1999"}, nil},
	{"LGPL-2.0-only", []string{"gnu library general public license version 2 june 1991"}, nil},
	{"GPL-3.0-only", []string{"gnu general public license version 3 29 june 2007"}, nil},
	{"GPL-2.0-only", []string{"gnu general public license version 2 june 1991"}, nil},
	{"EPL-2.0", []string{"eclipse public license v 2 0"}, nil},
	{"CC0-1.0", []string{"cc0 1 0 universal"}, nil},
	{"BSL-1.0", []string{"boost software license version 1 0"}, nil},
	{"Unlicense", []string{"this is free and unencumbered software released into the public domain"}, nil},
	{"Zlib", []string{"this software is provided as is without any express or implied warranty", "must not be misrepresented"}, nil},
	{"MIT", []string{
		"permission is hereby granted free of charge to any person obtaining a copy",
		"the above copyright notice and this permission notice",
	}, nil},
	{"MIT-0", []string{"permission is hereby granted free of charge to any person obtaining a copy"},
		[]string{"subject to the following conditions"}},
	{"ISC", []string{
		"permission to use copy modify and or distribute this software for any purpose with or without fee is hereby granted",
		"above copyright notice and this permission notice appear in all copies",
	}, nil},
	{"ISC", []string{
		"permission to use copy modify and distribute this software for any purpose with or without fee is hereby granted",
		"above copyright notice and this permission notice appear in all copies",
	}, nil},
	{"0BSD", []string{"permission to use copy modify and or distribute this software for any purpose with or without fee is hereby granted"},
		[]string{"appear in all copies"}},
	{"BSD-4-Clause", []string{redistribution, "all advertising materials mentioning features"}, nil},
	{"BSD-3-Clause", []string{redistribution, "endorse or promote products"}, []string{"all advertising materials"}},
	{"BSD-2-Clause", []string{redistribution}, []string{"endorse or promote"}},
}

const redistribution = "redistribution and use in source and binary forms with or without modification are permitted"

var (
	notLetters = regexp.MustCompile(`[^a-z0-9]+`)
	identified = regexp.MustCompile(`SPDX-License-Identifier:\s*([^\r\n*]+)`)
)

// Recognise gives the licence of a text: what its SPDX-License-Identifier says, else those of two dozen that it has the
// texts of, all of which count. It gives an empty text for any other.
func Recognise(text string) string {
	if match := identified.FindStringSubmatch(text); match != nil {
		if expression, err := spdx.Parse(strings.TrimSpace(match[1])); err == nil {
			return expression.String()
		}
	}
	plain := notLetters.ReplaceAllString(strings.ToLower(text), " ")
	var found []string
	for _, known := range texts {
		if all(plain, known.has) && !some(plain, known.lack) && !slices.Contains(found, known.id) {
			found = append(found, known.id)
		}
	}
	return strings.Join(found, " AND ")
}

func all(text string, phrases []string) bool {
	for _, phrase := range phrases {
		if !strings.Contains(text, phrase) {
			return false
		}
	}
	return true
}

func some(text string, phrases []string) bool {
	for _, phrase := range phrases {
		if strings.Contains(text, phrase) {
			return true
		}
	}
	return false
}
