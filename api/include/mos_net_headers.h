/* struct ethhdr, iphdr and tcphdr for programs that read packets.
 *
 * <linux/ip.h> and <netinet/ip.h> define the same structure, and so do the
 * headers for TCP; a program can have one of each pair only. Whichever it has
 * included already stays, else it gets that of the C library; the other one is
 * made empty, so that including it later does no harm. C99 and C++. */
#ifndef MOS_NET_HEADERS_H_
#define MOS_NET_HEADERS_H_

#include <linux/if_ether.h>

#include "mos_tcphdr.h"

#ifdef _LINUX_IP_H
#define __NETINET_IP_H 1
#else
#include <netinet/ip.h>
#define _LINUX_IP_H
#endif

#endif /* MOS_NET_HEADERS_H_ */
