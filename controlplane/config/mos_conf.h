// The configuration of a program that is written to mOS: its file, in the
// format of mOS (mos_settings.h) or in our YAML, and the
// environment. Any thread.
//
// Who wins: the environment, then the mOS file, then its `appliance` file
// (YAML; its name is relative to the folder of the mOS file), then defaults. A
// port of the YAML file that is also in `netdev` or MOSD_PORTS keeps what else
// is written of it (queues, loop, pace).
//
// Environment: MOSD_PORTS, devices that replace those of `netdev` in order, so
// that masks and nic_forward_table stay what they are; MOSD_CONFIG, a YAML
// file that replaces `appliance`; and MOSD_* of any key (mosd --help-config).
// Empty, the first two are as if they were not set. MOSD_PORTS is split at
// commas; a device with commas in its name can be written in `netdev` or in
// YAML only, and one with spaces or any of # ; { } in YAML only.
//
// gRPC and metrics are served where the YAML file or the environment says, and
// nowhere otherwise: a program that starts beside mosd must not take its
// addresses.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/config/usable_cpus.h"
#include "mos/v1/config.pb.h"

namespace mosd::controlplane {

struct MosConf {
  struct Application {
    std::string type;       // "monitor" unless written
    std::string run;        // the command with its arguments, as written
    uint64_t cpu_mask = 0;  // of MosConf::cpu_mask
    bool ip_forward = true;
  };

  mos::v1::Config config;  // of the appliance, checked

  // Contexts; the workers of `config`. One for each processor that a mask of
  // netdev names (of an application, if netdev has none) and that may be used;
  // at least 1.
  int num_cores = 1;
  uint64_t cpu_mask = 1;  // the processors; that of worker n is the nth bit
  // Packets leave by the partner of their port. Switched off by `forward = 0`,
  // by an application's `ip_forward = 0`, or when there are no pairs.
  bool forward = false;
  std::vector<std::pair<int, int>>
      forward_pairs;  // indexes of ports, both ways
  bool no_ring_buffers = false;
  bool last_packet_is_current = false;  // lastpkt = current
  uint32_t rmem_size = 8192;            // bytes
  uint32_t wmem_size = 8192;            // bytes
  int tcp_timeout_s = 30;               // -1: never
  int tcp_tw_interval_s = 0;            // -1: never
  int max_concurrency = 100'000;        // flows of a context
  std::vector<Application> applications;
  // What is ignored or changed, for the log: "FILE:LINE: key: reason", once a
  // key; of the environment, "environment variable NAME ...".
  std::vector<std::string> notices;
};

// Reads the file at `path`; one that ends in .yaml or .yml is our YAML and has
// no `appliance`. `environment` is as environ(7), or null. `usable_cpus`: bit n
// for processor n. Errors: NOT_FOUND, PERMISSION_DENIED (or what else open(2)
// says of a file), INVALID_ARGUMENT with a line for each problem.
absl::StatusOr<MosConf> ReadMosConf(const std::string& path,
                                    const char* const* environment,
                                    uint64_t usable_cpus = UsableCpus());

}  // namespace mosd::controlplane
