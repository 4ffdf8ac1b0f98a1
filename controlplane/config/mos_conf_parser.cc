#include "controlplane/config/mos_conf_parser.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "controlplane/config/mos_conf_report.h"

namespace mosd::controlplane {
namespace {

class Parser {
 public:
  Parser(absl::string_view text, absl::string_view name)
      : text_(text), report_(name), open_{&root_} {
    root_.is_block = true;
  }

  absl::StatusOr<MosConfNode> Parse() {
    absl::ConsumePrefix(&text_, "\xef\xbb\xbf");  // the mark of some editors
    if (text_.size() > kMaxMosConfBytes) {
      report_.Problem(1, "",
                      absl::StrCat("has more than ", kMaxMosConfBytes,
                                   " bytes: this cannot be a configuration"));
      stopped_ = true;
    }
    while (!stopped_ && at_ < text_.size()) Step();
    if (!stopped_) EndStatement(false);
    for (size_t i = 1; !stopped_ && i < open_.size(); ++i) {
      report_.Problem(open_[i]->line, "",
                      absl::StrCat("the block \"", ShownText(open_[i]->text),
                                   "\" is not closed: a } is missing"));
    }
    if (absl::Status status = report_.status(); !status.ok()) return status;
    return std::move(root_);
  }

 private:
  // Takes one character, a comment, or what is quoted.
  void Step() {
    const char c = text_[at_];
    switch (c) {
      case '\n':
        EndStatement(true);
        ++line_;
        break;
      case ';':
        EndStatement(false);
        break;
      case '{':
        Open();
        break;
      case '}':
        Close();
        break;
      case '#':
        at_ = std::min(text_.find('\n', at_), text_.size());
        return;
      case '"':
        TakeQuoted();
        return;
      default:
        Take(c);
    }
    ++at_;
  }

  void Take(char c) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && !absl::ascii_isspace(byte)) || byte == 0x7f) {
      report_.Problem(line_, "", "control character: this is not a text file");
      stopped_ = true;
      return;
    }
    if (statement_.empty()) {
      if (absl::ascii_isspace(byte)) return;
      statement_line_ = line_;
    }
    statement_.push_back(c);
  }

  // A quote without a second one on its line is a character like others.
  void TakeQuoted() {
    const size_t end = text_.find_first_of("\"\n", at_ + 1);
    const bool closed = end != text_.npos && text_[end] == '"';
    const size_t past = closed ? end + 1 : at_ + 1;
    while (at_ < past && !stopped_) Take(text_[at_++]);
  }

  void EndStatement(bool at_newline) {
    absl::StripTrailingAsciiWhitespace(&statement_);
    if (!statement_.empty()) Add(false);
    // A lone name may still become that of a block. Comments and empty lines
    // may come between.
    may_name_block_ = at_newline && (may_name_block_ || !statement_.empty());
    statement_.clear();
  }

  void Open() {
    if (open_.size() > kMaxMosConfDepth) {
      report_.Problem(
          line_, "",
          absl::StrCat("nested deeper than ", kMaxMosConfDepth, " blocks"));
      stopped_ = true;
      return;
    }
    absl::StripTrailingAsciiWhitespace(&statement_);
    MosConfNode* block = nullptr;
    if (!statement_.empty()) {
      block = Add(true);
      statement_.clear();
    } else if (may_name_block_ &&
               open_.back()->children.back().Value().empty()) {
      block = &open_.back()->children.back();
      block->is_block = true;
    } else {
      report_.Problem(line_, "", "a { without the name of its block before it");
      statement_line_ = line_;
      block = Add(true);
    }
    may_name_block_ = false;
    if (!stopped_) open_.push_back(block);
  }

  void Close() {
    EndStatement(false);
    if (open_.size() > 1) {
      open_.pop_back();
    } else {
      report_.Problem(line_, "", "a } without a block to close");
    }
  }

  // Adds a node to the open block. The vector that it goes into holds none of
  // the open blocks, so that pointers to those stay good.
  MosConfNode* Add(bool is_block) {
    if (++nodes_ == kMaxMosConfNodes) {
      report_.Problem(
          statement_line_, "",
          absl::StrCat("more than ", kMaxMosConfNodes,
                       " statements: this cannot be a configuration"));
      stopped_ = true;
    }
    std::vector<MosConfNode>& siblings = open_.back()->children;
    MosConfNode& node = siblings.emplace_back();
    node.text = statement_;
    node.line = statement_line_;
    node.is_block = is_block;
    return &node;
  }

  absl::string_view text_;
  MosConfReport report_;
  size_t at_ = 0;
  int line_ = 1;
  bool stopped_ = false;  // what follows would not be worth reading
  std::string statement_;
  int statement_line_ = 1;
  bool may_name_block_ = false;  // the last statement, by a "{" that follows
  size_t nodes_ = 0;
  MosConfNode root_;
  std::vector<MosConfNode*> open_;  // from the root inwards
};

size_t EndOfKey(absl::string_view text) {
  return std::min(text.find_first_of("= \t\r\v\f"), text.size());
}

}  // namespace

absl::string_view MosConfNode::Key() const {
  return absl::string_view(text).substr(0, EndOfKey(text));
}

absl::string_view MosConfNode::Value() const {
  absl::string_view value = text;
  value = absl::StripLeadingAsciiWhitespace(value.substr(EndOfKey(value)));
  absl::ConsumePrefix(&value, "=");
  return absl::StripLeadingAsciiWhitespace(value);
}

absl::StatusOr<MosConfNode> ParseMosConf(absl::string_view text,
                                         absl::string_view name) {
  return Parser(text, name).Parse();
}

}  // namespace mosd::controlplane
