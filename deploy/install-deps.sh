#!/usr/bin/env bash
# Installs the Debian 12 packages that mosd is built from and, with --tests,
# those that its tests use. Installs only what is missing and says nothing when
# nothing is; starts no service. Needs root, or sudo.
set -euo pipefail

# Compilers and tools. The DPDK drivers of the device kinds that mosd knows
# (librte-net-*, librte-mempool-ring) come with libdpdk-dev.
build_packages=(
  g++ cmake ninja-build pkg-config git ccache mold ca-certificates
  protobuf-compiler protobuf-compiler-grpc
  libdpdk-dev libpcap-dev
  libgrpc++-dev libprotobuf-dev libabsl-dev
  prometheus-cpp-dev libmicrohttpd-dev
  libssl-dev libcli11-dev libspdlog-dev libyaml-cpp-dev libsystemd-dev
  # cpack makes the Debian package with them.
  dpkg-dev file
)

test_packages=(
  # Unit tests, benchmarks, the second compiler, sanitizers and fuzzing.
  libgtest-dev libgmock-dev libbenchmark-dev
  clang-14 clang-tidy-14 clang-format-14 libclang-rt-14-dev llvm-14
  # Clients that nobody here wrote.
  python3 python3-grpcio python3-grpc-tools python3-protobuf python3-yaml curl
  # Readers of captures, and traffic.
  tshark python3-scapy tcpdump tcpreplay iperf3
  iproute2 ethtool nftables procps util-linux
  # Prometheus itself, and promtool.
  prometheus
  # Issues certificates.
  openssl
  # Formats the manual.
  groff-base
  # Looks at the package's units, and a Debian to install it in.
  systemd mmdebstrap
  # Builds the container image, and runs it.
  podman runc
  # A machine with systemd.
  qemu-system-x86 e2fsprogs
  # Counts instructions.
  valgrind
)

usage() {
  cat <<'END'
Usage: deploy/install-deps.sh [--tests] [--print]
  --tests  also install what the tests use
  --print  only print the names of the packages, installed or not
END
}

fail() {
  echo "install-deps: $*" >&2
  exit 1
}

packages=("${build_packages[@]}")
print_only=false
tests=false
for argument in "$@"; do
  case $argument in
    --tests) tests=true ;;
    --print) print_only=true ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; fail "unknown option $argument" ;;
  esac
done
if $tests; then
  packages+=("${test_packages[@]}")
  # Fetches the foreign gRPC tool of tests/e2e. Other packagings of Node.js
  # bring npm along and exclude Debian's.
  command -v npm > /dev/null || packages+=(npm)
fi
if $print_only; then
  printf '%s\n' "${packages[@]}"
  exit 0
fi

command -v dpkg-query > /dev/null ||
  fail "this is no Debian system; install the equivalents of: ${packages[*]}"
installed=" $(dpkg-query -W -f '${db:Status-Status}:${Package} ') "
missing=()
for package in "${packages[@]}"; do
  [[ $installed == *" installed:$package "* ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
  command -v sudo > /dev/null ||
    fail "run as root, or install sudo; missing: ${missing[*]}"
  as_root=(sudo)
fi

# Packages such as prometheus start a service when they are installed; a
# policy-rc.d that says no (101) keeps them from it.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" install -m 755 /dev/stdin $policy
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi

apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q "$@"
}

echo "install-deps: installing ${#missing[@]} packages: ${missing[*]}" >&2
apt update >&2 || fail "apt-get update failed; is there a network and a mirror?"
apt install -y --no-install-recommends "${missing[@]}" >&2 ||
  fail "apt-get install failed; this project is built on Debian 12 (bookworm)"

# Nor at the next boot.
disable() {
  local package=$1
  shift
  [[ " ${missing[*]} " != *" $package "* || ! -d /run/systemd/system ]] ||
    "${as_root[@]}" systemctl disable --quiet "$@"
}
disable prometheus prometheus.service
disable podman podman.{service,socket} podman-restart.service \
  podman-auto-update.{service,timer}
