/*
 * TCP segments as one large packet, as a TUN with IFF_VNET_HDR gives and takes them: the kernel's TCP then works once for
 * many segments. `offload.c` cuts such packets into what goes over a line, and joins what came from one.
 */
#pragma once

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A large packet that is being cut. */
struct cutting {
  const uint8_t *packet;
  uint32_t length;
  /* Where TCP's header begins, and where its payload. */
  uint32_t tcp, payload;
  /* Octets of payload in each segment but the last. */
  uint32_t step;
  /* The payload's octets that have gone already. */
  uint32_t done;
};

/* Begins to cut; false when the packet is not what its header says. */
bool begin_cutting(struct cutting *cutting, const uint8_t *packet, uint32_t length, const struct virtio_net_hdr *about);

/* The length of the next segment; 0 when there is none. */
uint32_t next_segment_length(const struct cutting *cutting);

/* Writes the next segment, which is there, or leaves it out. */
void cut_segment(struct cutting *cutting, uint8_t *to);
void skip_segment(struct cutting *cutting);

/* Writes the checksum that the kernel has left to us; false when there is no place for it. */
bool finish_checksum(uint8_t *packet, uint32_t length, const struct virtio_net_hdr *about);

/* Packets of one TCP connection, in order and without a gap, that may be handed to the kernel as one. */
struct joining {
  uint8_t *first;
  /* Of both headers of the first, and of its TCP header alone. */
  uint32_t headers, tcp;
  /* Octets of payload: of the first, and of all. */
  uint32_t step, payload;
  uint32_t count;
  /* No other may follow: one was shorter, or was to be pushed. */
  bool closed;
};

/* Begins with a packet; false when no other can be joined to it. */
bool begin_joining(struct joining *joining, uint8_t *packet, uint32_t length);

/* True when the packet follows; its payload, behind headers of the same length, is then part of the whole. */
bool join(struct joining *joining, const uint8_t *packet, uint32_t length);

/* Makes the headers of the first those of the whole, and says so in `about`. */
void finish_joining(struct joining *joining, struct virtio_net_hdr *about);
