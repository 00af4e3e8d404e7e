/*
 * The hot path: octets and packets straight from a descriptor into a typed array and back. Nothing is allocated, and a
 * failing call is a negative number, not an exception; only a caller's mistake throws.
 */
#include "addon.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct span {
  uint8_t *start;
  size_t length;
};

static bool get_span(napi_env env, const napi_value *arguments, size_t least, struct span *span);
static ssize_t read_once(int fd, void *into, size_t length);

napi_value read_octets(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  struct span span;
  int fd;
  if (!get_arguments(env, info, 4, arguments) || !get_descriptor(env, arguments[0], &fd)) return NULL;
  /* Reading nothing would look like the end of the file. */
  if (!get_span(env, arguments + 1, 1, &span)) return NULL;
  return make_integer(env, read_once(fd, span.start, span.length));
}

napi_value write_octets(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  struct span span;
  ssize_t count;
  int fd;
  if (!get_arguments(env, info, 4, arguments) || !get_descriptor(env, arguments[0], &fd)) return NULL;
  if (!get_span(env, arguments + 1, 0, &span)) return NULL;
  do count = write(fd, span.start, span.length);
  while (count < 0 && errno == EINTR);
  return make_integer(env, count < 0 ? -errno : count);
}

napi_value read_batch(napi_env env, napi_callback_info info) {
  napi_value arguments[5];
  uint8_t *buffer;
  int32_t *slots, *lengths;
  size_t buffer_length, slot_count, length_count;
  int64_t slot_size;
  int fd;
  if (!get_arguments(env, info, 5, arguments) || !get_descriptor(env, arguments[0], &fd) ||
      !get_array(env, arguments[1], napi_uint8_array, (void **)&buffer, &buffer_length) ||
      !get_integer(env, arguments[2], 1, INT32_MAX, &slot_size) ||
      !get_array(env, arguments[3], napi_int32_array, (void **)&slots, &slot_count) ||
      !get_array(env, arguments[4], napi_int32_array, (void **)&lengths, &length_count)) {
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
    ssize_t length = read_once(fd, buffer + slots[count] * slot_size, (size_t)slot_size);
    if (length < 0 && count == 0) return make_integer(env, length);
    if (length <= 0) break; /* A failure is still there at the next call. */
    lengths[count++] = (int32_t)length;
  }
  return make_integer(env, (int64_t)count);
}

napi_value unsent_bytes(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int fd, count = 0;
  if (!get_arguments(env, info, 1, arguments) || !get_descriptor(env, arguments[0], &fd)) return NULL;
  /* SIOCOUTQ is the same number. */
  return make_integer(env, ioctl(fd, TIOCOUTQ, &count) < 0 ? 0 : count);
}

/* The arguments (array, offset, length): at least `least` octets that all lie within the array. */
static bool get_span(napi_env env, const napi_value *arguments, size_t least, struct span *span) {
  void *start;
  size_t size;
  int64_t offset, length;
  if (!get_array(env, arguments[0], napi_uint8_array, &start, &size) ||
      !get_integer(env, arguments[1], 0, (double)size, &offset) ||
      !get_integer(env, arguments[2], (double)least, (double)(size - (size_t)offset), &length)) {
    return false;
  }
  span->start = (uint8_t *)start + offset;
  span->length = (size_t)length;
  return true;
}

/* The number of octets, or -errno. */
static ssize_t read_once(int fd, void *into, size_t length) {
  ssize_t count;
  do count = read(fd, into, length);
  while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}
