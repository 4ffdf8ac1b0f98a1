#include "controlplane/grpc/appliance_service.h"

#include <cstdint>
#include <utility>

#include "absl/time/clock.h"
#include "controlplane/grpc/convert.h"
#include "controlplane/version/version.h"

namespace mosd::controlplane {
namespace {

// What this version can do, whether or not it is switched on.
constexpr const char* kFeatures[] = {"ipv6", "vlan", "midstream_pickup",
                                     "last_frame", "watch_flows"};

}  // namespace

ApplianceServiceImpl::ApplianceServiceImpl(
    std::string node, const BootIdentity* boot,
    const dataplane::Dataplane* dataplane, CallGate* gate)
    : node_(std::move(node)),
      boot_(boot),
      dataplane_(dataplane),
      gate_(gate),
      start_time_ns_(absl::GetCurrentTimeNanos()) {}

void ApplianceServiceImpl::FillInfo(mos::v1::GetInfoResponse* info) const {
  info->set_version(std::string(Version()));
  info->set_commit(std::string(Commit()));
  info->set_node(node_);
  info->set_boot_epoch(boot_->boot_epoch());
  FillTimestamp(start_time_ns_, info->mutable_start_time());
  info->set_dpdk_version(dataplane_->DpdkVersion());
  for (const char* feature : kFeatures) info->add_features(feature);
  info->set_input_exhausted(dataplane_->InputExhausted());
}

grpc::ServerUnaryReactor* ApplianceServiceImpl::GetInfo(
    grpc::CallbackServerContext*, const mos::v1::GetInfoRequest*,
    mos::v1::GetInfoResponse* response) {
  return UnaryCall::Run(gate_, RpcMethod::kGetInfo, [&] {
    FillInfo(response);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* ApplianceServiceImpl::ListPorts(
    grpc::CallbackServerContext*, const mos::v1::ListPortsRequest*,
    mos::v1::ListPortsResponse* response) {
  return UnaryCall::Run(gate_, RpcMethod::kListPorts, [&] {
    uint32_t index = 0;
    for (const dataplane::PortSnapshot& port : dataplane_->Ports()) {
      FillPort(port, index++, response->add_ports());
    }
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* ApplianceServiceImpl::ListWorkers(
    grpc::CallbackServerContext*, const mos::v1::ListWorkersRequest*,
    mos::v1::ListWorkersResponse* response) {
  return UnaryCall::Run(gate_, RpcMethod::kListWorkers, [&] {
    uint32_t index = 0;
    for (const dataplane::WorkerSnapshot& worker : dataplane_->Workers()) {
      FillWorker(worker, index++, response->add_workers());
    }
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* ApplianceServiceImpl::GetStats(
    grpc::CallbackServerContext*, const mos::v1::GetStatsRequest*,
    mos::v1::GetStatsResponse* response) {
  return UnaryCall::Run(gate_, RpcMethod::kGetStats, [&] {
    FillStats(*dataplane_, response);
    return grpc::Status::OK;
  });
}

}  // namespace mosd::controlplane
