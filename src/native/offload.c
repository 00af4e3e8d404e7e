/* Cutting and joining: offload.h says what for. Lengths are checked once, at the beginning of either. */
#include "offload.h"

#include <string.h>

/* Offsets: RFC 791 §3.1, RFC 8200 §3, RFC 9293 §3.1. */
enum { IP4_TOS = 1, IP4_LENGTH = 2, IP4_ID = 4, IP4_FRAGMENT = 6, IP4_TTL = 8, IP4_PROTOCOL = 9, IP4_CHECKSUM = 10, IP4_ADDRESSES = 12, IP4_HEADER = 20 };
enum { IP6_LENGTH = 4, IP6_NEXT = 6, IP6_HOPS = 7, IP6_ADDRESSES = 8, IP6_HEADER = 40 };
enum { TCP_SEQUENCE = 4, TCP_ACKNOWLEDGMENT = 8, TCP_OFFSET = 12, TCP_FLAGS = 13, TCP_WINDOW = 14, TCP_CHECKSUM = 16, TCP_HEADER = 20 };
enum { FIN = 0x01, PSH = 0x08, ACK = 0x10, ECE = 0x40, CWR = 0x80 };
enum { DONT_FRAGMENT = 0x4000, NO_FRAGMENT = 0xbfff, TCP = 6, LARGEST = 65535 };

static uint32_t get16(const uint8_t *at) {
  return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at) {
  return get16(at) << 16 | get16(at + 2);
}

static void put16(uint8_t *at, uint32_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value) {
  put16(at, value >> 16);
  put16(at + 2, value);
}

static bool is_ip4(const uint8_t *packet) {
  return packet[0] >> 4 == 4;
}

/* RFC 1071, in the machine's own order of octets: a sum is stored as it was loaded, and its order never matters. */
static uint64_t add_octets(uint64_t sum, const uint8_t *octets, uint32_t length) {
  uint32_t at = 0;
  for (; at + 8 <= length; at += 8) {
    uint64_t word;
    memcpy(&word, octets + at, 8);
    sum += word;
    sum += sum < word;
  }
  if (at < length) {
    uint64_t word = 0;
    memcpy(&word, octets + at, length - at);
    sum += word;
    sum += sum < word;
  }
  return sum;
}

static uint16_t fold(uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)sum;
}

static void put_sum(uint8_t *at, uint16_t sum) {
  memcpy(at, &sum, 2);
}

/* Of the pseudo-header, for so many octets of TCP. RFC 9293 §3.1, RFC 8200 §8.1 */
static uint64_t pseudo_sum(const uint8_t *packet, uint32_t tcp_length) {
  uint8_t rest[8] = {0};
  put32(rest, tcp_length);
  rest[7] = TCP;
  uint64_t sum = add_octets(0, rest, sizeof rest);
  return is_ip4(packet) ? add_octets(sum, packet + IP4_ADDRESSES, 8) : add_octets(sum, packet + IP6_ADDRESSES, 32);
}

static void put_ip_length(uint8_t *packet, uint32_t header, uint32_t length) {
  if (!is_ip4(packet)) {
    put16(packet + IP6_LENGTH, length - IP6_HEADER);
    return;
  }
  put16(packet + IP4_LENGTH, length);
  put16(packet + IP4_CHECKSUM, 0);
  put_sum(packet + IP4_CHECKSUM, (uint16_t)~fold(add_octets(0, packet, header)));
}

bool begin_cutting(struct cutting *cutting, const uint8_t *packet, uint32_t length, const struct virtio_net_hdr *about) {
  uint8_t type = about->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;
  uint32_t tcp = about->csum_start;
  if ((type != VIRTIO_NET_HDR_GSO_TCPV4 && type != VIRTIO_NET_HDR_GSO_TCPV6) || about->gso_size == 0) return false;
  if (tcp < IP4_HEADER || tcp + TCP_HEADER > length) return false;
  uint32_t payload = tcp + (uint32_t)(packet[tcp + TCP_OFFSET] >> 4) * 4;
  if (payload < tcp + TCP_HEADER || payload >= length) return false;
  *cutting = (struct cutting){packet, length, tcp, payload, about->gso_size, 0};
  return true;
}

uint32_t next_segment_length(const struct cutting *cutting) {
  uint32_t left = cutting->length - cutting->payload - cutting->done;
  return left == 0 ? 0 : cutting->payload + (left < cutting->step ? left : cutting->step);
}

void skip_segment(struct cutting *cutting) {
  cutting->done += next_segment_length(cutting) - cutting->payload;
}

void cut_segment(struct cutting *cutting, uint8_t *to) {
  uint32_t length = next_segment_length(cutting), octets = length - cutting->payload, tcp = cutting->tcp;
  const uint8_t *whole = cutting->packet;
  memcpy(to, whole, cutting->payload);
  memcpy(to + cutting->payload, whole + cutting->payload + cutting->done, octets);
  if (is_ip4(to)) put16(to + IP4_ID, get16(whole + IP4_ID) + cutting->done / cutting->step);
  put_ip_length(to, tcp, length);
  put32(to + tcp + TCP_SEQUENCE, get32(whole + tcp + TCP_SEQUENCE) + cutting->done);
  /* CWR belongs to the first alone (RFC 3168 §6.1.2), the end to the last. */
  if (cutting->done > 0) to[tcp + TCP_FLAGS] &= (uint8_t)~CWR;
  cutting->done += octets;
  if (next_segment_length(cutting) > 0) to[tcp + TCP_FLAGS] &= (uint8_t)~(FIN | PSH);
  put16(to + tcp + TCP_CHECKSUM, 0);
  put_sum(to + tcp + TCP_CHECKSUM, (uint16_t)~fold(add_octets(pseudo_sum(to, length - tcp), to + tcp, length - tcp)));
}

