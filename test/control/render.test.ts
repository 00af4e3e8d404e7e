/** What linkctl shows, as text: the same status at the same moment gives the same characters. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { formatRoundTrip, formatSpan, shorten } from '../../src/bin/linkctl/format.js';
import { createPaint, wantsColours } from '../../src/bin/linkctl/paint.js';
import { renderEvent } from '../../src/bin/linkctl/render-event.js';
import { renderLink, type View } from '../../src/bin/linkctl/render-link.js';
import { renderStatus } from '../../src/bin/linkctl/render-status.js';
import { cause } from '../../src/base/cause.js';
import { encodeLink } from '../../src/control/encode.js';
import type { StatusBody, WireEvent } from '../../src/control/protocol.js';
import type { LinkStatus } from '../../src/link/types.js';
import { restingLink, upLink, waitingLink, watchedLink } from '../support/fake-steering.js';

const now = new Date('2026-01-10T12:00:00.000Z');
const plain: View = { now, paint: createPaint(false), width: undefined };

function status(links: readonly LinkStatus[]): StatusBody {
  return {
    version: 1,
    time: now.toISOString(),
    daemon: { version: '0.1.0', pid: 812, started_at: '2026-01-10T07:58:00.000Z' },
    links: links.map(encodeLink),
  };
}

/** Four links: more than are shown as blocks. */
const many = [
  upLink(),
  waitingLink(),
  restingLink({ lastCause: { cause: cause('requested'), at: now } }),
  upLink({
    name: 'harbour',
    interface: 'ppp-harbour',
    remote: '10.255.3.2',
    counters: { ...upLink().counters, errors: {} },
  }),
];

