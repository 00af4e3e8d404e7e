/*
 * Framing octet by octet, as lwIP's pppos does it: one function takes each octet that is sent, runs the FCS, looks the octet up in
 * a bit map and puts it into a small buffer, which goes out when it is full; each octet that comes goes through a state machine of
 * the header's fields, into a chain of such buffers. What both know lies behind pointers. Written from this description, not from
 * its source.
 */
#include "framing.h"

/* The payload of a buffer of lwIP's pool, as it comes. */
enum { BUFFER = 592, POOL = 8 };

struct buffer {
  struct buffer *next;
  uint8_t *payload;
  uint16_t length;
};

enum state { IDLE, ADDRESS, CONTROL, PROTOCOL_1, PROTOCOL_2, DATA };

struct port {
  uint8_t send_map[32], receive_map[32];
  uint8_t *out;
  enum state state;
  uint8_t escaped;
  uint16_t fcs, protocol;
  struct buffer *first, *last, *free;
};

static struct port the_port;
/* Not known to the compiler, as a port that is handed in by a caller. */
static struct port *volatile handed = &the_port;

static inline int is_special(const uint8_t *map, uint8_t octet) {
  return map[octet >> 3] & (1 << (octet & 7));
}

static inline uint16_t fcs_after(uint16_t fcs, uint8_t octet) {
  return (uint16_t)((fcs >> 8) ^ fcs_table[0][(fcs ^ octet) & 0xff]);
}

static void flush(struct port *port, struct buffer *buffer) {
  memcpy(port->out, buffer->payload, buffer->length);
  port->out += buffer->length;
  buffer->length = 0;
}

static int append(struct port *port, int error, struct buffer *buffer, uint8_t octet, int may_escape, uint16_t *fcs) {
  if (error) return error;
  if (BUFFER - buffer->length < 2) flush(port, buffer);
  if (fcs) *fcs = fcs_after(*fcs, octet);
  if (may_escape && is_special(port->send_map, octet)) {
    buffer->payload[buffer->length++] = ESCAPE;
    buffer->payload[buffer->length++] = octet ^ TRANS;
  } else {
    buffer->payload[buffer->length++] = octet;
  }
  return 0;
}

static size_t encode(const uint8_t *packet, size_t length, uint8_t *out) {
  static uint8_t payload[BUFFER];
  struct port *port = handed;
  struct buffer buffer = {NULL, payload, 0};
  uint16_t fcs = FCS_INIT;
  port->out = out;
  int error = append(port, 0, &buffer, FLAG, 0, NULL);
  error = append(port, error, &buffer, 0xff, 1, &fcs);
  error = append(port, error, &buffer, 0x03, 1, &fcs);
  error = append(port, error, &buffer, 0x00, 1, &fcs);
  error = append(port, error, &buffer, 0x21, 1, &fcs);
  while (length-- > 0) error = append(port, error, &buffer, *packet++, 1, &fcs);
  uint16_t sent = ~fcs;
  error = append(port, error, &buffer, sent & 0xff, 1, NULL);
  error = append(port, error, &buffer, sent >> 8, 1, NULL);
  error = append(port, error, &buffer, FLAG, 0, NULL);
  flush(port, &buffer);
  return error ? 0 : (size_t)(port->out - out);
}

static void end_frame(struct port *port) {
  size_t length = 0;
  for (struct buffer *buffer = port->first, *next; buffer; buffer = next) {
    next = buffer->next;
    length += buffer->length;
    buffer->next = port->free;
    port->free = buffer;
  }
  port->first = port->last = NULL;
  if (port->state == DATA && port->fcs == FCS_GOOD) good += length == PACKET + FCS_OCTETS && port->protocol == 0x21;
}

/* False when the pool is empty: the octet is dropped. */
static int grow(struct port *port) {
  struct buffer *buffer = port->free;
  if (!buffer) return 0;
  port->free = buffer->next;
  buffer->next = NULL;
  buffer->length = 0;
  if (port->last) port->last->next = buffer;
  else port->first = buffer;
  port->last = buffer;
  return 1;
}

static void decode(const uint8_t *octets, size_t length) {
  struct port *port = handed;
  while (length-- > 0) {
    uint8_t octet = *octets++;
    if (is_special(port->receive_map, octet)) {
      if (octet == ESCAPE) {
        port->escaped = 1;
      } else if (octet == FLAG) {
        end_frame(port);
        port->state = ADDRESS;
        port->escaped = 0;
        port->fcs = FCS_INIT;
      }
      continue;
    }
    if (port->escaped) {
      port->escaped = 0;
      octet ^= TRANS;
    }
    switch (port->state) {
      case IDLE:
        continue;
      case ADDRESS:
        port->state = CONTROL;
        if (octet == 0xff) break;
        /* fall through */
      case CONTROL:
        port->state = PROTOCOL_1;
        if (octet == 0x03) break;
        /* fall through */
      case PROTOCOL_1:
        port->protocol = octet;
        port->state = octet & 1 ? DATA : PROTOCOL_2;
        break;
      case PROTOCOL_2:
        port->protocol = (uint16_t)(port->protocol << 8 | octet);
        port->state = DATA;
        break;
      case DATA:
        if ((!port->last || port->last->length == BUFFER) && !grow(port)) continue;
        port->last->payload[port->last->length++] = octet;
        break;
    }
    port->fcs = fcs_after(port->fcs, octet);
  }
}

static void set_accm(uint32_t accm) {
  static uint8_t payloads[POOL][BUFFER];
  static struct buffer buffers[POOL];
  memset(&the_port, 0, sizeof the_port);
  for (int i = 0; i < POOL; i++) {
    buffers[i] = (struct buffer){the_port.free, payloads[i], 0};
    the_port.free = &buffers[i];
  }
  uint8_t *map = the_port.send_map;
  for (int i = 0; i < 4; i++) map[i] = (uint8_t)(accm >> (8 * i));
  map[FLAG >> 3] |= 1 << (FLAG & 7);
  map[ESCAPE >> 3] |= 1 << (ESCAPE & 7);
  memcpy(the_port.receive_map, map, sizeof the_port.send_map);
}
