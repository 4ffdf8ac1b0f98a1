#include "controlplane/config/config_builder.h"

#include <iterator>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "controlplane/config/config_check.h"
#include "controlplane/config/defaults.h"
#include "controlplane/config/key_path.h"
#include "controlplane/config/keys.h"
#include "controlplane/config/nearest.h"
#include "controlplane/config/value.h"
#include "controlplane/file/text_file.h"

namespace mosd::controlplane {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

constexpr size_t kMostProblems = 20;

// Kubernetes sets NAME_SERVICE_HOST, NAME_PORT_... for each service it knows.
bool IsKubernetesVariable(absl::string_view name) {
  return absl::StrContains(name, "_SERVICE_") ||
         absl::StrContains(name, "_PORT_") || absl::EndsWith(name, "_PORT");
}

std::string SuggestVariable(absl::string_view name) {
  std::vector<std::string> names;
  for (const Key& key : Keys()) {
    if (!key.environment.empty()) names.push_back(key.environment);
  }
  const std::string nearest = Nearest(name, names);
  return nearest.empty() ? "; `mosd --help-config` lists the names"
                         : absl::StrCat("; did you mean ", nearest, "?");
}

}  // namespace

ConfigBuilder::ConfigBuilder() { SetDefaults(&config_); }

absl::Status ConfigBuilder::ReadFile(const std::string& path) {
  const absl::StatusOr<std::string> text =
      ReadTextFile(path, kMaxYamlBytes, "configuration file");
  if (!text.ok()) return text.status();
  return ReadText(*text, path);
}

absl::Status ConfigBuilder::ReadText(absl::string_view text,
                                     absl::string_view name) {
  absl::StatusOr<YamlNode> root = ParseYaml(text, name);
  if (!root.ok()) return root.status();
  name_ = std::string(name);
  problems_.clear();
  ReadMessage(*root, "", &config_);
  if (problems_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(problems_, "\n"));
}

void ConfigBuilder::ReadMessage(const YamlNode& node, const std::string& path,
                                Message* message) {
  // A group whose keys are all commented out.
  if (node.kind == YamlNode::Kind::kNull) return;
  const auto& descriptor = *message->GetDescriptor();
  if (node.kind != YamlNode::Kind::kMap) {
    Problem(node, path,
            absl::StrCat("must be a map with the keys ", KeyNames(descriptor)));
    return;
  }
  std::map<absl::string_view, const YamlNode*> seen;
  for (size_t i = 0; i + 1 < node.children.size(); i += 2) {
    const YamlNode& key = node.children[i];
    if (key.kind != YamlNode::Kind::kScalar) {
      Problem(key, path, "a key must be a plain word");
      continue;
    }
    const std::string key_path =
        path.empty() ? key.scalar : absl::StrCat(path, ".", key.scalar);
    const FieldDescriptor* field = descriptor.FindFieldByName(key.scalar);
    if (field == nullptr) {
      Problem(key, key_path,
              absl::StrCat("unknown key", SuggestKey(key.scalar, descriptor)));
      continue;
    }
    const auto [first, is_new] = seen.emplace(key.scalar, &key);
    if (!is_new) {
      Problem(key, key_path,
              absl::StrCat("is written twice, first in line ",
                           first->second->line, "; keep one"));
      continue;
    }
    ReadField(node.children[i + 1], key_path, *field, message);
  }
}

void ConfigBuilder::ReadField(const YamlNode& node, const std::string& path,
                              const FieldDescriptor& field, Message* message) {
  if (field.is_repeated()) {
    ReadList(node, path, field, message);
    return;
  }
  if (!IsValue(field)) {
    ReadMessage(node, path,
                message->GetReflection()->MutableMessage(message, &field));
    return;
  }
  if (node.kind == YamlNode::Kind::kNull) {
    Problem(node, path,
            absl::StrCat("has no value; write ", DescribeValue(field),
                         ", or remove the key"));
  } else if (node.kind != YamlNode::Kind::kScalar) {
    Problem(node, path,
            absl::StrCat("must be ", DescribeValue(field),
                         ", not a list or a map"));
  } else if (absl::Status status = SetValue(node.scalar, field, message);
             !status.ok()) {
    Problem(node, path, status.message());
  } else {
    SetOrigin(path, Place(node));
  }
}

void ConfigBuilder::ReadList(const YamlNode& node, const std::string& path,
                             const FieldDescriptor& field, Message* message) {
  if (node.kind != YamlNode::Kind::kSequence) {
    Problem(node, path,
            "must be a list: \"- item\" lines, or [item, item]; [] "
            "is the empty one");
    return;
  }
  message->GetReflection()->ClearField(message, &field);
  SetOrigin(path, Place(node));
  for (size_t i = 0; i < node.children.size(); ++i) {
    const YamlNode& item = node.children[i];
    const std::string item_path = absl::StrCat(path, "[", i, "]");
    SetOrigin(item_path, Place(item));
    if (item.kind == YamlNode::Kind::kScalar) {
      absl::Status status = SetOne(item.scalar, field, message);
      if (!status.ok()) Problem(item, item_path, status.message());
    } else if (IsValue(field)) {
      Problem(item, item_path, absl::StrCat("must be ", DescribeValue(field)));
    } else {
      Message* element = message->GetReflection()->AddMessage(message, &field);
      SetDefaults(element);
      ReadMessage(item, item_path, element);
    }
  }
}

