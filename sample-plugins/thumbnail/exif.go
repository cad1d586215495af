package main

import (
	"bytes"
	"encoding/binary"
)

const (
	markerStart   = 0xD8 // of a JPEG's segments
	markerApp1    = 0xE1
	markerScan    = 0xDA
	tagOrient     = 0x0112 // of an Exif field
	typeShort     = 3
	fieldSize     = 12 // bytes
	maxDirectory  = 512
	tiffByteOrder = 4 // bytes: the order, and 42 written in it
)

// orientationOf reads the orientation of a JPEG out of its Exif segment; 1 if there is none that can be read. The formats are those
// of ITU T.81 Annex B and of CIPA DC-008 (Exif) 4.6.
func orientationOf(data []byte) orientation {
	if len(data) < 2 || data[0] != 0xFF || data[1] != markerStart {
		return 1
	}
	for data = data[2:]; len(data) >= 4 && data[0] == 0xFF; {
		marker, length := data[1], int(binary.BigEndian.Uint16(data[2:]))
		if marker == 0xFF { // fill byte
			data = data[1:]
			continue
		}
		if marker == markerScan || length < 2 || 2+length > len(data) {
			return 1
		}
		if tiff, ok := bytes.CutPrefix(data[4:2+length], []byte("Exif\x00\x00")); ok && marker == markerApp1 {
			return orientationIn(tiff)
		}
		data = data[2+length:]
	}
	return 1
}

// orientationIn looks through the first directory of a TIFF header.
func orientationIn(tiff []byte) orientation {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(tiff, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(tiff, []byte("MM\x00*")):
		order = binary.BigEndian
	default:
		return 1
	}
	if len(tiff) < tiffByteOrder+4 {
		return 1
	}
	at := uint64(order.Uint32(tiff[tiffByteOrder:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	fields := tiff[at+2:]
	for range min(order.Uint16(tiff[at:]), maxDirectory) {
		if len(fields) < fieldSize {
			return 1
		}
		if order.Uint16(fields) == tagOrient && order.Uint16(fields[2:]) == typeShort {
			return known(orientation(order.Uint16(fields[8:])))
		}
		fields = fields[fieldSize:]
	}
	return 1
}

func known(o orientation) orientation {
	if o < 1 || o > 8 {
		return 1
	}
	return o
}
