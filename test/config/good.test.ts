/** Right configs and what they mean: every key, every short form, every default. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatIp4 } from '../../src/base/ip.js';
import type { LineOptions } from '../../src/line/options.js';
import { good, goodLink } from './support.js';

/** A link that is a link and nothing else. */
const noDuties = {
  auth: undefined,
  ipcp: {
    acceptLocal: [],
    acceptRemote: [],
    dns: { ask: false, offer: [] },
    wins: { ask: false, offer: [] },
    vj: { slots: 16, slotCompression: true },
    remoteFrom: undefined,
  },
  ipv6cp: undefined,
  net: {
    local6: undefined,
    remote6: undefined,
    networks: [],
    defaultRoute: undefined,
    proxyArp: [],
    proxyNdp: [],
    masquerade: [],
    portForwards: [],
    mssClamp: 'auto',
    forward: undefined,
    firewall: undefined,
    antiSpoof: false,
    unreachable: true,
  },
  resolver: 'auto',
  hooks: { hooks: { 'pre-up': [], up: [], down: [], 'post-down': [], fail: [], 'address-changed': [] }, ipparam: '' },
  track: undefined,
  quota: undefined,
  steer: [],
};

describe('a link of three keys', () => {
  it('has every default', () => {
    assert.deepEqual(goodLink(), {
      name: 'branch',
      interface: 'branch',
      autostart: true,
      line: { kind: 'serial', device: '/dev/ttyS0', speed: 115200, flow: 'rtscts', carrier: 'auto' },
      when: undefined,
      dial: undefined,
      answer: undefined,
      moreLines: [],
      multilink: {
        mrru: 1500,
        shortSequence: undefined,
        classes: true,
        endpoint: undefined,
        minFragment: 128,
        maxFragmentMs: 50,
        isSingle: true,
        onlyIfSlow: true,
      },
      queue: undefined,
      local: 0x0a000001,
      remote: 0x0a000002,
      mtu: 1500,
      lcp: {
        mru: 1500,
        asyncmap: 0,
        magic: true,
        pfc: true,
        acfc: true,
        restartMs: 3000,
        maxConfigure: 10,
        maxTerminate: 2,
        maxFailure: 5,
        passive: false,
        silent: false,
        echoIntervalMs: 5000,
        echoFailures: 4,
        lqr: undefined,
      },
      ccp: { send: ['deflate'], receive: ['deflate', 'bsd'], mppe: undefined },
      escape: [],
      restart: {
        quickMs: 1000,
        quickMaxMs: 30_000,
        slowMs: 10_000,
        slowMaxMs: 300_000,
        stableMs: 30_000,
        maxAttempts: 0,
      },
      ...noDuties,
    });
  });
});

describe('line', () => {
  const lines: readonly (readonly [string, LineOptions])[] = [
    ['/dev/ttyS0', { kind: 'serial', device: '/dev/ttyS0', speed: 115200, flow: 'rtscts', carrier: 'auto' }],
    [
      '{serial: /dev/serial/by-id/usb-FTDI_x, speed: 9600, flow: none, carrier: require}',
      { kind: 'serial', device: '/dev/serial/by-id/usb-FTDI_x', speed: 9600, flow: 'none', carrier: 'require' },
    ],
    [
      '{serial: /dev/ttyS0, speed: "2400"}',
      { kind: 'serial', device: '/dev/ttyS0', speed: 2400, flow: 'rtscts', carrier: 'auto' },
    ],
    [
      '{rfc2217: 192.0.2.1:7001}',
      { kind: 'rfc2217', host: '192.0.2.1', port: 7001, speed: 115200, flow: 'rtscts', carrier: 'auto' },
    ],
    [
      '{rfc2217: "[2001:db8::1]:1", speed: 9600, flow: xonxoff, carrier: require}',
      { kind: 'rfc2217', host: '2001:db8::1', port: 1, speed: 9600, flow: 'xonxoff', carrier: 'require' },
    ],
    ['{pty: /run/linkd/a}', { kind: 'pty', link: '/run/linkd/a' }],
    ['{pty: /run/linkd/a, speed: 50}', { kind: 'pty', link: '/run/linkd/a', speed: 50 }],
    ['{tcp: 192.0.2.1:7000}', { kind: 'tcp', host: '192.0.2.1', port: 7000 }],
    [
      '{tcp: branch_1.example.net:1, speed: 38400}',
      { kind: 'tcp', host: 'branch_1.example.net', port: 1, speed: 38400 },
    ],
    ['{tcp: "[2001:db8::1]:65535"}', { kind: 'tcp', host: '2001:db8::1', port: 65535 }],
    ['{tcp-listen: 7000}', { kind: 'tcp-listen', host: '0.0.0.0', port: 7000 }],
    ['{tcp-listen: "[::]:7000"}', { kind: 'tcp-listen', host: '::', port: 7000 }],
    ['{tcp-listen: localhost:7000}', { kind: 'tcp-listen', host: 'localhost', port: 7000 }],
    ['{unix: /run/vm.sock}', { kind: 'unix', path: '/run/vm.sock' }],
    ['{unix-listen: /run/vm.sock}', { kind: 'unix-listen', path: '/run/vm.sock' }],
    ['{exec: ssh -T  branch}', { kind: 'exec', command: ['ssh', '-T', 'branch'], pty: false }],
    [
      '{exec: [ssh, branch, "a word; $HOME", ""], pty: yes, speed: 1000000}',
      { kind: 'exec', command: ['ssh', 'branch', 'a word; $HOME', ''], pty: true, speed: 1_000_000 },
    ],
  ];
  for (const [text, expected] of lines) {
    it(text, () => {
      assert.deepEqual(goodLink(`line: ${text}`).line, expected);
    });
  }
});

