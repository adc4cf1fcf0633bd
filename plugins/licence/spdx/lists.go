package spdx

import (
	_ "embed"
	"strings"
	"sync"
)

// The identifiers of the SPDX licence list, deprecated ones too, as npm's spdx-license-ids 3.0.24 (CC0-1.0) and
// spdx-exceptions 2.5.0 (CC-BY-3.0) have them.
var (
	//go:embed licences.txt
	licenceList string
	//go:embed exceptions.txt
	exceptionList string
)

// By lower-case name: identifiers are compared without regard to case.
var lists = sync.OnceValue(func() (known struct{ licences, exceptions map[string]string }) {
	read := func(list string) map[string]string {
		names := map[string]string{}
		for name := range strings.FieldsSeq(list) {
			names[strings.ToLower(name)] = name
		}
		return names
	}
	known.licences, known.exceptions = read(licenceList), read(exceptionList)
	return known
})

// Deprecated names of the GNU licences, and what they are called since.
var renamed = func() map[string]string {
	names := map[string]string{}
	for _, family := range []string{
		"AGPL-1.0", "AGPL-3.0", "GFDL-1.1", "GFDL-1.2", "GFDL-1.3", "GPL-1.0", "GPL-2.0", "GPL-3.0", "LGPL-2.0",
		"LGPL-2.1", "LGPL-3.0",
	} {
		names[family] = family + "-only"
		names[family+"+"] = family + "-or-later"
	}
	return names
}()

// Names that packages have used for longer than there is SPDX, without what is between words.
var informal = map[string]string{
	"apache2": "Apache-2.0", "apache20": "Apache-2.0", "apachelicense20": "Apache-2.0",
	"apachelicenseversion20": "Apache-2.0", "apachesoftwarelicense": "Apache-2.0", "asl20": "Apache-2.0",
	"mitlicense": "MIT", "themitlicense": "MIT", "expat": "MIT", "mitx11": "MIT",
	"bsd2": "BSD-2-Clause", "simplifiedbsd": "BSD-2-Clause", "bsd3": "BSD-3-Clause", "newbsd": "BSD-3-Clause",
	"newbsdlicense": "BSD-3-Clause", "modifiedbsd": "BSD-3-Clause", "3clausebsd": "BSD-3-Clause",
	"bsd3clauselicense": "BSD-3-Clause", "bsd2clauselicense": "BSD-2-Clause",
	"isclicense": "ISC", "isclicenseiscl": "ISC", "zlibpng": "Zlib",
	"mpl20": "MPL-2.0", "mozillapubliclicense20": "MPL-2.0", "mozillapubliclicense20mpl20": "MPL-2.0",
	"psf": "PSF-2.0", "psfl": "PSF-2.0", "pythonsoftwarefoundationlicense": "PSF-2.0",
	"gplv2": "GPL-2.0-only", "gplv3": "GPL-3.0-only", "lgplv3": "LGPL-3.0-only", "agplv3": "AGPL-3.0-only",
	"gnugeneralpubliclicensev2gplv2": "GPL-2.0-only", "gnugeneralpubliclicensev3gplv3": "GPL-3.0-only",
	"gnugeneralpubliclicensev2orlatergplv2":        "GPL-2.0-or-later",
	"gnugeneralpubliclicensev3orlatergplv3":        "GPL-3.0-or-later",
	"gnulessergeneralpubliclicensev3lgplv3":        "LGPL-3.0-only",
	"gnulessergeneralpubliclicensev2orlaterlgplv2": "LGPL-2.0-or-later",
	"gnulessergeneralpubliclicensev3orlaterlgplv3": "LGPL-3.0-or-later",
	"gnuaffrogeneralpubliclicensev3":               "AGPL-3.0-only",
	"gnuafferogeneralpubliclicensev3":              "AGPL-3.0-only",
	"theunlicenseunlicense":                        "Unlicense",
	"cc0":                                          "CC0-1.0", "cc010universalcc010publicdomaindedication": "CC0-1.0",
}

// Informal gives the identifier of a name that is in use and no identifier, or nothing.
func Informal(name string) string {
	var plain strings.Builder
	for _, letter := range strings.ToLower(name) {
		if 'a' <= letter && letter <= 'z' || '0' <= letter && letter <= '9' {
			plain.WriteRune(letter)
		}
	}
	return informal[plain.String()]
}
