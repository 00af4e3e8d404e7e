/**
 * The values of the config, one reader each. Every value comes in as the text that stands in the file and is read as what
 * its key wants, so nothing depends on what YAML would guess: `no` is a word, 0x11 a number, 010 a mistake.
 */
import type { Millis } from '../base/clock.js';
import { formatDuration, readDuration } from './duration.js';
import { right, wrong, type Reader, type Reading } from './reading.js';
import { code, nearest } from './text.js';

/** A whole number, decimal. */
export function integer(least: number, most: number): Reader<number> {
  return {
    allowed: `${least} to ${most}`,
    read(text) {
      if (/^-\d+$/.test(text)) return wrong('is too small');
      if (!/^\d+$/.test(text)) return wrong('is not a whole number');
      if (/^0\d/.test(text)) return wrong('has a leading zero');
      return inRange(Number(text), least, most);
    },
  };
}

/** A duration in milliseconds. */
export function duration(least: Millis, most: Millis): Reader<Millis> {
  return {
    allowed: `${formatDuration(least)} to ${formatDuration(most)}`,
    read(text) {
      const reading = readDuration(text);
      if (!reading.ok) return reading;
      if (reading.value < least) return wrong('is too short');
      return reading.value > most ? wrong('is too long') : reading;
    },
  };
}

/** What the reader reads, or one of the words that mean "none". */
export function orOff<T>(reader: Reader<T>, off: T): Reader<T> {
  return {
    allowed: `${reader.allowed}, or off`,
    read: (text) => (isOff(text) ? right(off) : reader.read(text)),
  };
}

/** One of the words. */
export function choice<const Word extends string>(...words: readonly Word[]): Reader<Word> {
  return {
    allowed: words.join(', '),
    read(text) {
      const word = words.find((candidate) => candidate === text);
      if (word !== undefined) return right(word);
      const near = nearest(text, words);
      return wrong(near === undefined ? 'is unknown' : `is unknown; did you mean ${code(near)}?`);
    },
  };
}

/** true or false, by any of YAML's words for them. */
export const flag: Reader<boolean> = {
  allowed: 'true, false (or on, off, yes, no)',
  read(text) {
    if (/^(?:true|on|yes)$/i.test(text)) return right(true);
    return isOff(text) ? right(false) : wrong('is neither true nor false');
  },
};

/** A link's name: goes into paths, commands and log lines. */
export const linkName: Reader<string> = {
  allowed: '1 to 32 letters, digits, `.`, `_` and `-`, beginning with a letter or digit',
  read: (text) => (/^[A-Za-z0-9][\w.-]{0,31}$/.test(text) ? right(text) : wrong('is no name for a link')),
};

/** What Linux takes as the name of an interface, without what sysctl, shells and firewalls stumble over. */
export const interfaceName: Reader<string> = {
  allowed: '1 to 15 letters, digits, `.`, `_` and `-`, beginning with a letter or digit',
  read(text) {
    if (!/^[A-Za-z0-9][\w.-]*$/.test(text)) return wrong('is no name for an interface');
    if (text.length > 15) return wrong(`has ${text.length} characters`);
    return ['all', 'default', 'lo'].includes(text) ? wrong('is a name that the kernel keeps for itself') : right(text);
  },
};

/** A user of this machine, as Debian names them. */
export const userName: Reader<string> = {
  allowed: 'the name of a user, of 1 to 32 letters, digits, `.`, `_` and `-`, beginning with a letter or `_`',
  read: (text) => (/^[a-z_][\w.-]{0,31}$/i.test(text) ? right(text) : wrong('is no name of a user')),
};

/** A part, in per cent, as a number from 0 to 1. */
export const percentage: Reader<number> = {
  allowed: '1% to 100%',
  read(text) {
    const [, number] = /^(\d{1,3})\s?%$/.exec(text) ?? [];
    if (number === undefined)
      return wrong(/^\d+$/.test(text) ? `has no % behind it; write ${text}%` : 'is no percentage');
    const reading = inRange(Number(number), 1, 100);
    return reading.ok ? right(reading.value / 100) : reading;
  },
};

