#include "controlplane/file/text_file.h"

#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace mosd::controlplane {
namespace {

using ::testing::HasSubstr;

TEST(TextFileTest, ReadsOneByteMoreThanItMay) {
  const testing::TempDir folder;
  std::ofstream(folder / "f") << "12345";
  EXPECT_EQ(*ReadTextFile(folder / "f", 5, "note"), "12345");
  EXPECT_EQ(*ReadTextFile(folder / "f", 100, "note"), "12345");
  EXPECT_EQ(*ReadTextFile(folder / "f", 3, "note"), "1234");
  EXPECT_EQ(ReadTextFile("/dev/zero", 1000, "note")->size(), 1001u);
}

TEST(TextFileTest, SaysWhyNot) {
  const testing::TempDir folder;
  EXPECT_EQ(ReadTextFile(folder / "none", 9, "note").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadTextFile("", 9, "note").status().code(),
            absl::StatusCode::kNotFound);
  const absl::Status status = ReadTextFile(folder / "", 9, "note").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("is a folder, not a note"));
}

}  // namespace
}  // namespace mosd::controlplane
