/*
 * udp-flood ADDRESS PACKETS_PER_SECOND SECONDS: IP packets of 64 octets (UDP to port 9), evenly, a burst each millisecond; prints
 * how many were sent. Where the sender can't keep up, it sends fewer.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { PAYLOAD = 64 - 20 - 8, MOST = 1024 };

int main(int count, char **words) {
  static struct mmsghdr messages[MOST];
  static char payload[PAYLOAD];
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
  if (count != 4 || inet_pton(AF_INET, words[1], &to.sin_addr) != 1) return 1;
  double perSecond = atof(words[2]), seconds = atof(words[3]);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) return 1;
  struct iovec part = {.iov_base = payload, .iov_len = sizeof payload};
  for (int i = 0; i < MOST; i++) messages[i].msg_hdr = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1};

  struct timespec tick;
  clock_gettime(CLOCK_MONOTONIC, &tick);
  long long sent = 0;
  double due = 0;
  for (long ticks = 0; ticks < (long)(seconds * 1000); ticks++) {
    for (due += perSecond / 1000; due >= 1;) {
      int burst = due > MOST ? MOST : (int)due;
      int gone = sendmmsg(fd, messages, (unsigned)burst, 0);
      if (gone <= 0) break; /* no memory now: the next millisecond */
      sent += gone;
      due -= gone;
    }
    if (due > perSecond / 100) due = 0; /* behind by 10 ms: what was missed is not made up for */
    tick.tv_nsec += 1000000;
    if (tick.tv_nsec >= 1000000000) tick.tv_nsec -= 1000000000, tick.tv_sec++;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &tick, NULL);
  }
  printf("%lld\n", sent);
  return 0;
}
