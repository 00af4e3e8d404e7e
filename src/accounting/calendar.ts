/**
 * Calendar time as accounting keeps it: RFC 3339 in the daemon's time zone, with the offset. People, and providers with
 * their quotas, think in local months; and since the text carries its month in its first seven characters, what was counted
 * stays in that month when the zone is changed later.
 */

/** `2026-11-22T15:27:54.123+01:00` */
export function formatLocal(date: Date): string {
  const east = -Math.round(date.getTimezoneOffset());
  const shifted = new Date(date.getTime() + east * 60_000).toISOString().slice(0, -1);
  const minutes = Math.abs(east);
  return `${shifted}${east < 0 ? '-' : '+'}${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}

/** `2026-11`, of a text that `formatLocal` made. */
export function monthOf(local: string): string {
  return local.slice(0, 7);
}

/** The first moment of the next month. */
export function monthEnd(date: Date): Date {
  return new Date(date.getFullYear(), date.getMonth() + 1, 1);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
