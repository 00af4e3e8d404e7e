/** The language of `allow:`: what each form means, every mistake with its place, and properties over generated rules. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { familyOf, networkOf, prefixOf } from '../../src/base/ip.js';
import { ip6FromNumber } from '../../src/base/ip6.js';
import { formatAllowRule, parseAllowRule } from '../../src/net/nft/allow.js';
import { serviceByName, serviceNames } from '../../src/net/nft/services.js';
import type { AllowRule, PortRange, Service } from '../../src/net/options.js';
import { root } from '../support/root.js';
import { allowed, net } from './nft-support.js';

type Meaning = Partial<Omit<AllowRule, 'text'>>;

const forms: readonly { text: string; means: Meaning; words?: string }[] = [
  { text: 'ssh from 10.2.0.0/16', means: { services: [tcp(22)], from: [net('10.2.0.0/16')] } },
  { text: 'http, https to 10.1.0.5', means: { services: [tcp(80), tcp(443)], to: [net('10.1.0.5/32')] } },
  { text: 'tcp 8000-8100', means: { services: [tcp([8000, 8100])] } },
  { text: 'tcp 80, 443, 8000-8100', means: { services: [tcp(80, 443, [8000, 8100])] } },
  { text: 'tcp 7, udp 9, 10, ntp', means: { services: [tcp(7), udp(9, 10), udp(123)] } },
  {
    text: 'udp 53 from 10.2.0.0/16 to 10.1.0.53',
    means: { services: [udp(53)], from: [net('10.2.0.0/16')], to: [net('10.1.0.53/32')] },
  },
  { text: 'dns', means: { services: [tcp(53), udp(53)] } },
  { text: 'icmp', means: { services: [{ protocol: 'icmp' }] } },
  { text: 'ping', means: { services: [{ protocol: 'ping' }] } },
  { text: 'tcp', means: { services: [tcp()] } },
  { text: 'protocol 50', means: { services: [{ protocol: 50 }] } },
  { text: 'everything', means: {} },
  { text: 'everything from 10.2.3.4', means: { from: [net('10.2.3.4/32')] } },
  {
    text: 'everything to 10.1.0.0/24, 10.1.9.9 from 10.2.0.0/16',
    means: { from: [net('10.2.0.0/16')], to: [net('10.1.0.0/24'), net('10.1.9.9/32')] },
    words: 'everything from 10.2.0.0/16 to 10.1.0.0/24, 10.1.9.9',
  },
  {
    text: '  SSH ,ping\tFrom 10.2.3.4/32 ',
    means: { services: [tcp(22), { protocol: 'ping' }], from: [net('10.2.3.4')] },
    words: 'ssh, ping from 10.2.3.4',
  },
  { text: 'ssh from 2001:db8::/32', means: { services: [tcp(22)], from: [net('2001:db8::/32')] } },
  {
    text: 'ping from 2001:DB8:2:0::/48, 10.2.0.0/16 to 2001:db8:1::0005',
    means: {
      services: [{ protocol: 'ping' }],
      from: [net('2001:db8:2::/48'), net('10.2.0.0/16')],
      to: [net('2001:db8:1::5')],
    },
    words: 'ping from 2001:db8:2::/48, 10.2.0.0/16 to 2001:db8:1::5',
  },
  { text: 'tcp 80', means: { services: [tcp(80)] }, words: 'http' },
  { text: 'tcp 1-65535', means: { services: [tcp([1, 65535])] } },
];

const mistakes: readonly { text: string; at: number; says: RegExp }[] = [
  { text: '', at: 0, says: /^a service is missing; a rule is services, then `from` networks/ },
  { text: '   ', at: 3, says: /^a service is missing/ },
  { text: 'from 10.2.0.0/16', at: 0, says: /^a service is missing/ },
  { text: 'ssh,', at: 4, says: /^a service is missing/ },
  { text: 'ssh,, http', at: 4, says: /^a service is missing/ },
  { text: ', ssh', at: 0, says: /^a service is missing/ },
  { text: 'shs from 10.2.0.0/16', at: 0, says: /^`shs` is no service; allowed: everything, icmp, .*, ssh, / },
  { text: 'ssh from 2001:db8::1/32', at: 9, says: /the network is 2001:db8::\/32/ },
  { text: 'ssh from 2001:db8::/32 to 10.1.0.5', at: 26, says: /^no packet goes from IPv4 to IPv6/ },
  { text: 'ssh, toString', at: 5, says: /^`toString` is no service/ },
  { text: 'ssh, __proto__', at: 5, says: /^`__proto__` is no service/ },
  { text: 'ssh http', at: 4, says: /^`http` does not belong here \(a comma may be missing\)/ },
  { text: 'ping 1', at: 5, says: /^`1` does not belong here/ },
  { text: '443', at: 0, says: /^a port needs `tcp` or `udp` before it/ },
  { text: 'http, 443', at: 6, says: /^a port needs/ },
  { text: 'tcp, 443', at: 5, says: /^a port needs/ },
  { text: 'protocol 50, 51', at: 13, says: /^a port needs/ },
  { text: 'tcp 0', at: 4, says: /^`0` is no port; a port is 1 to 65535/ },
  { text: 'tcp 65536', at: 4, says: /is no port/ },
  { text: 'tcp 99999999999999999999', at: 4, says: /is no port/ },
  { text: 'tcp 022', at: 4, says: /^`022` is no port/ },
  { text: 'tcp ssh', at: 4, says: /^`ssh` is no port/ },
  { text: 'tcp 80, 8100-8000', at: 8, says: /^`8100-8000` ends before it begins/ },
  { text: 'tcp 80, 90 91', at: 11, says: /^`91` does not belong here/ },
  { text: 'tcp 8000 - 8100', at: 9, says: /^`-` does not belong here/ },
  { text: 'protocol', at: 8, says: /^a number is missing; the number of an IP protocol is 0 to 255/ },
  { text: 'protocol 256', at: 9, says: /^`256` is no number of a protocol/ },
  { text: 'protocol esp', at: 9, says: /^`esp` is no number/ },
  { text: 'everything, ssh', at: 0, says: /^`everything` stands alone/ },
  { text: 'ssh, everything', at: 5, says: /^`everything` stands alone/ },
  { text: 'ssh from', at: 8, says: /^a network is missing/ },
  { text: 'ssh from to 10.1.0.5', at: 9, says: /^a network is missing/ },
  { text: 'ssh from 10.2.0.0/16,', at: 21, says: /^a network is missing/ },
  { text: 'ssh from 10.2.0.0/16 to', at: 23, says: /^a network is missing/ },
  { text: 'ssh from 10.2.0.0/33', at: 9, says: /^`10\.2\.0\.0\/33` is no network; a network is an address such as/ },
  { text: 'ssh from branch', at: 9, says: /^`branch` is no network/ },
  { text: 'ssh from 10.2.0.1/16', at: 9, says: /has bits set behind its length; the network is 10\.2\.0\.0\/16$/ },
  { text: 'ssh from 10.2.0.1 http', at: 18, says: /^`http` does not belong here/ },
  { text: 'ssh from 10.2.0.1 from 10.2.0.2', at: 18, says: /^`from` is here a second time/ },
  { text: '\u001b[2J', at: 0, says: /^`\ufffd\[2J` is no service/ },
  { text: 'x'.repeat(1000), at: 0, says: /^`x{40}…` is no service/ },
];

describe('parseAllowRule', () => {
  for (const { text, means, words = text } of forms) {
    it(`reads ${JSON.stringify(text)}`, () => {
      const rule = { text, services: [], from: [], to: [], ...means };
      assert.deepEqual(parseAllowRule(text), { ok: true, rule });
      assert.equal(formatAllowRule(rule), words);
    });
  }

  for (const { text, at, says } of mistakes) {
    it(`finds the mistake in ${JSON.stringify(text.slice(0, 40))}`, () => {
      const read = parseAllowRule(text);
      assert.ok(!read.ok);
      assert.match(read.message, says);
      assert.equal(read.at, at);
    });
  }

  it('reads what formatAllowRule writes, with the same meaning', () => {
    fc.assert(
      fc.property(anyRule, (rule) => {
        const text = formatAllowRule(rule);
        assert.deepEqual(parseAllowRule(text), { ok: true, rule: { ...rule, text } });
      }),
      { numRuns: 1000 },
    );
  });

  it('never throws, and points into the text, whatever is written', () => {
    const pieces = fc.constantFrom(
      'ssh',
      'tcp',
      'udp',
      'protocol',
      'from',
      'to',
      'everything',
      ',',
      ' ',
      '-',
      '/',
      '10.2.0.0',
      '80',
      '0',
      '\n',
      '\ud800',
      '\u0000',
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces).map((some) => some.join('')),
      fc.array(pieces).map((some) => some.join(' ')),
      mutated,
    );
    fc.assert(
      fc.property(texts, (text) => {
        const read = parseAllowRule(text);
        if (!read.ok) {
          assert.ok(read.at >= 0 && read.at <= text.length, `${read.at}`);
          assert.match(read.message, /^[^\p{C}]+$/u);
        } else
          assert.deepEqual(allowed(formatAllowRule(read.rule)), { ...read.rule, text: formatAllowRule(read.rule) });
      }),
      { numRuns: 3000 },
    );
  });
});

describe('docs/firewall.md', () => {
  it('shows rules that are right', () => {
    const text = readFileSync(join(root, 'docs/firewall.md'), 'utf8');
    const [, rows = ''] = /^\| rule +\| lets in +\|\n\|.*\n((?:\|.*\n)+)/m.exec(text) ?? [];
    const rules = Array.from(rows.matchAll(/^\| (.+?) +\|/gm), ([, rule = '']) => rule);
    assert.ok(rules.length >= 10, rows);
    for (const rule of rules) assert.equal(formatAllowRule(allowed(rule)), rule);
  });
});

describe('the service names', () => {
  it('are those of docs/firewall.md, with the same ports', () => {
    const rows = readFileSync(join(root, 'docs/firewall.md'), 'utf8').matchAll(
      /^\| `(\w+)` +\| ((?:tcp|udp) .+?) +\|$/gm,
    );
    const documented = Array.from(rows, ([, name = '', ports = '']) => ({ name, ports }));
    const known = serviceNames.map((name) => ({ name, ports: (serviceByName(name) ?? []).map(portsOf).join(', ') }));
    assert.deepEqual(documented, known);
  });
});

function portsOf(service: Service): string {
  return 'ports' in service ? `${service.protocol} ${service.ports.map(({ first }) => first).join(', ')}` : 'none';
}

/** Records like those of a literal. */
const plain = { noNullPrototype: true };
const port = fc.integer({ min: 1, max: 65535 });
const anyPorts: fc.Arbitrary<PortRange> = fc
  .oneof(
    port.map((one) => [one, one] as const),
    fc.tuple(port, port),
    fc.constantFrom([22, 22] as const, [53, 53] as const),
  )
  .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));
