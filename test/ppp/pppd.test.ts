/** Conversations recorded with a real pppd, said again: the session sends today what it sent then, packet by packet. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatHex, parseHex } from '../../src/base/bytes.js';
import { cause } from '../../src/base/cause.js';
import type { LcpOptions } from '../../src/ppp/options.js';
import type { SessionOutput } from '../../src/ppp/outputs.js';
import { SessionStation, sessionOptions } from '../support/session-pair.js';
import { readVectors } from '../support/vectors.js';
import { must } from './bench.js';

interface Line {
  readonly at: number;
  readonly who: string;
  readonly what: string;
}

const conversations = readVectors('pppd-conversations.txt')
  .trim()
  .split(/\n{2,}/);

describe('a session with pppd 2.4.9', () => {
  for (const conversation of conversations) {
    const lines = conversation.split('\n');
    const head = new Map(lines.slice(0, 5).map((line) => [line.split(' ', 1)[0], line.slice(line.indexOf(' ') + 1)]));
    it(must(head.get('name')), () => {
      const magic = Number.parseInt(must(head.get('magic')), 16);
      const station = new SessionStation(sessionOptions(lcpOptions(must(head.get('lcp')))), 0, () => magic);
      const record = lines.slice(5).map(parseLine);
      replay(station, record);
      assert.deepEqual(
        withoutRepeats(station.outputs.flatMap(describeOutput)),
        withoutRepeats(record.filter(({ who, what }) => who === '>' || isReport(what)).map(({ what }) => what)),
      );
      assert.equal(station.session.ending?.code, head.get('ends'), 'the end is known before the last wait is over');
      for (let timer = station.nextTimeout(); timer !== undefined; timer = station.nextTimeout())
        station.timeout(timer);
      assert.equal(station.finished?.code, head.get('ends'));
    });
  }

  it('is what the file holds', () => {
    assert.equal(conversations.length, 9);
  });
});

/** Gives the session what it was given then, at the same times. */
function replay(station: SessionStation, record: readonly Line[]): void {
  for (const { at, who, what } of record) {
    for (let due = station.nextTimeout(); due !== undefined && due <= at; due = station.nextTimeout()) {
      station.timeout(due);
    }
    if (what === 'start') station.start(at);
    if (what === 'close') station.close(at, cause('requested'));
    if (who !== '<') continue;
    const [protocol = '', packet = ''] = what.split(' ');
    station.receive({ protocol: Number.parseInt(protocol, 16), packet: parseHex(packet) }, at);
  }
}

/** How often a request goes out before pppd is there is the Restart timer's matter, which has its own tests. */
function withoutRepeats(told: readonly string[]): string[] {
  return told.filter((what, i) => what !== told[i - 1]);
}

function parseLine(line: string): Line {
  const [, at, who, what] = must(/^([\d.]+) ([<>!]) (.+)$/.exec(line) ?? undefined);
  return { at: Number(at), who: must(who), what: must(what) };
}

function isReport(what: string): boolean {
  return what.startsWith('network-') || what.startsWith('finished');
}

function describeOutput(output: SessionOutput): string[] {
  switch (output.type) {
    case 'send':
      return [`${output.protocol.toString(16)} ${formatHex(output.packet, '')}`];
    case 'network-up':
    case 'network-down':
      return [output.type];
    case 'finished':
      return [`finished ${output.cause.code}`];
    case 'framing':
    case 'header-compression':
    case 'compressor':
    case 'start-compressor':
    case 'decompressor':
    case 'reset-compressor':
    case 'reset-decompressor':
    case 'address-wanted':
    case 'network-changed':
    case 'bundle':
    case 'line-finished':
    case 'note':
    case 'echo':
      return [];
  }
}

function lcpOptions(json: string): Partial<LcpOptions> {
  const parsed: unknown = JSON.parse(json);
  assert(isObject(parsed));
  return parsed;
}

/** Our own file: what is in the object is checked by the conversation itself. */
function isObject(value: unknown): value is Partial<LcpOptions> {
  return typeof value === 'object' && value !== null;
}
