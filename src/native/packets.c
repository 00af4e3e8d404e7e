/*
 * The packets of a TUN device, many at a call. The kernel may hand over TCP segments as one large packet, which is cut here, and
 * is handed segments as one where that is possible (offload.c); on a device that was made without IFF_VNET_HDR it does neither.
 */
#include "addon.h"
#include "offload.h"

#include <errno.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LARGEST_PACKET = 65535, MOST_JOINED = 64 };

/* Lies in an array of JavaScript's. */
struct state {
  /* Octets in front of each packet: those of virtio_net_hdr, or none. */
  int32_t header;
  struct cutting cutting;
  uint8_t large[LARGEST_PACKET];
};

static bool get_state(napi_env env, napi_value value, struct state **state);
static ssize_t next_packet(int fd, struct state *state, uint8_t *slot, uint32_t slot_size);
static ssize_t read_packet(int fd, struct state *state, uint8_t *slot, uint32_t slot_size, struct virtio_net_hdr *about);
static size_t gather(struct iovec *parts, struct virtio_net_hdr *about, uint8_t *buffer, const int32_t *starts,
                     const int32_t *lengths, size_t count, bool may_join);

napi_value packet_state(napi_env env, napi_callback_info info) {
  napi_value arguments[1], array, result;
  struct state *state;
  struct ifreq request = {0};
  int fd;
  if (!get_arguments(env, info, 1, arguments) || !get_descriptor(env, arguments[0], &fd)) return NULL;
  if (napi_create_arraybuffer(env, sizeof *state, (void **)&state, &array) != napi_ok) return NULL;
  if (napi_create_typedarray(env, napi_uint8_array, sizeof *state, array, 0, &result) != napi_ok) return NULL;
  bool has_header = ioctl(fd, TUNGETIFF, &request) == 0 && (request.ifr_flags & IFF_VNET_HDR) != 0;
  state->header = has_header ? sizeof(struct virtio_net_hdr) : 0;
  state->cutting = (struct cutting){0};
  return result;
}

napi_value read_packets(napi_env env, napi_callback_info info) {
  napi_value arguments[6];
  struct state *state;
  uint8_t *buffer;
  int32_t *slots, *lengths;
  size_t buffer_length, slot_count, length_count;
  int64_t slot_size;
  int fd;
  if (!get_arguments(env, info, 6, arguments) || !get_descriptor(env, arguments[0], &fd) ||
      !get_state(env, arguments[1], &state) ||
      !get_array(env, arguments[2], napi_uint8_array, (void **)&buffer, &buffer_length) ||
      !get_integer(env, arguments[3], 1, INT32_MAX, &slot_size) ||
      !get_array(env, arguments[4], napi_int32_array, (void **)&slots, &slot_count) ||
      !get_array(env, arguments[5], napi_int32_array, (void **)&lengths, &length_count)) {
    return NULL;
  }
  /* All are checked before the first read: a packet once read is gone from the kernel. */
  if (length_count < slot_count) return throw_range(env, "fewer lengths than slots");
  int64_t slots_in_buffer = (int64_t)buffer_length / slot_size;
  for (size_t i = 0; i < slot_count; i++) {
    if (slots[i] < 0 || slots[i] >= slots_in_buffer) return throw_range(env, "a slot lies outside of the buffer");
  }

  size_t count = 0;
  while (count < slot_count) {
    ssize_t length = next_packet(fd, state, buffer + slots[count] * slot_size, (uint32_t)slot_size);
    if (length < 0 && count == 0) return make_integer(env, length);
    if (length <= 0) break; /* A failure is still there at the next call. */
    lengths[count++] = (int32_t)length;
  }
  return make_integer(env, (int64_t)count);
}

