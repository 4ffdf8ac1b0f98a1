// What was asked for on mosd's command line.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "mos/v1/config.pb.h"

namespace mosd::controlplane {

struct CommandLine {
  std::string config_file;  // empty: none
  std::vector<std::string> ports;
  bool loop = false;
  std::string pace;  // empty: as configured
  bool exit_on_eof = false;
  bool summary = false;
  std::vector<std::string> grpc_listen;
  std::vector<std::string> metrics_listen;
  // Flags that set one key each: flag, path, value; in order.
  struct Setting {
    std::string flag;
    std::string path;
    std::string value;
  };
  std::vector<Setting> settings;
  bool plan = false;
  bool check_config = false;
  bool print_config = false;
  bool help_config = false;
};

// Reads it. --help, --version and mistakes are answered here; then the result
// is the exit code.
std::optional<int> ParseCommandLine(int argc, char** argv,
                                    CommandLine* command_line);

// Defaults, file, environment and flags together. INVALID_ARGUMENT, or why the
// file cannot be read.
absl::StatusOr<mos::v1::Config> LoadConfig(const CommandLine& command_line,
                                           std::vector<std::string>* warnings);

}  // namespace mosd::controlplane
