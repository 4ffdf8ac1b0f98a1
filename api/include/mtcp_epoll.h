/* Events of end hosts, declared so that programs compile: all fail with
 * EOPNOTSUPP. And the names of events. C99 and C++. */
#ifndef MTCP_EPOLL_H_
#define MTCP_EPOLL_H_

#include <stdint.h>

#include "mtcp_api.h"

#ifdef __cplusplus
extern "C" {
#endif

enum mtcp_epoll_op {
  MOS_EPOLL_CTL_ADD = 1,
  MOS_EPOLL_CTL_DEL = 2,
  MOS_EPOLL_CTL_MOD = 3
};

enum mtcp_event_type {
  MOS_EPOLLNONE = 0x000,
  MOS_EPOLLIN = 0x001,
  MOS_EPOLLPRI = 0x002,
  MOS_EPOLLOUT = 0x004,
  MOS_EPOLLRDNORM = 0x040,
  MOS_EPOLLRDBAND = 0x080,
  MOS_EPOLLWRNORM = 0x100,
  MOS_EPOLLWRBAND = 0x200,
  MOS_EPOLLMSG = 0x400,
  MOS_EPOLLERR = 0x008,
  MOS_EPOLLHUP = 0x010,
  MOS_EPOLLRDHUP = 0x2000,
  MOS_EPOLLONESHOT = (1 << 30),
  MOS_EPOLLET = (int)(1u << 31)
};

typedef union mtcp_epoll_data {
  void* ptr;
  int sock;
  uint32_t u32;
  uint64_t u64;
} mtcp_epoll_data_t;

struct mtcp_epoll_event {
  uint64_t events;
  mtcp_epoll_data_t data;
};

int mtcp_epoll_create(mctx_t mctx, int size);
int mtcp_epoll_ctl(mctx_t mctx, int epid, int op, int sock,
                   struct mtcp_epoll_event* event);
int mtcp_epoll_wait(mctx_t mctx, int epid, struct mtcp_epoll_event* events,
                    int maxevents, int timeout);

/* The name of a built-in event, as "MOS_ON_PKT_IN"; "unknown event" if it is
 * none. Any thread; constant text. */
char* EventToString(uint32_t event);

#ifdef __cplusplus
}
#endif

#endif /* MTCP_EPOLL_H_ */
