#include "controlplane/mosctl/flow_pages.h"

#include <algorithm>
#include <utility>

namespace mosd::mosctl {
namespace {

constexpr uint64_t kPageFlows = 1000;

google::protobuf::ArenaOptions BigBlocks() {
  // A page takes some 600 kB; the heap has blocks of this size at hand.
  google::protobuf::ArenaOptions options;
  options.start_block_size = options.max_block_size = 64 << 10;
  return options;
}

}  // namespace

FlowPages::Call::Call() : arena(BigBlocks()) {}

FlowPages::FlowPages(const Session* session,
                     const mos::v1::ListFlowsRequest& request, uint64_t limit)
    : session_(*session),
      limit_(limit),
      stub_(mos::v1::FlowService::NewStub(session->channel)),
      request_(request) {}

FlowPages::~FlowPages() {
  if (under_way_ == nullptr) return;
  under_way_->context->TryCancel();
  under_way_->done->WaitForNotification();
}

void FlowPages::Begin() {
  begun_ = true;
  Call* const call = &calls_[under_way_ == &calls_[0] ? 1 : 0];
  under_way_ = call;
  call->arena.Reset();
  call->response =
      google::protobuf::Arena::CreateMessage<mos::v1::ListFlowsResponse>(
          &call->arena);
  const uint64_t flows =
      limit_ > 0 ? std::min(kPageFlows, limit_ - listed_) : kPageFlows;
  call->request = request_;
  call->request.set_page_size(static_cast<uint32_t>(flows));
  call->context.emplace();
  session_.SetDeadline(&*call->context);
  call->done.emplace();
  stub_->async()->ListFlows(&*call->context, &call->request, call->response,
                            [call](grpc::Status status) {
                              call->status = std::move(status);
                              call->done->Notify();
                            });
}

const mos::v1::ListFlowsResponse* FlowPages::Next() {
  if (!begun_) Begin();
  if (under_way_ == nullptr) return nullptr;
  const Call& call = *under_way_;
  call.done->WaitForNotification();
  if (!call.status.ok()) {
    status_ = call.status;
    under_way_ = nullptr;
    return nullptr;
  }
  listed_ += static_cast<uint64_t>(call.response->flows_size());
  request_.set_page_token(call.response->next_page_token());
  more_ = !request_.page_token().empty();
  if (more_ && (limit_ == 0 || listed_ < limit_)) {
    Begin();
  } else {
    under_way_ = nullptr;
  }
  return call.response;
}

}  // namespace mosd::mosctl
