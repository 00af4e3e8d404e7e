/** Quantities, times and causes as people read them. ASCII only: a serial console may know nothing else. */
import prettyBytes from 'pretty-bytes';
import prettyMilliseconds from 'pretty-ms';
import type { WireCause } from '../../control/protocol.js';

/** `3d 4h`, `4h`, `12s`: two neighbouring units at most. A negative span (the clock was set) counts as none. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const grain = seconds >= 86_400 ? 3600 : seconds >= 3600 ? 60 : 1;
  return seconds === 0 ? '0s' : prettyMilliseconds((seconds - (seconds % grain)) * 1000, { unitCount: 2 });
}

/** From a time of the protocol until `now`. */
export function formatAge(time: string, now: Date): string {
  return formatSpan(now.getTime() - Date.parse(time));
}

/** `2025-11-22 14:02:11`, local time. */
export function formatTime(time: string): string {
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}

/** `12.3 MB`, powers of ten. */
export function formatBytes(bytes: number): string {
  return prettyBytes(bytes);
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(Math.round(bytesPerSecond))}/s`;
}

/** `12.3 ms`, `1.5 s`: three figures are enough for a round trip. */
export function formatRoundTrip(ms: number): string {
  return ms < 1000 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1000).toPrecision(3))} s`;
}

/** `1 packet`, `3 packets`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `the device does not exist (/dev/ttyUSB0)` */
export function formatCause({ summary, detail }: WireCause): string {
  return detail === null ? summary : `${summary} (${detail})`;
}

/** The end of a text that is too long, which for a path is what tells it from others: `...A10K2X7Z-if00-port0`. */
export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `...${text.slice(text.length - length + 3)}`;
}
