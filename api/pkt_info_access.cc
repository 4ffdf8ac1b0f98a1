// What struct pkt_info does not say by itself.
#include "mos_ext.h"

int mos_ip_version(const pkt_info* info) {
  if (info == nullptr || info->iph == nullptr) return 0;
  const int version = *reinterpret_cast<const uint8_t*>(info->iph) >> 4;
  return version == 4 || version == 6 ? version : 0;
}

ip6_hdr* mos_ip6h(const pkt_info* info) {
  return mos_ip_version(info) == 6 ? reinterpret_cast<ip6_hdr*>(info->iph)
                                   : nullptr;
}
