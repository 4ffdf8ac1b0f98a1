#!/usr/bin/env bash
# Makes the root of the image, of a Debian in which mosd is installed:
#   make-root.sh ROOT CONFIGURATION
# There are the two programs; DPDK's drivers, which it looks for at run time, and the
# BPF programs of af_xdp, which libxdp does; all libraries that those need, as ldd
# says; the copyright and the dpkg entry of each package they come from, by which
# scanners know what is there.
set -euo pipefail
root=$1
configuration=$2

objects=(/usr/bin/mosd /usr/bin/mosctl /usr/lib/*/dpdk/pmds-*/*.so.*)
bpf_programs=(/usr/lib/*/bpf/xdp-dispatcher.o /usr/lib/*/bpf/xsk_def_xdp_prog*.o)
libraries=$(ldd "${objects[@]}")
if grep 'not found' <<< "$libraries" >&2; then
  echo "make-root: these libraries are not installed" >&2
  exit 1
fi

# Where /lib is a link to, and with what each link leads to. Links stay links: a driver
# that is loaded by two names must be one library.
mapfile -t files < <({
  printf '%s\n' "${objects[@]}" "${bpf_programs[@]}"
  grep --only-matching '/[^ ]* (0x' <<< "$libraries" | sed 's/ .*//; s|^/lib|/usr/lib|'
} | sort --unique)
mapfile -t files < <({ printf '%s\n' "${files[@]}"; realpath "${files[@]}"; } | sort --unique)
mkdir "$root"
cp --no-dereference --preserve=mode,timestamps --parents "${files[@]}" "$root"
ln -s usr/lib "$root/lib"
[[ ! -e $root/usr/lib64 ]] || ln -s usr/lib64 "$root/lib64"

# Some packages know their files by paths below /lib. Of the two, one is not found.
mapfile -t packages < <({
  dpkg-query --search "${files[@]}" "${files[@]#/usr}" 2> /dev/null || true
} | sed 's/:.*//' | sort --unique)
mkdir -p "$root/var/lib/dpkg/status.d"
for package in "${packages[@]}"; do
  dpkg-query --status "$package" > "$root/var/lib/dpkg/status.d/$package"
  [[ $package == mosd ]] || install -D -m 644 {,"$root"}"/usr/share/doc/$package/copyright"
done
cp --recursive --parents /usr/share/common-licenses "$root"

mkdir "$root"/{dev,proc,sys,etc}
install -D -m 644 "$configuration" "$root/etc/mosd/mosd.yaml"
cat > "$root/etc/passwd" << 'END'
root:x:0:0:root:/:/usr/sbin/nologin
mosd:x:65532:65532:mosd:/:/usr/sbin/nologin
END
cat > "$root/etc/group" << 'END'
root:x:0:
mosd:x:65532:
END
# /etc/hosts comes before DNS.
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
# The one place that mosd writes to, for its socket: whoever it runs as. An engine that
# puts a tmpfs over it, or over /run, keeps the mode, or the owner at least.
mkdir "$root/run"
install -d -o 65532 -g 65532 -m 1777 "$root/run/mosd"
