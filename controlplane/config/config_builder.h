// Puts a configuration together: defaults, then the file, then the
// environment, then flags; the later wins, and a list replaces a list. Every
// value remembers where it came from, so that an error found at the end can
// still say which line to change. Thread-compatible.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/config/yaml_tree.h"
#include "mos/v1/config.pb.h"

namespace mosd::controlplane {

class ConfigBuilder {
 public:
  // Begins with the defaults.
  ConfigBuilder();

  // Reads a YAML file. NOT_FOUND, PERMISSION_DENIED or INVALID_ARGUMENT, the
  // last with one line for each problem: "FILE:LINE:COLUMN: key: reason".
  absl::Status ReadFile(const std::string& path);

  // The same for a text; `name` stands for the file in errors.
  absl::Status ReadText(absl::string_view text, absl::string_view name);

  // Takes the variables of `environment` ("NAME=value", null-terminated, as
  // environ(7)) that begin with MOSD_ and name a key. `*warnings` gets a line
  // for each that names none.
  absl::Status ReadEnvironment(const char* const* environment,
                               std::vector<std::string>* warnings);

  // Sets one key: "dataplane.workers", or "dataplane.ports[0].loop" for a port
  // that is there. Lists are comma-separated; the empty text is the empty
  // list. `origin` names the flag in errors.
  absl::Status Set(absl::string_view path, absl::string_view value,
                   absl::string_view origin);

  // Sets a list from values that may contain commas.
  absl::Status SetList(absl::string_view path,
                       const std::vector<std::string>& values,
                       absl::string_view origin);

  // What is known so far; not yet checked as a whole.
  const mos::v1::Config& config() const { return config_; }

  // Where the value of a key came from: "FILE:LINE:COLUMN", "environment
  // variable MOSD_...", a flag, or "default". A key below one that was set as
  // a whole has its origin.
  std::string OriginOf(absl::string_view path) const;

  // The configuration, when its values also fit together.
  absl::StatusOr<mos::v1::Config> Build() const;

 private:
  void ReadMessage(const YamlNode& node, const std::string& path,
                   google::protobuf::Message* message);
  void ReadField(const YamlNode& node, const std::string& path,
                 const google::protobuf::FieldDescriptor& field,
                 google::protobuf::Message* message);
  void ReadList(const YamlNode& node, const std::string& path,
                const google::protobuf::FieldDescriptor& field,
                google::protobuf::Message* message);
  // One value, or one element of a list, from text.
  absl::Status SetOne(absl::string_view text,
                      const google::protobuf::FieldDescriptor& field,
                      google::protobuf::Message* message);
  void SetOrigin(const std::string& path, std::string origin);
  void Problem(const YamlNode& node, absl::string_view path,
               absl::string_view reason);
  std::string Place(const YamlNode& node) const;

  mos::v1::Config config_;
  std::map<std::string, std::string, std::less<>> origins_;  // by path
  // While a text is read:
  std::string name_;
  std::vector<std::string> problems_;
};

}  // namespace mosd::controlplane
