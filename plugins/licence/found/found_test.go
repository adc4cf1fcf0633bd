package found

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"licence/lock"
)

const mit = `MIT License

Permission is hereby granted, free of charge, to any person obtaining a copy of this software, to deal in it without
restriction, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies.`

func finder(files map[string]string) *Finder {
	tree := fstest.MapFS{}
	for name, content := range files {
		tree[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return NewFinder(tree, slices.Sorted(maps.Keys(files)))
}

func TestEachEcosystemsMetadataIsRead(t *testing.T) {
	finder := finder(map[string]string{
		"app/node_modules/a/package.json":                    `{"version":"1.0.0","license":"ISC"}`,
		"app/node_modules/b/package.json":                    `{"version":"1.0.0","license":"SEE LICENSE IN LICENSE.txt"}`,
		"app/node_modules/b/LICENSE.txt":                     mit,
		"app/node_modules/c/package.json":                    `{"version":"9.9.9","license":"ISC"}`,
		"vendor/serde/Cargo.toml":                            "[package]\nname = \"serde\"\nversion = \"1.0.0\"\nlicense = \"MIT OR Apache-2.0\"\n",
		"vendor/ring-0.1.0/Cargo.toml":                       "[package]\nname = \"ring\"\nversion = \"0.1.0\"\nlicense-file = \"LEGAL\"\n",
		"vendor/ring-0.1.0/LEGAL":                            "SPDX-License-Identifier: ISC AND MIT\n",
		"vendor/example/one/LICENSE":                         mit,
		"vendor/example/two/LICENSE":                         mit,
		"vendor/example/two/LICENSE-APACHE":                  "Apache License Version 2.0, January 2004",
		"vendor/example/odd/COPYING":                         "All rights reserved.",
		"lib/site-packages/x_y-1.0.dist-info/METADATA":       "Name: x-y\nLicense-Expression: MIT\n\nLicense: GPL\n",
		"lib/site-packages/z-2.0.dist-info/METADATA":         "License: see file\nClassifier: License :: OSI Approved :: MIT License\n",
		"lib/site-packages/q-3.0.dist-info/METADATA":         "Name: q\n",
		"lib/site-packages/q-3.0.dist-info/licenses/LICENSE": mit,
	})
	for _, wanted := range []struct {
		p          lock.Package
		file       string
		text, from string
	}{
		{lock.Package{Ecosystem: lock.NPM, Licence: "Zlib", Folder: "node_modules/a"}, "app/package-lock.json", "Zlib", "app/package-lock.json"},
		{lock.Package{Ecosystem: lock.NPM, Version: "1.0.0", Folder: "node_modules/a"}, "app/package-lock.json", "ISC", "app/node_modules/a/package.json"},
		{lock.Package{Ecosystem: lock.NPM, Version: "1.0.0", Licence: "SEE LICENSE IN LICENSE.txt", Folder: "node_modules/b"}, "app/package-lock.json", "MIT", "app/node_modules/b/LICENSE.txt"},
		{lock.Package{Ecosystem: lock.NPM, Version: "1.0.0", Folder: "node_modules/c"}, "app/package-lock.json", "", ""},
		{lock.Package{Ecosystem: lock.NPM, Version: "1.0.0", Folder: "../../../node_modules/c"}, "app/package-lock.json", "", ""},
		{lock.Package{Ecosystem: lock.Cargo, Name: "serde", Version: "1.0.0"}, "Cargo.lock", "MIT OR Apache-2.0", "vendor/serde/Cargo.toml"},
		{lock.Package{Ecosystem: lock.Cargo, Name: "serde", Version: "2.0.0"}, "Cargo.lock", "", ""},
		{lock.Package{Ecosystem: lock.Cargo, Name: "ring", Version: "0.1.0"}, "Cargo.lock", "ISC AND MIT", "vendor/ring-0.1.0/LEGAL"},
		{lock.Package{Ecosystem: lock.Go, Folder: "vendor/example/one"}, "go.mod", "MIT", "vendor/example/one/LICENSE"},
		{lock.Package{Ecosystem: lock.Go, Folder: "vendor/example/two"}, "go.mod", "MIT AND Apache-2.0", "vendor/example/two/LICENSE, vendor/example/two/LICENSE-APACHE"},
		{lock.Package{Ecosystem: lock.Go, Folder: "vendor/example/odd"}, "go.mod", "", ""},
		{lock.Package{Ecosystem: lock.PyPI, Name: "x-y", Version: "1.0"}, "uv.lock", "MIT", "lib/site-packages/x_y-1.0.dist-info/METADATA"},
		{lock.Package{Ecosystem: lock.PyPI, Name: "z"}, "requirements.txt", "MIT", "lib/site-packages/z-2.0.dist-info/METADATA"},
		{lock.Package{Ecosystem: lock.PyPI, Name: "q", Version: "3.0"}, "uv.lock", "MIT", "lib/site-packages/q-3.0.dist-info/licenses/LICENSE"},
		{lock.Package{Ecosystem: lock.PyPI, Name: "q", Version: "4.0"}, "uv.lock", "", ""},
	} {
		licence, ok := finder.Find(wanted.p, wanted.file)
		if licence.Text != wanted.text || ok != (wanted.text != "") || ok && licence.From != wanted.from {
			t.Errorf("%+v: %+v", wanted.p, licence)
		}
	}
}

func TestTextsAreToldApart(t *testing.T) {
	bsd := "Redistribution and use in source and binary forms, with or without\nmodification, are permitted provided that"
	for text, wanted := range map[string]string{
		mit: "MIT",
		strings.Replace(mit, "free of charge", "for a fee", 1): "",
		bsd: "BSD-2-Clause",
		bsd + "\n * may not be used to endorse or promote products":                                        "BSD-3-Clause",
		"GNU GENERAL PUBLIC LICENSE\n   Version 2, June 1991":                                              "GPL-2.0-only",
		"GNU LESSER GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007":                                      "LGPL-3.0-only",
		"GNU GENERAL PUBLIC LICENSE Version 3, 29 June 2007 ... use the GNU Lesser General Public License": "GPL-3.0-only",
		mit + "\n\nApache License\n Version 2.0, January 2004":                                             "Apache-2.0 AND MIT",
		"// SPDX-License-Identifier: MIT */":                                                               "MIT",
	} {
		if id := Recognise(text); id != wanted {
			t.Errorf("%.40s: %s", text, id)
		}
	}
}
