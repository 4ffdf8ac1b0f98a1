// Classic BPF, which libpcap compiles, to the extended BPF that DPDK runs.
// DPDK has rte_bpf_convert(), which in 22.11 loads from A where X is meant, and
// lets offsets wrap around to before the frame. Pure function, any thread.
#pragma once

#include <pcap/pcap.h>
#include <rte_bpf.h>

#include <vector>

namespace mosd::api {

// A program that takes an rte_mbuf and returns what `program` does: 0 where
// that reads past the frame. Empty: not to be had, for it has loops, offsets
// beyond 2 GiB, or is so long or branched that it would take DPDK too long.
std::vector<ebpf_insn> ConvertProgram(const bpf_program& program);

}  // namespace mosd::api