absl::Status ConfigBuilder::SetOne(absl::string_view text,
                                   const FieldDescriptor& field,
                                   Message* message) {
  if (IsValue(field)) return SetValue(text, field, message);
  // An element that is a message may be written as its first key alone: a
  // port as its device.
  Message* element = message->GetReflection()->AddMessage(message, &field);
  SetDefaults(element);
  return SetValue(text, *element->GetDescriptor()->field(0), element);
}

absl::Status ConfigBuilder::ReadEnvironment(
    const char* const* environment, std::vector<std::string>* warnings) {
  std::vector<std::string> errors;
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const absl::string_view variable = *environment;
    const size_t equals = variable.find('=');
    if (!absl::StartsWith(variable, "MOSD_") || equals == variable.npos) {
      continue;
    }
    const absl::string_view name = variable.substr(0, equals);
    const Key* named = nullptr;
    for (const Key& key : Keys()) {
      if (key.environment == name) named = &key;
    }
    if (named != nullptr) {
      absl::Status status = Set(named->path, variable.substr(equals + 1),
                                absl::StrCat("environment variable ", name));
      if (!status.ok()) errors.emplace_back(status.message());
    } else if (name != "MOSD_CONFIG" && !IsKubernetesVariable(name)) {
      warnings->push_back(
          absl::StrCat("environment variable ", absl::CHexEscape(name),
                       " names no configuration key", SuggestVariable(name)));
    }
  }
  if (errors.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(errors, "\n"));
}

absl::Status ConfigBuilder::Set(absl::string_view path, absl::string_view value,
                                absl::string_view origin) {
  absl::StatusOr<KeyTarget> target = FindKey(path, &config_);
  if (target.ok() && target->field->is_repeated()) {
    return SetList(path, SplitList(value), origin);
  }
  absl::Status status = target.ok()
                            ? SetValue(value, *target->field, target->message)
                            : target.status();
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(origin, ": ", path, ": ", status.message()));
  }
  SetOrigin(std::string(path), std::string(origin));
  return absl::OkStatus();
}

absl::Status ConfigBuilder::SetList(absl::string_view path,
                                    const std::vector<std::string>& values,
                                    absl::string_view origin) {
  absl::StatusOr<KeyTarget> target = FindKey(path, &config_);
  absl::Status status = target.status();
  if (status.ok() && !target->field->is_repeated()) {
    status = absl::InvalidArgumentError("is not a list");
  }
  if (status.ok()) {
    target->message->GetReflection()->ClearField(target->message,
                                                 target->field);
    for (const std::string& value : values) {
      status.Update(SetOne(value, *target->field, target->message));
    }
  }
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(origin, ": ", path, ": ", status.message()));
  }
  SetOrigin(std::string(path), std::string(origin));
  return absl::OkStatus();
}

std::string ConfigBuilder::OriginOf(absl::string_view path) const {
  while (!path.empty()) {
    const auto origin = origins_.find(path);
    if (origin != origins_.end()) return origin->second;
    const size_t end = path.find_last_of(".[");
    path = path.substr(0, end == path.npos ? 0 : end);
  }
  return "default";
}

absl::StatusOr<mos::v1::Config> ConfigBuilder::Build() const {
  std::vector<std::string> lines;
  for (const ConfigProblem& problem : CheckConfig(config_)) {
    lines.push_back(absl::StrCat(OriginOf(problem.path), ": ", problem.path,
                                 ": ", problem.reason));
  }
  if (lines.empty()) return config_;
  return absl::InvalidArgumentError(absl::StrJoin(lines, "\n"));
}

void ConfigBuilder::SetOrigin(const std::string& path, std::string origin) {
  // What was known of keys below goes: a list is replaced as a whole.
  auto known = origins_.upper_bound(path);
  while (known != origins_.end() && absl::StartsWith(known->first, path)) {
    const char next = known->first[path.size()];
    known =
        next == '.' || next == '[' ? origins_.erase(known) : std::next(known);
  }
  origins_[path] = std::move(origin);
}

void ConfigBuilder::Problem(const YamlNode& node, absl::string_view path,
                            absl::string_view reason) {
  if (problems_.size() == kMostProblems) {
    problems_.push_back(absl::StrCat(name_, ": ... and more"));
  }
  if (problems_.size() > kMostProblems) return;
  problems_.push_back(absl::StrCat(Place(node), ": ",
                                   path.empty() ? "" : absl::CHexEscape(path),
                                   path.empty() ? "" : ": ", reason));
}

std::string ConfigBuilder::Place(const YamlNode& node) const {
  return absl::StrCat(name_, ":", node.line, ":", node.column);
}

}  // namespace mosd::controlplane
