#include "controlplane/config/mos_conf.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "controlplane/config/config_builder.h"
#include "controlplane/config/defaults.h"
#include "controlplane/config/mos_conf_parser.h"
#include "controlplane/config/mos_forward_pairs.h"
#include "controlplane/config/mos_settings.h"
#include "controlplane/config/mos_workers.h"
#include "controlplane/config/value.h"
#include "controlplane/file/text_file.h"

namespace mosd::controlplane {
namespace {

constexpr char kPorts[] = "dataplane.ports";
constexpr char kTimeouts[] = "dataplane.timeouts.";
constexpr int64_t kNever_s = int64_t{876'000} * 3600;  // a hundred years
constexpr char kDefaultTimeout[] = "30s";

// The first value of a variable; empty: it is not set.
std::string Variable(const char* const* environment, absl::string_view name) {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    absl::string_view variable = *environment;
    if (absl::ConsumePrefix(&variable, name) &&
        absl::ConsumePrefix(&variable, "=")) {
      return std::string(variable);
    }
  }
  return "";
}

int SecondsOf(const google::protobuf::Duration& duration) {
  if (duration.seconds() >= kNever_s) return -1;
  return static_cast<int>(
      std::min<int64_t>(duration.seconds() + (duration.nanos() > 0 ? 1 : 0),
                        std::numeric_limits<int>::max()));
}

class Reader {
 public:
  Reader(const std::string& path, const char* const* environment,
         uint64_t usable_cpus)
      : path_(path),
        is_yaml_(absl::EndsWithIgnoreCase(path, ".yaml") ||
                 absl::EndsWithIgnoreCase(path, ".yml")),
        environment_(environment),
        usable_cpus_(usable_cpus),
        report_(path) {}

  absl::StatusOr<MosConf> Read() {
    SetDefaultsOfPrograms();
    absl::Status status = is_yaml_ ? absl::OkStatus() : ReadMosFile();
    if (status.ok()) status = ReadYamlFile();
    if (!status.ok()) return status;
    ApplyMosFile();
    ApplyEnvironment();
    if (!is_yaml_) {
      SetWorkers(settings_, usable_cpus_, &builder_, &report_);
      SetMaxFlows(settings_, &builder_, &report_);
    }
    return Conclude();
  }

 private:
  // What differs from the defaults of mosd.
  void SetDefaultsOfPrograms() {
    Set("grpc.listen", "", "default");
    Set("metrics.listen", "", "default");
    Set("dataplane.exit_on_eof", "true", "default");
    if (is_yaml_) return;
    for (const char* timeout : {"half_open", "established", "closing"}) {
      Set(absl::StrCat(kTimeouts, timeout), kDefaultTimeout, "default");
    }
  }

  absl::Status ReadMosFile() {
    const absl::StatusOr<std::string> text =
        ReadTextFile(path_, kMaxMosConfBytes, "configuration file");
    if (!text.ok()) return text.status();
    const absl::StatusOr<MosConfNode> file = ParseMosConf(*text, path_);
    if (!file.ok()) return file.status();
    settings_ = ReadMosSettings(*file, &report_);
    return absl::OkStatus();
  }

  absl::Status ReadYamlFile() {
    const std::string variable = Variable(environment_, "MOSD_CONFIG");
    std::string origin;
    std::string yaml;
    if (is_yaml_) {
      yaml = path_;
      if (!variable.empty() && variable != path_) {
        notices_.push_back(absl::StrCat(
            "environment variable MOSD_CONFIG is not used: the program names ",
            path_));
      }
    } else if (!variable.empty()) {
      yaml = variable;
      origin = "environment variable MOSD_CONFIG: ";
    } else if (settings_.appliance) {
      yaml = (std::filesystem::path(path_).parent_path() /
              settings_.appliance->value)
                 .string();
      origin = absl::StrCat(
          report_.Place(settings_.appliance->line, "appliance"), ": ");
    } else {
      return absl::OkStatus();
    }
    const absl::Status status = builder_.ReadFile(yaml);
    yaml_ports_ = builder_.config().dataplane().ports();
    if (absl::IsInvalidArgument(status)) {
      report_.Problem(status.message());
      return absl::OkStatus();
    }
    if (status.ok()) return status;
    return absl::Status(status.code(), absl::StrCat(origin, status.message()));
  }

  void ApplyMosFile() {
    if (!settings_.devices.empty()) {
      std::vector<std::string> names;
      for (const auto& device : settings_.devices) names.push_back(device.name);
      // Its mistakes are found again below, each with its line.
      builder_.SetList(kPorts, names, report_.Place(0, "netdev")).IgnoreError();
    }
    for (size_t i = 0; i < settings_.devices.size(); ++i) {
      Set(absl::StrCat(kPorts, "[", i, "].device"), settings_.devices[i].name,
          report_.Place(settings_.devices[i].line, "netdev"));
    }
    for (const char* timeout : {"half_open", "established", "closing"}) {
      // mOS takes 0, too, for never.
      SetTimeout(timeout, settings_.tcp_timeout, "tcp_timeout", 0);
    }
    SetTimeout("time_wait", settings_.tcp_tw_interval, "tcp_tw_interval", -1);
  }

  // Seconds up to `never` are never.
  void SetTimeout(const char* timeout,
                  const std::optional<WrittenValue<int64_t>>& written,
                  const char* key, int64_t never) {
    if (!written) return;
    const int64_t seconds = written->value <= never ? kNever_s : written->value;
    Set(absl::StrCat(kTimeouts, timeout), absl::StrCat(seconds, "s"),
        report_.Place(written->line, key));
  }

