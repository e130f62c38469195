package oauth

import (
	"fmt"
	"html/template"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quiet is the width of the white edge, in modules, that ISO/IEC 18004 asks for.
const quiet = 4

// qrCode draws a text for the camera of a phone; nothing where the text is too long.
func qrCode(text string) picture {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return picture{}
	}
	var drawn strings.Builder
	modules := code.Bounds().Dx()
	for y := range modules {
		for x := 0; x < modules; x++ {
			from := x
			for x < modules && code.At(x, y) == color.Black {
				x++
			}
			if x > from {
				fmt.Fprintf(&drawn, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	return picture{modules + 2*quiet, template.HTMLAttr(`d="` + drawn.String() + `"`)} // digits and the letters of a path
}
