// Package lock reads the lock files of package managers: which packages, in which versions.
package lock

import (
	"fmt"
	"path"
	"strings"
)

// Ecosystems, by the names of their package URLs.
const (
	Cargo    = "cargo"
	Composer = "composer"
	Go       = "go"
	NPM      = "npm"
	PyPI     = "pypi"
)

// A Package is one version of a package that a lock file names.
type Package struct {
	// Ecosystem is one of the constants.
	Ecosystem string
	// Name is the name as the ecosystem compares it.
	Name string
	// Version is the version, or empty where the file does not say.
	Version string
	// Licence is what the lock file itself says of it, or empty.
	Licence string
	// Folder is where the package is installed, relative to the lock file, or empty.
	Folder string
	// Development says that it is needed for development only.
	Development bool
}

// String gives ecosystem, name and version: npm:left-pad@1.3.0.
func (p Package) String() string {
	text := p.Ecosystem + ":" + p.Name
	if p.Version != "" {
		text += "@" + p.Version
	}
	return text
}

type read func(content []byte) ([]Package, error)

var readers = map[string]read{
	"Cargo.lock":          cargo,
	"package-lock.json":   npm,
	"npm-shrinkwrap.json": npm,
	"go.mod":              goModule,
	"poetry.lock":         poetry,
	"uv.lock":             uv,
	"composer.lock":       composer,
}

// Lock files that somebody might expect to be read.
var unread = map[string]string{
	"yarn.lock":      "make a package-lock.json of it",
	"pnpm-lock.yaml": "make a package-lock.json of it",
	"Gemfile.lock":   "Ruby is not read",
	"Pipfile.lock":   "make a requirements.txt of it",
}

// IsLock says whether a file is a lock file that can be read.
func IsLock(file string) bool {
	name := path.Base(file)
	_, ok := readers[name]
	return ok || isRequirements(name)
}

// IsUnread says that a file is a lock file that cannot be read, and what to do.
func IsUnread(file string) (string, bool) {
	advice, ok := unread[path.Base(file)]
	return advice, ok
}

// Read reads a lock file by its name. The error says what is wrong with it.
func Read(file string, content []byte) ([]Package, error) {
	name := path.Base(file)
	read, ok := readers[name]
	if !ok {
		read = requirements
	}
	packages, err := read(content)
	if err != nil {
		return nil, fmt.Errorf("`%s` cannot be read as a %s: %w", file, name, err)
	}
	return packages, nil
}

func isRequirements(name string) bool {
	return strings.HasPrefix(name, "requirements") && strings.HasSuffix(name, ".txt")
}