  void ApplyEnvironment() {
    // MOSD_PORTS is for programs; it names no key of the configuration.
    std::vector<const char*> others;
    for (const char* const* at = environment_; at != nullptr && *at != nullptr;
         ++at) {
      if (!absl::StartsWith(*at, "MOSD_PORTS=")) others.push_back(*at);
    }
    others.push_back(nullptr);
    Check(builder_.ReadEnvironment(others.data(), &notices_));
    if (const std::string ports = Variable(environment_, "MOSD_PORTS");
        !ports.empty()) {
      Set(kPorts, ports, "environment variable MOSD_PORTS");
    }
    KeepKeysOfYamlPorts();
  }

  // mOS has no word for what a port is told beside its name.
  void KeepKeysOfYamlPorts() {
    const auto ports = builder_.config().dataplane().ports();
    // More ports than that are refused in the end.
    const int count = std::min(ports.size(), static_cast<int>(kMaxMosDevices));
    for (int i = 0; i < count; ++i) {
      const auto known =
          std::find_if(yaml_ports_.begin(), yaml_ports_.end(),
                       [&ports, i](const mos::v1::PortConfig& port) {
                         return port.device() == ports[i].device();
                       });
      if (known == yaml_ports_.end()) continue;
      const auto& type = *mos::v1::PortConfig::descriptor();
      for (int f = 1; f < type.field_count(); ++f) {
        const std::string key =
            absl::StrCat(kPorts, "[", i, "].", type.field(f)->name());
        Set(key, FormatValue(*known, *type.field(f)), builder_.OriginOf(key));
      }
    }
  }

  absl::StatusOr<MosConf> Conclude() {
    // What is checked of the whole would be misled by parts that are missing.
    if (!report_.status().ok()) return report_.status();
    const absl::StatusOr<mos::v1::Config> config = builder_.Build();
    Check(config.status());
    MosConf conf;
    const auto& dataplane = builder_.config().dataplane();
    SetForwarding(dataplane, &conf);
    if (dataplane.ports().empty()) {
      report_.Problem(absl::StrCat(
          path_,
          ": there is no port: name one in netdev, in MOSD_PORTS, or in "
          "dataplane.ports of the YAML file"));
    }
    if (!report_.status().ok()) return report_.status();
    conf.config = *config;
    conf.num_cores = static_cast<int>(dataplane.workers());
    conf.cpu_mask = CpuMaskOf(dataplane, usable_cpus_);
    conf.tcp_timeout_s = SecondsOf(dataplane.timeouts().established());
    conf.tcp_tw_interval_s = SecondsOf(dataplane.timeouts().time_wait());
    SetNumbers(dataplane, &conf);
    SetApplications(&conf);
    conf.notices = report_.notices();
    conf.notices.insert(conf.notices.end(), notices_.begin(), notices_.end());
    return conf;
  }

  void SetForwarding(const mos::v1::DataplaneConfig& dataplane, MosConf* conf) {
    conf->forward = !settings_.forward || settings_.forward->value != 0;
    for (const MosSettings::Application& application : settings_.applications) {
      conf->forward = conf->forward && application.ip_forward;
    }
    conf->forward_pairs =
        ForwardPairs(settings_, dataplane, conf->forward, &report_);
    if (!conf->forward_pairs.empty()) return;
    if (conf->forward && settings_.forward) {
      report_.Notice(settings_.forward->line, "forward",
                     "nothing is forwarded: there is no pair of ports in "
                     "nic_forward_table");
    }
    conf->forward = false;
  }

  void SetNumbers(const mos::v1::DataplaneConfig& dataplane, MosConf* conf) {
    const auto& flows = settings_.max_concurrency;
    const bool as_written =
        flows && builder_.OriginOf("dataplane.max_flows") ==
                     report_.Place(flows->line, "max_concurrency");
    conf->max_concurrency = static_cast<int>(
        as_written ? flows->value
                   : dataplane.max_flows() / dataplane.workers());
    if (settings_.rmem_size) {
      conf->rmem_size = static_cast<uint32_t>(settings_.rmem_size->value);
    }
    if (settings_.wmem_size) {
      conf->wmem_size = static_cast<uint32_t>(settings_.wmem_size->value);
    }
    conf->no_ring_buffers =
        settings_.no_ring_buffers && settings_.no_ring_buffers->value != 0;
    conf->last_packet_is_current = settings_.last_packet_is_current &&
                                   settings_.last_packet_is_current->value;
  }

  void SetApplications(MosConf* conf) {
    for (const MosSettings::Application& from : settings_.applications) {
      const uint64_t mask =
          from.cpu_mask.value_or(conf->cpu_mask) & conf->cpu_mask;
      conf->applications.push_back({from.type, from.run,
                                    mask != 0 ? mask : conf->cpu_mask,
                                    from.ip_forward});
    }
  }

  void Set(absl::string_view key, absl::string_view value,
           absl::string_view origin) {
    Check(builder_.Set(key, value, origin));
  }
  void Check(const absl::Status& status) {
    if (!status.ok()) report_.Problem(status.message());
  }

  const std::string& path_;
  const bool is_yaml_;
  const char* const* const environment_;
  const uint64_t usable_cpus_;
  ConfigBuilder builder_;
  MosConfReport report_;
  MosSettings settings_;
  google::protobuf::RepeatedPtrField<mos::v1::PortConfig> yaml_ports_;
  std::vector<std::string> notices_;  // of the environment
};

}  // namespace

absl::StatusOr<MosConf> ReadMosConf(const std::string& path,
                                    const char* const* environment,
                                    uint64_t usable_cpus) {
  return Reader(path, environment, usable_cpus).Read();
}

}  // namespace mosd::controlplane
