// Package found looks for the licences of packages in what an artifact has of them.
package found

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"

	"licence/lock"
	"licence/spdx"
)

// What is read of a file that describes a package, or of a licence's text.
const most = 1 << 20

// A Licence is what a package says of its licence.
type Licence struct {
	// Text is the expression or name as the package has it.
	Text string
	// From is the file that says so.
	From string
}

// A Finder looks in one artifact.
type Finder struct {
	files fs.FS
	// The folders NAME-VERSION.dist-info of Python packages, by normalised name and version.
	distInfo map[string]string
	// The files of each folder whose names look like a licence's.
	texts map[string][]string
}

// NewFinder prepares for looking: names are all files of the artifact.
func NewFinder(files fs.FS, names []string) *Finder {
	finder := &Finder{files: files, distInfo: map[string]string{}, texts: map[string][]string{}}
	for _, name := range names {
		folder, file := path.Split(name)
		folder = path.Clean(folder)
		if isText(file) {
			finder.texts[folder] = append(finder.texts[folder], name)
		}
		stem, ok := strings.CutSuffix(path.Base(folder), ".dist-info")
		if at := strings.LastIndexByte(stem, '-'); ok && file == "METADATA" && at > 0 {
			finder.distInfo[lock.PyPIName(stem[:at])+"@"+stem[at+1:]] = folder
			// For requirements without a version.
			finder.distInfo[lock.PyPIName(stem[:at])+"@"] = folder
		}
	}
	return finder
}

func isText(file string) bool {
	upper := strings.ToUpper(file)
	for _, name := range []string{"LICENSE", "LICENCE", "COPYING", "UNLICENSE"} {
		if strings.HasPrefix(upper, name) && !strings.HasSuffix(upper, ".GO") && !strings.HasSuffix(upper, ".JS") {
			return true
		}
	}
	return false
}

// Find looks for the licence of a package that a lock file names. It is false where nothing says.
func (finder *Finder) Find(p lock.Package, lockFile string) (Licence, bool) {
	if p.Licence != "" && !seesFile(p.Licence) {
		return Licence{p.Licence, lockFile}, true
	}
	here := path.Dir(lockFile)
	switch p.Ecosystem {
	case lock.NPM:
		return finder.npm(path.Join(here, p.Folder), p)
	case lock.Cargo:
		for _, folder := range []string{p.Name + "-" + p.Version, p.Name} {
			if licence, ok := finder.cargo(path.Join(here, "vendor", folder), p); ok {
				return licence, true
			}
		}
		return Licence{}, false
	case lock.PyPI:
		return finder.python(p)
	default:
		if p.Folder == "" {
			return Licence{}, false
		}
		return finder.text(path.Join(here, p.Folder))
	}
}

func seesFile(licence string) bool {
	return strings.HasPrefix(strings.ToUpper(licence), "SEE LICEN")
}

func (finder *Finder) npm(folder string, p lock.Package) (Licence, bool) {
	var file struct {
		Version  string          `json:"version"`
		License  json.RawMessage `json:"license"`
		Licenses json.RawMessage `json:"licenses"`
	}
	name := path.Join(folder, "package.json")
	content, err := finder.read(name)
	// What is installed may be another version than what is locked.
	if err != nil || json.Unmarshal(content, &file) != nil || p.Version != "" && file.Version != p.Version {
		return Licence{}, false
	}
	if text := lock.NPMLicence(file.License, file.Licenses); text != "" && !seesFile(text) {
		return Licence{text, name}, true
	}
	return finder.text(folder)
}

func (finder *Finder) cargo(folder string, p lock.Package) (Licence, bool) {
	name := path.Join(folder, "Cargo.toml")
	content, err := finder.read(name)
	if err != nil {
		return Licence{}, false
	}
	values := lock.CargoPackage(content)
	if values["name"] != p.Name || values["version"] != p.Version {
		return Licence{}, false
	}
	if text := values["license"]; text != "" {
		return Licence{text, name}, true
	}
	if file := values["license-file"]; file != "" {
		return finder.recognise(path.Join(folder, file))
	}
	return finder.text(folder)
}

func (finder *Finder) python(p lock.Package) (Licence, bool) {
	folder, ok := finder.distInfo[p.Name+"@"+p.Version]
	if !ok {
		return Licence{}, false
	}
	name := path.Join(folder, "METADATA")
	content, err := finder.read(name)
	if err != nil {
		return Licence{}, false
	}
	if text := metadata(content); text != "" {
		return Licence{text, name}, true
	}
	if licence, ok := finder.text(path.Join(folder, "licenses")); ok {
		return licence, true
	}
	return finder.text(folder)
}

// metadata reads the head of a METADATA: the expression, else a name that means one, else the classifiers.
func metadata(content []byte) string {
	var plain string
	var classified []string
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, most)
	for lines.Scan() && lines.Text() != "" {
		key, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "License-Expression":
			return value
		case "License":
			plain = value
		case "Classifier":
			parts := strings.Split(value, " :: ")
			if parts[0] == "License" && len(parts) > 2 {
				classified = append(classified, parts[len(parts)-1])
			}
		}
	}
	if _, err := spdx.Parse(plain); err == nil || spdx.Informal(plain) != "" {
		return plain
	}
	var known []string
	for _, name := range classified {
		if id := spdx.Informal(name); id != "" {
			known = append(known, id)
		}
	}
	// Some of several classifiers are no answer: which of them count together is not said.
	if len(known) == len(classified) && len(known) > 0 {
		return strings.Join(known, " AND ")
	}
	return plain
}

// text recognises the licence files of a folder: all of them count.
func (finder *Finder) text(folder string) (Licence, bool) {
	var all []*spdx.Expression
	var from []string
	for _, name := range finder.texts[path.Clean(folder)] {
		licence, ok := finder.recognise(name)
		if !ok {
			return Licence{}, false
		}
		expression, err := spdx.Parse(licence.Text)
		if err != nil {
			return Licence{}, false
		}
		all, from = append(all, expression), append(from, name)
	}
	if len(all) == 0 {
		return Licence{}, false
	}
	return Licence{spdx.Join(all).String(), strings.Join(from, ", ")}, true
}

func (finder *Finder) recognise(name string) (Licence, bool) {
	content, err := finder.read(name)
	if err != nil {
		return Licence{}, false
	}
	id := Recognise(string(content))
	return Licence{id, name}, id != ""
}

func (finder *Finder) read(name string) ([]byte, error) {
	if !fs.ValidPath(name) {
		return nil, fs.ErrNotExist
	}
	file, err := finder.files.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, most+1))
	if len(content) > most {
		return nil, errors.New("too large")
	}
	return content, err
}
