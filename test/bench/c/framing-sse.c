/*
 * Framing by hand with SSE: sixteen octets are looked at together and copied when none of them needs an escape or is special;
 * else they are spread or moved together eight at a time, by pshufb. The FCS takes eight octets a step (slicing by 8).
 */
#include "framing.h"
#include <immintrin.h>

static uint32_t map;
/* By eight bits: octets with an escape (lane 8) in front of those whose bit is set; octets whose bit is set, moved together. */
static uint8_t spread[256][16], together[256][8];

static uint16_t fcs_of(const uint8_t *octets, size_t length, uint16_t fcs) {
  for (; length >= 8; octets += 8, length -= 8) {
    uint64_t word;
    memcpy(&word, octets, 8);
    word ^= fcs;
    fcs = fcs_table[7][word & 0xff] ^ fcs_table[6][(word >> 8) & 0xff] ^ fcs_table[5][(word >> 16) & 0xff] ^
          fcs_table[4][(word >> 24) & 0xff] ^ fcs_table[3][(word >> 32) & 0xff] ^ fcs_table[2][(word >> 40) & 0xff] ^
          fcs_table[1][(word >> 48) & 0xff] ^ fcs_table[0][word >> 56];
  }
  for (; length > 0; length--) fcs = (uint16_t)((fcs >> 8) ^ fcs_table[0][(fcs ^ *octets++) & 0xff]);
  return fcs;
}

/* ff where the map has that control character. */
static inline __m128i controls(__m128i v) {
  if (map == 0) return _mm_setzero_si128();
  __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
  if (map == 0xffffffff) return low;
  __m128i bytes = _mm_shuffle_epi8(_mm_cvtsi32_si128((int)map), _mm_and_si128(_mm_srli_epi16(v, 3), _mm_set1_epi8(3)));
  __m128i bit = _mm_shuffle_epi8(_mm_set1_epi64x((long long)0x8040201008040201ULL), _mm_and_si128(v, _mm_set1_epi8(7)));
  return _mm_and_si128(low, _mm_cmpeq_epi8(_mm_and_si128(bytes, bit), bit));
}

static inline __m128i equal(__m128i v, int octet) {
  return _mm_cmpeq_epi8(v, _mm_set1_epi8((char)octet));
}

static inline int is_special(uint8_t octet) {
  return octet == FLAG || octet == ESCAPE || (octet < 32 && ((map >> octet) & 1));
}

static inline uint8_t *put(uint8_t *out, uint8_t octet) {
  if (is_special(octet)) {
    *out++ = ESCAPE;
    octet ^= TRANS;
  }
  *out++ = octet;
  return out;
}

static inline uint8_t *put8(uint8_t *out, __m128i v, unsigned bits) {
  __m128i with_escape = _mm_unpacklo_epi64(v, _mm_set1_epi8(ESCAPE));
  _mm_storeu_si128((__m128i *)out, _mm_shuffle_epi8(with_escape, _mm_loadu_si128((const __m128i *)spread[bits])));
  return out + 8 + __builtin_popcount(bits);
}

static size_t encode(const uint8_t *packet, size_t length, uint8_t *out) {
  static const uint8_t header[] = {0xff, 0x03, 0x00, 0x21};
  uint8_t *at = out;
  uint16_t fcs = ~fcs_of(packet, length, fcs_of(header, sizeof header, FCS_INIT));
  *at++ = FLAG;
  for (size_t i = 0; i < sizeof header; i++) at = put(at, header[i]);
  size_t i = 0;
  for (; i + 16 <= length; i += 16) {
    __m128i v = _mm_loadu_si128((const __m128i *)(packet + i));
    __m128i special = _mm_or_si128(_mm_or_si128(equal(v, FLAG), equal(v, ESCAPE)), controls(v));
    unsigned bits = (unsigned)_mm_movemask_epi8(special);
    if (bits == 0) {
      _mm_storeu_si128((__m128i *)at, v);
      at += 16;
    } else {
      v = _mm_xor_si128(v, _mm_and_si128(special, _mm_set1_epi8(TRANS)));
      at = put8(at, v, bits & 0xff);
      at = put8(at, _mm_unpackhi_epi64(v, v), bits >> 8);
    }
  }
  for (; i < length; i++) at = put(at, packet[i]);
  at = put(at, fcs & 0xff);
  at = put(at, fcs >> 8);
  *at++ = FLAG;
  return (size_t)(at - out);
}

static uint8_t frame[MRU + 6 + SLACK];
static size_t frame_octets;
static uint8_t escaped;

static inline void end_frame(void) {
  if (frame_octets >= 4 && frame_octets <= MRU + 6 && !escaped && fcs_of(frame, frame_octets, FCS_INIT) == FCS_GOOD)
    take(frame, frame_octets);
  frame_octets = 0;
  escaped = 0;
}

static inline void read_one(uint8_t octet) {
  if (octet == FLAG) {
    end_frame();
  } else if (octet == ESCAPE) {
    escaped = TRANS;
  } else if (!is_special(octet)) {
    if (frame_octets < MRU + 6) frame[frame_octets] = octet ^ escaped;
    frame_octets++;
    escaped = 0;
  }
}

static void decode(const uint8_t *octets, size_t length) {
  size_t i = 0;
  while (i + 16 <= length) {
    __m128i v = _mm_loadu_si128((const __m128i *)(octets + i));
    __m128i escapes = equal(v, ESCAPE);
    unsigned escape_bits = (unsigned)_mm_movemask_epi8(escapes);
    unsigned others = (unsigned)_mm_movemask_epi8(_mm_or_si128(equal(v, FLAG), controls(v)));
    if (others != 0 || frame_octets > MRU + 6 || (escape_bits & (escape_bits << 1 | (escaped != 0)))) {
      for (size_t end = i + 16; i < end; i++) read_one(octets[i]);
      continue;
    }
    if (escape_bits == 0 && !escaped) {
      _mm_storeu_si128((__m128i *)(frame + frame_octets), v);
      frame_octets += 16;
    } else {
      __m128i behind = _mm_and_si128(_mm_slli_si128(escapes, 1), _mm_set1_epi8(TRANS));
      v = _mm_xor_si128(v, _mm_or_si128(behind, _mm_cvtsi32_si128(escaped)));
      unsigned kept = ~escape_bits & 0xffff;
      __m128i low = _mm_loadl_epi64((const __m128i *)together[kept & 0xff]);
      __m128i high = _mm_loadl_epi64((const __m128i *)together[kept >> 8]);
      _mm_storel_epi64((__m128i *)(frame + frame_octets), _mm_shuffle_epi8(v, low));
      frame_octets += (size_t)__builtin_popcount(kept & 0xff);
      _mm_storel_epi64((__m128i *)(frame + frame_octets), _mm_shuffle_epi8(_mm_unpackhi_epi64(v, v), high));
      frame_octets += (size_t)__builtin_popcount(kept >> 8);
      escaped = escape_bits >> 15 ? TRANS : 0;
    }
    i += 16;
  }
  for (; i < length; i++) read_one(octets[i]);
}

static void set_accm(uint32_t accm) {
  map = accm;
  for (unsigned bits = 0; bits < 256; bits++) {
    uint8_t *out = spread[bits], *kept = together[bits];
    for (uint8_t lane = 0; lane < 8; lane++) {
      if (bits >> lane & 1) {
        *out++ = 8;
        *kept++ = lane;
      }
      *out++ = lane;
    }
  }
}
