/* What is told of a packet: the structure of mOS 0.3, 72 bytes on 64-bit
 * machines, numbers in host byte order. C99 and C++. */
#ifndef MOS_PKT_INFO_H_
#define MOS_PKT_INFO_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ethhdr; /* <linux/if_ether.h> */
struct iphdr;  /* <linux/ip.h>; of an IPv6 packet, a struct ip6_hdr */
struct tcphdr; /* <linux/tcp.h> or <netinet/tcp.h> */

struct pkt_info {
  uint32_t cur_ts;  /* capture time, milliseconds, 32 bits of them */
  int8_t in_ifidx;  /* index of the port it came from */
  uint16_t eth_len; /* bytes on the wire, padding included */
  uint16_t ip_len;  /* bytes by the IP header */
  uint64_t offset;  /* of the payload in the sender's stream; 0 follows SYN */
  uint16_t payloadlen; /* bytes of TCP payload, without padding */
  uint32_t seq;
  uint32_t ack_seq;
  uint16_t window; /* unscaled */
  struct ethhdr* ethh;
  struct iphdr* iph; /* past the VLAN tags */
  struct tcphdr* tcph;
  uint8_t* payload;
};

#ifdef __cplusplus
}
#endif

#endif /* MOS_PKT_INFO_H_ */
