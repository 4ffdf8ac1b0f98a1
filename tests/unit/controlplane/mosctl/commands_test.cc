// The commands against a real gRPC server with made-up answers, as the command
// line runs them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "controlplane/mosctl/command_line.h"
#include "controlplane/mosctl/lastpkt_command.h"
#include "controlplane/mosctl/session.h"
#include "google/protobuf/util/json_util.h"
#include "tests/support/packet.h"
#include "tests/unit/controlplane/mosctl/fake_server.h"

namespace mosd::mosctl {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

mos::v1::Flow MakeFlow(const std::string& id) {
  mos::v1::Flow flow;
  flow.set_flow_id(id);
  flow.mutable_tuple()->mutable_client()->set_address("\x0a\0\0\1", 4);
  flow.mutable_tuple()->mutable_client()->set_port(4321);
  flow.mutable_tuple()->mutable_server()->set_address("\x0a\0\0\2", 4);
  flow.mutable_tuple()->mutable_server()->set_port(80);
  flow.set_state(mos::v1::FLOW_STATE_ENDED);
  flow.set_end_reason(mos::v1::END_REASON_RST_SERVER);
  flow.set_last_speaker(mos::v1::SIDE_SERVER);
  flow.mutable_client_side()->set_frames(1234567);
  flow.mutable_server_side()->mutable_last_time()->set_seconds(1700000000);
  return flow;
}

mos::v1::LastPkt MakePacket(mos::v1::Side side) {
  const testing::Bytes bytes = mosd::testing::Packet()
                                   .Ipv4("10.0.0.1", "10.0.0.2")
                                   .Tcp(4321, 80)
                                   .Payload("hi")
                                   .Build();
  mos::v1::LastPkt packet;
  packet.set_flow_id("f1");
  packet.set_side(side);
  packet.set_frame(std::string(bytes.begin(), bytes.end()));
  return packet;
}

class Commands : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(server_.server, nullptr); }

  int Run(std::vector<std::string> words) {
    words.insert(words.begin(),
                 {"mosctl", "--utc", "--server", server_.Address()});
    return RunAsIs(words);
  }
  int RunAsIs(const std::vector<std::string>& words) {
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    out_.str("");
    err_.str("");
    return static_cast<int>(
        RunCommandLine(static_cast<int>(argv.size()), argv.data(), out_, err_));
  }
  std::string out() const { return out_.str(); }
  std::string err() const { return err_.str(); }

  FakeServer server_;
  FakeFlowService& flows_ = server_.flow_service;
  FakeApplianceService& appliance_ = server_.appliance_service;
  std::ostringstream out_, err_;
};

TEST_F(Commands, ListShowsATable) {
  flows_.flows = {MakeFlow("f1"), MakeFlow("f2")};
  EXPECT_EQ(Run({"flows", "list"}), 0);
  EXPECT_THAT(out(), StartsWith("FLOW  CLIENT         SERVER       STATE"));
  EXPECT_THAT(out(), HasSubstr("f1    10.0.0.1:4321  10.0.0.2:80  ended"));
  EXPECT_THAT(out(), HasSubstr("y ago"));
  EXPECT_THAT(out(), HasSubstr("1.2M/0"));
  EXPECT_EQ(err(), "");
  EXPECT_EQ(Run({"flows", "list", "-o", "wide"}), 0);
  EXPECT_THAT(out(), HasSubstr("1234567/0"));
}

TEST_F(Commands, ListSaysWhenThereIsNothing) {
  EXPECT_EQ(Run({"flows", "list"}), 0);
  EXPECT_EQ(out(), "");
  EXPECT_THAT(err(), HasSubstr("no live flows"));
  EXPECT_EQ(Run({"flows", "list", "--filter", "port 1", "-o", "json"}), 0);
  EXPECT_THAT(out(), HasSubstr("\"flows\": []"));
  EXPECT_THAT(err(), HasSubstr("no flow matches"));
}

