/** Right configs of what a link does beside being one: routes, filters, hooks, oversight. Every key, short form and default. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseIp4, parsePrefix } from '../../src/base/ip.js';
import type { LinkConfig } from '../../src/config/types.js';
import type { TrackOptions } from '../../src/health/options.js';
import type { Hook } from '../../src/hooks/options.js';
import type {
  DefaultRoute,
  Firewall,
  Masquerade,
  NeighbourProxy,
  PortForward,
  RemoteNetwork,
} from '../../src/net/options.js';
import { good, goodLink } from './support.js';

/** A link with 10.2.0.0/16 behind it, unless the lines say otherwise. */
function branch(...lines: readonly string[]): LinkConfig {
  return goodLink(...(lines.some((line) => line.startsWith('networks:')) ? [] : ['networks: [10.2.0.0/16]']), ...lines);
}

function prefix(text: string) {
  const parsed = parsePrefix(text);
  assert.ok(parsed, text);
  return parsed;
}

function host(text: string) {
  const parsed = parseIp4(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
}

/** What each text means as the value of the key. */
function table<T>(key: string, valueOf: (link: LinkConfig) => T, rows: readonly (readonly [string, T])[]): void {
  describe(key, () => {
    for (const [text, expected] of rows) {
      it(text === '' ? 'nothing' : text, () => {
        assert.deepEqual(valueOf(branch(`${key}: ${text}`.trimEnd())), expected);
      });
    }
  });
}

function route(text: string, more: Partial<RemoteNetwork> = {}): RemoteNetwork {
  return { prefix: prefix(text), metric: undefined, table: undefined, source: undefined, ...more };
}

table<readonly RemoteNetwork[]>('networks', ({ net }) => net.networks, [
  ['', []],
  ['[]', []],
  ['10.2.0.0/16', [route('10.2.0.0/16')]],
  ['[10.2.0.0/16, 192.0.2.7]', [route('10.2.0.0/16'), route('192.0.2.7/32')]],
  ['[{network: 10.2.0.0/16, metric: 0}]', [route('10.2.0.0/16', { metric: 0 })]],
  ['[{network: 10.2.0.0/16, metric: 4294967293}]', [route('10.2.0.0/16', { metric: 4294967293 })]],
  [
    '[10.2.0.0/16, {network: 10.3.0.0/16, metric: 50, table: 100, source: 10.1.0.1}]',
    [route('10.2.0.0/16'), route('10.3.0.0/16', { metric: 50, table: 100, source: host('10.1.0.1') })],
  ],
  ['[10.2.0.0/16, {network: 10.2.0.0/16, table: 7}]', [route('10.2.0.0/16'), route('10.2.0.0/16', { table: 7 })]],
  ['[0.0.0.0/1, 128.0.0.0/1]', [route('0.0.0.0/1'), route('128.0.0.0/1')]],
  ['[{network: 0.0.0.0/0, table: 100}]', [route('0.0.0.0/0', { table: 100 })]],
]);

table<DefaultRoute | undefined>('default-route', ({ net }) => net.defaultRoute, [
  ['true', { metric: 0, supersede: false }],
  ['on', { metric: 0, supersede: false }],
  ['{}', { metric: 0, supersede: false }],
  ['{metric: 100}', { metric: 100, supersede: false }],
  ['{metric: 100, supersede: yes}', { metric: 100, supersede: true }],
  ['off', undefined],
  ['false', undefined],
]);

function proxy(target: string, lan?: string): NeighbourProxy {
  return { target: target === 'peer' ? target : prefix(target), interface: lan };
}

table<readonly NeighbourProxy[]>('proxy-arp', ({ net }) => net.proxyArp, [
  ['', []],
  ['off', []],
  ['peer', [proxy('peer')]],
  ['10.2.1.0/24', [proxy('10.2.1.0/24')]],
  [
    '[peer, 10.2.16.0/20, {target: peer, interface: eth0}, {target: 10.2.1.7}]',
    [proxy('peer'), proxy('10.2.16.0/20'), proxy('peer', 'eth0'), proxy('10.2.1.7/32')],
  ],
  ['[10.0.0.2]', [proxy('10.0.0.2/32')]],
]);

table<readonly Masquerade[]>('masquerade', ({ net }) => net.masquerade, [
  ['', []],
  ['off', []],
  ['link', [{ out: 'link', from: [] }]],
  ['eth0', [{ out: { interface: 'eth0' }, from: [] }]],
  [
    '[{out: link, from: 10.1.0.0/16}, {out: link, from: [192.168.1.0/24]}, {out: eth0, from: [10.2.3.0/24, 10.0.0.0/8]}]',
    [
      { out: 'link', from: [prefix('10.1.0.0/16')] },
      { out: 'link', from: [prefix('192.168.1.0/24')] },
      { out: { interface: 'eth0' }, from: [prefix('10.2.3.0/24'), prefix('10.0.0.0/8')] },
    ],
  ],
]);

const web: PortForward = { protocol: 'tcp', on: 'link', port: 8080, to: host('10.1.0.5'), toPort: 80 };

table<readonly PortForward[]>('port-forwards', ({ net }) => net.portForwards, [
  ['', []],
  ['tcp 8080 to 10.1.0.5:80', [web]],
  ['["tcp  8080  to  10.1.0.5:80"]', [web]],
  ['[{protocol: tcp, on: link, port: 8080, to: 10.1.0.5, to-port: 80}]', [web]],
  ['[{protocol: tcp, port: 8080, to: 10.1.0.5}]', [{ ...web, toPort: 8080 }]],
  [
    '[udp 53 on eth0 to 10.2.0.1, tcp 53 on eth0 to 10.2.0.1:5353, tcp 53 to 10.1.0.5]',
    [
      { protocol: 'udp', on: { interface: 'eth0' }, port: 53, to: host('10.2.0.1'), toPort: 53 },
      { protocol: 'tcp', on: { interface: 'eth0' }, port: 53, to: host('10.2.0.1'), toPort: 5353 },
      { protocol: 'tcp', on: 'link', port: 53, to: host('10.1.0.5'), toPort: 53 },
    ],
  ],
]);

table<LinkConfig['net']['mssClamp']>('mss-clamp', ({ net }) => net.mssClamp, [
  ['auto', 'auto'],
  ['on', true],
  ['off', false],
]);

table('forward', ({ net }) => net.forward, [
  ['off', undefined],
  ['eth0', { interfaces: ['eth0'] }],
  ['[eth0, br-lan, eth0.7]', { interfaces: ['eth0', 'br-lan', 'eth0.7'] }],
]);

const strict: Firewall = { policyIn: 'drop', policyOut: 'accept', policyThrough: 'drop', allow: [] };

table<Firewall | undefined>('firewall', ({ net }) => net.firewall, [
  ['', strict],
  ['{}', strict],
  ['off', undefined],
  [
    '{in: reject, out: drop, through: accept}',
    { policyIn: 'reject', policyOut: 'drop', policyThrough: 'accept', allow: [] },
  ],
  [
    '{allow: [ssh from 10.2.0.0/16, "tcp 8000-8100, 9000 to 10.1.0.5"]}',
    {
      ...strict,
      allow: [
        {
          text: 'ssh from 10.2.0.0/16',
          services: [{ protocol: 'tcp', ports: [{ first: 22, last: 22 }] }],
          from: [prefix('10.2.0.0/16')],
          to: [],
        },
        {
          text: 'tcp 8000-8100, 9000 to 10.1.0.5',
          services: [
            {
              protocol: 'tcp',
              ports: [
                { first: 8000, last: 8100 },
                { first: 9000, last: 9000 },
              ],
            },
          ],
          from: [],
          to: [prefix('10.1.0.5/32')],
        },
      ],
    },
  ],
  [
    '{allow: everything from 10.2.9.0/24}',
    {
      ...strict,
      allow: [{ text: 'everything from 10.2.9.0/24', services: [], from: [prefix('10.2.9.0/24')], to: [] }],
    },
  ],
]);

describe('anti-spoof', () => {
  const cases: readonly (readonly [readonly string[], boolean])[] = [
    [[], false],
    [['firewall: {}'], true],
    [['firewall: off'], false],
    [['firewall: {}', 'anti-spoof: off'], false],
    [['anti-spoof: on'], true],
  ];
  for (const [lines, expected] of cases) {
    it(`${lines.length === 0 ? 'nothing' : lines.join(', ')} is ${String(expected)}`, () => {
      assert.equal(branch(...lines).net.antiSpoof, expected);
    });
  }
});

table('unreachable', ({ net }) => net.unreachable, [
  ['on', true],
  ['off', false],
]);

function hook(command: Hook['command'], more: Partial<Hook> = {}): Hook {
  return { command, user: undefined, timeoutMs: 60_000, pppd: false, ...more };
}

describe('hooks', () => {
  const none = goodLink().hooks;

  it('are none by default', () => {
    for (const lines of [['hooks:'], ['hooks: {}'], ['hooks: {up: }', 'autostart: on']]) {
      assert.deepEqual(goodLink(...lines).hooks, none);
    }
  });

  it('are programs or sections, in order', () => {
    const { hooks } = goodLink(
      'hooks:',
      '  up:',
      '    - /etc/linkd/hooks/flush-mail',
      '    - /usr/bin/logger  the link is up',
      '    - {run: [/bin/sh, -c, "echo $HOME; exit 1"], user: www-data, timeout: 1.5s}',
      '    - {run: /etc/ppp/ip-up, pppd: true}',
      '  down: /etc/ppp/ip-down',
      '  ipparam: the office',
    );
    assert.deepEqual(hooks, {
      hooks: {
        ...none.hooks,
        up: [
          hook(['/etc/linkd/hooks/flush-mail']),
          hook(['/usr/bin/logger', 'the', 'link', 'is', 'up']),
          hook(['/bin/sh', '-c', 'echo $HOME; exit 1'], { user: 'www-data', timeoutMs: 1500 }),
          hook(['/etc/ppp/ip-up'], { pppd: true }),
        ],
        down: [hook(['/etc/ppp/ip-down'])],
      },
      ipparam: 'the office',
    });
  });

  for (const moment of ['pre-up', 'up', 'down', 'post-down', 'fail', 'address-changed'] as const) {
    it(`run at ${moment}`, () => {
      assert.deepEqual(goodLink(`hooks: {${moment}: [/bin/true]}`).hooks.hooks, {
        ...none.hooks,
        [moment]: [hook(['/bin/true'])],
      });
    });
  }
});

const ping: TrackOptions = {
  hosts: [host('10.2.0.1')],
  intervalMs: 5000,
  timeoutMs: 2000,
  failures: 3,
  recoveries: 3,
  action: { kind: 'restart' },
};

table<TrackOptions | undefined>('track', ({ track }) => track, [
  ['off', undefined],
  ['10.2.0.1', ping],
  ['[10.2.0.1, 10.0.0.2]', { ...ping, hosts: [host('10.2.0.1'), host('10.0.0.2')] }],
  ['{hosts: 10.2.0.1, action: restart}', ping],
  [
    '{hosts: [10.2.0.1], interval: 1m, timeout: 1m, failures: 1, recoveries: 1000, action: {raise-metric: 1000}}',
    {
      ...ping,
      intervalMs: 60_000,
      timeoutMs: 60_000,
      failures: 1,
      recoveries: 1000,
      action: { kind: 'metric', add: 1000 },
    },
  ],
]);

describe('a link with hooks', () => {
  it('may be tracked by them alone', () => {
    assert.deepEqual(branch('track: {hosts: 10.2.0.1, action: hook}', 'hooks: {fail: /bin/true}').track, {
      ...ping,
      action: { kind: 'hook' },
    });
  });
});

table('quota', ({ quota }) => quota, [
  ['off', undefined],
  ['5 GB', { monthlyBytes: 5e9, warnAt: 0.8, cutOff: false }],
  ['5GB', { monthlyBytes: 5e9, warnAt: 0.8, cutOff: false }],
  ['{monthly: 1.5 GiB, warn-at: 100%}', { monthlyBytes: 1.5 * 2 ** 30, warnAt: 1, cutOff: false }],
  ['{monthly: 1000 kB, warn-at: 1 %, cut-off: on}', { monthlyBytes: 1e6, warnAt: 0.01, cutOff: true }],
]);

table('steer', ({ steer }) => steer, [
  ['', []],
  ['alice', ['alice']],
  ['[alice, _linkd, www-data]', ['alice', '_linkd', 'www-data']],
]);

describe('with a default route', () => {
  it('everything is behind the link', () => {
    const { net, track } = branch(
      'default-route: on',
      'proxy-arp: [192.0.2.0/24]',
      'masquerade: [{out: eth0, from: [192.0.2.0/24]}, {out: link, from: [10.1.0.0/16]}]',
      'port-forwards: [tcp 80 to 10.1.0.5, tcp 81 on eth0 to 192.0.2.1]',
      'firewall: {allow: [ssh from 192.0.2.0/24]}',
      'track: 192.0.2.1',
    );
    assert.equal(net.portForwards.length, 2);
    assert.deepEqual(track?.hosts, [host('192.0.2.1')]);
  });
});

describe('links side by side', () => {
  it('have default routes of different metrics, and forward one port from different interfaces', () => {
    const { links } = good(`links:
  north:
    {line: /dev/ttyS0, local: 10.0.0.1, remote: 10.0.0.2, default-route: on, port-forwards: [tcp 80 to 10.1.0.5]}
  south:
    {line: /dev/ttyS1, local: 10.0.0.1, remote: 10.0.0.3, default-route: {metric: 9}, port-forwards: [tcp 80 to 10.1.0.5]}
`);
    assert.deepEqual(
      links.map(({ net }) => net.defaultRoute?.metric),
      [0, 9],
    );
  });
});
