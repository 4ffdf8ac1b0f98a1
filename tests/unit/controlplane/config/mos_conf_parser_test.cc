#include "controlplane/config/mos_conf_parser.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosd::controlplane {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// "line:text" of each node, blocks with what is in them.
std::string Outline(const MosConfNode& block) {
  std::string outline;
  for (const MosConfNode& node : block.children) {
    absl::StrAppend(&outline, node.line, ":", node.text);
    if (node.is_block) absl::StrAppend(&outline, "{", Outline(node), "}");
    absl::StrAppend(&outline, " ");
  }
  return outline;
}

std::string OutlineOf(absl::string_view text) {
  const auto file = ParseMosConf(text, "f");
  return file.ok() ? Outline(*file) : std::string(file.status().message());
}

TEST(MosConfParserTest, TakesStatementsAndBlocks) {
  EXPECT_EQ(OutlineOf(""), "");
  EXPECT_EQ(OutlineOf("mos {\n\ta = 1\n\tb 2\n}\n"), "1:mos{2:a = 1 3:b 2 } ");
  EXPECT_EQ(OutlineOf("mos {\r\n a=1 \r\n}\r\n"), "1:mos{2:a=1 } ");
  EXPECT_EQ(OutlineOf("\xef\xbb\xbfmos{}"), "1:mos{} ");
}

TEST(MosConfParserTest, TakesEverythingOnOneLine) {
  EXPECT_EQ(OutlineOf("mos{a=1;b=2;;netdev{dpdk0 0x1}c=3}d"),
            "1:mos{1:a=1 1:b=2 1:netdev{1:dpdk0 0x1 } 1:c=3 } 1:d ");
}

TEST(MosConfParserTest, ABraceMayStandOnALaterLine) {
  EXPECT_EQ(OutlineOf("mos # all\n\n # of it\n{ a\n{}\n}"), "1:mos{4:a{} } ");
  EXPECT_EQ(OutlineOf("mos =\n{}"), "1:mos ={} ");
}

TEST(MosConfParserTest, CommentsEndWithTheLine) {
  EXPECT_EQ(OutlineOf("# {\na = 1 # } ; b = 2\n#"), "2:a = 1 ");
}

TEST(MosConfParserTest, QuotesProtect) {
  EXPECT_EQ(OutlineOf("run = fw \"a; # {b}\" c; d"),
            "1:run = fw \"a; # {b}\" c 1:d ");
  // One that is not closed on its line protects nothing.
  EXPECT_EQ(OutlineOf("run = 5\" # x\n\"a"), "1:run = 5\" 2:\"a ");
}

TEST(MosConfParserTest, KeysAndValues) {
  for (const char* text : {"a=b c", "a = b c", "a b c", "a =b c", "a\t= b c"}) {
    MosConfNode node;
    node.text = text;
    EXPECT_EQ(node.Key(), "a") << text;
    EXPECT_EQ(node.Value(), "b c") << text;
  }
  MosConfNode node;
  node.text = "a =";
  EXPECT_EQ(node.Value(), "");
  node.text = "= b";
  EXPECT_EQ(node.Key(), "");
}

TEST(MosConfParserTest, NamesEveryMistake) {
  EXPECT_EQ(OutlineOf("mos {\n netdev {\n}"),
            "f:1: the block \"mos\" is not closed: a } is missing");
  EXPECT_EQ(OutlineOf("a\n}\n}\nmos {"),
            "f:2: a } without a block to close\n"
            "f:3: a } without a block to close\n"
            "f:4: the block \"mos\" is not closed: a } is missing");
  EXPECT_EQ(OutlineOf("a = 1\n{\n}"),
            "f:2: a { without the name of its block before it");
  EXPECT_EQ(OutlineOf("a {}\n{}"),
            "f:2: a { without the name of its block before it");
}

TEST(MosConfParserTest, RefusesWhatIsNoText) {
  EXPECT_EQ(OutlineOf(absl::string_view("a\nb\0c", 5)),
            "f:2: control character: this is not a text file");
  EXPECT_EQ(OutlineOf("\x7f"
                      "ELF"),
            "f:1: control character: this is not a text file");
}

TEST(MosConfParserTest, IsBounded) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "a{";
  EXPECT_EQ(OutlineOf(deep), "f:1: nested deeper than 8 blocks");
  std::string many;
  for (int i = 0; i < 200'000; ++i) many += "a;";
  EXPECT_THAT(OutlineOf(many), HasSubstr("more than 10000 statements"));
  EXPECT_THAT(OutlineOf(std::string(kMaxMosConfBytes + 1, ' ')),
              HasSubstr("has more than 1048576 bytes"));
  const std::string line(kMaxMosConfBytes, 'a');
  EXPECT_EQ(OutlineOf(line), "1:" + line + " ");
  EXPECT_EQ(OutlineOf(std::string(kMaxMosConfBytes, '"')).size(),
            kMaxMosConfBytes + 3);
  EXPECT_THAT(OutlineOf(std::string(1000, '}')),
              AllOf(HasSubstr("f: ... and more"), Not(HasSubstr("\n\n"))));
  EXPECT_LT(OutlineOf(std::string(1000, '}')).size(), 1000u);
  EXPECT_LT(OutlineOf(line.substr(1) + "{").size(), 200u);
}

}  // namespace
}  // namespace mosd::controlplane
