#include "controlplane/config/yaml_tree.h"

#include <random>

#include "controlplane/config/config_builder.h"
#include "controlplane/config/effective_yaml.h"
#include "controlplane/config/utf8.h"
#include "gtest/gtest.h"

namespace mosd::controlplane {
namespace {

TEST(YamlTreeTest, NodesKnowWhereTheyStand) {
  const auto root = ParseYaml("a: 1\nb:\n  - x\n  - {c: d}\n", "f");
  ASSERT_TRUE(root.ok()) << root.status();
  ASSERT_EQ(root->kind, YamlNode::Kind::kMap);
  ASSERT_EQ(root->children.size(), 4u);
  const YamlNode& list = root->children[3];
  EXPECT_EQ(list.kind, YamlNode::Kind::kSequence);
  EXPECT_EQ(list.line, 3);
  const YamlNode& d = list.children[1].children[1];
  EXPECT_EQ(d.scalar, "d");
  EXPECT_EQ(d.line, 4);
  EXPECT_EQ(d.column, 9);
}

TEST(YamlTreeTest, SizeIsBounded) {
  EXPECT_TRUE(ParseYaml("#" + std::string(kMaxYamlBytes - 1, 'x'), "f").ok());
  EXPECT_FALSE(ParseYaml("#" + std::string(kMaxYamlBytes, 'x'), "f").ok());
}

// Shapes that have hurt YAML parsers; each must come back soon, with any
// answer.
TEST(YamlTreeTest, HostileShapesReturn) {
  const auto repeat = [](const std::string& text, size_t bytes) {
    std::string all;
    while (all.size() < bytes) all += text;
    return all;
  };
  std::string bomb = "a0: &a0 [x,x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string n = std::to_string(i), p = std::to_string(i - 1);
    bomb += "a" + n + ": &a" + n + " [*a" + p + ",*a" + p + "]\n";
  }
  EXPECT_FALSE(ParseYaml(bomb, "f").ok());
  for (const char* unit :
       {"[",   "{",    "- ",    "? ",     "a: ",          "!",      "&a ",
        "*",   "\"",   "'",     "|\n",    ">\n",          "%YAML ", "---\n",
        "\n ", "[]: ", "{a: [", "a:\n- ", "\xef\xbb\xbf", "#",      ",",
        "]"}) {
    (void)ParseYaml(repeat(unit, 100'000), "f").ok();
  }
}

TEST(YamlTreeTest, DamagedConfigurationsReturn) {
  const std::string good = EffectiveYaml(ConfigBuilder().config());
  std::mt19937 random(1);
  for (int round = 0; round < 5'000; ++round) {
    std::string text = good;
    for (int i = 0; i < 4; ++i) {
      const size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, random() % 8);
          break;
        default:
          text.insert(at, 1, "[]{}:-?&*!|>'\"%@`,#\n "[random() % 21]);
      }
    }
    ConfigBuilder builder;
    if (builder.ReadText(text, "f").ok()) {
      (void)builder.Build().ok();
    }
  }
}

TEST(Utf8Test, FindsTheFirstByteThatDoesNotBelong) {
  constexpr size_t kNone = std::string::npos;
  EXPECT_EQ(FindInvalidUtf8(""), kNone);
  EXPECT_EQ(FindInvalidUtf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), kNone);
  EXPECT_EQ(FindInvalidUtf8("a\x80"), 1u);
  EXPECT_EQ(FindInvalidUtf8("ab\xc3"), 2u);
  EXPECT_EQ(FindInvalidUtf8("\xc0\x80"), 0u);          // overlong
  EXPECT_EQ(FindInvalidUtf8("\xe0\x80\x80"), 0u);      // overlong
  EXPECT_EQ(FindInvalidUtf8("\xed\xa0\x80"), 0u);      // surrogate
  EXPECT_EQ(FindInvalidUtf8("\xf0\x80\x80\x80"), 0u);  // overlong
  EXPECT_EQ(FindInvalidUtf8("\xf4\x90\x80\x80"), 0u);  // above U+10FFFF
  EXPECT_EQ(FindInvalidUtf8("\xff"), 0u);
}

}  // namespace
}  // namespace mosd::controlplane
