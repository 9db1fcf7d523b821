#!/bin/sh
# Fetches Debian's cloud kernels 6.1 and 6.12 from their packages, for
# "bpflockcheck verify --vm". Nothing is installed and no root is needed.
#
#   scripts/fetch-kernels.sh [FOLDER]
#
# FOLDER (default: $BPFLOCKCHECK_KERNELS, or bpflockcheck/kernels in the user's
# cache folder) then holds vmlinuz-6.1 and vmlinuz-6.12 with the configuration
# of each beside it; a kernel that is there already is not fetched again. The
# paths are printed, one a line.
set -eu

dir=${1:-${BPFLOCKCHECK_KERNELS:-${XDG_CACHE_HOME:-$HOME/.cache}/bpflockcheck/kernels}}
say() { echo "fetch-kernels: $*" >&2; }

for tool in apt-cache apt-get dpkg-deb; do
	command -v "$tool" >/dev/null || { say "$tool is missing: this needs Debian, or a system with its package tools"; exit 1; }
done
[ "$(dpkg --print-architecture)" = amd64 ] || { say "only for amd64"; exit 1; }

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
status=0

# newest SERIES PATTERN: the newest signed cloud kernel package of a series.
newest() {
	apt-cache pkgnames linux-image-"$1" | grep -E "^linux-image-$2-cloud-amd64\$" | sort -V | tail -n 1
}

fetch() { # fetch SERIES PATTERN SUITE
	if [ -s "$dir/vmlinuz-$1" ]; then
		echo "$dir/vmlinuz-$1"
		return
	fi
	pkg=$(newest "$1" "$2")
	if [ -z "$pkg" ]; then
		say "apt knows no linux-image-$1*-cloud-amd64: run 'apt-get update'; on Debian 12 it is in $3"
		status=1
		return
	fi
	tmp=$(mktemp -d "$dir/.fetch.XXXXXX")
	# apt drops privileges for a download into a folder that its user may write.
	chmod 755 "$tmp"
	if (cd "$tmp" && apt-get -q download "$pkg" >&2 && dpkg-deb -x "$pkg"_*.deb x); then
		cp "$tmp"/x/boot/config-* "$dir/config-$1"
		cp "$tmp"/x/boot/vmlinuz-* "$dir/.vmlinuz-$1"
		mv "$dir/.vmlinuz-$1" "$dir/vmlinuz-$1"
		echo "$dir/vmlinuz-$1"
	else
		say "cannot download $pkg"
		status=1
	fi
	rm -rf "$tmp"
}

fetch 6.1 '6\.1\.0-[0-9]+' bookworm-security
fetch 6.12 '6\.12\.[0-9]+\+deb[0-9]+' 'bookworm-security or bookworm-backports'
exit $status
