// The table of built-in events, against the contract written down once more.
#include "api/event/event_id.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace mosd::api {
namespace {

constexpr int kMosNull = 1 << 29;
constexpr int kMosReceiver = 1 << 30;
constexpr int kMosSender = static_cast<int>(1u << 31);

struct Row {
  int bit;
  const char* name;
  // Hooks, of "NRS": where it may be registered, and where it fires.
  const char* legal;
  const char* flow;
  const char* listener;
  const char* raw;
};

constexpr Row kContract[] = {
    {0, "MOS_ON_PKT_IN", "NRS", "RS", "RS", "N"},
    {1, "MOS_ON_PKT_OUT", "NRS", "", "", ""},
    {2, "MOS_ON_CONN_START", "RS", "RS", "RS", ""},
    {3, "MOS_ON_CONN_SETUP", "NRS", "", "", ""},
    {4, "MOS_ON_CONN_NEW_DATA", "N", "N", "N", ""},
    {5, "MOS_ON_ERROR", "N", "N", "N", ""},
    {6, "MOS_ON_TIMEOUT", "NRS", "", "", ""},
    {7, "MOS_ON_TCP_STATE_CHANGE", "RS", "RS", "RS", ""},
    {8, "MOS_ON_ORPHAN", "N", "", "N", "N"},
    {9, "MOS_ON_REXMIT", "RS", "R", "R", ""},
    {10, "MOS_ON_CONN_END", "RS", "RS", "RS", ""},
    {11, "MOS_ON_DEBUG_MESSAGE", "NRS", "", "", ""},
};

constexpr struct {
  Hook hook;
  int mos;
  char letter;
} kAllHooks[] = {{Hook::kNull, kMosNull, 'N'},
                 {Hook::kReceiver, kMosReceiver, 'R'},
                 {Hook::kSender, kMosSender, 'S'}};

bool Has(const char* hooks, char letter) {
  return std::string(hooks).find(letter) != std::string::npos;
}

TEST(EventIdTest, TheTableIsThatOfTheContract) {
  ASSERT_EQ(std::size(kContract), kBuiltinEvents);
  for (const Row& row : kContract) {
    const auto event = BuiltinOf(EventId{1} << row.bit);
    ASSERT_TRUE(event.has_value()) << row.name;
    EXPECT_EQ(IdOf(*event), EventId{1} << row.bit);
    EXPECT_STREQ(InfoOf(*event).name, row.name);
    EXPECT_EQ(&InfoOf(*event), &BuiltinEventTable()[size_t(row.bit)]);
    for (const auto& hook : kAllHooks) {
      const auto fires = [&](EventSocket socket) {
        return CanFire(*event, hook.hook, socket);
      };
      EXPECT_EQ(IsLegal(*event, hook.hook), Has(row.legal, hook.letter))
          << row.name << hook.letter;
      EXPECT_EQ(fires(EventSocket::kFlow), Has(row.flow, hook.letter))
          << row.name << hook.letter;
      EXPECT_EQ(fires(EventSocket::kListener), Has(row.listener, hook.letter))
          << row.name << hook.letter;
      EXPECT_EQ(fires(EventSocket::kRaw), Has(row.raw, hook.letter))
          << row.name << hook.letter;
    }
  }
}

TEST(EventIdTest, NothingElseIsABuiltinEvent) {
  EXPECT_FALSE(BuiltinOf(0).has_value());
  EXPECT_FALSE(BuiltinOf(~EventId{0}).has_value());
  for (unsigned bit = kBuiltinEvents; bit < 64; ++bit) {
    EXPECT_FALSE(BuiltinOf(EventId{1} << bit).has_value()) << bit;
  }
  for (EventId id = 0; id < 4096; ++id) {
    EXPECT_EQ(BuiltinOf(id).has_value(), id != 0 && (id & (id - 1)) == 0);
  }
}

TEST(EventIdTest, AHookIsOneOfThree) {
  for (const auto& hook : kAllHooks) EXPECT_EQ(HookOf(hook.mos), hook.hook);
  for (const int bad : {0, 1, -1, kMosNull | kMosReceiver,
                        kMosReceiver | kMosSender, 1 << 28}) {
    EXPECT_FALSE(HookOf(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace mosd::api
