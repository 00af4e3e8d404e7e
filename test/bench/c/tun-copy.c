/*
 * tun-copy TUN TTY: the least that a user-space program can do between a TUN device and a terminal. Packets go over the
 * terminal as they are, each behind its length in two octets: no PPP, no frames, no check. It makes the TUN, and ends with
 * the terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* As much as linkd frames ahead of one write. */
enum { AHEAD = 65536, LARGEST = 2000, SHORT_READ = 2048 };

static uint8_t outgoing[AHEAD + LARGEST + 2], incoming[2 * AHEAD];
static size_t unwritten, written, unparsed;

static void from_tun(int tun) {
  while (unwritten < AHEAD) {
    ssize_t length = read(tun, outgoing + unwritten + 2, LARGEST);
    if (length <= 0) return;
    outgoing[unwritten] = (uint8_t)(length >> 8);
    outgoing[unwritten + 1] = (uint8_t)length;
    unwritten += (size_t)length + 2;
  }
}

static void to_tty(int tty) {
  if (written == unwritten) return;
  ssize_t taken = write(tty, outgoing + written, unwritten - written);
  if (taken > 0) written += (size_t)taken;
  if (written == unwritten) written = unwritten = 0;
}

static void to_tun(int tun) {
  size_t at = 0;
  while (unparsed - at >= 2) {
    size_t length = (size_t)incoming[at] << 8 | incoming[at + 1];
    if (unparsed - at < length + 2) break;
    if (write(tun, incoming + at + 2, length) < 0 && errno != EIO) perror("tun-copy: TUN");
    at += length + 2;
  }
  unparsed -= at;
  memmove(incoming, incoming + at, unparsed);
}

/* False at its end. */
static int from_tty(int tty, int tun) {
  ssize_t length;
  do {
    length = read(tty, incoming + unparsed, sizeof incoming - unparsed);
    if (length > 0) unparsed += (size_t)length;
    to_tun(tun);
  } while (length >= SHORT_READ);
  return length > 0 || (length < 0 && errno == EAGAIN);
}

int main(int count, char **words) {
  if (count != 3) return 2;
  int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  int tty = open(words[2], O_RDWR | O_NOCTTY | O_NONBLOCK);
  struct ifreq wanted = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  struct termios settings;
  snprintf(wanted.ifr_name, sizeof wanted.ifr_name, "%s", words[1]);
  if (tun < 0 || tty < 0 || ioctl(tun, TUNSETIFF, &wanted) < 0 || tcgetattr(tty, &settings) < 0) {
    perror("tun-copy");
    return 1;
  }
  cfmakeraw(&settings);
  tcsetattr(tty, TCSANOW, &settings);
  for (int open = 1; open;) {
    struct pollfd ready[] = {
        {.fd = tun, .events = written == unwritten ? POLLIN : 0},
        {.fd = tty, .events = (short)(POLLIN | (written == unwritten ? 0 : POLLOUT))},
    };
    if (poll(ready, 2, -1) < 0) return 1;
    if (ready[0].revents != 0) from_tun(tun);
    to_tty(tty);
    if ((ready[1].revents & ~POLLOUT) != 0) open = from_tty(tty, tun);
  }
  return 0;
}
