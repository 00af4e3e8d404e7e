/** Amounts of data in the config: a number and its unit, such as `500 MB`, `5 GB`, `1.5 TiB`. */
import { right, wrong, type Reader } from './reading.js';
import { code } from './text.js';

const units: Readonly<Record<string, number>> = {
  TiB: 2 ** 40,
  GiB: 2 ** 30,
  MiB: 2 ** 20,
  KiB: 2 ** 10,
  TB: 1e12,
  GB: 1e9,
  MB: 1e6,
  kB: 1e3,
};

/** An amount in octets. */
export function amount(least: number, most: number): Reader<number> {
  return {
    allowed: `${formatAmount(least)} to ${formatAmount(most)}, in kB, MB, GB, TB (of 1000) or KiB, MiB, GiB, TiB (of 1024)`,
    read(text) {
      const [, number, name = ''] = /^(\d{1,9}(?:\.\d{1,3})?)\s?([A-Za-z]*)$/.exec(text) ?? [];
      if (number === undefined) return wrong('is no amount of data');
      if (name === '') return wrong(`has no unit; write ${number} MB or ${number} GB`);
      const unit = Object.hasOwn(units, name) ? units[name] : undefined;
      if (unit === undefined) return wrong(`has no known unit${suggestion(name)}`);
      const octets = Math.round(Number(number) * unit);
      if (octets < least) return wrong('is too little');
      return octets > most ? wrong('is too much') : right(octets);
    },
  };
}

/** `5100000000` as `5.1 GB`, rounded to three digits. */
export function formatAmount(octets: number): string {
  const [name, unit] = Object.entries(units).find(([unit, size]) => !unit.includes('i') && octets >= size) ?? ['B', 1];
  return `${Number((octets / unit).toPrecision(3))} ${name}`;
}

/** `gb` and `G` probably mean GB; they may mean bits, and are not taken for it. */
function suggestion(name: string): string {
  const meant = Object.keys(units).find((unit) => [unit, unit.replace('B', '')].some((known) => same(known, name)));
  return meant === undefined ? '' : `; did you mean ${code(meant)}?`;
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
