#!/bin/bash
# Fetches the BPF programs that the kernel tests its verifier with, from Debian's
# package linux-source-6.12. Nothing is installed and no root is needed.
#
#   scripts/fetch-selftests.sh [FOLDER]
#
# FOLDER (default: $BPFLOCKCHECK_SOURCES, or bpflockcheck/sources in the user's
# cache folder) then holds linux-source-6.12 with tools/testing/selftests/bpf and the
# headers that it needs. What is there already is not fetched again. The path of
# the kernel's tree is printed.
set -euo pipefail

package=linux-source-6.12
dir=${1:-${BPFLOCKCHECK_SOURCES:-${XDG_CACHE_HOME:-$HOME/.cache}/bpflockcheck/sources}}
say() { echo "fetch-selftests: $*" >&2; }

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
tree=$dir/$package
if [ ! -e "$tree/.complete" ]; then
	new=$(mktemp -d "$dir/.fetch.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	# apt drops privileges for a download into a folder that its user may write.
	chmod 755 "$new"
	archive=/usr/src/$package.tar.xz
	if [ ! -e "$archive" ]; then
		for tool in apt-get dpkg-deb; do
			command -v "$tool" >/dev/null || { say "$tool is missing: this needs Debian's package tools, or $archive"; exit 1; }
		done
		say "fetching $package (140 MB)"
		(cd "$new" && apt-get -q download "$package" >&2) ||
			{ say "cannot download $package: run 'apt-get update'; on Debian 12 it is in bookworm-security"; exit 1; }
		dpkg-deb --fsys-tarfile "$new/$package"_*.deb | tar -C "$new" -xf - "./usr/src/$package.tar.xz"
		archive=$new/usr/src/$package.tar.xz
	fi
	tar -C "$new" -xJf "$archive" --wildcards "*/tools/testing/selftests/bpf/*" "*/tools/lib/bpf/*" "*/tools/include/*" "*/scripts/bpf_doc.py"
	touch "$new/$package/.complete"
	rm -rf "$tree"
	mv "$new/$package" "$tree"
fi
echo "$tree"
