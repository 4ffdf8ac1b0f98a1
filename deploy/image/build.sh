#!/usr/bin/env bash
# Builds the image: what the Containerfile says, with version and commit of this tree.
# Arguments are passed on:
#   deploy/image/build.sh -t mosd
#   ENGINE=docker deploy/image/build.sh -t mosd --build-arg PACKAGE=build/mosd_0.1.0_amd64.deb
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

version=$(sed -n 's/^project(mosd VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
commit=$(git -C "$root" rev-parse --short=12 HEAD 2> /dev/null || echo unknown)
read -ra engine <<< "${ENGINE:-podman}"
exec "${engine[@]}" build --file "$root/deploy/image/Containerfile" \
  --build-arg "VERSION=$version" --build-arg "COMMIT=$commit" "$@" "$root"
