/*
 * Descriptors made, set up and closed: TUN devices, pty pairs, socket pairs, netlink listeners, terminals. None of this
 * is on the hot path.
 */
#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

static bool set_nonblocking(int fd);
static bool set_raw(int fd);

napi_value open_tun(napi_env env, napi_callback_info info) {
  napi_value arguments[1], result;
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
  char name[IFNAMSIZ + 1];
  size_t length;
  if (!get_arguments(env, info, 1, arguments)) return NULL;
  if (napi_get_value_string_utf8(env, arguments[0], name, sizeof name, &length) != napi_ok) {
    napi_throw_type_error(env, NULL, "the name of an interface is a string");
    return NULL;
  }
  /* The kernel would take these for "any name" and for a pattern. */
  if (length < 1 || length >= IFNAMSIZ || strlen(name) != length || strchr(name, '%') != NULL) {
    return throw_range(env, "the name of an interface has 1 to 15 octets, none of them % or NUL");
  }
  memcpy(request.ifr_name, name, length);

  int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return throw_errno(env, errno, "open /dev/net/tun");
  if (ioctl(fd, TUNSETIFF, &request) < 0) {
    int error = errno;
    close(fd);
    return throw_errno(env, error, "ioctl TUNSETIFF");
  }
  /* TCP in large packets, its checksums left to us (packets.c). Without, it is slower and nothing else. */
  (void)ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN);
  result = make_integer(env, fd);
  if (result == NULL) close(fd);
  return result;
}

napi_value open_pty(napi_env env, napi_callback_info info) {
  (void)info;
  const char *what = "open /dev/ptmx";
  char path[PATH_MAX];
  int slave = -1;
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (master < 0) return throw_errno(env, errno, what);
  if (grantpt(master) < 0 || unlockpt(master) < 0) {
    what = "unlock the pty";
    goto failed;
  }
  if ((errno = ptsname_r(master, path, sizeof path)) != 0) {
    what = "find the name of the pty";
    goto failed;
  }
  /* TIOCGPTPEER opens the slave itself, whatever is mounted at /dev/pts. */
  slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (slave < 0 || !set_raw(slave)) {
    what = "open the slave of the pty";
    goto failed;
  }

  napi_value result, text, master_number = make_integer(env, master), slave_number = make_integer(env, slave);
  if (master_number != NULL && slave_number != NULL && napi_create_object(env, &result) == napi_ok &&
      napi_create_string_utf8(env, path, NAPI_AUTO_LENGTH, &text) == napi_ok &&
      napi_set_named_property(env, result, "master", master_number) == napi_ok &&
      napi_set_named_property(env, result, "slave", slave_number) == napi_ok &&
      napi_set_named_property(env, result, "path", text) == napi_ok) {
    return result;
  }
  close(slave);
  close(master);
  return NULL;

failed:;
  int error = errno;
  if (slave >= 0) close(slave);
  close(master);
  return throw_errno(env, error, what);
}

napi_value socket_pair(napi_env env, napi_callback_info info) {
  napi_value arguments[1], result, first, second;
  int64_t bytes;
  int fds[2];
  if (!get_arguments(env, info, 1, arguments) || !get_integer(env, arguments[0], 0, INT_MAX, &bytes)) return NULL;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0) {
    return throw_errno(env, errno, "socketpair");
  }
  int size = (int)bytes;
  for (int i = 0; i < 2 && size > 0; i++) {
    /* What a Unix socket holds is charged to its sender; the receive buffer means nothing there. */
    if (setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size) < 0) {
      int error = errno;
      close(fds[0]);
      close(fds[1]);
      return throw_errno(env, error, "setsockopt SO_SNDBUF");
    }
  }
  if ((first = make_integer(env, fds[0])) != NULL && (second = make_integer(env, fds[1])) != NULL &&
      napi_create_array_with_length(env, 2, &result) == napi_ok && napi_set_element(env, result, 0, first) == napi_ok &&
      napi_set_element(env, result, 1, second) == napi_ok) {
    return result;
  }
  close(fds[0]);
  close(fds[1]);
  return NULL;
}