const anyService: fc.Arbitrary<Service> = fc.oneof(
  fc.record(
    { protocol: fc.constantFrom('tcp' as const, 'udp' as const), ports: fc.array(anyPorts, { maxLength: 4 }) },
    plain,
  ),
  fc.record({ protocol: fc.constantFrom('icmp' as const, 'ping' as const) }, plain),
  fc.record({ protocol: fc.integer({ min: 0, max: 255 }) }, plain),
);
const anyNetwork4 = fc
  .tuple(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0, max: 32 }))
  .map(([address, length]) => networkOf(prefixOf(address, length)));
const anyNetwork6 = fc
  .tuple(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), fc.integer({ min: 0, max: 128 }))
  .map(([address, length]) => networkOf(prefixOf(ip6FromNumber(address), length)));
const anyNetwork = fc.oneof(anyNetwork4, anyNetwork6);
const anyRule: fc.Arbitrary<AllowRule> = fc
  .record(
    {
      text: fc.constant(''),
      services: fc.array(anyService, { maxLength: 5 }),
      from: fc.array(anyNetwork, { maxLength: 3 }),
      to: fc.array(anyNetwork, { maxLength: 3 }),
    },
    plain,
  )
  .filter(
    ({ from, to }) =>
      from.length === 0 || to.length === 0 || from.some((a) => to.some((b) => familyOf(a) === familyOf(b))),
  );
/** A right rule with a piece taken out and something put in. */
const mutated = fc.tuple(anyRule, fc.nat(), fc.nat(8), fc.string()).map(([rule, place, count, piece]) => {
  const text = formatAllowRule(rule);
  const at = place % (text.length + 1);
  return text.slice(0, at) + piece + text.slice(at + count);
});

function tcp(...ports: readonly (number | readonly [number, number])[]): Service {
  return { protocol: 'tcp', ports: ports.map(rangeOf) };
}

function udp(...ports: readonly number[]): Service {
  return { protocol: 'udp', ports: ports.map(rangeOf) };
}

function rangeOf(ports: number | readonly [number, number]): PortRange {
  const [first, last] = typeof ports === 'number' ? [ports, ports] : ports;
  return { first, last };
}
