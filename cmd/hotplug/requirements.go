package main

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The go.mod and go.sum of hotplug, as they were when this command was built: a copy of each, because what lies above a package cannot be
// embedded in it.
var (
	//go:embed templates/hotplug.mod
	ownMod string
	//go:embed templates/hotplug.sum
	ownSum string
)

// commandOnly are the modules that only this command needs: neither plugins nor hosts do.
var commandOnly = []string{
	"github.com/cpuguy83/go-md2man/v2", "github.com/inconshreveable/mousetrap", "github.com/russross/blackfriday/v2",
	"github.com/spf13/cobra", "github.com/spf13/pflag", "go.yaml.in/yaml/v3", "golang.org/x/mod",
}

// A release is a version of hotplug that others can download, and the checksum of its module.
type release struct {
	version string // empty: not known
	sum     string // as go.sum has it; empty: not known
}

// require fills in what hotplug needs in turn, and the checksums of all of it, so that the go command asks for nothing more. A checkout
// speaks for itself.
func (m *module) require(checkout string, r release) error {
	mod, sum := ownMod, ownSum
	if checkout != "" {
		var err error
		if mod, sum, err = requirementsOf(checkout); err != nil {
			return err
		}
	}
	m.Indirect = indirect(mod)
	lines := checksums(sum)
	if checkout == "" && r.sum != "" {
		at := slices.IndexFunc(append(lines, "~"), func(line string) bool { return line > hotplugModule }) // the go command sorts by path
		lines = slices.Insert(lines, at, fmt.Sprintf("%s %s %s", hotplugModule, r.version, r.sum),
			fmt.Sprintf("%s %s/go.mod %s", hotplugModule, r.version, modSum(mod)))
	}
	m.sum = strings.Join(lines, "\n") + "\n"
	return nil
}

// complete reports whether the module builds as it is written.
func (m *module) complete() bool { return m.Replace != "" || m.release.sum != "" }

// requirementsOf is what a checkout says of itself.
func requirementsOf(checkout string) (mod, sum string, err error) {
	for name, to := range map[string]*string{"go.mod": &mod, "go.sum": &sum} {
		text, err := os.ReadFile(filepath.Join(checkout, name))
		if err != nil {
			return "", "", exitf(exitHost, "--replace: %w: want a checkout of %s", err, hotplugModule)
		}
		*to = string(text)
	}
	return mod, sum, nil
}

var requirement = regexp.MustCompile(`(?m)^(?:require\s+|\s+)([\w.~/-]+\.[\w.~/-]+)\s+(v\S+)`)

// indirect are the requirements of a go.mod, in its order, but for those of the command alone: "path version".
func indirect(mod string) []string {
	var out []string
	for _, m := range requirement.FindAllStringSubmatch(mod, -1) {
		if !slices.Contains(commandOnly, m[1]) {
			out = append(out, m[1]+" "+m[2])
		}
	}
	slices.Sort(out)
	return out
}

// checksums are the lines of a go.sum, but for those of the command alone.
func checksums(sum string) []string {
	return slices.DeleteFunc(strings.Split(strings.TrimSpace(sum), "\n"), func(line string) bool {
		path, _, _ := strings.Cut(line, " ")
		return slices.Contains(commandOnly, path)
	})
}

// modSum is the checksum of a go.mod as go.sum has it: the hash of a list of one file, see golang.org/x/mod/sumdb/dirhash.
func modSum(mod string) string {
	list := fmt.Sprintf("%x  go.mod\n", sha256.Sum256([]byte(mod)))
	hash := sha256.Sum256([]byte(list))
	return "h1:" + base64.StdEncoding.EncodeToString(hash[:])
}
