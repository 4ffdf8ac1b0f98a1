#include "controlplane/flow_filter/filter_step.h"

namespace mosd::controlplane {
namespace {

using dataplane::Endpoint;
using dataplane::IpVersion;
using End = FilterStep::End;
using Op = FilterStep::Op;

bool EndpointMatches(const FilterStep& step, const Endpoint& endpoint) {
  if (step.op == Op::kPort) {
    return endpoint.port >= step.low_port && endpoint.port <= step.high_port;
  }
  for (size_t i = 0; i < step.address.size(); ++i) {
    if ((endpoint.address[i] & step.mask[i]) != step.address[i]) return false;
  }
  return true;
}

}  // namespace

bool StepMatches(const FilterStep& step, IpVersion version,
                 const Endpoint& client, const Endpoint& server) {
  if (step.version != IpVersion{} && step.version != version) return false;
  if (step.op == Op::kVersion) return true;
  switch (step.end) {
    case End::kEither:
      return EndpointMatches(step, client) || EndpointMatches(step, server);
    case End::kBoth:
      return EndpointMatches(step, client) && EndpointMatches(step, server);
    case End::kClient:
      return EndpointMatches(step, client);
    case End::kServer:
      return EndpointMatches(step, server);
  }
  return false;
}

}  // namespace mosd::controlplane