TEST_F(Commands, ListAsksForStateAndView) {
  EXPECT_EQ(Run({"flows", "list", "--state", "closing"}), 0);
  EXPECT_EQ(flows_.list_requests.back().filter(), "state=closing");
  EXPECT_EQ(flows_.list_requests.back().view(), mos::v1::FLOW_VIEW_LIVE);
  EXPECT_EQ(Run({"flows", "list", "--all", "--state", "closing", "--filter",
                 "port 1 or port 2"}),
            0);
  EXPECT_EQ(flows_.list_requests.back().filter(),
            "(port 1 or port 2) and state=closing");
  EXPECT_EQ(flows_.list_requests.back().view(), mos::v1::FLOW_VIEW_ALL);
  EXPECT_EQ(Run({"flows", "list", "--state", "ended"}), 0);
  EXPECT_EQ(flows_.list_requests.back().view(), mos::v1::FLOW_VIEW_ENDED);
}

TEST_F(Commands, ListMergesPages) {
  for (int i = 0; i < 2500; ++i) {
    flows_.flows.push_back(MakeFlow("f" + std::to_string(i)));
  }
  EXPECT_EQ(Run({"flows", "list", "-o", "json"}), 0);
  EXPECT_EQ(flows_.list_requests.size(), 3u);
  mos::v1::ListFlowsResponse whole;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(out(), &whole).ok());
  ASSERT_EQ(whole.flows_size(), 2500);
  EXPECT_EQ(whole.flows(2499).flow_id(), "f2499");
  EXPECT_EQ(whole.next_page_token(), "");

  EXPECT_EQ(Run({"flows", "list", "-o", "jsonl"}), 0);
  const std::vector<std::string> lines =
      absl::StrSplit(out(), '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 2500u);
  mos::v1::Flow flow;
  EXPECT_TRUE(
      google::protobuf::util::JsonStringToMessage(lines[1], &flow).ok());
  EXPECT_EQ(flow.flow_id(), "f1");

  EXPECT_EQ(Run({"flows", "list", "--limit", "1001", "-o", "json"}), 0);
  whole.Clear();
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(out(), &whole).ok());
  EXPECT_EQ(whole.flows_size(), 1001);
  EXPECT_EQ(whole.next_page_token(), "1001");
  EXPECT_THAT(err(), HasSubstr("stopped at --limit 1001"));
}

TEST_F(Commands, ListAsksForNoMoreThanItsLimit) {
  flows_.flows.assign(2500, MakeFlow("f"));
  EXPECT_EQ(Run({"flows", "list", "--limit", "1001"}), 0);
  ASSERT_EQ(flows_.list_requests.size(), 2u);
  EXPECT_EQ(flows_.list_requests[0].page_size(), 1000u);
  EXPECT_EQ(flows_.list_requests[1].page_size(), 1u);
  EXPECT_EQ(flows_.list_requests[1].page_token(), "1000");
}

TEST_F(Commands, ListPrintsThePagesBeforeAnError) {
  flows_.flows.assign(2500, MakeFlow("f"));
  flows_.good_pages = 2;
  EXPECT_EQ(Run({"flows", "list", "-o", "jsonl"}), 3);
  const std::string printed = out();
  EXPECT_EQ(std::count(printed.begin(), printed.end(), '\n'), 2000);
  EXPECT_THAT(err(), HasSubstr("stopping (DRAINING)"));
}

