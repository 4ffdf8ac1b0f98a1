// The typed fields of the filter language: one table of names, what each
// accepts and how its values are read. Pure function, any thread.
#pragma once

#include <string>

#include "controlplane/flow_filter/filter_parser.h"

namespace mosd::controlplane {

// FilterLanguage::take_field. Upper and lower case are the same.
FieldOutcome TakeFilterField(FilterCursor* cursor, FilterStep* step,
                             std::string* expectation);

}  // namespace mosd::controlplane