describe('other keys', () => {
  it('set what they name', () => {
    const link = goodLink(
      'mtu: 1400',
      'compression: off',
      'multilink: off',
      'interface: wan0',
      'autostart: no',
      'lcp: {mru: 296, asyncmap: 0x000A0000, escape: [0x11, 19, 255], magic: off, pfc: No, acfc: false, restart: 1.5s,',
      '  max-configure: 255, max-terminate: 1, max-failure: 7, passive: on, silent: TRUE, echo: {interval: 500ms, failures: 9},',
      '  lqr: {interval: 30s, keep: 8 of 10, loss: 5%}}',
      'restart: {quick: 10ms, quick-max: 10ms, slow: 1h, slow-max: 24h, stable: 2m, max-attempts: 3}',
    );
    assert.deepEqual(
      { ...link, line: undefined },
      {
        name: 'branch',
        interface: 'wan0',
        autostart: false,
        line: undefined,
        local: 0x0a000001,
        remote: 0x0a000002,
        when: undefined,
        dial: undefined,
        answer: undefined,
        moreLines: [],
        multilink: undefined,
        queue: undefined,
        mtu: 1400,
        ccp: undefined,
        lcp: {
          mru: 296,
          asyncmap: 0xa0000,
          magic: false,
          pfc: false,
          acfc: false,
          restartMs: 1500,
          maxConfigure: 255,
          maxTerminate: 1,
          maxFailure: 7,
          passive: true,
          silent: true,
          echoIntervalMs: 500,
          echoFailures: 9,
          lqr: { intervalMs: 30_000, maxLoss: 0.05, keep: 8, of: 10 },
        },
        escape: [0x11, 0x13, 0xff],
        restart: {
          quickMs: 10,
          quickMaxMs: 10,
          slowMs: 3_600_000,
          slowMaxMs: 86_400_000,
          stableMs: 120_000,
          maxAttempts: 3,
        },
        ...noDuties,
      },
    );
  });

  const asyncmaps: readonly (readonly [string, number])[] = [
    ['0', 0],
    ['0x0', 0],
    ['none', 0],
    ['off', 0],
    ['all', 0xffffffff],
    ['0xffffffff', 0xffffffff],
    ['[]', 0],
    ['[0, 31]', 0x80000001],
    ['[0x11, 0x13]', 0xa0000],
  ];
  for (const [text, expected] of asyncmaps) {
    it(`asyncmap: ${text}`, () => {
      assert.equal(goodLink(`lcp: {asyncmap: ${text}}`).lcp.asyncmap, expected);
    });
  }

  for (const text of ['off', 'no', 'false', 'none', '{interval: off}']) {
    it(`echo: ${text}`, () => {
      const { lcp } = goodLink(`lcp: {echo: ${text}}`);
      assert.deepEqual([lcp.echoIntervalMs, lcp.echoFailures], [0, 4]);
    });
  }

  it('lqr: on, a duration or a section', () => {
    const usual = { intervalMs: 10_000, maxLoss: 0.2, keep: 3, of: 5 };
    assert.deepEqual(goodLink('lcp: {lqr: on}').lcp.lqr, usual);
    assert.deepEqual(goodLink('lcp: {lqr: 30s}').lcp.lqr, { ...usual, intervalMs: 30_000 });
    assert.deepEqual(goodLink('lcp: {lqr: {keep: 1 of 2}}').lcp.lqr, { ...usual, keep: 1, of: 2 });
    assert.equal(goodLink('lcp: {lqr: off}').lcp.lqr, undefined);
  });

  it('echo: 10s is an interval', () => {
    assert.equal(goodLink('lcp: {echo: 10s}').lcp.echoIntervalMs, 10_000);
  });

  it('a lone character is a list of one', () => {
    assert.deepEqual(goodLink('lcp: {escape: 0x11}').escape, [0x11]);
  });

  for (const text of ['0', 'off', 'no']) {
    it(`max-attempts: ${text} never gives up`, () => {
      assert.equal(goodLink(`restart: {max-attempts: ${text}}`).restart.maxAttempts, 0);
    });
  }

  it('sections without keys are empty', () => {
    const link = goodLink('lcp:', 'restart:');
    assert.deepEqual([link.lcp, link.restart], [goodLink().lcp, goodLink().restart]);
  });
});

