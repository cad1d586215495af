package main

import "image"

// An orientation is how a picture is to be turned and mirrored before it is seen, as Exif numbers it, from 1 (as it is) to 8.
type orientation uint16

// swaps reports that width and height change places.
func (o orientation) swaps() bool { return o >= 5 && o <= 8 }

// size is that of a picture once it is turned, or before: turning back swaps as well.
func (o orientation) size(p image.Point) image.Point {
	if o.swaps() {
		return image.Pt(p.Y, p.X)
	}
	return p
}

// apply turns a picture whose bounds begin at 0, 0.
func (o orientation) apply(picture *image.NRGBA) *image.NRGBA {
	if o < 2 || o > 8 {
		return picture
	}
	size := picture.Rect.Size()
	turned := image.NewNRGBA(image.Rectangle{Max: o.size(size)})
	for y := range size.Y {
		for x := range size.X {
			to := o.place(x, y, size)
			copy(turned.Pix[turned.PixOffset(to.X, to.Y):][:4], picture.Pix[picture.PixOffset(x, y):][:4])
		}
	}
	return turned
}

// place is where a pixel goes.
func (o orientation) place(x, y int, size image.Point) image.Point {
	right, bottom := size.X-1-x, size.Y-1-y
	switch o {
	case 2:
		return image.Pt(right, y)
	case 3:
		return image.Pt(right, bottom)
	case 4:
		return image.Pt(x, bottom)
	case 5:
		return image.Pt(y, x)
	case 6:
		return image.Pt(bottom, x)
	case 7:
		return image.Pt(bottom, right)
	case 8:
		return image.Pt(y, right)
	}
	return image.Pt(x, y)
}
