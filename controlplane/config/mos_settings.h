// What an mOS configuration file says, key by key, before it becomes a
// configuration: what is not written is not set. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/config/mos_conf_parser.h"
#include "controlplane/config/mos_conf_report.h"

namespace mosd::controlplane {

// A value, and where it is written.
template <typename T>
struct WrittenValue {
  T value{};
  int line = 0;
};

struct MosSettings {
  struct Device {
    std::string name;
    std::optional<uint64_t> core_mask;
    int line = 0;
  };
  struct Pair {
    std::string a;
    std::string b;
    int line = 0;
  };
  struct Application {
    std::string type = "monitor";
    std::string run;
    std::optional<uint64_t> cpu_mask;
    bool ip_forward = true;
    int line = 0;
  };

  std::vector<Device> devices;  // netdev
  std::vector<Pair> pairs;      // nic_forward_table
  std::vector<Application> applications;
  std::optional<WrittenValue<int64_t>> forward;          // 0 or 1
  std::optional<WrittenValue<int64_t>> no_ring_buffers;  // 0 or 1
  std::optional<WrittenValue<int64_t>> max_concurrency;  // flows of a context
  std::optional<WrittenValue<int64_t>> rmem_size;        // bytes
  std::optional<WrittenValue<int64_t>> wmem_size;        // bytes
  std::optional<WrittenValue<int64_t>> tcp_timeout;      // seconds; -1: never
  std::optional<WrittenValue<int64_t>> tcp_tw_interval;  // seconds; -1: never
  std::optional<WrittenValue<bool>> last_packet_is_current;
  std::optional<WrittenValue<std::string>> appliance;  // a path, as written
};

inline constexpr size_t kMaxMosDevices = 64;       // as many as ports
inline constexpr size_t kMaxMosApplications = 20;  // as in struct mtcp_conf

// Reads the tree of a file. Numbers are as in C: 10, 0xA, 012. A key that is
// unknown, or of no use to a monitor, is a notice, once a key; a value that
// cannot be is a problem. Of a key that is written twice, the last counts.
MosSettings ReadMosSettings(const MosConfNode& file, MosConfReport* report);

}  // namespace mosd::controlplane
