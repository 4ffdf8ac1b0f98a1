// ListFlows as a client pages through it, and a server that has the pages
// ready.
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mos/v1/flow_service.grpc.pb.h"

namespace mosd::bench {

// What a client does with a page: makes messages of it, or only counts its
// flows and takes the token.
enum class Reading { kParse, kSkip };

// Lists all flows on a connection of its own, a page of the usual size after
// the other. An error ends the program. One thread.
class PageClient {
 public:
  explicit PageClient(const std::string& address);

  // How many flows there are; ends the program when there are more than
  // `most`, for such a list may have no end.
  uint64_t Count(Reading reading, uint64_t most);

  // All pages as they came, each in one piece. Ends the program where a flow
  // is there twice.
  std::vector<grpc::ByteBuffer> Collect();

 private:
  grpc::ByteBuffer Page(const std::string& token);

  grpc::CompletionQueue answers_;
  grpc::GenericStub stub_;
};

// Answers ListFlows with the given pages in turn, whatever is asked. For one
// client at a time, which lists to the end.
class ReadyPages {
 public:
  ReadyPages(std::vector<grpc::ByteBuffer> pages, const std::string& address);
  ~ReadyPages() { server_->Shutdown(); }

  const std::string& address() const { return address_; }

 private:
  class Service final
      : public mos::v1::FlowService::WithRawCallbackMethod_ListFlows<
            mos::v1::FlowService::Service> {
   public:
    explicit Service(std::vector<grpc::ByteBuffer> pages)
        : pages_(std::move(pages)) {}
    grpc::ServerUnaryReactor* ListFlows(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;

   private:
    const std::vector<grpc::ByteBuffer> pages_;
    std::atomic<size_t> next_{0};  // gRPC's threads
  };

  const std::string address_;
  Service service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace mosd::bench
