#include "controlplane/config/mos_conf_report.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace mosd::controlplane {

void MosConfReport::Problem(int line, absl::string_view key,
                            absl::string_view reason) {
  Add(absl::StrCat(Place(line, key), ": ", reason), &problems_);
}

void MosConfReport::Problem(absl::string_view reason) {
  Add(std::string(reason), &problems_);
}

void MosConfReport::Notice(int line, absl::string_view key,
                           absl::string_view reason) {
  Add(absl::StrCat(Place(line, key), ": ", reason), &notices_);
}

std::string MosConfReport::Place(int line, absl::string_view key) const {
  return absl::StrCat(file_, ":", line, key.empty() ? "" : ": ",
                      ShownText(key));
}

absl::Status MosConfReport::status() const {
  if (problems_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(problems_, "\n"));
}

void MosConfReport::Add(std::string line,
                        std::vector<std::string>* lines) const {
  constexpr size_t kMostLines = 20;
  if (lines->size() > kMostLines) return;
  if (lines->size() == kMostLines) line = absl::StrCat(file_, ": ... and more");
  lines->push_back(std::move(line));
}

std::string ShownText(absl::string_view text) {
  constexpr size_t kLongest = 60;
  return absl::StrCat(absl::CHexEscape(text.substr(0, kLongest)),
                      text.size() > kLongest ? "..." : "");
}

}  // namespace mosd::controlplane
