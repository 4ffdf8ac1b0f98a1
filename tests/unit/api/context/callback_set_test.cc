#include "api/context/callback_set.h"

#include <gtest/gtest.h>

namespace mosd::api {
namespace {

void First(mctx_t, int, int, event_t, filter_arg_t*) {}
void Second(mctx_t, int, int, event_t, filter_arg_t*) {}
bool Always(mctx_t, int, int, event_t, filter_arg_t*) { return true; }

constexpr auto kPacketIn = static_cast<size_t>(BuiltinEvent::kPacketIn);

TEST(CallbackSetTest, AChangeIsSeenByWhoMadeItAlone) {
  CallbackSets sets;
  CallbackSet* listener = sets.New();
  sets.SetBuiltin(&listener, Hook::kSender, BuiltinEvent::kPacketIn, &First);
  CallbackSet* flow = sets.Share(listener);
  ASSERT_EQ(flow, listener);
  sets.SetBuiltin(&flow, Hook::kSender, BuiltinEvent::kPacketIn, &Second);
  EXPECT_NE(flow, listener);
  EXPECT_EQ(listener->builtin[At(Hook::kSender)][kPacketIn], &First);
  EXPECT_EQ(flow->builtin[At(Hook::kSender)][kPacketIn], &Second);
  sets.SetBuiltin(&flow, Hook::kSender, BuiltinEvent::kPacketIn, nullptr);
  EXPECT_TRUE(flow->empty());
  EXPECT_FALSE(listener->empty());
}

TEST(CallbackSetTest, TheMaskHasRootsOfUserDefinedEvents) {
  const EventId id =
      *EventRegistry::Process().Define(MOS_ON_REXMIT, &Always, nullptr);
  const UserEvent* const event = EventRegistry::Process().Find(id);
  CallbackSets sets;
  CallbackSet* set = sets.New();
  sets.SetUser(&set, Hook::kReceiver, event, &First);
  EXPECT_EQ(set->mask[At(Hook::kReceiver)], unsigned{MOS_ON_REXMIT});
  EXPECT_EQ(set->mask[At(Hook::kSender)], 0u);
  sets.SetUser(&set, Hook::kReceiver, event, &Second);
  ASSERT_EQ(set->user[At(Hook::kReceiver)].size(), 1u);
  EXPECT_EQ(set->user[At(Hook::kReceiver)][0].callback, &Second);
  sets.SetUser(&set, Hook::kReceiver, event, nullptr);
  EXPECT_TRUE(set->empty());
}

TEST(CallbackSetTest, ASetGivenBackIsUsedAgainAndEmpty) {
  CallbackSets sets;
  CallbackSet* const first = sets.New();
  CallbackSet* changed = first;
  sets.SetBuiltin(&changed, Hook::kNull, BuiltinEvent::kError, &First);
  ASSERT_EQ(changed, first) << "nobody else has it";
  sets.Release(changed);
  CallbackSet* const next = sets.New();
  EXPECT_EQ(next, first);
  EXPECT_TRUE(next->empty());
  EXPECT_EQ(next->references, 1u);
}

}  // namespace
}  // namespace mosd::api
