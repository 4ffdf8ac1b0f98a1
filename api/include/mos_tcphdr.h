/* struct tcphdr. A program that has included <linux/tcp.h> or <netinet/tcp.h>
 * keeps what that has; else it gets all of the C library's, with the names of
 * both in the structure, and Linux's flags. Whatever it has not included is
 * made empty. C99 and C++. */
#ifndef MOS_TCPHDR_H_
#define MOS_TCPHDR_H_

/* As of the headers it stands for: no warnings about structures without names,
 * which C99 does not have. */
#pragma GCC system_header

#if defined(_LINUX_TCP_H)
#define _NETINET_TCP_H 1
#elif defined(_NETINET_TCP_H)
#define _LINUX_TCP_H
#else

#include <asm/byteorder.h>
#include <stdint.h>

/* All but the structure. */
#define tcphdr mos_netinet_tcphdr
#include <netinet/tcp.h>
#undef tcphdr
#define _LINUX_TCP_H

#ifdef __cplusplus
extern "C" {
#endif

struct tcphdr {
  __extension__ union {
    __extension__ struct {
      uint16_t th_sport;
      uint16_t th_dport;
      uint32_t th_seq;
      uint32_t th_ack;
#ifdef __LITTLE_ENDIAN_BITFIELD
      uint8_t th_x2 : 4;
      uint8_t th_off : 4;
#else
      uint8_t th_off : 4;
      uint8_t th_x2 : 4;
#endif
      uint8_t th_flags;
      uint16_t th_win;
      uint16_t th_sum;
      uint16_t th_urp;
    };
    __extension__ struct {
      uint16_t source;
      uint16_t dest;
      uint32_t seq;
      uint32_t ack_seq;
#ifdef __LITTLE_ENDIAN_BITFIELD
      uint16_t res1 : 4, doff : 4;
      uint16_t fin : 1, syn : 1, rst : 1, psh : 1;
      uint16_t ack : 1, urg : 1, ece : 1, cwr : 1;
#else
      uint16_t doff : 4, res1 : 4;
      uint16_t cwr : 1, ece : 1, urg : 1, ack : 1;
      uint16_t psh : 1, rst : 1, syn : 1, fin : 1;
#endif
      uint16_t window;
      uint16_t check;
      uint16_t urg_ptr;
    };
  };
};

/* The word that holds the flags, and the flags in it, in network byte order. */
union tcp_word_hdr {
  struct tcphdr hdr;
  uint32_t words[5];
};
#define tcp_flag_word(tp) (((union tcp_word_hdr*)(tp))->words[3])
enum {
  TCP_FLAG_CWR = __constant_cpu_to_be32(0x00800000),
  TCP_FLAG_ECE = __constant_cpu_to_be32(0x00400000),
  TCP_FLAG_URG = __constant_cpu_to_be32(0x00200000),
  TCP_FLAG_ACK = __constant_cpu_to_be32(0x00100000),
  TCP_FLAG_PSH = __constant_cpu_to_be32(0x00080000),
  TCP_FLAG_RST = __constant_cpu_to_be32(0x00040000),
  TCP_FLAG_SYN = __constant_cpu_to_be32(0x00020000),
  TCP_FLAG_FIN = __constant_cpu_to_be32(0x00010000),
  TCP_RESERVED_BITS = __constant_cpu_to_be32(0x0F000000),
  TCP_DATA_OFFSET = __constant_cpu_to_be32(0xF0000000)
};

#ifdef __cplusplus
}
#endif

#endif /* neither */

#endif /* MOS_TCPHDR_H_ */
