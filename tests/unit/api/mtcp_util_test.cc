// Helpers of mOS programs: words of a command line, names of events.
#include "mtcp_util.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <climits>
#include <random>
#include <string>
#include <vector>

#include "mos_api.h"

namespace mosd::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kRoom = 8;

// What StrToArgs made of a text, in an array of `room` with guards around it.
struct Split {
  explicit Split(std::string text, int room = kRoom) : line(std::move(text)) {
    slots.fill(&guard);
    errno = 0;
    result = StrToArgs(line.data(), &count, slots.data() + 1, room);
    error = result == 0 ? 0 : errno;
    for (int i = 0; i < count; ++i) words.emplace_back(argv()[i]);
  }
  char** argv() { return slots.data() + 1; }
  bool KeptToItsRoom(int room = kRoom) {
    for (size_t i = static_cast<size_t>(room) + 1; i < slots.size(); ++i) {
      if (slots[i] != &guard) return false;
    }
    return slots[0] == &guard;
  }

  std::string line;
  char guard = '\0';
  std::array<char*, 2 * kRoom + 2> slots;
  int count = -1;
  int result = 0;
  int error = 0;
  std::vector<std::string> words;
};

TEST(StrToArgsTest, SplitsAtBlanksOfAnyKind) {
  EXPECT_THAT(Split("monitor -c 4").words, ElementsAre("monitor", "-c", "4"));
  EXPECT_THAT(Split(" \t a\n b \r\n").words, ElementsAre("a", "b"));
  EXPECT_THAT(Split("").words, IsEmpty());
  EXPECT_THAT(Split(" \n ").words, IsEmpty());
}

TEST(StrToArgsTest, QuotesKeepWordsTogether) {
  EXPECT_THAT(Split("-f 'tcp port 80' x").words,
              ElementsAre("-f", "tcp port 80", "x"));
  EXPECT_THAT(Split("\"it's\" 'a \"b\"'").words,
              ElementsAre("it's", "a \"b\""));
  EXPECT_THAT(Split("a'b c'd").words, ElementsAre("ab cd"));
  EXPECT_THAT(Split("'' \"\"").words, ElementsAre("", ""));
}

TEST(StrToArgsTest, WordsEndWithNull) {
  Split split("a b");
  EXPECT_EQ(split.count, 2);
  EXPECT_EQ(split.argv()[2], nullptr);
  EXPECT_EQ(Split("").argv()[0], nullptr);
}

TEST(StrToArgsTest, NeverWritesBeyondItsRoom) {
  Split fits("1 2 3 4 5 6 7");
  EXPECT_EQ(fits.error, 0);
  EXPECT_TRUE(fits.KeptToItsRoom());

  for (const int room : {1, 2, kRoom}) {
    Split beyond("1 2 3 4 5 6 7 8 9 10", room);
    EXPECT_EQ(beyond.error, E2BIG);
    EXPECT_EQ(beyond.count, room - 1);
    EXPECT_EQ(beyond.argv()[room - 1], nullptr);
    EXPECT_TRUE(beyond.KeptToItsRoom(room));
  }
}

TEST(StrToArgsTest, MistakesAreErrnos) {
  EXPECT_EQ(Split("a 'b c").error, EINVAL);
  EXPECT_EQ(Split("a", 0).error, EINVAL);
  EXPECT_EQ(Split("a", INT_MIN).error, EINVAL);
  char text[] = "a";
  char* words[2];
  int count;
  const auto fails = [](int result) { return result == -1 && errno == EINVAL; };
  EXPECT_TRUE(fails(StrToArgs(nullptr, &count, words, 2)));
  EXPECT_TRUE(fails(StrToArgs(text, nullptr, words, 2)));
  EXPECT_TRUE(fails(StrToArgs(text, &count, nullptr, 2)));
}

// Words are given blanks and quotes at random; what comes back is the words.
TEST(StrToArgsTest, GivesBackRandomWords) {
  std::mt19937 random(7);
  const auto pick = [&](std::string_view from) {
    return from[random() % from.size()];
  };
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::string> expected(random() % kRoom);
    std::string line;
    for (std::string& word : expected) {
      const char quote = pick("'\"");
      const std::string_view letters = quote == '\'' ? "ab \t\"" : "ab \n'";
      for (size_t left = random() % 6; left > 0; --left) word += pick(letters);
      line += pick(" \t\n");
      line += quote + word + quote;
    }
    Split split(line);
    EXPECT_EQ(split.error, 0) << line;
    EXPECT_EQ(split.words, expected) << line;
  }
}

TEST(EventToStringTest, NamesEachBuiltinEvent) {
  EXPECT_STREQ(EventToString(MOS_ON_PKT_IN), "MOS_ON_PKT_IN");
  EXPECT_STREQ(EventToString(MOS_ON_PKT_OUT), "MOS_ON_PKT_OUT");
  EXPECT_STREQ(EventToString(MOS_ON_CONN_START), "MOS_ON_CONN_START");
  EXPECT_STREQ(EventToString(MOS_ON_CONN_SETUP), "MOS_ON_CONN_SETUP");
  EXPECT_STREQ(EventToString(MOS_ON_CONN_NEW_DATA), "MOS_ON_CONN_NEW_DATA");
  EXPECT_STREQ(EventToString(MOS_ON_ERROR), "MOS_ON_ERROR");
  EXPECT_STREQ(EventToString(MOS_ON_TIMEOUT), "MOS_ON_TIMEOUT");
  EXPECT_STREQ(EventToString(MOS_ON_TCP_STATE_CHANGE),
               "MOS_ON_TCP_STATE_CHANGE");
  EXPECT_STREQ(EventToString(MOS_ON_ORPHAN), "MOS_ON_ORPHAN");
  EXPECT_STREQ(EventToString(MOS_ON_REXMIT), "MOS_ON_REXMIT");
  EXPECT_STREQ(EventToString(MOS_ON_CONN_END), "MOS_ON_CONN_END");
  EXPECT_STREQ(EventToString(MOS_ON_DEBUG_MESSAGE), "MOS_ON_DEBUG_MESSAGE");
}

TEST(EventToStringTest, WhatIsNoEventHasNoName) {
  for (const uint32_t event : {0u, 3u, 1u << 12, 1u << 31, UINT32_MAX}) {
    EXPECT_STREQ(EventToString(event), "unknown event") << event;
  }
}

}  // namespace
}  // namespace mosd::testing
