#include "controlplane/config/config_check.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "controlplane/config/socket_address.h"

namespace mosd::controlplane {
namespace {

using Problems = std::vector<ConfigProblem>;

void CheckNode(const mos::v1::Config& config, Problems* problems) {
  constexpr size_t kLongest = 253;  // of a DNS name
  const std::string& node = config.node();
  if (node.empty() || node.size() > kLongest ||
      !std::all_of(node.begin(), node.end(), [](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
               c == '-' || c == '_';
      })) {
    problems->push_back(
        {"node", absl::StrCat("must be 1 to ", kLongest,
                              " letters, digits, dots, dashes, underscores")});
  }
}

void CheckCpus(const mos::v1::DataplaneConfig& dataplane, Problems* problems) {
  const auto& cpus = dataplane.cpus();
  if (cpus.empty()) return;
  if (static_cast<uint32_t>(cpus.size()) != dataplane.workers()) {
    problems->push_back(
        {"dataplane.cpus",
         absl::StrCat("names ", cpus.size(), " processors for ",
                      dataplane.workers(),
                      " workers (dataplane.workers); name one for each, or "
                      "none")});
  }
  std::set<uint32_t> seen;
  for (int i = 0; i < cpus.size(); ++i) {
    if (!seen.insert(cpus[i]).second) {
      problems->push_back({absl::StrCat("dataplane.cpus[", i, "]"),
                           absl::StrCat("processor ", cpus[i],
                                        " is named twice; two workers that "
                                        "poll would share it")});
    }
  }
}

// Devices of these kinds can be opened more than once.
bool MayRepeat(absl::string_view device) {
  return absl::StartsWith(device, "pcap:") || absl::StartsWith(device, "null:");
}

void CheckPorts(const mos::v1::DataplaneConfig& dataplane, Problems* problems) {
  constexpr int kMostPorts = 64;
  if (dataplane.ports_size() > kMostPorts) {
    problems->push_back(
        {"dataplane.ports", absl::StrCat("names ", dataplane.ports_size(),
                                         " ports; at most ", kMostPorts)});
  }
  std::set<std::string> seen;
  for (int i = 0; i < dataplane.ports_size(); ++i) {
    const mos::v1::PortConfig& port = dataplane.ports(i);
    const std::string path = absl::StrCat("dataplane.ports[", i, "]");
    if (port.device().empty()) {
      problems->push_back(
          {path + ".device", "is missing; write for example af_packet:eth0"});
      continue;
    }
    const bool is_capture = absl::StartsWith(port.device(), "pcap:");
    if (port.loop() && !is_capture) {
      problems->push_back(
          {path + ".loop", absl::StrCat("only a capture (pcap:FILE) can begin "
                                        "again, not ",
                                        port.device())});
    }
    if (port.pace() == mos::v1::CAPTURE_PACE_TIMESTAMPS && !is_capture) {
      problems->push_back(
          {path + ".pace", absl::StrCat("only a capture (pcap:FILE) has "
                                        "timestamps to follow, not ",
                                        port.device())});
    }
    if (!seen.insert(port.device()).second && !MayRepeat(port.device())) {
      problems->push_back({path + ".device",
                           absl::StrCat(port.device(),
                                        " is named twice; every frame would be "
                                        "seen twice")});
    }
  }
}

void CheckTls(const mos::v1::GrpcConfig& grpc, Problems* problems) {
  const mos::v1::TlsConfig& tls = grpc.tls();
  const bool on = !tls.certificate().empty();
  if (on && tls.key().empty()) {
    problems->push_back(
        {"grpc.tls.certificate", "needs grpc.tls.key, the file with its key"});
  }
  for (const auto& [path, value] :
       {std::pair{"grpc.tls.key", &tls.key()},
        std::pair{"grpc.tls.client_ca", &tls.client_ca()}}) {
    if (!on && !value->empty()) {
      problems->push_back(
          {path,
           "is of no use without grpc.tls.certificate; name the file "
           "with the server's certificate"});
    }
  }
  if (on && grpc.insecure()) {
    problems->push_back(
        {"grpc.insecure",
         "contradicts grpc.tls.certificate, by which every TCP address has "
         "TLS; remove one of the two"});
  }
}

// Whether an address may be one that other machines reach.
enum class Reach { kLoopback, kNetwork };

void CheckAddresses(
    const google::protobuf::RepeatedPtrField<std::string>& listen,
    const std::string& path, Reach reach, std::set<std::string>* seen,
    Problems* problems) {
  for (int i = 0; i < listen.size(); ++i) {
    const std::string item = absl::StrCat(path, "[", i, "]");
    const absl::StatusOr<SocketAddress> address = ParseSocketAddress(listen[i]);
    if (!address.ok()) {
      problems->push_back({item, std::string(address.status().message())});
      continue;
    }
    if (reach == Reach::kLoopback && !address->IsLocal()) {
      problems->push_back(
          {item,
           absl::StrCat("\"", listen[i],
                        "\" can be reached from other machines, and without "
                        "TLS captured payload would be open to the network; "
                        "set grpc.tls.certificate and grpc.tls.key, use "
                        "127.0.0.1, [::1] or unix:PATH, or say grpc.insecure: "
                        "true")});
    }
    const bool any_port = !address->is_unix() && address->port == 0;
    if (!any_port && !seen->insert(address->ToString()).second) {
      problems->push_back(
          {item, absl::StrCat(address->ToString(), " is named twice")});
    }
  }
}

}  // namespace

std::vector<ConfigProblem> CheckConfig(const mos::v1::Config& config) {
  Problems problems;
  CheckNode(config, &problems);
  CheckCpus(config.dataplane(), &problems);
  CheckPorts(config.dataplane(), &problems);
  std::set<std::string> addresses;
  CheckTls(config.grpc(), &problems);
  const bool open =
      !config.grpc().tls().certificate().empty() || config.grpc().insecure();
  CheckAddresses(config.grpc().listen(), "grpc.listen",
                 open ? Reach::kNetwork : Reach::kLoopback, &addresses,
                 &problems);
  CheckAddresses(config.metrics().listen(), "metrics.listen", Reach::kNetwork,
                 &addresses, &problems);
  return problems;
}

}  // namespace mosd::controlplane
