// A configuration as the YAML file that would give it. Any thread.
#pragma once

#include <string>

#include "mos/v1/config.pb.h"

namespace mosd::controlplane {

// Every key with its value; ConfigBuilder::ReadText() of it gives an equal
// message.
std::string EffectiveYaml(const mos::v1::Config& config);

}  // namespace mosd::controlplane