bool finish_checksum(uint8_t *packet, uint32_t length, const struct virtio_net_hdr *about) {
  uint32_t start = about->csum_start, place = start + about->csum_offset;
  if (start >= length || place + 2 > length) return false;
  /* The sum of the pseudo-header is there already. Zero would mean "no checksum" in UDP (RFC 768). */
  uint16_t sum = (uint16_t)~fold(add_octets(0, packet + start, length - start));
  put_sum(packet + place, sum == 0 ? 0xffff : sum);
  return true;
}

/* Octets of the IP header in front of TCP's; 0 when it is anything out of the ordinary. */
static uint32_t plain_header(const uint8_t *packet, uint32_t length) {
  if (length >= IP4_HEADER + TCP_HEADER && packet[0] == 0x45) {
    bool plain = packet[IP4_PROTOCOL] == TCP && (get16(packet + IP4_FRAGMENT) & NO_FRAGMENT) == 0;
    return plain && get16(packet + IP4_LENGTH) == length ? IP4_HEADER : 0;
  }
  if (length >= IP6_HEADER + TCP_HEADER && packet[0] >> 4 == 6) {
    return packet[IP6_NEXT] == TCP && get16(packet + IP6_LENGTH) + IP6_HEADER == length ? IP6_HEADER : 0;
  }
  return 0;
}

/* What is joined is believed by the kernel unseen. */
static bool has_right_checksums(const uint8_t *packet, uint32_t tcp, uint32_t length) {
  if (is_ip4(packet) && fold(add_octets(0, packet, tcp)) != 0xffff) return false;
  return fold(add_octets(pseudo_sum(packet, length - tcp), packet + tcp, length - tcp)) == 0xffff;
}

bool begin_joining(struct joining *joining, uint8_t *packet, uint32_t length) {
  uint32_t tcp = plain_header(packet, length);
  if (tcp == 0) return false;
  uint32_t headers = tcp + (uint32_t)(packet[tcp + TCP_OFFSET] >> 4) * 4;
  uint8_t flags = packet[tcp + TCP_FLAGS];
  if (headers < tcp + TCP_HEADER || headers >= length || (flags & ~ECE) != ACK) return false;
  *joining = (struct joining){packet, headers, tcp, length - headers, length - headers, 1, false};
  return true;
}

/* The same connection, and the same in all that is the whole's as well. */
static bool same_headers(const struct joining *joining, const uint8_t *packet) {
  const uint8_t *first = joining->first, *a = first + joining->tcp, *b = packet + joining->tcp;
  bool same_ip = is_ip4(first) ? first[IP4_TOS] == packet[IP4_TOS] && first[IP4_TTL] == packet[IP4_TTL] &&
                                     memcmp(first + IP4_FRAGMENT, packet + IP4_FRAGMENT, 2) == 0 &&
                                     memcmp(first + IP4_ADDRESSES, packet + IP4_ADDRESSES, 8) == 0 &&
                                     (uint16_t)(get16(first + IP4_ID) + joining->count) == get16(packet + IP4_ID)
                               : memcmp(first, packet, IP6_LENGTH) == 0 && first[IP6_HOPS] == packet[IP6_HOPS] &&
                                     memcmp(first + IP6_ADDRESSES, packet + IP6_ADDRESSES, 32) == 0;
  return same_ip && memcmp(a, b, TCP_SEQUENCE) == 0 && memcmp(a + TCP_ACKNOWLEDGMENT, b + TCP_ACKNOWLEDGMENT, 5) == 0 &&
         (a[TCP_FLAGS] | PSH) == (b[TCP_FLAGS] | PSH) && memcmp(a + TCP_WINDOW, b + TCP_WINDOW, 2) == 0 &&
         memcmp(a + TCP_CHECKSUM + 2, b + TCP_CHECKSUM + 2, joining->headers - joining->tcp - TCP_CHECKSUM - 2) == 0;
}

bool join(struct joining *joining, const uint8_t *packet, uint32_t length) {
  uint32_t tcp = joining->tcp, headers = joining->headers;
  if (joining->closed || length <= headers || plain_header(packet, length) != tcp) return false;
  uint32_t octets = length - headers;
  if (octets > joining->step || headers + joining->payload + octets > LARGEST) return false;
  if (get32(packet + tcp + TCP_SEQUENCE) != get32(joining->first + tcp + TCP_SEQUENCE) + joining->payload) return false;
  if (!same_headers(joining, packet)) return false;
  if (joining->count == 1 && !has_right_checksums(joining->first, tcp, headers + joining->step)) {
    joining->closed = true;
    return false;
  }
  if (!has_right_checksums(packet, tcp, length)) return false;
  joining->closed = octets < joining->step || (packet[tcp + TCP_FLAGS] & PSH) != 0;
  joining->first[tcp + TCP_FLAGS] |= packet[tcp + TCP_FLAGS];
  joining->payload += octets;
  joining->count++;
  return true;
}

void finish_joining(struct joining *joining, struct virtio_net_hdr *about) {
  uint8_t *first = joining->first;
  uint32_t tcp = joining->tcp, length = joining->headers + joining->payload;
  put_ip_length(first, tcp, length);
  put_sum(first + tcp + TCP_CHECKSUM, fold(pseudo_sum(first, length - tcp)));
  *about = (struct virtio_net_hdr){
      .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
      .gso_type = is_ip4(first) ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6,
      .hdr_len = (uint16_t)joining->headers,
      .gso_size = (uint16_t)joining->step,
      .csum_start = (uint16_t)tcp,
      .csum_offset = TCP_CHECKSUM,
  };
}
