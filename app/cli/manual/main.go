// Command manual writes the man pages of the command line and the completions of three
// shells into a folder, for the package: man, completions/bash and so on.
package main

import (
	"errors"
	"log"
	"os"
	"path/filepath"

	"github.com/spf13/cobra/doc"

	"facematch/app/cli"
	"facematch/assets/translations"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("manual VERSION FOLDER")
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func write(version, folder string) error {
	words, err := translations.New("en")
	if err != nil {
		return err
	}
	var errs []error
	place := func(parts ...string) string {
		file := filepath.Join(append([]string{folder}, parts...)...)
		errs = append(errs, os.MkdirAll(filepath.Dir(file), 0o755))
		return file
	}
	tree := cli.Tree(words, version)
	tree.DisableAutoGenTag = true // it would say who made the page
	page := place("man", "facematch.1")
	errs = append(errs,
		tree.GenBashCompletionFileV2(place("completions", "bash", "facematch"), true),
		tree.GenZshCompletionFile(place("completions", "zsh", "_facematch")),
		tree.GenFishCompletionFile(place("completions", "fish", "facematch.fish"), true),
		doc.GenManTree(tree, &doc.GenManHeader{
			Section: "1", Manual: "Facematch Desk", Source: "facematch " + version,
		}, filepath.Dir(page)),
	)
	return errors.Join(errs...)
}
