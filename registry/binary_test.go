package registry_test

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/registry"
)

// elfHead is the first bytes of an ELF file.
func elfHead(class, data, abi byte, machine uint16) string {
	b := make([]byte, 64)
	copy(b, "\x7fELF")
	b[4], b[5], b[7] = class, data, abi
	var order binary.ByteOrder = binary.LittleEndian
	if data == 2 {
		order = binary.BigEndian
	}
	order.PutUint16(b[18:], machine)
	return string(b)
}

func peHead(machine uint16) string {
	b := make([]byte, 256)
	copy(b, "MZ")
	b[0x3c] = 128
	copy(b[128:], "PE\x00\x00")
	binary.LittleEndian.PutUint16(b[132:], machine)
	return string(b)
}

func TestFirstBytesTellThePlatform(t *testing.T) {
	for _, c := range []struct{ head, host, want string }{
		{elfHead(2, 1, 0, 62), "linux", "linux/amd64"},
		{elfHead(2, 1, 3, 183), "linux", "linux/arm64"},
		{elfHead(1, 1, 0, 3), "linux", "linux/386"},
		{elfHead(1, 1, 0, 40), "linux", "linux/arm"},
		{elfHead(2, 1, 0, 243), "linux", "linux/riscv64"},
		{elfHead(2, 2, 0, 22), "linux", "linux/s390x"},
		{elfHead(2, 2, 0, 21), "linux", "linux/ppc64"},
		{elfHead(2, 1, 0, 21), "linux", "linux/ppc64le"},
		{elfHead(2, 1, 0, 8), "linux", "linux/mips64le"},
		{elfHead(1, 2, 0, 8), "linux", "linux/mips"},
		{elfHead(2, 1, 0, 258), "linux", "linux/loong64"},
		{elfHead(2, 1, 0, 43), "linux", "linux/sparcv9"},
		{elfHead(2, 1, 9, 62), "linux", "freebsd/amd64"},
		{elfHead(2, 1, 0, 62), "freebsd", "freebsd/amd64"},
		{elfHead(2, 1, 0, 62), "darwin", "linux/amd64"},
		{elfHead(2, 1, 0, 62)[:10], "linux", "an ELF file that is cut short"},
		{peHead(0x8664), "linux", "windows/amd64"},
		{peHead(0xaa64), "windows", "windows/arm64"},
		{peHead(0x14c), "windows", "windows/386"},
		{"MZ", "linux", "windows/unknown"},
		{"MZ" + strings.Repeat("\xff", 100), "linux", "windows/unknown"},
		{"\xcf\xfa\xed\xfe\x0c\x00\x00\x01", "linux", "darwin/arm64"},
		{"\xcf\xfa\xed\xfe\x07\x00\x00\x01", "linux", "darwin/amd64"},
		{"\xca\xfe\xba\xbe\x00\x00\x00\x02", "darwin", "darwin/universal"},
		{"\xca\xfe\xba\xbe\x00\x00\x00\x41", "linux", ""}, // a Java class
		{"hello world", "linux", ""},
		{"", "linux", ""},
	} {
		if got := registry.BuiltFor([]byte(c.head), c.host); got != c.want {
			t.Errorf("%.20q on %s: got %q, want %q", c.head, c.host, got, c.want)
		}
	}
}

func TestAPlatformRunsItsOwnBinariesAndThoseItEmulates(t *testing.T) {
	for _, c := range []struct {
		built, here string
		want        bool
	}{
		{"linux/amd64", "linux/amd64", true}, {"linux/386", "linux/amd64", true}, {"linux/arm64", "linux/amd64", false},
		{"linux/amd64", "linux/386", false}, {"darwin/amd64", "darwin/arm64", true}, {"darwin/arm64", "darwin/amd64", false},
		{"darwin/universal", "darwin/amd64", true}, {"windows/amd64", "windows/arm64", true}, {"windows/amd64", "linux/amd64", false},
		{"freebsd/amd64", "linux/amd64", false},
	} {
		if got := registry.RunsOn(c.built, c.here); got != c.want {
			t.Errorf("%s on %s: %v, want %v", c.built, c.here, got, c.want)
		}
	}
}

func TestAnEntryForAnotherPlatformNamesBoth(t *testing.T) {
	head := elfHead(2, 1, 0, 243) // riscv64
	if runtime.GOARCH == "riscv64" || runtime.GOOS != "linux" {
		t.Skip("another text here")
	}
	s := newShelf(t, 1)
	s.write("one/a/plugin.json", text("a", "1.0.0", "bin/x"), 0o644)
	s.write("one/a/bin/x", head, 0o755)
	want := "entry bin/x is built for linux/riscv64, this host is linux/" + runtime.GOARCH + ": install a build for this platform"
	if got := brokenFor(t, s); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestWhatGoBuildsForOtherPlatformsIsRecognised(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, platform := range []string{"linux/arm64", "darwin/arm64", "windows/amd64", "freebsd/amd64"} {
		goos, goarch, _ := strings.Cut(platform, "/")
		out := filepath.Join(dir, goos)
		cmd := exec.CommandContext(t.Context(), "go", "build", "-o", out, source)
		cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		head, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if got := registry.BuiltFor(head[:4096], "linux"); got != platform {
			t.Errorf("a program for %s is taken for one of %s", platform, got)
		}
	}
}
