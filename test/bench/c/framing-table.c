/* Framing by tables, octet by octet: RFC 1662's FCS (appendix C.2), and a table of what each octet means. */
#include "framing.h"

enum meaning { ORDINARY, SPECIAL };

static uint8_t meaning[256];

static inline uint8_t *put(uint8_t *out, uint8_t octet) {
  if (meaning[octet] == SPECIAL) {
    *out++ = ESCAPE;
    octet ^= TRANS;
  }
  *out++ = octet;
  return out;
}

static size_t encode(const uint8_t *packet, size_t length, uint8_t *out) {
  static const uint8_t header[] = {0xff, 0x03, 0x00, 0x21};
  uint8_t *at = out;
  uint16_t fcs = FCS_INIT;
  *at++ = FLAG;
  for (size_t i = 0; i < sizeof header; i++) {
    fcs = (uint16_t)((fcs >> 8) ^ fcs_table[0][(fcs ^ header[i]) & 0xff]);
    at = put(at, header[i]);
  }
  for (size_t i = 0; i < length; i++) {
    fcs = (uint16_t)((fcs >> 8) ^ fcs_table[0][(fcs ^ packet[i]) & 0xff]);
    at = put(at, packet[i]);
  }
  fcs ^= 0xffff;
  at = put(at, fcs & 0xff);
  at = put(at, fcs >> 8);
  *at++ = FLAG;
  return (size_t)(at - out);
}

static uint8_t frame[MRU + 6];
static size_t frame_octets;
static uint16_t frame_fcs = FCS_INIT;
static uint8_t escaped;

static void decode(const uint8_t *octets, size_t length) {
  size_t at = frame_octets;
  uint16_t fcs = frame_fcs;
  for (const uint8_t *end = octets + length; octets < end; octets++) {
    uint8_t octet = *octets;
    if (meaning[octet] == SPECIAL) {
      if (octet == ESCAPE) {
        escaped = TRANS;
      } else if (octet == FLAG) {
        if (at >= 4 && at <= sizeof frame && !escaped && fcs == FCS_GOOD) take(frame, at);
        at = 0;
        fcs = FCS_INIT;
        escaped = 0;
      }
      continue;
    }
    octet ^= escaped;
    escaped = 0;
    if (at < sizeof frame) frame[at] = octet;
    at++;
    fcs = (uint16_t)((fcs >> 8) ^ fcs_table[0][(fcs ^ octet) & 0xff]);
  }
  frame_octets = at;
  frame_fcs = fcs;
}

static void set_accm(uint32_t accm) {
  for (int octet = 0; octet < 256; octet++) {
    int control = octet < 32 && ((accm >> octet) & 1);
    meaning[octet] = control || octet == FLAG || octet == ESCAPE ? SPECIAL : ORDINARY;
  }
}
