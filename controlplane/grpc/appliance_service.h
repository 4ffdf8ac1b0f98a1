// mos.v1.ApplianceService: what the appliance is made of and how it fares.
// Thread-safe; answers at once from gRPC's threads.
#pragma once

#include <string>

#include "controlplane/grpc/boot_identity.h"
#include "controlplane/grpc/call_gate.h"
#include "dataplane/dataplane.h"
#include "mos/v1/appliance_service.grpc.pb.h"

namespace mosd::controlplane {

class ApplianceServiceImpl final
    : public mos::v1::ApplianceService::CallbackService {
 public:
  // The pointers are not owned and outlive the service.
  ApplianceServiceImpl(std::string node, const BootIdentity* boot,
                       const dataplane::Dataplane* dataplane, CallGate* gate);

  grpc::ServerUnaryReactor* GetInfo(
      grpc::CallbackServerContext* context,
      const mos::v1::GetInfoRequest* request,
      mos::v1::GetInfoResponse* response) override;
  grpc::ServerUnaryReactor* ListPorts(
      grpc::CallbackServerContext* context,
      const mos::v1::ListPortsRequest* request,
      mos::v1::ListPortsResponse* response) override;
  grpc::ServerUnaryReactor* ListWorkers(
      grpc::CallbackServerContext* context,
      const mos::v1::ListWorkersRequest* request,
      mos::v1::ListWorkersResponse* response) override;
  grpc::ServerUnaryReactor* GetStats(
      grpc::CallbackServerContext* context,
      const mos::v1::GetStatsRequest* request,
      mos::v1::GetStatsResponse* response) override;

 private:
  void FillInfo(mos::v1::GetInfoResponse* info) const;

  const std::string node_;
  const BootIdentity* const boot_;
  const dataplane::Dataplane* const dataplane_;
  CallGate* const gate_;
  const int64_t start_time_ns_;
};

}  // namespace mosd::controlplane
