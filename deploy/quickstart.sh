#!/usr/bin/env bash
# One command from a fresh Debian 12 to TCP flows and the last frames their two
# sides sent: installs what is missing, builds, starts mosd on a capture that
# ships with the project (or on a live interface), and asks it with mosctl.
# Only missing packages and --interface need root.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
  cat <<'END'
Usage: deploy/quickstart.sh [OPTION]...
  --pcap FILE       read another capture than tests/captures/sample.pcap
  --interface NAME  watch an interface instead (root), until Ctrl-C
  --duration SEC    with --interface: watch so long, show, and stop
  --keep            leave mosd running; says how to stop it
  --build DIR       build folder [build]

Messages go to stderr, what mosctl prints to stdout.
END
}

say() { echo "quickstart: $*" >&2; }
fail() {
  say "$*"
  exit 1
}

build=$root/build
capture=$root/tests/captures/sample.pcap
interface=''
duration=''
keep=false
while (($#)); do
  case $1 in
    --pcap | --interface | --duration | --build)
      (($# > 1)) || { usage >&2; fail "$1 needs a value"; }
      ;;&
    --pcap) capture=$2; shift 2 ;;
    --interface) interface=$2; shift 2 ;;
    --duration) duration=$2; shift 2 ;;
    --build) mkdir -p "$2"; build=$(cd "$2" && pwd); shift 2 ;;
    --keep) keep=true; shift ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; fail "unknown option $1" ;;
  esac
done
[[ -z $duration || $duration =~ ^[1-9][0-9]*$ ]] || fail "--duration takes whole seconds"
if [[ -n $interface ]]; then
  ((EUID == 0)) || fail "watching an interface needs root: sudo $0 --interface $interface"
  [[ -e /sys/class/net/$interface ]] ||
    fail "no interface $interface; there are: $(ls -m /sys/class/net)"
elif [[ -n $duration ]]; then
  fail "--duration goes with --interface"
elif [[ ! -r $capture ]]; then
  fail "$capture cannot be read"
fi

work=''
mosd_pid=''
clean_up() {
  if [[ -n $mosd_pid ]]; then
    kill "$mosd_pid" 2> /dev/null || true
    wait "$mosd_pid" 2> /dev/null || true
  fi
  [[ -z $work ]] || rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

build_programs() {
  say "building mosd and mosctl in $build (the first time takes a few minutes)"
  local log=$work/build.log
  {
    # A folder that is configured already stays as it is, tests or not.
    if [[ ! -e $build/build.ninja ]]; then
      CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 cmake -G Ninja -S "$root" -B "$build" \
        -DMOSD_BUILD_TESTS=OFF -DMOSD_BUILD_BENCH=OFF
    fi
    CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 ninja -C "$build" mosd mosctl
  } > "$log" 2>&1 || {
    tail -n 30 "$log" >&2
    fail "the build failed; above is the end of its output"
  }
}

# Waits until mosd has said where it listens, and reads the addresses from what
# it said: ports are picked by the kernel.
wait_until_ready() {
  local tries=0
  until grep -q ' HTTP on ' "$work/mosd.log"; do
    if ! kill -0 "$mosd_pid" 2> /dev/null; then
      cat "$work/mosd.log" >&2
      mosd_pid=''
      fail "mosd did not start; above is what it says"
    fi
    ((++tries < 300)) || { cat "$work/mosd.log" >&2; fail "mosd is not ready after 30 s"; }
    sleep 0.1
  done
  grpc=$(sed -n 's/.* gRPC on \(127\..*\)/\1/p' "$work/mosd.log" | head -n 1)
  metrics=$(sed -n 's/.* HTTP on \([^ ]*\): .*/\1/p' "$work/mosd.log" | head -n 1)
}

wait_for_input() {
  local tries=0
  until mosctl info -o json | grep -q '"inputExhausted": *true'; do
    ((++tries < 600)) || fail "the capture is not read after 60 s"
    sleep 0.1
  done
}

mosctl() { "$build/mosctl" --server "unix:$work/mosd.sock" "$@"; }

show() {
  say "the flows:"
  mosctl flows list --all
  local flow
  while read -r flow; do
    if { mosctl lastpkt get "$flow" --side client &&
      mosctl lastpkt get "$flow" --side server; } > "$work/frames" 2> /dev/null; then
      say "the last frame of each side of flow $flow:"
      cat "$work/frames"
      return
    fi
  done < <(mosctl flows list --all -o jsonl 2> /dev/null |
    sed -n 's/.*"flowId": *"\([^"]*\)".*/\1/p')
  say "no flow has a frame of both sides yet"
}

how_to_go_on() {
  cat >&2 <<END
quickstart: mosd is running as process $mosd_pid; ask it yourself, for example:
  $build/mosctl --server $grpc flows list --all
  $build/mosctl --server $grpc flows list --filter 'last_speaker=server' --all
  $build/mosctl --server $grpc lastpkt get FLOW -o pcapng --output-file last.pcapng
  $build/mosctl --server $grpc stats
  curl http://$metrics/metrics
END
}

"$root/deploy/install-deps.sh"
work=$(mktemp -d "${TMPDIR:-/tmp}/mosd-quickstart.XXXXXX")
build_programs

input=(--pcap "$capture")
[[ -z $interface ]] || input=(--interface "$interface")
say "starting mosd ${input[*]}"
# In a session of its own: Ctrl-C is for this script.
setsid "$build/mosd" "${input[@]}" --log-level info --grpc-listen "unix:$work/mosd.sock" \
  --grpc-listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0 > "$work/mosd.log" 2>&1 &
mosd_pid=$!
wait_until_ready

if [[ -z $interface ]]; then
  wait_for_input
elif [[ -n $duration ]]; then
  say "watching $interface for $duration s"
  sleep "$duration"
else
  how_to_go_on
  say "watching $interface; Ctrl-C shows the flows and ends it"
  trap : INT
  sleep infinity || true
  trap 'exit 130' INT
fi
show

if $keep; then
  how_to_go_on
  say "stop it with: kill $mosd_pid; its log is $work/mosd.log"
  work=''
  mosd_pid=''
else
  say "done; to go on asking, add --keep"
fi
