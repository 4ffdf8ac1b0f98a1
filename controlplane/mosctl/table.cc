#include "controlplane/mosctl/table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace mosd::mosctl {
namespace {

constexpr size_t kGap = 2;  // spaces between columns
// Characters that a cell is cut to before whole columns go, enough for an IPv4
// endpoint; and the least that it is cut to after that.
constexpr size_t kComfortable = 21;
constexpr size_t kMinShrunken = 9;

// What fits of a text that is longer than `width`.
std::string Cut(absl::string_view text, size_t width) {
  constexpr absl::string_view kMark = "..";
  if (width <= kMark.size()) return std::string(text.substr(0, width));
  const size_t kept = width - kMark.size();
  const size_t head = kept / 3;  // the end tells more: there is the port
  return absl::StrCat(text.substr(0, head), kMark,
                      text.substr(text.size() - (kept - head)));
}

}  // namespace

Table::Table(std::vector<Column> columns) {
  std::vector<Cell> titles;
  for (Column& column : columns) {
    titles.emplace_back(column.title, Style::kHeading);
    slots_.push_back({.column = std::move(column)});
  }
  AddRow(titles);
}

void Table::AddRow(const std::vector<Cell>& cells) {
  static const Cell kMissing("");
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Cell& cell = i < cells.size() ? cells[i] : kMissing;
    slots_[i].needed = std::max(slots_[i].needed, cell.text.size());
    cells_.push_back({text_.size(), cell.text.size(), cell.style});
    text_ += cell.text;
  }
}

size_t Table::LineWidth(size_t shrunken) const {
  size_t width = 0;
  for (const Slot& slot : slots_) {
    if (!slot.shown) continue;
    width += kGap + (slot.column.shrinks ? std::min(slot.width, shrunken)
                                         : slot.width);
  }
  return width > kGap ? width - kGap : 0;
}

void Table::ChooseColumns(size_t limit) {
  std::vector<Slot*> by_worth;  // those that may go, the most wanted first
  for (Slot& slot : slots_) {
    if (slot.column.drop_order > 0) by_worth.push_back(&slot);
  }
  std::stable_sort(by_worth.begin(), by_worth.end(),
                   [](const Slot* a, const Slot* b) {
                     return a->column.drop_order < b->column.drop_order;
                   });
  for (Slot* slot : by_worth) slot->shown = false;
  for (Slot* slot : by_worth) {
    slot->shown = true;
    slot->shown = LineWidth(kComfortable) <= limit;
  }
}

void Table::Fit(size_t limit) {
  for (Slot& slot : slots_) slot.width = std::max(slot.width, slot.needed);
  if (limit == 0) return;
  if (!titled_) ChooseColumns(limit);
  while (LineWidth(std::string::npos) > limit) {
    Slot* widest = nullptr;
    for (Slot& slot : slots_) {
      if (slot.shown && slot.column.shrinks && slot.width > kMinShrunken &&
          (widest == nullptr || slot.width > widest->width)) {
        widest = &slot;
      }
    }
    if (widest == nullptr) return;
    --widest->width;
  }
}

void Table::AddLine(const Console& console, const Waiting* row) {
  const absl::string_view texts = text_;
  size_t pending = 0;  // spaces owed before the next cell
  size_t room = console.width > 0 ? static_cast<size_t>(console.width)
                                  : std::string::npos;
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (!slot.shown) continue;
    absl::string_view text = texts.substr(row[i].begin, row[i].size);
    std::string cut;
    if (text.size() > slot.width) text = cut = Cut(text, slot.width);
    const size_t fill = slot.width - text.size();
    if (slot.column.right) pending += fill;
    // What is never dropped may still be too wide: a line never wraps.
    if (pending + text.size() > room) {
      text = text.substr(0, room > pending ? room - pending : 0);
    }
    if (!text.empty()) {
      lines_.append(pending, ' ');
      room -= pending + text.size();
      console.AppendPainted(row[i].style, text, &lines_);
      pending = 0;
    }
    pending += kGap + (slot.column.right ? 0 : fill);
  }
  lines_ += '\n';
}

void Table::Flush(const Console& console) {
  if (cells_.size() <= (titled_ ? 0 : slots_.size())) return;
  Fit(console.width > 0 ? static_cast<size_t>(console.width) : 0);
  titled_ = true;
  for (size_t i = 0; i < cells_.size(); i += slots_.size()) {
    AddLine(console, &cells_[i]);
  }
  console.out << lines_;
  cells_.clear();
  text_.clear();
  lines_.clear();
}

std::vector<std::string> Table::Dropped() const {
  std::vector<std::string> titles;
  for (const Slot& slot : slots_) {
    if (!slot.shown) titles.push_back(slot.column.title);
  }
  return titles;
}

}  // namespace mosd::mosctl