napi_value write_packets(napi_env env, napi_callback_info info) {
  napi_value arguments[6];
  struct state *state;
  uint8_t *buffer;
  int32_t *starts, *lengths;
  size_t buffer_length, start_count, length_count;
  int64_t count;
  int fd;
  if (!get_arguments(env, info, 6, arguments) || !get_descriptor(env, arguments[0], &fd) ||
      !get_state(env, arguments[1], &state) ||
      !get_array(env, arguments[2], napi_uint8_array, (void **)&buffer, &buffer_length) ||
      !get_array(env, arguments[3], napi_int32_array, (void **)&starts, &start_count) ||
      !get_array(env, arguments[4], napi_int32_array, (void **)&lengths, &length_count) ||
      !get_integer(env, arguments[5], 0, (double)start_count, &count)) {
    return NULL;
  }
  if ((int64_t)length_count < count) return throw_range(env, "fewer lengths than packets");
  for (int64_t i = 0; i < count; i++) {
    if (starts[i] < 0 || lengths[i] < 0 || (int64_t)starts[i] + lengths[i] > (int64_t)buffer_length) {
      return throw_range(env, "a packet lies outside of the buffer");
    }
  }

  int64_t taken = 0;
  for (size_t at = 0, together; at < (size_t)count; at += together) {
    struct iovec parts[1 + MOST_JOINED];
    struct virtio_net_hdr about = {0};
    bool has_header = state->header > 0;
    together = gather(parts + 1, &about, buffer, starts + at, lengths + at, (size_t)count - at, has_header);
    parts[0] = (struct iovec){&about, sizeof about};
    ssize_t written;
    do written = writev(fd, has_header ? parts : parts + 1, (int)together + has_header);
    while (written < 0 && errno == EINTR);
    if (written < 0) memset(lengths + at, 0, together * sizeof *lengths);
    else taken += (int64_t)together;
  }
  return make_integer(env, taken);
}

static bool get_state(napi_env env, napi_value value, struct state **state) {
  size_t length;
  if (!get_array(env, value, napi_uint8_array, (void **)state, &length)) return false;
  if (length == sizeof **state) return true;
  throw_range(env, "this is not what packetState gave");
  return false;
}

/* The next packet's length, at most the slot's size; what a larger one would hold is not written. 0 or -errno without one. */
static ssize_t next_packet(int fd, struct state *state, uint8_t *slot, uint32_t slot_size) {
  for (;;) {
    struct cutting *cutting = &state->cutting;
    cutting->packet = state->large;
    uint32_t segment = next_segment_length(cutting);
    if (segment > slot_size) {
      memcpy(slot, state->large, slot_size < cutting->payload ? slot_size : cutting->payload);
      skip_segment(cutting);
      return slot_size;
    }
    if (segment > 0) {
      cut_segment(cutting, slot);
      return segment;
    }
    struct virtio_net_hdr about = {0};
    ssize_t length = read_packet(fd, state, slot, slot_size, &about);
    if (length <= 0) return length;
    if (about.gso_type == VIRTIO_NET_HDR_GSO_NONE) {
      bool whole = (uint32_t)length <= slot_size;
      bool unfinished = whole && (about.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0;
      if (!unfinished || finish_checksum(slot, (uint32_t)length, &about)) return whole ? length : slot_size;
    } else {
      memcpy(state->large, slot, (uint32_t)length < slot_size ? (uint32_t)length : slot_size);
      if (!begin_cutting(cutting, state->large, (uint32_t)length, &about)) *cutting = (struct cutting){0};
    }
  }
}

/* Reads into the slot and, what is more, into `large` behind as much. */
static ssize_t read_packet(int fd, struct state *state, uint8_t *slot, uint32_t slot_size, struct virtio_net_hdr *about) {
  uint32_t first = slot_size < LARGEST_PACKET ? slot_size : LARGEST_PACKET;
  struct iovec parts[] = {{about, sizeof *about}, {slot, first}, {state->large + first, LARGEST_PACKET - first}};
  ssize_t length;
  do length = state->header > 0 ? readv(fd, parts, 3) : read(fd, slot, slot_size);
  while (length < 0 && errno == EINTR);
  if (length < 0) return -errno;
  return length < state->header ? 0 : length - state->header;
}

/* The parts of the next write: one packet, or several that follow each other. How many packets, and so parts, they are. */
static size_t gather(struct iovec *parts, struct virtio_net_hdr *about, uint8_t *buffer, const int32_t *starts,
                     const int32_t *lengths, size_t count, bool may_join) {
  struct joining joining;
  parts[0] = (struct iovec){buffer + starts[0], (size_t)lengths[0]};
  if (!may_join || !begin_joining(&joining, buffer + starts[0], (uint32_t)lengths[0])) return 1;
  size_t together = 1;
  while (together < count && together < MOST_JOINED && join(&joining, buffer + starts[together], (uint32_t)lengths[together])) {
    size_t octets = (size_t)lengths[together] - joining.headers;
    parts[together] = (struct iovec){buffer + starts[together] + joining.headers, octets};
    together++;
  }
  if (together > 1) finish_joining(&joining, about);
  return together;
}
