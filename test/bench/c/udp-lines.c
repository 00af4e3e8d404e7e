/*
 * udp-lines LINES OCTETS_PER_SECOND SECONDS: fills lines evenly, each with so many octets a second of IP packets of 1000 octets (UDP
 * to port 9); line i leads to 10.(64 + i / 256).(i % 256).1. What a second behind is not made up for.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { PACKET = 1000, TICK_MS = 5 };

int main(int count, char **words) {
  static char payload[PACKET - 20 - 8];
  if (count != 4) return 1;
  int lines = atoi(words[1]);
  double perTick = atof(words[2]) / PACKET * lines * TICK_MS / 1000, seconds = atof(words[3]);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (fd < 0 || lines < 1) return 1;
  struct timespec tick;
  clock_gettime(CLOCK_MONOTONIC, &tick);
  double due = 0;
  uint32_t line = 0;
  for (long ticks = 0; ticks < (long)(seconds * 1000 / TICK_MS); ticks++) {
    for (due += perTick; due >= 1; due -= 1) {
      struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
      to.sin_addr.s_addr = htonl(10u << 24 | (64u << 16) + (line << 8) | 1u);
      sendto(fd, payload, sizeof payload, 0, (struct sockaddr *)&to, sizeof to); /* what finds no room is lost */
      line = (line + 1) % (uint32_t)lines;
    }
    tick.tv_nsec += TICK_MS * 1000000;
    if (tick.tv_nsec >= 1000000000) tick.tv_nsec -= 1000000000, tick.tv_sec++;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - tick.tv_sec > 1) tick = now;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &tick, NULL);
  }
  return 0;
}
