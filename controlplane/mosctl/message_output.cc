#include "controlplane/mosctl/message_output.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "google/protobuf/util/json_util.h"
#include "yaml-cpp/yaml.h"

namespace mosd::mosctl {
namespace {

std::string Json(const google::protobuf::Message& message, bool many_lines) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = many_lines;
  options.always_print_primitive_fields = true;
  std::string text;
  // Fails only for an Any of a type this program does not know.
  const auto status =
      google::protobuf::util::MessageToJsonString(message, &text, options);
  if (!status.ok()) return "{}\n";
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text + "\n";
}

// Whether a YAML 1.1 or 1.2 reader takes the unquoted text for a string.
bool ReadsAsString(const std::string& text) {
  const auto plain = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
           c == '-' || c == '.' || c == '/';
  };
  if (text.empty() ||
      !absl::ascii_isalpha(static_cast<unsigned char>(text[0])) ||
      !std::all_of(text.begin(), text.end(), plain)) {
    return false;
  }
  const std::string lower = absl::AsciiStrToLower(text);
  for (const char* word : {"true", "false", "null", "yes", "no", "on", "off",
                           "y", "n", "nan", "inf"}) {
    if (lower == word) return false;
  }
  return true;
}

void Emit(const YAML::Node& node, YAML::Emitter* emitter) {
  switch (node.Type()) {
    case YAML::NodeType::Map:
      *emitter << YAML::BeginMap;
      for (const auto& entry : node) {
        *emitter << YAML::Key << entry.first.Scalar() << YAML::Value;
        Emit(entry.second, emitter);
      }
      *emitter << YAML::EndMap;
      return;
    case YAML::NodeType::Sequence:
      if (node.size() == 0) *emitter << YAML::Flow;
      *emitter << YAML::BeginSeq;
      for (const auto& element : node) Emit(element, emitter);
      *emitter << YAML::EndSeq;
      return;
    case YAML::NodeType::Scalar:
      // The parser tags what was quoted with "!".
      if (node.Tag() == "!" && !ReadsAsString(node.Scalar())) {
        *emitter << YAML::DoubleQuoted;
      }
      *emitter << node.Scalar();
      return;
    default:
      *emitter << YAML::Null;
  }
}

}  // namespace

absl::string_view NameOf(OutputFormat format) {
  switch (format) {
    case OutputFormat::kTable:
      return "table";
    case OutputFormat::kWide:
      return "wide";
    case OutputFormat::kJson:
      return "json";
    case OutputFormat::kJsonl:
      return "jsonl";
    case OutputFormat::kYaml:
      return "yaml";
    case OutputFormat::kText:
      return "text";
    case OutputFormat::kHex:
      return "hex";
    case OutputFormat::kRaw:
      return "raw";
    case OutputFormat::kPcapng:
      return "pcapng";
  }
  return "";
}

std::string ToJson(const google::protobuf::Message& message) {
  return Json(message, true);
}

std::string ToJsonLine(const google::protobuf::Message& message) {
  return Json(message, false);
}

std::string ToYaml(const google::protobuf::Message& message) {
  YAML::Emitter emitter;
  Emit(YAML::Load(Json(message, false)), &emitter);
  return std::string(emitter.c_str()) + "\n";
}

std::string Serialize(const google::protobuf::Message& message,
                      OutputFormat format) {
  switch (format) {
    case OutputFormat::kJsonl:
      return ToJsonLine(message);
    case OutputFormat::kYaml:
      return ToYaml(message);
    default:
      return ToJson(message);
  }
}

}  // namespace mosd::mosctl
