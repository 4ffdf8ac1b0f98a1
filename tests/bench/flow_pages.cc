#include "tests/bench/flow_pages.h"

#include <google/protobuf/io/coded_stream.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <unordered_set>
#include <utility>

#include "tests/bench/call_load.h"
#include "tests/bench/report.h"

namespace mosd::bench {
namespace {

using mos::v1::ListFlowsResponse;

mos::v1::ListFlowsResponse Parsed(grpc::ByteBuffer* page) {
  ListFlowsResponse flows;
  if (!grpc::SerializationTraits<ListFlowsResponse>::Deserialize(page, &flows)
           .ok()) {
    Fail("a page is no ListFlowsResponse");
  }
  return flows;
}

// What Parsed() would say of the token and how many flows there are.
int Skipped(grpc::ByteBuffer* page, std::string* token) {
  constexpr int kLengthDelimited = 2;
  constexpr uint32_t kFlow =
      ListFlowsResponse::kFlowsFieldNumber << 3 | kLengthDelimited;
  constexpr uint32_t kToken =
      ListFlowsResponse::kNextPageTokenFieldNumber << 3 | kLengthDelimited;
  grpc::ProtoBufferReader bytes(page);
  google::protobuf::io::CodedInputStream input(&bytes);
  int flows = 0;
  token->clear();
  while (const uint32_t tag = input.ReadTag()) {
    int length;
    const bool whole = input.ReadVarintSizeAsInt(&length) &&
                       (tag == kFlow    ? input.Skip(length)
                        : tag == kToken ? input.ReadString(token, length)
                                        : false);
    if (!whole) Fail("a page is no ListFlowsResponse");
    flows += tag == kFlow;
  }
  return flows;
}

grpc::ByteBuffer InOnePiece(const grpc::ByteBuffer& page) {
  grpc::Slice slice;
  if (!page.DumpToSingleSlice(&slice).ok()) Fail("no memory for the pages");
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace

PageClient::PageClient(const std::string& address)
    : stub_(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())) {}

grpc::ByteBuffer PageClient::Page(const std::string& token) {
  mos::v1::ListFlowsRequest request;
  request.set_page_token(token);
  grpc::ClientContext context;
  grpc::ByteBuffer page;
  grpc::Status status;
  const auto call =
      stub_.PrepareUnaryCall(&context, "/mos.v1.FlowService/ListFlows",
                             Serialized(request), &answers_);
  call->StartCall();
  call->Finish(&page, &status, nullptr);
  void* tag;
  bool ok;
  answers_.Next(&tag, &ok);
  if (!status.ok()) Fail("ListFlows: " + status.error_message());
  return page;
}

uint64_t PageClient::Count(Reading reading, uint64_t most) {
  uint64_t count = 0;
  std::string token;
  do {
    grpc::ByteBuffer page = Page(token);
    if (reading == Reading::kSkip) {
      count += static_cast<uint64_t>(Skipped(&page, &token));
    } else {
      const ListFlowsResponse flows = Parsed(&page);
      count += static_cast<uint64_t>(flows.flows_size());
      token = flows.next_page_token();
    }
    if (count > most) Fail("more flows are listed than there are");
  } while (!token.empty());
  return count;
}

std::vector<grpc::ByteBuffer> PageClient::Collect() {
  std::vector<grpc::ByteBuffer> pages;
  std::unordered_set<std::string> ids;
  std::string token;
  do {
    grpc::ByteBuffer page = Page(token);
    pages.push_back(InOnePiece(page));
    const ListFlowsResponse flows = Parsed(&page);
    for (const mos::v1::Flow& flow : flows.flows()) {
      if (!ids.insert(flow.flow_id()).second) Fail("a flow is listed twice");
    }
    token = flows.next_page_token();
  } while (!token.empty());
  return pages;
}

ReadyPages::ReadyPages(std::vector<grpc::ByteBuffer> pages,
                       const std::string& address)
    : address_(address), service_(std::move(pages)) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterService(&service_);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) Fail("the server of ready pages does not start");
}

grpc::ServerUnaryReactor* ReadyPages::Service::ListFlows(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer*,
    grpc::ByteBuffer* response) {
  *response = pages_[next_.fetch_add(1) % pages_.size()];
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace mosd::bench
