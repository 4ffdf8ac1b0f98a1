#!/usr/bin/env bash
# Makes every capture of this folder again: real kernel TCP between two network
# namespaces, recorded by tcpdump, then varied. Needs root; takes ten seconds.
set -euo pipefail
cd "$(dirname "$0")"
((EUID == 0)) || { echo "make.sh: network namespaces need root" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
timeout 60 /usr/bin/python3 record.py "$work/recording.pcap"
/usr/bin/python3 derive.py "$work/recording.pcap" .