describe('linkctl status', () => {
  it('shows few links as blocks', () => {
    assert.equal(
      renderStatus(status([upLink(), waitingLink(), restingLink()]), plain, 'auto'),
      `linkd 0.1.0, pid 812, running for 4h 2m: 3 links, 1 up

branch  up for 4h, since ${local('08:00:00')}
  line        serial /dev/ttyUSB0, 115200 baud, rtscts
  interface   ppp-branch, MTU 1500
  addresses   10.255.0.1 here, 10.255.0.2 at the peer; fd00:255::1 here, fd00:255::2 at the peer
  DNS         10.2.0.53
  peer        branch, authenticated
  networks    10.2.0.0/16, 192.168.7.0/24
  received    12.3 MB in 10250 packets, now 1.23 kB/s
  sent        988 kB in 4321 packets, now 310 B/s
  echo        12.3 ms
  errors      fcs 3, overrun 1
  restarts    2
  last cause  the carrier was lost (/dev/ttyUSB0), 4h ago

depot  waiting for 12s, next attempt in 3s
  cause       the device does not exist (/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A10K2X7Z-if00-port0)
  remedy      Plug it in, or correct \`line\`; \`ls -l /dev/serial/by-id\` lists the serial ports by their stable names.
  line        serial /dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A10K2X7Z-if00-port0, 9600 baud, no flow control
  interface   ppp-depot
  addresses   10.255.1.1 here, 10.255.1.2 at the peer
  networks    none
  received    0 B in 0 packets
  sent        84 B in 1 packet
  errors      none
  restarts    none

spare  down for 12s, since ${local('11:59:48')}
  remedy      linkctl up spare starts it.
  line        tcp 192.0.2.7:7000
  interface   ppp-spare
  addresses   10.255.2.1 here, 10.255.2.2 at the peer
  networks    10.4.0.0/16
  received    0 B in 0 packets
  sent        84 B in 1 packet
  errors      none
  restarts    none
`,
    );
  });

  const overview = `linkd 0.1.0, pid 812, running for 4h 2m: 4 links, 2 up

LINK     STATE    FOR  LINE                            BAUD  INTERFACE    PEER        NAME           RX       TX     ECHO  ERRORS  RESTARTS
branch   up       4h   /dev/ttyUSB0                  115200  ppp-branch   10.255.0.2  branch  1.23 kB/s  310 B/s  12.3 ms       4         2
depot    waiting  12s  ..._UART_A10K2X7Z-if00-port0    9600  ppp-depot    10.255.1.2  -               -        -        -       0         0
spare    down     12s  192.0.2.7:7000                     -  ppp-spare    10.255.2.2  -               -        -        -       0         0
harbour  up       4h   /dev/ttyUSB0                  115200  ppp-harbour  10.255.0.2  branch  1.23 kB/s  310 B/s  12.3 ms       0         2

depot  waiting for 12s, next attempt in 3s
  cause       the device does not exist (/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A10K2X7Z-if00-port0)
  remedy      Plug it in, or correct \`line\`; \`ls -l /dev/serial/by-id\` lists the serial ports by their stable names.

spare  down for 12s, since ${local('11:59:48')}
  cause       taken down by command
  remedy      linkctl up starts it again.
`;

  it('shows many links as a line each, and those in trouble below', () => {
    assert.equal(renderStatus(status(many), plain, 'auto'), overview);
    assert.equal(renderStatus(status(many), plain, 'brief'), overview);
  });

  it('shows a link below that is up but needs care', () => {
    const text = renderStatus(status([upLink(), watchedLink({ name: 'harbour' })]), plain, 'brief');
    assert.equal(
      text.split('\n\n').at(-1),
      `harbour  up for 4h, since ${local('08:00:00')}
  problem     the route to 10.2.0.0/16 is hidden by one of metric 0 on eth1
  health      failed: 10.2.0.1 did not answer 3 times
  quota       4.6 GB of 5 GB this month, nearly used up
  dialing     last because of tcp 10.1.0.5:49152 → 10.2.0.9:22, 4h ago; 2 calls in the last hour, 1h 30m today
  hook        up /etc/linkd/hooks/flush-mail: exit status 75 after 2s, 3h 59m ago
`,
    );
  });

  it('shows as much as it is told to', () => {
    assert.match(renderStatus(status([upLink()]), plain, 'brief'), /^LINK +STATE/m);
    assert.equal(renderStatus(status(many), plain, 'full').match(/^ {2}addresses /gm)?.length, 4);
  });

  it('says that there are no links', () => {
    assert.equal(
      renderStatus(status([]), plain, 'auto'),
      'linkd 0.1.0, pid 812, running for 4h 2m: no links are configured\n',
    );
  });

  const narrower: readonly (readonly [width: number, heads: string])[] = [
    [130, 'LINK STATE FOR INTERFACE PEER NAME RX TX ECHO ERRORS RESTARTS'],
    [100, 'LINK STATE FOR PEER RX TX ECHO ERRORS RESTARTS'],
    [80, 'LINK STATE FOR PEER RX TX ECHO ERRORS RESTARTS'],
    [70, 'LINK STATE FOR RX TX ECHO ERRORS RESTARTS'],
    [60, 'LINK STATE FOR RX TX ECHO'],
    [20, 'LINK STATE FOR RX TX'],
  ];
  for (const [width, heads] of narrower) {
    it(`fits the overview into ${width} columns: the most needed ones`, () => {
      for (const paint of [createPaint(false), createPaint(true)]) {
        const text = stripVTControlCharacters(renderStatus(status(many), { now, paint, width }, 'brief'));
        const table = text.split('\n\n')[1]?.split('\n') ?? [];
        assert.equal(table[0]?.replace(/ +/g, ' '), heads);
        assert.equal(table.length, 5);
        if (width > 20) for (const line of table) assert.ok(line.length <= width, `${line.length} > ${width}: ${line}`);
      }
    });
  }

  it('wraps a block at words', () => {
    const text = renderLink(encodeLink(waitingLink()), { ...plain, width: 80 }, false);
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
    const unwrapped = renderLink(encodeLink(waitingLink()), plain, false);
    assert.equal(text.replace(/\s+/g, ' '), unwrapped.replace(/\s+/g, ' '));
  });

  it('colours the same text, and only where asked to', () => {
    const coloured = renderStatus(status(many), { ...plain, paint: createPaint(true) }, 'auto');
    assert.equal(stripVTControlCharacters(coloured), overview);
    assert.notEqual(coloured, overview);
  });
});