describe('defaults that follow other keys', () => {
  it('XON and XOFF are escaped both ways where they control the flow', () => {
    for (const line of ['{serial: /dev/ttyS0, flow: xonxoff}', '{rfc2217: "192.0.2.1:7001", flow: xonxoff}']) {
      const link = goodLink(`line: ${line}`);
      assert.deepEqual([link.lcp.asyncmap, link.escape], [0xa0000, [0x11, 0x13]]);
    }
  });

  it('what is written there wins', () => {
    const link = goodLink('line: {serial: /dev/ttyS0, flow: xonxoff}', 'lcp: {asyncmap: all, escape: []}');
    assert.deepEqual([link.lcp.asyncmap, link.escape], [0xffffffff, []]);
  });

  it('the MTU is the MRU, if a TUN interface can have it', () => {
    assert.deepEqual(
      ['296', '64', '16384'].map((mru) => goodLink(`lcp: {mru: ${mru}}`).mtu),
      [296, 68, 16384],
    );
  });

  it('the longest pauses are not shorter than the first', () => {
    const { restart } = goodLink('restart: {quick: 1m, slow: 10m}');
    assert.deepEqual([restart.quickMaxMs, restart.slowMaxMs], [60_000, 600_000]);
  });
});

describe('YAML', () => {
  it('does not guess: words stay words, numbers stay what they are', () => {
    const text = `links:
  no: {line: /dev/ttyS0, local: 10.0.0.1, remote: 10.0.0.2, interface: 1e3}
  123: {line: /dev/ttyS1, local: 10.0.0.1, remote: 10.0.0.3, interface: null}
`;
    assert.deepEqual(
      good(text).links.map(({ name, interface: tun }) => [name, tun]),
      [
        ['no', '1e3'],
        ['123', 'null'],
      ],
    );
  });

  it('lets aliases share a section', () => {
    const { links } = good(`links:
  north: {line: /dev/ttyS0, local: 10.0.0.1, remote: 10.0.0.2, lcp: &slow {mru: 296}}
  south: {line: /dev/ttyS1, local: 10.0.0.1, remote: 10.0.0.3, lcp: *slow}
`);
    assert.deepEqual(
      links.map(({ lcp }) => lcp.mru),
      [296, 296],
    );
  });

  it('may have a byte order mark, CRLF, a beginning and an end', () => {
    const { links } = good(
      '\ufeff---\r\nlinks:\r\n  a: {line: /dev/ttyS0, local: 10.0.0.1, remote: 10.0.0.2}\r\n...\r\n',
    );
    assert.deepEqual(
      links.map(({ local }) => formatIp4(local)),
      ['10.0.0.1'],
    );
  });

  it('may have no link, when that is said', () => {
    assert.deepEqual(good('links:\n').links, []);
    assert.deepEqual(good('links: {}\n').links, []);
  });
});

describe('links side by side', () => {
  it('share a local address, and a network with different metrics', () => {
    const { links } = good(`links:
  north: {line: /dev/ttyS0, local: 10.0.0.1, remote: 10.0.0.2, networks: [10.2.0.0/16]}
  south: {line: {tcp: "host:1"}, local: 10.0.0.1, remote: 10.0.0.3, networks: [{network: 10.2.0.0/16, metric: 50}]}
  west: {line: {tcp: "host:1"}, local: 10.0.0.1, remote: 10.0.0.4, networks: [{network: 10.2.3.0/24, metric: 7}], default-route: on}
  east1: {line: {tcp-listen: "192.0.2.1:7000"}, local: 10.0.0.1, remote: 10.0.0.5}
  east2: {line: {tcp-listen: "192.0.2.2:7000"}, local: 10.0.0.1, remote: 10.0.0.6}
`);
    assert.deepEqual(
      links.map(({ name }) => name),
      ['north', 'south', 'west', 'east1', 'east2'],
    );
  });
});
