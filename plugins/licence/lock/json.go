package lock

import (
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
)

type npmEntry struct {
	Name         string          `json:"name"`
	Version      string          `json:"version"`
	License      json.RawMessage `json:"license"`
	Licenses     json.RawMessage `json:"licenses"`
	Dev          bool            `json:"dev"`
	DevOptional  bool            `json:"devOptional"`
	Link         bool            `json:"link"`
	Dependencies json.RawMessage `json:"dependencies"`
}

// npm reads package-lock.json, version 1 (npm 6), 2 and 3.
func npm(content []byte) ([]Package, error) {
	var file struct {
		LockfileVersion int                 `json:"lockfileVersion"`
		Packages        map[string]npmEntry `json:"packages"`
		Dependencies    map[string]npmEntry `json:"dependencies"`
	}
	if err := json.Unmarshal(content, &file); err != nil {
		return nil, err
	}
	var found []Package
	switch {
	case file.LockfileVersion < 1 || file.LockfileVersion > 3:
		return nil, fmt.Errorf("its lockfileVersion is %d, which is not 1, 2 or 3", file.LockfileVersion)
	case file.Packages != nil:
		found = npmPackages(file.Packages)
	default:
		var err error
		if found, err = npmTree(file.Dependencies, "", 0); err != nil {
			return nil, err
		}
	}
	sort.Slice(found, func(a, b int) bool { return found[a].Folder < found[b].Folder })
	return found, nil
}

func npmPackages(entries map[string]npmEntry) []Package {
	var found []Package
	for folder, entry := range entries {
		at := strings.LastIndex(folder, "node_modules/")
		// What lies outside node_modules is the project itself and its workspaces; a link leads to one of these.
		if at < 0 || entry.Link {
			continue
		}
		name := entry.Name
		if name == "" {
			name = folder[at+len("node_modules/"):]
		}
		found = append(found, Package{
			Ecosystem: NPM, Name: name, Version: entry.Version, Licence: NPMLicence(entry.License, entry.Licenses),
			Folder: folder, Development: entry.Dev || entry.DevOptional,
		})
	}
	return found
}

func npmTree(entries map[string]npmEntry, above string, depth int) ([]Package, error) {
	if depth > 100 {
		return nil, errors.New("its dependencies are in each other more than 100 times")
	}
	var found []Package
	for name, entry := range entries {
		folder := above + "node_modules/" + name
		if !strings.HasPrefix(entry.Version, "file:") {
			found = append(found, Package{
				Ecosystem: NPM, Name: name, Version: entry.Version, Folder: folder, Development: entry.Dev,
			})
		}
		if entry.Dependencies == nil {
			continue
		}
		var inner map[string]npmEntry
		if err := json.Unmarshal(entry.Dependencies, &inner); err != nil {
			return nil, err
		}
		below, err := npmTree(inner, folder+"/", depth+1)
		if err != nil {
			return nil, err
		}
		found = append(found, below...)
	}
	return found, nil
}

// NPMLicence reads what a package.json may have as license and licenses: a text, an object with a type, or a list of
// these, one of which may be chosen. It gives an empty text where there is none.
func NPMLicence(license, licenses json.RawMessage) string {
	for _, raw := range []json.RawMessage{license, licenses} {
		var text string
		if json.Unmarshal(raw, &text) == nil && text != "" {
			return text
		}
		var object struct {
			Type string `json:"type"`
		}
		if json.Unmarshal(raw, &object) == nil && object.Type != "" {
			return object.Type
		}
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			continue
		}
		var choices []string
		for _, item := range list {
			if choice := NPMLicence(item, nil); choice != "" {
				choices = append(choices, choice)
			}
		}
		if len(choices) > 0 {
			return strings.Join(choices, " OR ")
		}
	}
	return ""
}

// composer reads composer.lock, of PHP; of several licences one may be chosen.
func composer(content []byte) ([]Package, error) {
	type entry struct {
		Name    string   `json:"name"`
		Version string   `json:"version"`
		License []string `json:"license"`
	}
	var file struct {
		Packages []entry `json:"packages"`
		Dev      []entry `json:"packages-dev"`
	}
	if err := json.Unmarshal(content, &file); err != nil {
		return nil, err
	}
	var found []Package
	for at, entry := range append(file.Packages, file.Dev...) {
		found = append(found, Package{
			Ecosystem: Composer, Name: entry.Name, Version: entry.Version, Licence: strings.Join(entry.License, " OR "),
			Folder: "vendor/" + entry.Name, Development: at >= len(file.Packages),
		})
	}
	return found, nil
}