/** So many of so many: `3 of 5`. */
export const partOfWhole: Reader<{ readonly part: number; readonly whole: number }> = {
  allowed: 'such as 3 of 5, up to 100',
  read(text) {
    const [, part, whole] = /^([1-9]\d{0,2}) of ([1-9]\d{0,2})$/.exec(text) ?? [];
    if (part === undefined || whole === undefined) return wrong('is not so many of so many');
    const reading = { part: Number(part), whole: Number(whole) };
    if (reading.whole > 100) return wrong('is too many');
    return reading.part > reading.whole ? wrong('is more than all') : right(reading);
  },
};

/** A line of text. */
export const lineOfText: Reader<string> = {
  allowed: 'a line of at most 255 characters',
  read(text) {
    if (/[\p{Cc}\ufffd]/u.test(text)) return wrong('holds a character that does not belong in a line of text');
    return text.length > 255 ? wrong('is too long') : right(text);
  },
};

/** A path from the root on. */
export const absolutePath: Reader<string> = {
  allowed: 'an absolute path',
  read(text) {
    if (!text.startsWith('/')) return wrong('is not an absolute path');
    if (/[\p{Cc}\ufffd]/u.test(text)) return wrong('holds a character that does not belong in a path');
    if (text.endsWith('/')) return wrong('ends with a slash');
    return Buffer.byteLength(text) > 4095 ? wrong('is too long') : right(text);
  },
};

/** A device below /dev, or anything else that can be opened like one. */
export const devicePath: Reader<string> = {
  allowed: 'the path of a serial port, such as /dev/ttyS0 or one below /dev/serial/by-id',
  read(text) {
    if (/^tty\w+$/.test(text)) return wrong(`is not an absolute path; did you mean ${code(`/dev/${text}`)}?`);
    return absolutePath.read(text);
  },
};

/** A path that fits into a socket's address. */
export const socketPath: Reader<string> = {
  allowed: 'an absolute path of at most 107 bytes',
  read: (text) => (Buffer.byteLength(text) > 107 ? wrong('is too long for a socket') : absolutePath.read(text)),
};

/** The group of a socket; undefined: that of the process. */
export const socketGroup: Reader<string | undefined> = {
  allowed: 'own, or the name or the number of a group',
  read(text) {
    if (text === 'own') return right(undefined);
    if (/^\d+$/.test(text)) return Number(text) < 0xffffffff ? right(text) : wrong('is too large');
    return userName.read(text).ok ? right(text) : wrong('is no name of a group');
  },
};

/** Permissions of a socket, that its owner at least has. */
export const socketMode: Reader<number> = {
  allowed: 'three octal digits behind a 0, the first of them 6: 0600 to 0666',
  read(text) {
    if (!/^0[0-7]{3}$/.test(text)) return wrong('is not a mode');
    return /^06[0246]{2}$/.test(text) ? right(Number.parseInt(text, 8)) : wrong('is of no use for a socket');
  },
};

/** An octet by its number, decimal or hexadecimal. */
export function character(allowed: string, isAllowed: (octet: number) => boolean): Reader<number> {
  return {
    allowed,
    read(text) {
      if (!/^(?:0|[1-9]\d*|0x[0-9a-f]+)$/i.test(text)) return wrong('is not the number of a character');
      const octet = Number(text);
      return isAllowed(octet) ? right(octet) : wrong('cannot be in this list');
    },
  };
}

/** The control characters as a map of 32 bits. RFC 1662 §7.1 */
export const characterMap: Reader<number> = {
  allowed: 'a map of 32 bits such as 0x000a0000, none, all, or a list of characters 0 to 31',
  read(text) {
    if (text === 'all') return right(0xffffffff);
    if (text === '0' || isOff(text)) return right(0);
    if (/^[0-9a-f]{2,8}$/i.test(text)) return wrong(`has no 0x in front; did you mean ${code(`0x${text}`)}?`);
    if (!/^0x[0-9a-f]+$/i.test(text)) return wrong('is no map of characters');
    return text.length > 10 ? wrong('has more than 32 bits') : right(Number(text));
  },
};

/** One of the words that mean "none" or "not at all". */
export function isOff(input: unknown): boolean {
  return typeof input === 'string' && /^(?:false|off|no|none)$/i.test(input);
}

function inRange(value: number, least: number, most: number): Reading<number> {
  if (value < least) return wrong('is too small');
  return value > most ? wrong('is too large') : right(value);
}
