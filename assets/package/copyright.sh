#!/usr/bin/env bash
# copyright.sh PROGRAM: prints the licences of all that a built program is made of. Fails where
# a module compiled into it has no licence file.
set -euo pipefail
here=$(dirname "$0")

heading() { printf '%s\n%s\n\n' "$1" "${1//?/=}"; }

# A licence's text, or where Debian has it. The places to look are those that differ from
# licence to licence.
words() {
	local of
	for of in 'Apache-2.0:Version 2.0, January 2004' 'MPL-2.0:Mozilla Public License Version 2.0' 'CC0-1.0:CC0 1.0 Universal'; do
		if grep -qF "${of#*:}" "$1"; then
			grep -iE '^ *copyright (\(c\)|©|[0-9]{4})' "$1" || true
			echo "Its licence is that in /usr/share/common-licenses/${of%%:*}"
			return
		fi
	done
	# Where a module may be taken under another licence too, the GPL's text ends its file.
	sed '/^ *GNU GENERAL PUBLIC LICENSE$/,$d' "$1"
	! grep -q '^ *GNU GENERAL PUBLIC LICENSE$' "$1" || echo "see /usr/share/common-licenses/GPL-2"
}

cat "$here/copyright" "$here/../../LICENSE"
echo
cat "$here/copyright-parts"
heading "Go $(go env GOVERSION)"
cat "$(go env GOROOT)/LICENSE"
echo
go version -m "$1" | awk '$1 == "dep" { print $2, $3 }' | while read -r module version; do
	heading "$module $version"
	dir=$(go list -m -f '{{.Dir}}' "$module")
	mapfile -t files < <(cd "$dir" && find . \( -iname 'licen[sc]e*' -o -iname 'copying*' -o -iname 'notice*' \) -type f \
		-not -path '*/testdata/*' -not -path './.*/*' -not -name '*.go' -printf '%P\n' | LC_ALL=C sort)
	if [ ${#files[@]} -eq 0 ]; then
		echo "copyright: $module has no licence file" >&2
		exit 1
	fi
	for file in "${files[@]}"; do
		[ "$file" = "${file##*/}" ] || printf '(%s)\n' "$file"
		words "$dir/$file"
		echo
	done
done
