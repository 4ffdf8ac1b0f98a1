// Flows as rows of a table, and one flow in full. One thread.
#pragma once

#include <vector>

#include "controlplane/mosctl/console.h"
#include "controlplane/mosctl/table.h"
#include "mos/v1/flow.pb.h"

namespace mosd::mosctl {

// Columns of FillFlowRow; `wide` ones have exact numbers and are never dropped.
std::vector<Column> FlowColumns(bool wide);

// Makes `row` that of `flow`. Its strings keep their memory: over many flows,
// nothing is allocated.
void FillFlowRow(const mos::v1::Flow& flow, const Console& console, bool wide,
                 std::vector<Cell>* row);

// Everything about one flow, on `console.out`.
void PrintFlow(const mos::v1::Flow& flow, const Console& console);

Style StyleOf(const mos::v1::Flow& flow);

}  // namespace mosd::mosctl