describe('linkctl status LINK', () => {
  it('adds what PPP agreed on', () => {
    const text = renderLink(encodeLink(upLink()), plain, true);
    assert.deepEqual(text.split('\n').slice(-4), [
      '  on the line  12.7 MB received, 1.01 MB sent, framing included',
      '  PPP phase    network',
      '  agreed       tx-accm 0x00000000, rx-mru 1500',
      '  peer says    linkd 0.1.0',
    ]);
  });

  it('tells of the queue, and of each class', () => {
    const { queue } = upLink();
    const idle = { ...queue, packets: 9, bytes: 900, drops: 0, marks: 0, waitingPackets: 0, waitingBytes: 0, flows: 0 };
    const classes = [
      { name: 'interactive', ...idle, delayP50Ms: undefined, delayP95Ms: undefined },
      { ...idle, name: 'normal', waitingPackets: 1, waitingBytes: 52, flows: 1 },
    ];
    const text = renderLink(encodeLink(upLink({ queue: { ...queue, classes } })), plain, true);
    assert.deepEqual(
      text.split('\n').filter((line) => /^ {2}(queue|interactive|normal) /.test(line)),
      [
        '  queue        waited 14.3 ms (p95 227 ms) in the last minute; 7 dropped, 12 marked; 3 packets of 2 flows wait now, 4.2 kB',
        '  interactive  900 B in 9 packets; no packet in the last minute; nothing waits now',
        '  normal       900 B in 9 packets; waited 14.3 ms (p95 227 ms) in the last minute; 1 packet of 1 flow waits now, 52 B',
      ],
    );
  });

  it('tells of each line where there are several, and not where linkd is too old to know', () => {
    const [line] = upLink().lines;
    assert.ok(line !== undefined);
    const lines = [
      { ...line, octets: { rxBytes: 1000, txBytes: 2000 } },
      { ...line, octets: { rxBytes: 30, txBytes: 40 } },
    ];
    const link = encodeLink(upLink({ lines }));
    assert.match(
      renderLink(link, plain, true),
      /on line 1 +1 kB received, 2 kB sent\n +on line 2 +30 B received, 40 B sent\n/,
    );
    const old = { ...link, queue: null, lines: link.lines.map((one) => ({ ...one, line_rx_bytes: undefined })) };
    assert.doesNotMatch(renderLink(old, plain, true), /on line \d|queue/);
  });

  it('says what is not known yet', () => {
    const session = {
      ...upLink().session,
      phase: 'network',
      localAddress: undefined,
      remoteAddress: undefined,
      dns: [],
      localIp6: undefined,
      remoteIp6: undefined,
      mtu: undefined,
      options: {},
      echoRttMs: undefined,
      peerIdentification: undefined,
      peerName: undefined,
    } as const;
    const text = renderLink(encodeLink(upLink({ session, lastCause: undefined, restarts: 0 })), plain, true);
    assert.match(text, /^ {2}echo +not measured yet$/m);
    assert.match(text, /^ {2}interface +ppp-branch$/m);
    assert.doesNotMatch(text, /last cause|agreed|peer says|undefined|null/);
  });

  it('shows what watches over the link: every hook, and what the failed ones printed', () => {
    const text = renderLink(encodeLink(watchedLink()), plain, true);
    assert.ok(
      text.startsWith(`branch  up for 4h, since ${local('08:00:00')}
  problem      the route to 10.2.0.0/16 is hidden by one of metric 0 on eth1
  health       failed: 10.2.0.1 did not answer 3 times
  quota        4.6 GB of 5 GB this month, nearly used up
  dialing      last because of tcp 10.1.0.5:49152 → 10.2.0.9:22, 4h ago; 2 calls in the last hour, 1h 30m today
  hook         up /etc/linkd/hooks/flush-mail: exit status 75 after 2s, 3h 59m ago
               > postqueue: warning:\tMail system is down
               > postqueue: fatal: queue is not flushed
  hook         up /etc/linkd/hooks/chrony: exit status 0 after 0s, 3h 59m ago
  line         serial`),
      text,
    );
  });

  it('shows the end of what a hook printed that floods', () => {
    const [hook] = watchedLink().hooks;
    assert.ok(hook !== undefined);
    const output = Array.from({ length: 500 }, (_, i) => `${i} ${'x'.repeat(1000)}`).join('\n');
    const link = encodeLink(watchedLink({ hooks: [{ ...hook, output }] }));
    const lines = renderLink(link, plain, true).split('\n');
    const shown = lines.filter((line) => line.includes('> '));
    assert.equal(shown.length, 11);
    assert.match(shown[0] ?? '', /> \(490 lines before\)$/);
    assert.ok(lines.every((line) => line.length < 200));
  });

  for (const [what, change, says] of [
    ['health', { health: { state: 'healthy', reason: undefined } }, /^ {2}health +healthy$/m],
    ['health', { health: { state: 'unknown', reason: undefined } }, /^ {2}health +not known yet$/m],
    ['quota', { quota: { state: 'ok', usedBytes: 0, monthlyBytes: 5e9 } }, /^ {2}quota +0 B of 5 GB this month$/m],
    ['quota', { quota: { state: 'used-up', usedBytes: 6e9, monthlyBytes: 5e9 } }, /this month, used up$/m],
  ] as const) {
    it(`shows the ${what}: ${JSON.stringify(change)}`, () => {
      assert.match(renderLink(encodeLink(upLink(change)), plain, false), says);
    });
  }

  it('says when an attempt is due', () => {
    const link = encodeLink(waitingLink({ nextAttempt: new Date(now.getTime() - 5) }));
    assert.match(renderLink(link, plain, false), /^depot {2}waiting for 12s, next attempt now\n/);
  });
});