TEST_F(Commands, ListEndsWhenTheReaderLeft) {
  // Leaves in the middle of the second page.
  class TwoPages : public std::stringbuf {
    std::streamsize xsputn(const char* text, std::streamsize size) override {
      pages_ += size > 1000;
      return pages_ > 1 ? 0 : std::stringbuf::xsputn(text, size);
    }
    int pages_ = 0;
  } buffer;
  flows_.flows.assign(100'000, MakeFlow("f"));
  std::ostream out(&buffer);
  const std::string server = server_.Address();
  const char* const argv[] = {"mosctl", "--server", server.c_str(), "flows",
                              "list"};
  EXPECT_EQ(static_cast<int>(RunCommandLine(5, argv, out, err_)), 0);
  EXPECT_THAT(buffer.str(), StartsWith("FLOW"));
  EXPECT_EQ(err(), "");
}

TEST_F(Commands, ErrorsAreRenderedWithReasonAndHint) {
  flows_.error = MakeError(grpc::StatusCode::INVALID_ARGUMENT,
                           "bad\x1b[2J word", "INVALID_FILTER");
  EXPECT_EQ(Run({"flows", "list", "--filter", "x"}), 2);
  EXPECT_EQ(out(), "");
  EXPECT_THAT(err(), HasSubstr("mosctl: bad\\x1b[2J word (INVALID_FILTER)"));
  EXPECT_THAT(err(), HasSubstr("Filters look like"));
  flows_.error =
      MakeError(grpc::StatusCode::NOT_FOUND, "no such flow", "FLOW_NOT_FOUND");
  EXPECT_EQ(Run({"flows", "get", "f9"}), 4);
  EXPECT_THAT(err(), HasSubstr("flows list --all"));
  flows_.error = MakeError(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many",
                           "TOO_MANY_REQUESTS");
  EXPECT_EQ(Run({"flows", "get", "f9"}), 5);
  flows_.error =
      MakeError(grpc::StatusCode::UNAVAILABLE, "stopping", "DRAINING");
  EXPECT_EQ(Run({"flows", "get", "f9"}), 3);
  EXPECT_THAT(err(), Not(HasSubstr("cannot reach")));
}

TEST_F(Commands, UnreachableServerIsSaidSo) {
  server_.server->Shutdown();
  EXPECT_EQ(Run({"info"}), 3);
  EXPECT_THAT(err(), HasSubstr("cannot reach mosd at 127.0.0.1:"));
  EXPECT_THAT(err(), HasSubstr("mosd --pcap FILE"));
  EXPECT_EQ(RunAsIs({"mosctl", "--server", "nonsense", "info"}), 2);
  EXPECT_EQ(RunAsIs({"mosctl", "--server", "unix:/nonexistent", "info"}), 3);
}

TEST_F(Commands, GetShowsBothSides) {
  flows_.flows = {MakeFlow("f1")};
  EXPECT_EQ(Run({"flows", "get", "10.0.0.1:4321-10.0.0.2:80"}), 0);
  EXPECT_EQ(flows_.asked.tuple().server().port(), 80u);
  EXPECT_THAT(out(), AllOf(HasSubstr("ended: rst_server"),
                           HasSubstr("client  10.0.0.1:4321"),
                           HasSubstr("server  10.0.0.2:80")));
  EXPECT_EQ(Run({"flows", "get", "f1", "-o", "yaml"}), 0);
  EXPECT_THAT(out(), StartsWith("flow:\n  flowId: f1\n"));
}

TEST_F(Commands, LastPktShowsBothSidesOrTheOneThereIs) {
  flows_.flows = {MakeFlow("f1")};
  EXPECT_EQ(Run({"lastpkt", "get", "10.0.0.1:4321-10.0.0.2:80"}), 4);
  EXPECT_EQ(flows_.asked.flow_id(), "f1");
  EXPECT_THAT(err(), HasSubstr("(NO_FRAME)"));
  flows_.packets[mos::v1::SIDE_SERVER] = MakePacket(mos::v1::SIDE_SERVER);
  EXPECT_EQ(Run({"lastpkt", "get", "f1"}), 0);
  EXPECT_THAT(out(), StartsWith("Last frame of the server"));
  EXPECT_EQ(err(), "mosctl: client: no frame\\x1b[2J\n");
  EXPECT_EQ(Run({"lastpkt", "get", "f1", "--side", "client"}), 4);
  flows_.packets[mos::v1::SIDE_CLIENT] = MakePacket(mos::v1::SIDE_CLIENT);
  EXPECT_EQ(Run({"lastpkt", "get", "f1", "-o", "hex"}), 0);
  EXPECT_THAT(out(), AllOf(HasSubstr("# Last frame of the client"),
                           HasSubstr("# Last frame of the server")));
  EXPECT_EQ(Run({"lastpkt", "get", "f1", "-o", "json"}), 0);
  mos::v1::BatchGetLastPktResponse both;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(out(), &both).ok());
  EXPECT_EQ(both.results(1).last_pkt().frame(),
            MakePacket(mos::v1::SIDE_SERVER).frame());
}

TEST_F(Commands, LastPktTriesAgainWhenTheFrameWasReplaced) {
  flows_.packets[mos::v1::SIDE_CLIENT] = MakePacket(mos::v1::SIDE_CLIENT);
  flows_.contended_reads = 2;
  EXPECT_EQ(Run({"lastpkt", "get", "f1", "--side", "client", "-o", "raw"}), 0);
  EXPECT_EQ(out(), MakePacket(mos::v1::SIDE_CLIENT).frame());
  flows_.contended_reads = 100;
  EXPECT_EQ(Run({"lastpkt", "get", "f1", "--side", "client", "-o", "raw"}), 1);
  EXPECT_EQ(out(), "");
}

