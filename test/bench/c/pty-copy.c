/*
 * pty-copy SECONDS: the least that a user-space program can do with a pty. One process writes to the master as fast as it can,
 * another reads from the slave, both in pieces of up to 64 KiB; prints the Mbit/s that arrived.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static char piece[65536];

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int count, char **words) {
  double seconds = count == 2 ? atof(words[1]) : 0;
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (seconds <= 0 || master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) return 1;
  int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
  struct termios settings;
  if (slave < 0 || tcgetattr(slave, &settings) < 0) return 1;
  cfmakeraw(&settings);
  if (tcsetattr(slave, TCSANOW, &settings) < 0) return 1;

  pid_t writer = fork();
  if (writer < 0) return 1;
  if (writer == 0) {
    memset(piece, 0x55, sizeof piece);
    while (write(master, piece, sizeof piece) > 0);
    return 1;
  }
  double start = now(), end = start;
  long long octets = 0;
  ssize_t length = 1;
  while (end - start < seconds && (length = read(slave, piece, sizeof piece)) > 0) {
    octets += length;
    end = now();
  }
  kill(writer, SIGKILL);
  waitpid(writer, NULL, 0);
  if (length <= 0) return 1;
  printf("%.0f\n", (double)octets * 8 / (end - start) / 1e6);
  return 0;
}
