/*
 * The measurement around a framer written in C, which test/bench/framing.ts runs. Each peer implements the three functions below.
 * Reads a command a line, and answers each with a line that begins with its number, from 1 on:
 *
 *   fill ACCM CONTENT     frames 256 packets of 1500 octets: noise (the same as in framing.ts), or all of them that octet
 *                         octets of all frames, and their sum by Adler-32
 *   encode FRAMES         nanoseconds
 *   decode FRAMES         nanoseconds, and how many good frames came
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FLAG = 0x7e, ESCAPE = 0x7d, TRANS = 0x20, FCS_INIT = 0xffff, FCS_GOOD = 0xf0b8 };
enum { PACKETS = 256, PACKET = 1500, FCS_OCTETS = 2, LONGEST_FRAME = 2 * (PACKET + 4 + FCS_OCTETS) + 2, SLACK = 64, MRU = 1500 };
/* As much as comes with one read of a line. */
enum { PIECE = 65536 };

/* The ACCM of both directions. */
static void set_accm(uint32_t accm);
/* Writes a frame of protocol 0021 with both flags; returns its length. May write up to SLACK octets behind it. */
static size_t encode(const uint8_t *packet, size_t length, uint8_t *out);
/* Takes the next octets of the line and calls `take` for each good frame, with Address, Control, Protocol and FCS. */
static void decode(const uint8_t *octets, size_t length);

static uint8_t packets[PACKETS * PACKET + SLACK];
static uint8_t line[PACKETS * LONGEST_FRAME + SLACK];
static size_t line_octets;
static long good;

static inline void take(const uint8_t *frame, size_t length) {
  good += length == PACKET + 6 && frame[0] == 0xff;
}

static uint16_t fcs_table[8][256];

/* RFC 1662 appendix C.2; the other tables hold the same after more octets of zero. */
static void make_fcs_table(void) {
  for (unsigned octet = 0; octet < 256; octet++) {
    unsigned fcs = octet;
    for (int table = 0; table < 8; table++) {
      for (int bit = 0; bit < 8; bit++) fcs = fcs & 1 ? (fcs >> 1) ^ 0x8408 : fcs >> 1;
      fcs_table[table][octet] = (uint16_t)fcs;
    }
  }
}

static void fill(int content) {
  uint32_t state = 1;
  for (size_t i = 0; i < PACKETS * PACKET; i++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    packets[i] = (uint8_t)(content < 0 ? state : (uint32_t)content);
  }
  line_octets = 0;
  for (int i = 0; i < PACKETS; i++) line_octets += encode(packets + i * PACKET, PACKET, line + line_octets);
}

static unsigned long adler(void) {
  unsigned long a = 1, b = 0;
  for (size_t i = 0; i < line_octets; i++) {
    a = (a + line[i]) % 65521;
    b = (b + a) % 65521;
  }
  return b * 65536 + a;
}

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long time_encode(int frames) {
  static uint8_t out[LONGEST_FRAME + SLACK];
  static volatile size_t sink;
  long long begin = now();
  for (int i = 0; i < frames; i++) sink += encode(packets + i % PACKETS * PACKET, PACKET, out);
  return now() - begin;
}

static long long time_decode(int frames) {
  long long begin = now();
  for (good = 0; good < frames;) {
    long before = good;
    for (size_t at = 0; at < line_octets; at += PIECE)
      decode(line + at, line_octets - at < PIECE ? line_octets - at : PIECE);
    if (good - before != PACKETS) break;
  }
  return now() - begin;
}

int main(void) {
  char text[100];
  int answer = 0;
  make_fcs_table();
  setvbuf(stdout, NULL, _IOLBF, 0);
  while (fgets(text, sizeof text, stdin)) {
    unsigned accm;
    int number;
    char content[20];
    if (sscanf(text, "fill %x %19s", &accm, content) == 2) {
      set_accm(accm);
      fill(strcmp(content, "noise") == 0 ? -1 : (int)strtol(content, NULL, 16));
      printf("%d: %zu %lu\n", ++answer, line_octets, adler());
    } else if (sscanf(text, "encode %d", &number) == 1) {
      printf("%d: %lld\n", ++answer, time_encode(number));
    } else if (sscanf(text, "decode %d", &number) == 1) {
      long long took = time_decode(number);
      printf("%d: %lld %ld\n", ++answer, took, good);
    } else {
      return 1;
    }
  }
  return 0;
}
