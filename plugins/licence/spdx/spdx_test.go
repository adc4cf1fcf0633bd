package spdx

import (
	"slices"
	"strings"
	"testing"
)

func TestExpressionsAreReadAsTheyMean(t *testing.T) {
	for text, wanted := range map[string]string{
		"mit":                    "MIT",
		"MIT OR Apache-2.0":      "MIT OR Apache-2.0",
		"MIT/Apache-2.0":         "MIT OR Apache-2.0",
		"MIT OR ISC AND Zlib":    "MIT OR ISC AND Zlib",
		"(MIT OR ISC) AND Zlib":  "(MIT OR ISC) AND Zlib",
		"((MIT) and (isc))":      "MIT AND ISC",
		"GPL-2.0":                "GPL-2.0-only",
		"GPL-2.0+":               "GPL-2.0-or-later",
		"Apache-2.0+":            "Apache-2.0+",
		"LicenseRef-Ours OR MIT": "LicenseRef-Ours OR MIT",
		"GPL-2.0-only WITH Classpath-exception-2.0": "GPL-2.0-only WITH Classpath-exception-2.0",
		"apache-2.0 with llvm-exception OR MIT":     "Apache-2.0 WITH LLVM-exception OR MIT",
	} {
		expression, err := Parse(text)
		if err != nil || expression.String() != wanted {
			t.Errorf("%s: %v, %v", text, expression, err)
			continue
		}
		again, err := Parse(expression.String())
		if err != nil || again.String() != wanted {
			t.Errorf("%s is read as %v, %v", wanted, again, err)
		}
	}
}

func TestWhatIsNoExpressionSaysWhy(t *testing.T) {
	for text, wanted := range map[string]string{
		"":                    "a licence is missing at the end",
		"MIT OR":              "a licence is missing at the end",
		"AND MIT":             "a licence is missing before `AND`",
		"(MIT":                "a `)` is missing after `MIT`",
		"MIT)":                "`)` is not expected after `MIT`",
		"MIT ISC":             "`ISC` is not expected after `MIT`",
		"BSD":                 "`BSD` is no licence of the SPDX list",
		"MIT WITH Everything": "`Everything` is no exception of the SPDX list",
		"MIT WITH":            "`` is no exception of the SPDX list",
		strings.Repeat("(", 200) + "MIT" + strings.Repeat(")", 200): "more than 100 parentheses",
		strings.Repeat("MIT OR ", 1000) + "MIT":                     "2001 words of at most 1000",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%.30s: %v", text, err)
		}
	}
}

func TestAnExpressionIsAllowedIfItCanBeCompliedWith(t *testing.T) {
	allowed, err := ParseAllowlist([]string{"MIT", "apache-2.0", "GPL-2.0-only", "GPL-3.0-only WITH GCC-exception-3.1"})
	if err != nil {
		t.Fatal(err)
	}
	for text, wanted := range map[string]bool{
		"MIT":                                  true,
		"ISC":                                  false,
		"ISC OR MIT":                           true,
		"ISC AND MIT":                          false,
		"MIT AND (ISC OR Apache-2.0)":          true,
		"ISC OR MIT AND Zlib":                  false,
		"Apache-2.0+":                          true,
		"Apache-1.1+":                          false,
		"GPL-2.0-or-later":                     true,
		"GPL-2.0+":                             true,
		"GPL-3.0-or-later":                     false,
		"Apache-2.0 WITH LLVM-exception":       true,
		"GPL-3.0-only":                         false,
		"GPL-3.0-only WITH GCC-exception-3.1":  true,
		"GPL-3.0-only WITH GCC-exception-2.0":  false,
		"GPL-2.0 WITH Classpath-exception-2.0": true,
		"LicenseRef-MIT":                       false,
	} {
		expression, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if allowed.Allows(expression) != wanted {
			t.Errorf("%s: allowed is %t", text, !wanted)
		}
	}
	expression, _ := Parse("MIT AND ISC AND Zlib")
	if denied := allowed.Denied(expression); !slices.Equal(denied, []Licence{{ID: "ISC"}, {ID: "Zlib"}}) {
		t.Error(denied)
	}
}

func TestAnAllowlistOfNamesThatAreNoneSaysWhich(t *testing.T) {
	for name, wanted := range map[string]string{
		"Apache2":           "`Apache2` is no licence of the SPDX list: it is called `Apache-2.0` there",
		"MIT OR Apache-2.0": "`MIT OR Apache-2.0` is more than one licence: name each, with a comma between",
	} {
		if _, err := ParseAllowlist([]string{"ISC", name}); err == nil || err.Error() != wanted {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryInformalNameMeansALicence(t *testing.T) {
	for name, id := range informal {
		if _, err := Parse(id); err != nil {
			t.Errorf("%s means %s: %v", name, id, err)
		}
	}
	if Informal("Apache License, Version 2.0") != "Apache-2.0" || Informal("Ours") != "" {
		t.Error("names are compared by their letters")
	}
}