TEST_F(Commands, RawWantsOneSideAndNoTerminal) {
  flows_.packets[mos::v1::SIDE_CLIENT] = MakePacket(mos::v1::SIDE_CLIENT);
  EXPECT_EQ(Run({"lastpkt", "get", "f1", "-o", "raw"}), 2);
  EXPECT_THAT(err(), HasSubstr("--side"));
  const Session session =
      *OpenSession("fake", "dns:///" + server_.Address(), {}, absl::Seconds(5));
  LastPktOptions options{.flow = "f1",
                         .side = mos::v1::SIDE_CLIENT,
                         .format = OutputFormat::kRaw,
                         .output_file = ""};
  out_.str("");
  err_.str("");
  const Console console{.out = out_, .err = err_, .out_is_terminal = true};
  EXPECT_EQ(GetLastPkt(session, options, console), ExitCode::kUsage);
  EXPECT_EQ(out(), "");
  EXPECT_THAT(err(), HasSubstr("binary"));
  options.output_file = "-";
  EXPECT_EQ(GetLastPkt(session, options, console), ExitCode::kOk);
  EXPECT_EQ(out(), MakePacket(mos::v1::SIDE_CLIENT).frame());
}

TEST_F(Commands, OutputFileIsForItsOwner) {
  flows_.packets[mos::v1::SIDE_CLIENT] = MakePacket(mos::v1::SIDE_CLIENT);
  char name[] = "/tmp/mosctl-test-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  const std::string path = std::string(name) + "/frame";
  EXPECT_EQ(Run({"lastpkt", "get", "f1", "--side", "client", "-o", "raw",
                 "--output-file", path}),
            0);
  EXPECT_EQ(out(), "");
  std::ifstream file(path, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}),
            MakePacket(mos::v1::SIDE_CLIENT).frame());
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  unlink(path.c_str());
  EXPECT_EQ(Run({"lastpkt", "get", "f1", "--output-file", path + "/x"}), 1);
  EXPECT_THAT(err(), HasSubstr("cannot write"));
  rmdir(name);
}

