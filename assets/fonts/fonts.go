// Package fonts carries the fonts that printed reports are set in: Noto Sans for
// most scripts, Droid Sans Fallback for Chinese, Japanese and Korean. Where they
// come from stands in README.md beside them.
package fonts

import _ "embed"

// Regular and Bold hold Latin, Greek and Cyrillic.
var (
	//go:embed NotoSans-Regular.ttf
	Regular []byte
	//go:embed NotoSans-Bold.ttf
	Bold []byte
)

var (
	//go:embed NotoSansArabic-Regular.ttf
	arabic []byte
	//go:embed NotoSansHebrew-Regular.ttf
	hebrew []byte
	//go:embed NotoSansArmenian-Regular.ttf
	armenian []byte
	//go:embed NotoSansGeorgian-Regular.ttf
	georgian []byte
	//go:embed NotoSansDevanagari-Regular.ttf
	devanagari []byte
	//go:embed NotoSansBengali-Regular.ttf
	bengali []byte
	//go:embed NotoSansTamil-Regular.ttf
	tamil []byte
	//go:embed NotoSansThai-Regular.ttf
	thai []byte
	//go:embed NotoSansEthiopic-Regular.ttf
	ethiopic []byte
	//go:embed DroidSansFallback.ttf
	cjk []byte
)

// Others are the fonts of other scripts, in the order in which a character is
// looked for in them.
var Others = [][]byte{arabic, hebrew, armenian, georgian, devanagari, bengali, tamil, thai, ethiopic, cjk}
