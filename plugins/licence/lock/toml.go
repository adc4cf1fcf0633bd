package lock

import (
	"fmt"
	"strconv"
	"strings"
)

// A block is one table of a lock file in TOML, with its texts. Of inline tables the texts are here as
// key.inner; what else there may be is left out.
type block struct {
	name   string
	line   int
	values map[string]string
}

// blocks reads the TOML that lock files are written in: tables, and keys with texts, numbers, arrays and inline
// tables. It is no reader of any TOML.
func blocks(content []byte) ([]block, error) {
	found := []block{{values: map[string]string{}}}
	lines := strings.Split(string(content), "\n")
	for at := 0; at < len(lines); at++ {
		line := strings.TrimSpace(lines[at])
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			name := strings.TrimSpace(strings.Trim(line, "[]"))
			found = append(found, block{name, at + 1, map[string]string{}})
		default:
			key, value, ok := strings.Cut(line, "=")
			if !ok {
				return nil, fmt.Errorf("line %d is neither a table nor a key", at+1)
			}
			value = strings.TrimSpace(value)
			start := at
			for !closed(value) {
				at++
				if at == len(lines) {
					return nil, fmt.Errorf("what begins in line %d does not end", start+1)
				}
				value += "\n" + lines[at]
			}
			set(found[len(found)-1].values, strings.Trim(strings.TrimSpace(key), `"`), value)
		}
	}
	return found, nil
}

// closed says whether a value has as many ends as beginnings.
func closed(value string) bool {
	for _, quotes := range []string{`"""`, `'''`} {
		if strings.HasPrefix(value, quotes) {
			return strings.Contains(value[3:], quotes)
		}
	}
	depth := 0
	for at := 0; at < len(value); at++ {
		switch value[at] {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case '#':
			for at+1 < len(value) && value[at+1] != '\n' {
				at++
			}
		case '"', '\'':
			quote := value[at]
			for at++; at < len(value) && value[at] != quote; at++ {
				if value[at] == '\\' && quote == '"' {
					at++
				}
			}
		}
	}
	return depth <= 0
}

func set(values map[string]string, key, value string) {
	if inner, ok := strings.CutPrefix(value, "{"); ok {
		for field := range strings.SplitSeq(strings.TrimSuffix(inner, "}"), ",") {
			if name, value, ok := strings.Cut(field, "="); ok {
				set(values, key+"."+strings.TrimSpace(name), strings.TrimSpace(value))
			}
		}
		return
	}
	if text, ok := textOf(value); ok {
		values[key] = text
	}
}

func textOf(value string) (string, bool) {
	for _, quotes := range []string{`"""`, `'''`, "'"} {
		if inner, ok := strings.CutPrefix(value, quotes); ok {
			inner, _, _ = strings.Cut(inner, quotes)
			return inner, true
		}
	}
	if !strings.HasPrefix(value, `"`) {
		return "", false
	}
	quoted, err := strconv.QuotedPrefix(value)
	if err != nil {
		return "", false
	}
	text, err := strconv.Unquote(quoted)
	return text, err == nil
}

func named(content []byte, ecosystem string, isOwn func(values map[string]string) bool) ([]Package, error) {
	tables, err := blocks(content)
	if err != nil {
		return nil, err
	}
	var found []Package
	own := false
	for at, table := range tables {
		switch table.name {
		case "package":
			name := table.values["name"]
			if name == "" {
				return nil, fmt.Errorf("the package in line %d has no name", table.line)
			}
			own = isOwn(table.values)
			if !own {
				found = append(found, Package{
					Ecosystem: ecosystem, Name: name, Version: table.values["version"],
					Development: table.values["category"] == "dev",
				})
			}
		case "package.source":
			// poetry says in a table of its own where a package is from.
			kind := tables[at].values["type"]
			if !own && len(found) > 0 && (kind == "directory" || kind == "file") {
				found = found[:len(found)-1]
			}
		}
	}
	return found, nil
}

// cargo reads Cargo.lock. A package without a source is the project's own.
func cargo(content []byte) ([]Package, error) {
	return named(content, Cargo, func(values map[string]string) bool { return values["source"] == "" })
}

// poetry reads poetry.lock.
func poetry(content []byte) ([]Package, error) {
	packages, err := named(content, PyPI, func(map[string]string) bool { return false })
	return normalised(packages), err
}

// uv reads uv.lock. A package that is virtual, editable or a folder is the project's own.
func uv(content []byte) ([]Package, error) {
	packages, err := named(content, PyPI, func(values map[string]string) bool {
		for _, own := range []string{"source.virtual", "source.editable", "source.directory"} {
			if _, ok := values[own]; ok {
				return true
			}
		}
		return false
	})
	return normalised(packages), err
}

func normalised(packages []Package) []Package {
	for at := range packages {
		packages[at].Name = PyPIName(packages[at].Name)
	}
	return packages
}

// CargoPackage gives the texts in the table package of a Cargo.toml, none where it cannot be read.
func CargoPackage(content []byte) map[string]string {
	tables, err := blocks(content)
	if err != nil {
		return nil
	}
	for _, table := range tables {
		if table.name == "package" {
			return table.values
		}
	}
	return nil
}
