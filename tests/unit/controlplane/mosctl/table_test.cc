#include "controlplane/mosctl/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"

namespace mosd::mosctl {
namespace {

using ::testing::ElementsAre;

class TableTest : public ::testing::Test {
 protected:
  std::vector<std::string> Lines() const {
    return absl::StrSplit(out_.str(), '\n', absl::SkipEmpty());
  }
  std::ostringstream out_, err_;
  Console console_{.out = out_, .err = err_};
};

TEST_F(TableTest, AlignsAndTrims) {
  Table table(
      {{.title = "NAME"}, {.title = "N", .right = true}, {.title = "X"}});
  table.AddRow({"a", "7", ""});
  table.AddRow({"long", "1000", "x"});
  table.Flush(console_);
  EXPECT_THAT(Lines(),
              ElementsAre("NAME     N  X", "a        7", "long  1000  x"));
}

TEST_F(TableTest, PrintsNothingWithoutRows) {
  Table table({{.title = "NAME"}});
  table.Flush(console_);
  EXPECT_EQ(out_.str(), "");
}

TEST_F(TableTest, LaterRowsKeepTheColumns) {
  Table table({{.title = "A"}, {.title = "B"}});
  table.AddRow({"wide", "1"});
  table.Flush(console_);
  table.AddRow({"x", "2"});
  table.Flush(console_);
  EXPECT_THAT(Lines(), ElementsAre("A     B", "wide  1", "x     2"));
}

TEST_F(TableTest, CutsALittleThenDropsThenCutsMore) {
  const auto lines = [this](int width, std::vector<std::string>* dropped) {
    Table table({{.title = "ID", .drop_order = 1},
                 {.title = "ADDRESS", .shrinks = true},
                 {.title = "MORE", .drop_order = 2},
                 {.title = "STATE"}});
    table.AddRow({"0123456789", "[fd00:1111:2222:3333::1]:80", "m", "ended"});
    out_.str("");
    console_.width = width;
    table.Flush(console_);
    *dropped = table.Dropped();
    return Lines();
  };
  std::vector<std::string> dropped;
  EXPECT_EQ(lines(48, &dropped)[1],
            "0123456789  [fd00:1..22:3333::1]:80  m     ended");
  EXPECT_THAT(dropped, ElementsAre());
  EXPECT_EQ(lines(40, &dropped)[1], "0123456789  [fd00:..2:3333::1]:80  ended");
  EXPECT_THAT(dropped, ElementsAre("MORE"));
  EXPECT_EQ(lines(20, &dropped)[1], "[fd..3::1]:80  ended");
  EXPECT_THAT(dropped, ElementsAre("ID", "MORE"));
}

TEST_F(TableTest, NeverExceedsTheWidth) {
  for (int width = 1; width < 60; ++width) {
    out_.str("");
    console_.width = width;
    Table table({{.title = "ID", .drop_order = 1},
                 {.title = "ADDRESS", .shrinks = true},
                 {.title = "N", .right = true}});
    table.AddRow({"0123456789", "[fd00:1111:2222:3333::1]:80", "123456"});
    table.Flush(console_);
    table.AddRow({"0123456789012345678901234567890", "x", "1234567890123"});
    table.Flush(console_);
    for (const std::string& line : Lines()) {
      EXPECT_LE(line.size(), static_cast<size_t>(width));
    }
  }
}

TEST_F(TableTest, ColorTakesNoRoom) {
  console_.color = true;
  Table table({{.title = "A"}, {.title = "B"}});
  table.AddRow({{"bad", Style::kBad}, "1"});
  table.Flush(console_);
  EXPECT_EQ(Lines()[1], "\033[31mbad\033[0m  1");
}

}  // namespace
}  // namespace mosd::mosctl
