// Speaks to a server byte by byte, as no library would: for malformed
// requests, and for reading an answer without interpretation.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>

namespace mosd::testing {

// A connected stream socket, closed at the end. Reads time out after 10 s.
class RawClient {
 public:
  // "127.0.0.1:PORT" or "unix:PATH".
  explicit RawClient(const std::string& address) {
    if (address.rfind("unix:", 0) == 0) {
      sockaddr_un to{};
      to.sun_family = AF_UNIX;
      address.copy(to.sun_path, sizeof(to.sun_path) - 1, 5);
      Connect(AF_UNIX, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
    } else {
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      const std::string port = address.substr(address.rfind(':') + 1);
      to.sin_port =
          htons(static_cast<uint16_t>(std::strtoul(port.c_str(), nullptr, 10)));
      Connect(AF_INET, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
    }
  }
  ~RawClient() {
    if (fd_ >= 0) ::close(fd_);
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return fd_ >= 0; }

  void Send(const std::string& bytes) {
    (void)!::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  // All there is until the server closes.
  std::string ReadAll() {
    std::string all;
    char buffer[4096];
    for (ssize_t got; (got = ::read(fd_, buffer, sizeof(buffer))) > 0;) {
      all.append(buffer, static_cast<size_t>(got));
    }
    return all;
  }

 private:
  void Connect(int family, const sockaddr* to, socklen_t size) {
    fd_ = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval timeout{10, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    if (::connect(fd_, to, size) != 0) ::close(std::exchange(fd_, -1));
  }

  int fd_ = -1;
};

// One whole HTTP exchange.
inline std::string HttpGet(const std::string& address, const std::string& path,
                           const std::string& method = "GET") {
  RawClient client(address);
  client.Send(method + " " + path +
              " HTTP/1.1\r\nHost: x\r\n"
              "Connection: close\r\n\r\n");
  return client.ReadAll();
}

}  // namespace mosd::testing
