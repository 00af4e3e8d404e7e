/* The settings of a terminal as a whole, kept and put back: with any speed, which the C library's termios doesn't hold. */
#include "addon.h"

#include <asm/termbits.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

napi_value get_terminal(napi_env env, napi_callback_info info) {
  napi_value arguments[1], buffer, result;
  struct termios2 settings;
  void *octets;
  int fd;
  if (!get_arguments(env, info, 1, arguments) || !get_descriptor(env, arguments[0], &fd)) return NULL;
  if (ioctl(fd, TCGETS2, &settings) < 0) return throw_errno(env, errno, "ioctl TCGETS2");
  if (napi_create_arraybuffer(env, sizeof settings, &octets, &buffer) != napi_ok) return NULL;
  memcpy(octets, &settings, sizeof settings);
  return napi_create_typedarray(env, napi_uint8_array, sizeof settings, buffer, 0, &result) == napi_ok ? result : NULL;
}

napi_value set_terminal(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct termios2 settings;
  void *octets;
  size_t length;
  int fd;
  if (!get_arguments(env, info, 2, arguments) || !get_descriptor(env, arguments[0], &fd)) return NULL;
  if (!get_array(env, arguments[1], napi_uint8_array, &octets, &length)) return NULL;
  if (length != sizeof settings) return throw_range(env, "these are no settings of a terminal");
  memcpy(&settings, octets, sizeof settings);
  if (ioctl(fd, TCSETS2, &settings) < 0) return throw_errno(env, errno, "ioctl TCSETS2");
  return NULL;
}
