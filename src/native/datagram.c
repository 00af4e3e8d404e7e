/* One datagram to a Unix socket: Node has stream sockets only, and sd_notify(3) is a datagram. */
#include "addon.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* The caller's thread waits so long at most for a receiver whose queue is full. */
static const struct timeval patience = {.tv_sec = 1};

static bool get_address(napi_env env, napi_value value, struct sockaddr_un *address, socklen_t *length);
static char *get_text(napi_env env, napi_value value, size_t *length);
static int send_once(const struct sockaddr_un *address, socklen_t address_length, const char *text, size_t length);

napi_value send_datagram(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct sockaddr_un address;
  socklen_t address_length;
  size_t length;
  if (!get_arguments(env, info, 2, arguments) || !get_address(env, arguments[0], &address, &address_length)) return NULL;
  char *text = get_text(env, arguments[1], &length);
  if (text == NULL) return NULL;
  int error = send_once(&address, address_length, text, length);
  free(text);
  return error == 0 ? NULL : throw_errno(env, error, "send a datagram");
}

static bool get_address(napi_env env, napi_value value, struct sockaddr_un *address, socklen_t *length) {
  /* One octet more than fits, so that a path that is too long is seen. */
  char path[sizeof address->sun_path + 1];
  size_t count;
  if (napi_get_value_string_utf8(env, value, path, sizeof path, &count) != napi_ok) {
    napi_throw_type_error(env, NULL, "the path of a socket is a string");
    return false;
  }
  if (count < 1 || count >= sizeof address->sun_path || strlen(path) != count) {
    throw_range(env, "the path of a socket has 1 to 107 octets, none of them NUL");
    return false;
  }
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  memcpy(address->sun_path, path, count);
  /* An abstract name begins with NUL and has no end but the address's own. */
  bool abstract = path[0] == '@';
  if (abstract) address->sun_path[0] = '\0';
  *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + count + !abstract);
  return true;
}

/* The string's octets, to be freed; NULL with an exception pending. */
static char *get_text(napi_env env, napi_value value, size_t *length) {
  if (napi_get_value_string_utf8(env, value, NULL, 0, length) != napi_ok) {
    napi_throw_type_error(env, NULL, "the text of a datagram is a string");
    return NULL;
  }
  char *text = malloc(*length + 1);
  if (text == NULL) {
    throw_errno(env, ENOMEM, "send a datagram");
  } else if (napi_get_value_string_utf8(env, value, text, *length + 1, length) != napi_ok) {
    free(text);
    return NULL;
  }
  return text;
}

/* 0 or the errno. */
static int send_once(const struct sockaddr_un *address, socklen_t address_length, const char *text, size_t length) {
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  ssize_t sent;
  int error = 0;
  if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0) {
    error = errno;
  } else {
    do sent = sendto(fd, text, length, MSG_NOSIGNAL, (const struct sockaddr *)address, address_length);
    while (sent < 0 && errno == EINTR);
    if (sent < 0) error = errno;
  }
  close(fd);
  return error;
}
