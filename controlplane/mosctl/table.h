// Rows in aligned columns that fit the reader's width: long cells are cut in
// the middle, the least wanted columns go, and no line wraps. Widths count
// characters; cells are ASCII. One thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "controlplane/mosctl/console.h"

namespace mosd::mosctl {

struct Column {
  std::string title;
  bool right = false;    // numbers
  int drop_order = 0;    // 1 is wanted most; 0: never dropped
  bool shrinks = false;  // may be cut in the middle
};

struct Cell {
  std::string text;
  Style style = Style::kPlain;

  Cell(std::string cell_text, Style cell_style = Style::kPlain)  // NOLINT
      : text(std::move(cell_text)), style(cell_style) {}
  Cell(const char* cell_text, Style cell_style = Style::kPlain)  // NOLINT
      : text(cell_text), style(cell_style) {}
};

class Table {
 public:
  explicit Table(std::vector<Column> columns);

  // One cell a column; missing ones are empty, surplus ones are ignored.
  void AddRow(const std::vector<Cell>& cells);

  // Prints the rows added since the last call; the first call that has any
  // also prints the titles and settles which columns there are. Columns only
  // grow from then on.
  void Flush(const Console& console);

  // Titles of the columns that had no room; after Flush().
  std::vector<std::string> Dropped() const;

 private:
  struct Slot {
    Column column;
    size_t needed = 0;  // by the widest cell
    size_t width = 0;   // given
    bool shown = true;
  };

  // A cell of a row that waits, its text in text_.
  struct Waiting {
    size_t begin;
    size_t size;
    Style style;
  };

  // With columns that shrink at most `shrunken` wide.
  size_t LineWidth(size_t shrunken) const;
  void ChooseColumns(size_t limit);
  void Fit(size_t limit);
  // Appends the line of `row`, one cell a column, to lines_.
  void AddLine(const Console& console, const Waiting* row);

  std::vector<Slot> slots_;
  // Rows that wait, the titles first until they are printed, one cell a column.
  // Like lines_, they keep their memory from one Flush() to the next.
  std::vector<Waiting> cells_;
  std::string text_;
  std::string lines_;
  bool titled_ = false;
};

}  // namespace mosd::mosctl
