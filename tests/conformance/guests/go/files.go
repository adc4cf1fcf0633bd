package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"pipefitter"
)

func name(at int) string { return "v" + strconv.Itoa(at) }

func listInputs(job *pipefitter.Job) (pipefitter.Outcome, error) {
	var listing strings.Builder
	lines := 0
	for _, input := range job.Inputs {
		files, err := input.Files()
		if err != nil {
			return pipefitter.Outcome{}, err
		}
		for _, file := range files {
			about, err := os.Stat(input.Join(file))
			if err != nil {
				return pipefitter.Outcome{}, err
			}
			fmt.Fprintf(&listing, "%s/%s %d\n", input.Name, file, about.Size())
			lines++
		}
	}
	output, err := job.FirstOutput()
	if err != nil {
		return pipefitter.Outcome{}, err
	}
	if err := output.WriteFile("listing.txt", []byte(listing.String())); err != nil {
		return pipefitter.Outcome{}, err
	}
	return pipefitter.Succeeded().Variable("inputs", len(job.Inputs)).Variable("files", lines), nil
}

func readLarge(job *pipefitter.Job) (pipefitter.Outcome, error) {
	input, err := job.FirstInput()
	if err != nil {
		return pipefitter.Outcome{}, err
	}
	file, err := os.Open(input.Join("big.bin"))
	if err != nil {
		return pipefitter.Outcome{}, err
	}
	defer file.Close()
	piece := make([]byte, 1<<20)
	bytes, last := 0, byte(0)
	for {
		read, err := file.Read(piece)
		if read > 0 {
			bytes, last = bytes+read, piece[read-1]
		}
		if errors.Is(err, io.EOF) {
			return pipefitter.Succeeded().Variable("bytes", bytes).Variable("last", last), nil
		}
		if err != nil {
			return pipefitter.Outcome{}, err
		}
	}
}

func writeTree(job *pipefitter.Job) (pipefitter.Outcome, error) {
	output, err := job.FirstOutput()
	if err != nil {
		return pipefitter.Outcome{}, err
	}
	all := make([]byte, 256)
	for at := range all {
		all[at] = byte(at)
	}
	for _, file := range []struct {
		name    string
		content []byte
	}{
		{"a/b/c.txt", []byte("deep\n")},
		{"ünï/日本.txt", []byte("grüße 😀\n")},
		{"empty.txt", nil},
		{"bytes.bin", all},
	} {
		if err := output.WriteFile(file.name, file.content); err != nil {
			return pipefitter.Outcome{}, err
		}
	}
	return pipefitter.Succeeded(), nil
}

func openOthers(job *pipefitter.Job) (pipefitter.Outcome, error) {
	input, err := job.FirstInput()
	if err != nil {
		return pipefitter.Outcome{}, err
	}
	told := func(err error) string {
		if err == nil {
			return "opened"
		}
		return "refused"
	}
	_, outside := os.ReadFile("/etc/passwd")
	inside := os.WriteFile(input.Join("new.txt"), []byte("new"), 0o666)
	// Join would resolve the way up itself.
	_, above := os.ReadFile(input.Path + string(filepath.Separator) + "../../etc/passwd")
	return pipefitter.Succeeded().
		Variable("outside", told(outside)).
		Variable("input", told(inside)).
		Variable("above", told(above)), nil
}
