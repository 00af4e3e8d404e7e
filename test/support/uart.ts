/** What a serial port makes of octets that were sent at another speed: every bit is sampled as a UART does. */

/** How often a UART looks for the edge of a start bit, in a bit. */
const samples = 16;

/** The octets that arrive at `to` baud when these are sent at `from` baud, 8 data bits, one stop bit, one behind the other. */
export function resample(octets: Uint8Array, from: number, to: number): Uint8Array {
  if (from === to) return octets;
  const bits = Array.from(octets).flatMap((octet) => [0, ...Array.from({ length: 8 }, (_, i) => (octet >> i) & 1), 1]);
  const level = (time: number): number => bits[Math.floor(time)] ?? 1;
  /** Of the receiver, in bits of the sender. */
  const bit = from / to;
  const heard: number[] = [];
  for (let time = 0; time < bits.length;) {
    if (level(time) === 1) {
      time += bit / samples;
      continue;
    }
    const octet = Array.from({ length: 8 }, (_, i) => level(time + bit * (1.5 + i)) << i).reduce((a, b) => a | b, 0);
    time += bit * 9.5;
    // A wrong stop bit: the kernel passes a zero on.
    heard.push(level(time) === 1 ? octet : 0);
    while (time < bits.length && level(time) === 0) time += bit / samples;
  }
  return Uint8Array.from(heard);
}
