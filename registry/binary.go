package registry

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"strings"
)

// builtFor is the platform of a binary by its first bytes, "" if they are no binary's. ELF does not always say which
// system it is for; then it counts as this one's, if this one uses ELF.
func builtFor(head []byte, goos string) string {
	switch {
	case bytes.HasPrefix(head, []byte(elf.ELFMAG)):
		return elfPlatform(head, goos)
	case bytes.HasPrefix(head, []byte("MZ")):
		return pePlatform(head)
	}
	return machoPlatform(head)
}

// elfArch by machine; those that come in both byte orders are completed by elfPlatform.
var elfArch = map[elf.Machine]string{
	elf.EM_X86_64: "amd64", elf.EM_386: "386", elf.EM_AARCH64: "arm64", elf.EM_ARM: "arm", elf.EM_RISCV: "riscv64",
	elf.EM_S390: "s390x", elf.EM_LOONGARCH: "loong64", elf.EM_PPC64: "ppc64", elf.EM_MIPS: "mips",
}

func elfPlatform(head []byte, goos string) string {
	if len(head) < 20 {
		return "an ELF file that is cut short"
	}
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	machine := elf.Machine(order.Uint16(head[18:]))
	arch, ok := elfArch[machine]
	if !ok {
		arch = strings.ToLower(strings.TrimPrefix(machine.String(), "EM_"))
	}
	if machine == elf.EM_MIPS && elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS64 {
		arch = "mips64"
	}
	if order == binary.LittleEndian && (machine == elf.EM_PPC64 || machine == elf.EM_MIPS) {
		arch += "le"
	}
	return elfSystem(elf.OSABI(head[elf.EI_OSABI]), goos) + "/" + arch
}

func elfSystem(abi elf.OSABI, goos string) string {
	switch abi {
	case elf.ELFOSABI_FREEBSD:
		return "freebsd"
	case elf.ELFOSABI_NETBSD:
		return "netbsd"
	case elf.ELFOSABI_OPENBSD:
		return "openbsd"
	case elf.ELFOSABI_SOLARIS:
		return "solaris"
	case elf.ELFOSABI_LINUX:
		return "linux"
	}
	if goos == "darwin" || goos == "ios" || goos == "windows" {
		return "linux"
	}
	return goos
}

var peArch = map[uint16]string{
	pe.IMAGE_FILE_MACHINE_AMD64: "amd64", pe.IMAGE_FILE_MACHINE_I386: "386",
	pe.IMAGE_FILE_MACHINE_ARM64: "arm64", pe.IMAGE_FILE_MACHINE_ARMNT: "arm",
}

func pePlatform(head []byte) string {
	const at = 0x3c // where a PE file says where its header is
	if len(head) < at+4 {
		return "windows/unknown"
	}
	header := int64(binary.LittleEndian.Uint32(head[at:]))
	if header+6 > int64(len(head)) || string(head[header:header+4]) != "PE\x00\x00" {
		return "windows/unknown"
	}
	if arch, ok := peArch[binary.LittleEndian.Uint16(head[header+4:])]; ok {
		return "windows/" + arch
	}
	return "windows/unknown"
}

var machoArch = map[macho.Cpu]string{
	macho.CpuAmd64: "amd64", macho.CpuArm64: "arm64", macho.Cpu386: "386", macho.CpuArm: "arm",
}

func machoPlatform(head []byte) string {
	if len(head) < 8 {
		return ""
	}
	switch binary.LittleEndian.Uint32(head) {
	case macho.Magic32, macho.Magic64:
		if arch, ok := machoArch[macho.Cpu(binary.LittleEndian.Uint32(head[4:]))]; ok {
			return "darwin/" + arch
		}
		return "darwin/unknown"
	}
	// A Java class begins with the same four bytes; it has its version where the number of architectures would be.
	if n := binary.BigEndian.Uint32(head[4:]); binary.BigEndian.Uint32(head) == macho.MagicFat && n > 0 && n < 20 {
		return "darwin/universal"
	}
	return ""
}

// alsoRuns are the platforms whose binaries another one runs as well.
var alsoRuns = map[string][]string{
	"linux/amd64":   {"linux/386"},
	"linux/arm64":   {"linux/arm"},
	"darwin/amd64":  {"darwin/universal"},
	"darwin/arm64":  {"darwin/universal", "darwin/amd64"},
	"windows/amd64": {"windows/386"},
	"windows/arm64": {"windows/amd64", "windows/386", "windows/arm"},
}

// runsOn reports whether a binary built for one platform starts on another.
func runsOn(built, here string) bool {
	if built == here {
		return true
	}
	for _, b := range alsoRuns[here] {
		if b == built {
			return true
		}
	}
	return false
}