napi_value open_netlink(napi_env env, napi_callback_info info) {
  napi_value arguments[3], result;
  int64_t protocol, groups, bytes;
  if (!get_arguments(env, info, 3, arguments) || !get_integer(env, arguments[0], 0, MAX_LINKS - 1, &protocol) ||
      !get_integer(env, arguments[1], 0, UINT32_MAX, &groups) || !get_integer(env, arguments[2], 0, INT_MAX, &bytes)) {
    return NULL;
  }
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, (int)protocol);
  if (fd < 0) return throw_errno(env, errno, "open a netlink socket");
  /* Beyond the system's limit only with CAP_NET_ADMIN; without, as much as the limit allows. */
  int size = (int)bytes;
  if (size > 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0 &&
      setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) < 0) {
    int error = errno;
    close(fd);
    return throw_errno(env, error, "setsockopt SO_RCVBUF");
  }
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = (uint32_t)groups};
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    int error = errno;
    close(fd);
    return throw_errno(env, error, "listen to netlink events");
  }
  result = make_integer(env, fd);
  if (result == NULL) close(fd);
  return result;
}

napi_value duplicate_descriptor(napi_env env, napi_callback_info info) {
  napi_value arguments[1], result;
  int fd;
  if (!get_arguments(env, info, 1, arguments) || !get_descriptor(env, arguments[0], &fd)) return NULL;
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return throw_errno(env, errno, "duplicate a descriptor");
  if (!set_nonblocking(copy)) {
    int error = errno;
    close(copy);
    return throw_errno(env, error, "make a descriptor non-blocking");
  }
  result = make_integer(env, copy);
  if (result == NULL) close(copy);
  return result;
}

napi_value limit_unsent(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  int64_t octets;
  int fd, domain;
  socklen_t length = sizeof domain;
  if (!get_arguments(env, info, 2, arguments) || !get_descriptor(env, arguments[0], &fd) ||
      !get_integer(env, arguments[1], 1, INT_MAX, &octets)) {
    return NULL;
  }
  int size = (int)octets;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) < 0) return throw_errno(env, errno, "getsockopt SO_DOMAIN");
  int status = domain == AF_UNIX ? setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size)
                                 : setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &size, sizeof size);
  return status < 0 ? throw_errno(env, errno, "limit what a socket holds") : NULL;
}

napi_value close_descriptor(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int fd;
  if (!get_arguments(env, info, 1, arguments) || !get_descriptor(env, arguments[0], &fd)) return NULL;
  /* Interrupted or not, Linux has closed it. */
  if (close(fd) < 0 && errno != EINTR) return throw_errno(env, errno, "close a descriptor");
  return NULL;
}

napi_value make_raw(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int fd;
  if (!get_arguments(env, info, 1, arguments) || !get_descriptor(env, arguments[0], &fd)) return NULL;
  if (!set_raw(fd)) return throw_errno(env, errno, "set a terminal to raw mode");
  return NULL;
}

napi_value set_exclusive(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  int fd;
  bool on;
  if (!get_arguments(env, info, 2, arguments) || !get_descriptor(env, arguments[0], &fd)) return NULL;
  if (napi_get_value_bool(env, arguments[1], &on) != napi_ok) {
    napi_throw_type_error(env, NULL, "not a boolean");
    return NULL;
  }
  if (ioctl(fd, on ? TIOCEXCL : TIOCNXCL) < 0) return throw_errno(env, errno, on ? "ioctl TIOCEXCL" : "ioctl TIOCNXCL");
  return NULL;
}

static bool set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

static bool set_raw(int fd) {
  struct termios settings;
  if (tcgetattr(fd, &settings) < 0) return false;
  cfmakeraw(&settings);
  return tcsetattr(fd, TCSANOW, &settings) == 0;
}
