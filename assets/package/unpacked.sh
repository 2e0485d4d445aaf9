#!/usr/bin/env bash
# Unpacks the packages that `make deb` built, and has the program in them say that it has all it
# needs. Nothing is installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
for package in build/facematch_*.deb build/facematch-models_*.deb; do
	dpkg-deb -x "$package" "$new"
done
export FACEMATCH_HOME=$new/home FACEMATCH_MODELS=$new/usr/share/facematch/models
"$new/usr/bin/facematch" doctor
