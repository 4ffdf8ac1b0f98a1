// From the configuration's message to the dataplane's options. Any thread.
#pragma once

#include "dataplane/options.h"
#include "mos/v1/config.pb.h"

namespace mosd::controlplane {

// `config` comes from ConfigBuilder::Build(): complete and checked.
dataplane::DataplaneOptions ToDataplaneOptions(const mos::v1::Config& config);

}  // namespace mosd::controlplane
