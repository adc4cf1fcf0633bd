package lock

import (
	"fmt"
	"regexp"
	"strings"
)

// goModule reads go.mod, which since Go 1.17 names every module that is built. What is replaced by a folder is the
// project's own.
func goModule(content []byte) ([]Package, error) {
	var found []Package
	replaced := map[string]Package{}
	own := map[string]bool{}
	block := ""
	for at, line := range strings.Split(string(content), "\n") {
		line, _, _ = strings.Cut(line, "//")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
			continue
		case words[0] == ")":
			block = ""
			continue
		case len(words) == 2 && words[1] == "(":
			block = words[0]
			continue
		case block != "":
			words = append([]string{block}, words...)
		}
		switch {
		case words[0] == "require" && len(words) == 3:
			found = append(found, Package{Ecosystem: Go, Name: unquoted(words[1]), Version: words[2]})
		case words[0] == "require":
			return nil, fmt.Errorf("line %d requires no module in a version", at+1)
		case words[0] == "replace":
			replace(words[1:], replaced, own)
		}
	}
	kept := found[:0]
	for _, module := range found {
		by, ok := replaced[module.Name]
		switch {
		case own[module.Name]:
			continue
		case ok:
			// The vendored module keeps the path that it is imported by.
			by.Folder = "vendor/" + module.Name
			module = by
		default:
			module.Folder = "vendor/" + module.Name
		}
		kept = append(kept, module)
	}
	return kept, nil
}

// replace reads OLD [VERSION] => NEW [VERSION].
func replace(words []string, replaced map[string]Package, own map[string]bool) {
	for at, word := range words {
		if word != "=>" || at == 0 || at+1 == len(words) {
			continue
		}
		old, by := unquoted(words[0]), unquoted(words[at+1])
		if strings.HasPrefix(by, ".") || strings.HasPrefix(by, "/") {
			own[old] = true
		} else if at+2 < len(words) {
			replaced[old] = Package{Ecosystem: Go, Name: by, Version: words[at+2]}
		}
	}
}

func unquoted(word string) string { return strings.Trim(word, "\"`") }

var (
	requirement = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(?:===?\s*([^\s;,]+))?`)
	separators  = regexp.MustCompile(`[-_.]+`)
)

// requirements reads requirements.txt, as pip freeze, pip-compile and uv pip compile write it.
func requirements(content []byte) ([]Package, error) {
	text := strings.ReplaceAll(strings.ReplaceAll(string(content), "\r\n", "\n"), "\\\n", " ")
	var found []Package
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		// Options: -r and -c name other files, -e the project's own, and so on.
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "-") {
			continue
		}
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "/") {
			continue
		}
		match := requirement.FindStringSubmatch(line)
		if match == nil {
			return nil, fmt.Errorf("`%s` is no requirement", line)
		}
		found = append(found, Package{Ecosystem: PyPI, Name: PyPIName(match[1]), Version: match[2]})
	}
	return found, nil
}

// PyPIName gives a name as PyPI compares it: Flask_Cors is flask-cors.
func PyPIName(name string) string {
	return strings.ToLower(separators.ReplaceAllString(name, "-"))
}
