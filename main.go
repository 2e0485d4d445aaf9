// Facematch Desk checks that the person in front of the camera is the person
// on the document.
package main

import (
	_ "fyne.io/fyne/v2/app"
	_ "fyne.io/fyne/v2/dialog"
	_ "fyne.io/fyne/v2/test"
	_ "fyne.io/fyne/v2/widget"
	_ "github.com/Kagami/go-face"
	_ "github.com/adrg/xdg"
	_ "github.com/gofrs/flock"
	_ "github.com/google/renameio/v2"
	_ "github.com/google/uuid"
	_ "github.com/mattn/go-sqlite3"
	_ "github.com/nicksnyder/go-i18n/v2/i18n"
	_ "github.com/pelletier/go-toml/v2"
	_ "github.com/pelletier/go-toml/v2/unstable"
	_ "github.com/spf13/cobra"
	_ "github.com/zalando/go-keyring"
	_ "gocv.io/x/gocv"
	_ "golang.org/x/image/draw"
	_ "golang.org/x/sync/errgroup"
	_ "golang.org/x/term"
	_ "golang.org/x/text/language"
	_ "gonum.org/v1/gonum/interp"
	_ "gopkg.in/natefinch/lumberjack.v2"
)

func main() {}
