/*
 * The hot path: octets straight from a descriptor into a typed array and back. Nothing is allocated, and a
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
