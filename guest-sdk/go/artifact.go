package pipefitter

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// An InputArtifact is an artifact that an earlier action made. It cannot be written to.
type InputArtifact struct {
	// Name is the name in the pipeline's definition.
	Name string
	// Path is the directory that holds it.
	Path string
	// File is the one file in Path, as a full path; empty when the artifact was an archive and was unpacked into
	// Path.
	File string
	// Revision is the revision that the service gave, or empty.
	Revision string
}

// Files gives the files in it, as sorted paths relative to it. Links are neither followed nor listed.
func (input *InputArtifact) Files() ([]string, error) { return Walk(input.Path) }

// FS gives it as a file system, for [fs.WalkDir], [fs.Glob] and their like.
func (input *InputArtifact) FS() fs.FS { return os.DirFS(input.Path) }

// Join gives the full path of a file of it, for [os.Open] and its like.
func (input *InputArtifact) Join(name string) string { return filepath.Join(input.Path, name) }

// ReadFile reads a file of it by its relative path. The error names artifact and path.
func (input *InputArtifact) ReadFile(name string) ([]byte, error) {
	content, err := os.ReadFile(input.Join(name))
	if err != nil {
		return nil, fmt.Errorf("reading `%s` of input artifact `%s`: %w", name, input.Name, cause(err))
	}
	return content, nil
}

// An OutputArtifact is an artifact that this action is to make. When the job succeeds the host packs the directory and
// uploads it; it is dropped when the job fails or is [InProgress].
type OutputArtifact struct {
	// Name is the name in the pipeline's definition.
	Name string
	// Path is the directory to fill.
	Path string
}

// WriteFile writes a file at a relative path, making the directories that it is in. It fails when the path is
// absolute or leaves the artifact by .., or when the file cannot be written; the error names artifact and path.
func (output *OutputArtifact) WriteFile(name string, content []byte) error {
	file, err := output.Create(name)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return output.writing(name, err)
	}
	return nil
}

// Create makes a file at a relative path and the directories that it is in, for writing in pieces. It fails as
// [OutputArtifact.WriteFile] does.
func (output *OutputArtifact) Create(name string) (*os.File, error) {
	if !filepath.IsLocal(name) {
		return nil, JobFailed("`%s` leaves output artifact `%s`: give a relative path without `..`", name, output.Name)
	}
	target := filepath.Join(output.Path, name)
	if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil {
		return nil, output.writing(name, err)
	}
	file, err := os.Create(target)
	if err != nil {
		return nil, output.writing(name, err)
	}
	return file, nil
}

func (output *OutputArtifact) writing(name string, err error) error {
	return fmt.Errorf("writing `%s` of output artifact `%s`: %w", name, output.Name, cause(err))
}

// Walk gives the files below a directory, as sorted paths relative to it with / between folders: the same order on
// every machine. Links are neither followed nor listed. The error names the directory that cannot be read.
func Walk(root string) ([]string, error) {
	var found []string
	pending := []string{"."}
	for len(pending) > 0 {
		directory := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		full := filepath.Join(root, directory)
		entries, err := os.ReadDir(full)
		if err != nil {
			return nil, fmt.Errorf("reading the directory `%s`: %w", full, cause(err))
		}
		for _, entry := range entries {
			name := path.Join(directory, entry.Name())
			switch {
			case entry.IsDir():
				pending = append(pending, name)
			case entry.Type().IsRegular():
				found = append(found, name)
			}
		}
	}
	slices.Sort(found)
	return found, nil
}

// The error without the path of the guest, where the message around it names a better one.
func cause(err error) error {
	if path, ok := err.(*fs.PathError); ok {
		return path.Err
	}
	return err
}
