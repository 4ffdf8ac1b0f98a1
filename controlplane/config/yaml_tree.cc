#include "controlplane/config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "controlplane/config/utf8.h"

namespace mosd::controlplane {
namespace {

// Builds the tree from the parser's events. Throws YAML::ParserException, as
// the parser itself does; ParseYaml() catches both.
class TreeBuilder : public YAML::EventHandler {
 public:
  YamlNode Take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    Add(Make(mark, YamlNode::Kind::kNull));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw YAML::ParserException(mark, "aliases (*name) are not supported");
  }
  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    throw YAML::ParserException(mark, "anchors (&name) are not supported");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    RefuseTag(mark, tag);
    YamlNode node = Make(mark, YamlNode::Kind::kScalar);
    node.scalar = value;
    Add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t, YAML::EmitterStyle::value) override {
    RefuseTag(mark, tag);
    Open(mark, YamlNode::Kind::kSequence);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t, YAML::EmitterStyle::value) override {
    RefuseTag(mark, tag);
    Open(mark, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

 private:
  static YamlNode Make(const YAML::Mark& mark, YamlNode::Kind kind) {
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  // "?" and "!" are what the parser says of plain and of quoted scalars.
  static void RefuseTag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw YAML::ParserException(mark, "tags (!name) are not supported");
    }
  }

  void Open(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (open_.size() == kMaxYamlDepth) {
      throw YAML::ParserException(
          mark, absl::StrCat("nested deeper than ", kMaxYamlDepth, " levels"));
    }
    open_.push_back(Make(mark, kind));
  }

  void Close() {
    YamlNode node = std::move(open_.back());
    open_.pop_back();
    Add(std::move(node));
  }

  void Add(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    YamlNode& parent = open_.back();
    // The parser places a value that is not there at whatever comes next.
    if (node.kind == YamlNode::Kind::kNull &&
        parent.kind == YamlNode::Kind::kMap &&
        parent.children.size() % 2 == 1) {
      node.line = parent.children.back().line;
      node.column = parent.children.back().column;
    }
    parent.children.push_back(std::move(node));
  }

  YamlNode root_;
  std::vector<YamlNode> open_;  // from the root inwards
};

absl::Status ErrorAt(absl::string_view name, int line, int column,
                     absl::string_view reason) {
  return absl::InvalidArgumentError(
      absl::StrCat(name, ":", line, ":", column, ": ", reason));
}

// Reports the byte at `offset`.
absl::Status ErrorAtByte(absl::string_view name, absl::string_view text,
                         size_t offset, absl::string_view reason) {
  const absl::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t last_newline = before.rfind('\n');
  const size_t column =
      offset - (last_newline == before.npos ? 0 : last_newline + 1) + 1;
  return ErrorAt(name, static_cast<int>(line), static_cast<int>(column),
                 reason);
}

// yaml-cpp takes some control characters for the end of the text, and guesses
// encodings; neither may happen silently.
absl::Status CheckText(absl::string_view text, absl::string_view name) {
  if (text.size() > kMaxYamlBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": has more than ", kMaxYamlBytes,
                     " bytes: this cannot be a configuration"));
  }
  const auto control = std::find_if(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f;
  });
  if (control != text.end()) {
    return ErrorAtByte(name, text, static_cast<size_t>(control - text.begin()),
                       "control character: this is not a YAML text file");
  }
  if (const size_t at = FindInvalidUtf8(text); at != text.npos) {
    return ErrorAtByte(name, text, at, "not UTF-8; save the file as UTF-8");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<YamlNode> ParseYaml(absl::string_view text,
                                   absl::string_view name) {
  if (absl::Status status = CheckText(text, name); !status.ok()) return status;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder;
    if (!parser.HandleNextDocument(builder)) return YamlNode{};
    TreeBuilder second;
    if (parser.HandleNextDocument(second)) {
      return ErrorAt(name, second.Take().line, 1,
                     "a second document (---) begins; keep one");
    }
    return builder.Take();
  } catch (const YAML::Exception& error) {
    return ErrorAt(name, error.mark.line + 1, error.mark.column + 1, error.msg);
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": ", error.what()));
  }
}

}  // namespace mosd::controlplane