describe('linkctl events', () => {
  const event: WireEvent = {
    type: 'state',
    time: '2026-01-10T12:00:00.000Z',
    link: 'branch',
    level: 'info',
    state: 'up',
    message: 'up: 10.255.0.1 to 10.255.0.2 on ppp-branch',
    cause: null,
  };

  it('shows an event as a line', () => {
    assert.equal(renderEvent(event, createPaint(false)), `${local('12:00:00')}  branch  ${event.message}\n`);
  });

  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    it(`colours the level ${level}, changing nothing else`, () => {
      const coloured = renderEvent({ ...event, level }, createPaint(true));
      assert.equal(stripVTControlCharacters(coloured), renderEvent(event, createPaint(false)));
    });
  }
});

describe('the formats', () => {
  for (const [ms, wanted] of [
    [-5000, '0s'],
    [0, '0s'],
    [999, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [3_599_999, '59m 59s'],
    [3_659_000, '1h'],
    [3_723_000, '1h 2m'],
    [86_460_000, '1d'],
    [273_900_000, '3d 4h'],
  ] as const) {
    it(`a span of ${ms} ms is ${wanted}`, () => {
      assert.equal(formatSpan(ms), wanted);
    });
  }

  for (const [ms, wanted] of [
    [0.4567, '0.457 ms'],
    [12.34, '12.3 ms'],
    [130, '130 ms'],
    [999.9, '1000 ms'],
    [1500, '1.5 s'],
  ] as const) {
    it(`a round trip of ${ms} ms is ${wanted}`, () => {
      assert.equal(formatRoundTrip(ms), wanted);
    });
  }

  it('shortens from the left, where paths are alike', () => {
    assert.equal(shorten('/dev/serial/by-id/usb-A10K-port0', 15), '...b-A10K-port0');
    assert.equal(shorten('/dev/ttyUSB0', 12), '/dev/ttyUSB0');
  });

  for (const [isTerminal, environment, wanted] of [
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
  ] as const) {
    it(`colours on ${isTerminal ? 'a terminal' : 'a pipe'} with ${JSON.stringify(environment)}: ${String(wanted)}`, () => {
      assert.equal(wantsColours(isTerminal, environment), wanted);
    });
  }
});

/** A time of the tenth of January in the time zone that the test runs in. */
function local(utc: string): string {
  const date = new Date(`2026-01-10T${utc}Z`);
  return `${date.toLocaleDateString('sv-SE')} ${date.toLocaleTimeString('sv-SE')}`;
}
