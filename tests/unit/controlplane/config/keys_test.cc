#include "controlplane/config/keys.h"

#include <set>

#include "controlplane/config/config_builder.h"
#include "controlplane/config/defaults.h"
#include "controlplane/config/key_reference.h"
#include "controlplane/config/value.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosd::controlplane {
namespace {

using google::protobuf::FieldDescriptor;
using ::testing::HasSubstr;

TEST(KeysTest, EveryKeyHasHelpAndEveryNumberARangeAndUnit) {
  ASSERT_GT(Keys().size(), 25u);
  for (const Key& key : Keys()) {
    SCOPED_TRACE(key.path);
    EXPECT_FALSE(key.rule().help().empty());
    switch (key.field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_UINT32:
      case FieldDescriptor::CPPTYPE_UINT64:
        EXPECT_FALSE(key.rule().max().empty());
        EXPECT_FALSE(key.rule().unit().empty());
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (IsValue(*key.field)) {
          EXPECT_FALSE(key.rule().max().empty());
        }
        break;
      default:
        break;
    }
  }
}

TEST(KeysTest, EveryDefaultAndBoundKeepsItsOwnRule) {
  for (const Key& key : Keys()) {
    SCOPED_TRACE(key.path);
    if (!IsValue(*key.field)) continue;
    const std::unique_ptr<google::protobuf::Message> message(
        google::protobuf::MessageFactory::generated_factory()
            ->GetPrototype(key.field->containing_type())
            ->New());
    std::vector<std::string> texts = SplitList(DefaultText(*key.field));
    if (!key.rule().min().empty()) texts.push_back(key.rule().min());
    if (!key.rule().max().empty()) texts.push_back(key.rule().max());
    for (const std::string& text : texts) {
      EXPECT_EQ(SetValue(text, *key.field, message.get()), absl::OkStatus());
    }
    // A value that has no rule of presence needs a default, but for lists and
    // for what must be said.
    if (!key.field->is_repeated() && key.field->name() != "device") {
      EXPECT_EQ(key.rule().default_value().empty(), key.rule().may_be_empty());
    }
  }
}

TEST(KeysTest, EnvironmentNamesAreUnique) {
  std::set<std::string> names;
  for (const Key& key : Keys()) {
    if (key.environment.empty()) continue;
    EXPECT_TRUE(names.insert(key.environment).second) << key.environment;
  }
  EXPECT_TRUE(names.contains("MOSD_DATAPLANE_MAX_FLOWS"));
  EXPECT_TRUE(names.contains("MOSD_DATAPLANE_TIMEOUTS_HALF_OPEN"));
  EXPECT_TRUE(names.contains("MOSD_DATAPLANE_PORTS"));
}

TEST(KeysTest, RangesFitTheFlowIdentity) {
  // A flow id has 8 bits for the worker and 28 for the record, live or ended.
  mos::v1::Config config;
  uint64_t records = 0;
  for (const Key& key : Keys()) {
    uint64_t max = 0;
    const bool counts = key.path == "dataplane.max_flows" ||
                        key.path == "dataplane.ended_flows.max_count";
    if (counts) {
      max = std::stoull(key.rule().max());
      records += max;
    }
    if (key.path == "dataplane.workers") {
      EXPECT_LE(std::stoull(key.rule().max()), 256u);
    }
  }
  EXPECT_GT(records, 0u);
  EXPECT_LT(records, uint64_t{1} << 28);
}

TEST(KeysTest, ReferenceNamesEveryKey) {
  const std::string reference = KeyReference();
  for (const Key& key : Keys()) {
    EXPECT_THAT(reference, HasSubstr("\n" + key.path + "\n"));
    EXPECT_THAT(reference, HasSubstr(key.environment));
  }
}

}  // namespace
}  // namespace mosd::controlplane