TEST_F(Commands, WatchShowsEventsAndWhatWasMissed) {
  mos::v1::WatchFlowsResponse response;
  mos::v1::FlowEvent* event = response.add_events();
  event->set_kind(mos::v1::FLOW_EVENT_KIND_ENDED);
  *event->mutable_flow() = MakeFlow("f1");
  response.set_missed_events(5);
  flows_.events = {response};
  EXPECT_EQ(Run({"flows", "watch"}), 0);
  EXPECT_THAT(out(), HasSubstr("00:00:00.000000  ended     f1"));
  EXPECT_THAT(out(), EndsWith("rst_server    10.0.0.1:4321-10.0.0.2:80\n"));
  EXPECT_THAT(err(), HasSubstr("5 events were lost"));
  EXPECT_EQ(Run({"flows", "watch", "-o", "jsonl"}), 0);
  const std::vector<std::string> lines =
      absl::StrSplit(out(), '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "{\"events\":[],\"missedEvents\":\"5\"}");
  EXPECT_THAT(lines[1], StartsWith("{\"kind\":\"FLOW_EVENT_KIND_ENDED\""));
}

TEST_F(Commands, WatchEndsCleanlyAtAnInterrupt) {
  flows_.watch_stays = true;
  std::thread user([this] {
    while (!flows_.watching) std::this_thread::yield();
    kill(getpid(), SIGINT);
  });
  EXPECT_EQ(Run({"flows", "watch"}), 0);
  EXPECT_EQ(err(), "");
  user.join();
}

TEST_F(Commands, WatchEndsWhenTheReaderLeft) {
  flows_.watch_stays = true;
  flows_.events.resize(1);
  flows_.events[0].add_events();
  out_.setstate(std::ios::failbit);
  EXPECT_EQ(Run({"flows", "watch"}), 0);
  EXPECT_EQ(err(), "");
}

TEST_F(Commands, WatchReportsHowTheServerEndedIt) {
  flows_.error =
      MakeError(grpc::StatusCode::UNAVAILABLE, "stopping", "DRAINING");
  EXPECT_EQ(Run({"flows", "watch"}), 3);
  EXPECT_THAT(err(), HasSubstr("stopping (DRAINING)"));
}

TEST_F(Commands, ApplianceTables) {
  appliance_.info.set_node("node\x1b[2J");
  mos::v1::Port* port = appliance_.ports.add_ports();
  port->set_device("pcap:x.pcap");
  port->set_exhausted(true);
  port->set_rx_frames(42);
  mos::v1::Worker* worker = appliance_.workers.add_workers();
  worker->set_cpu(-1);
  worker->set_turns(4);
  worker->set_busy_turns(1);
  worker->set_slow_turns(77);
  worker->add_drops()->set_frames(3);
  appliance_.stats.set_received_frames(10);
  appliance_.stats.set_accounted_frames(7);
  appliance_.stats.set_dropped_frames(3);
  EXPECT_EQ(Run({"info"}), 0);
  EXPECT_THAT(out(), HasSubstr("Node       node\\x1b[2J\n"));
  EXPECT_EQ(Run({"ports"}), 0);
  EXPECT_THAT(out(), AllOf(HasSubstr("pcap:x.pcap"), HasSubstr("42"),
                           HasSubstr("read to its end")));
  EXPECT_EQ(Run({"workers"}), 0);
  EXPECT_THAT(out(), ContainsRegex("25.0% +77 "));
  EXPECT_EQ(Run({"stats"}), 0);
  EXPECT_THAT(out(), HasSubstr("10  = accounted + dropped"));
  appliance_.stats.set_accounted_frames(6);
  EXPECT_EQ(Run({"stats"}), 0);
  EXPECT_THAT(out(), HasSubstr("DIFFERS"));
  EXPECT_EQ(Run({"stats", "-o", "json"}), 0);
  EXPECT_THAT(out(), HasSubstr("\"receivedFrames\": \"10\""));
  EXPECT_EQ(Run({"workers", "-o", "yaml"}), 0);
  EXPECT_THAT(out(), HasSubstr("cpu: -1\n"));
}

TEST_F(Commands, WrongUsageIsExitCode2OnStderr) {
  const std::vector<std::vector<std::string>> lines = {
      {},
      {"flows"},
      {"nonsense"},
      {"flows", "list", "-o", "xml"},
      {"flows", "list", "--ended", "--all"},
      {"flows", "list", "--limit", "0"},
      {"flows", "list", "--limit", "-1"},
      {"flows", "list", "--state", "open"},
      {"flows", "get"},
      {"flows", "get", "10.0.0.1:1-x"},
      {"lastpkt", "get", "f1", "--side", "middle"},
      {"flows", "watch", "-o", "yaml"},
      {"--timeout", "0s", "info"},
      {"--timeout", "fast", "info"},
      {"--color", "red", "info"},
      {"completion", "tcsh"},
  };
  for (const auto& line : lines) {
    EXPECT_EQ(Run(line), 2) << ::testing::PrintToString(line);
    EXPECT_EQ(out(), "");
    EXPECT_THAT(err(), StartsWith("mosctl: "));
  }
}

TEST_F(Commands, HelpTeachesOnStdout) {
  EXPECT_EQ(RunAsIs({"mosctl", "--help"}), 0);
  EXPECT_THAT(out(), AllOf(HasSubstr("Examples:"), HasSubstr("Exit codes:"),
                           HasSubstr("  4  no such flow")));
  EXPECT_EQ(err(), "");
  EXPECT_EQ(RunAsIs({"mosctl", "--version"}), 0);
  EXPECT_THAT(out(), StartsWith("mosctl "));
}

TEST_F(Commands, CompletionScriptsAreValidShell) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    EXPECT_EQ(RunAsIs({"mosctl", "completion", shell}), 0);
    EXPECT_THAT(out(), AllOf(HasSubstr("pcapng"), HasSubstr("established"),
                             Not(HasSubstr("@"))));
  }
  EXPECT_EQ(RunAsIs({"mosctl", "completion", "bash"}), 0);
  FILE* bash = popen(
      "bash -c 'source /dev/stdin; COMP_WORDS=(mosctl lastpkt get -o p); "
      "COMP_CWORD=4; _mosctl; [ \"${COMPREPLY[*]}\" = pcapng ]'",
      "w");
  ASSERT_NE(bash, nullptr);
  fwrite(out().data(), 1, out().size(), bash);
  EXPECT_EQ(pclose(bash), 0);
}

}  // namespace
}  // namespace mosd::mosctl
