/** LAN to LAN over every kind of line: pings and checksummed transfers both ways, then both ends give everything back. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WireLink } from '../../src/control/protocol.js';
import { TwoRouters } from '../support/two-routers.js';
import { NullModem } from '../support/null-modem.js';

interface Case {
  readonly name: string;
  /** Makes what the line needs and gives both ends' `line:`. */
  readonly lines: (routers: TwoRouters) => readonly [a: string, b: string] | Promise<readonly [a: string, b: string]>;
}

const cases: readonly Case[] = [
  {
    name: 'a serial port (two ptys and a null modem between them)',
    lines: (routers) => {
      const [a, b] = [routers.dir.file('ttyA'), routers.dir.file('ttyB')];
      const modem = new NullModem({ a: { kind: 'pty', link: a }, b: { kind: 'pty', link: b } });
      routers.atEnd(() => {
        modem.close();
      });
      return [a, `{serial: ${b}, speed: 230400, flow: none}`];
    },
  },
  {
    name: 'a pty that linkd publishes, opened as a serial port by the other end',
    lines: ({ dir }) => [`{pty: ${dir.file('line')}}`, `{serial: ${dir.file('line')}, flow: none}`],
  },
  {
    name: 'TCP',
    lines: async ({ lab, lans: { routerA, routerB } }) => {
      await lab.connect(
        { in: routerA, name: 'wan0', address: '192.0.2.1/30' },
        { in: routerB, name: 'wan0', address: '192.0.2.2/30' },
      );
      return ['{tcp-listen: "192.0.2.1:7000"}', '{tcp: "192.0.2.1:7000"}'];
    },
  },
  {
    name: 'a Unix socket',
    lines: ({ dir }) => [`{unix-listen: ${dir.file('line.sock')}}`, `{unix: ${dir.file('line.sock')}}`],
  },
  {
    name: 'a program (socat to a Unix socket)',
    lines: ({ dir }) => [
      `{unix-listen: ${dir.file('line.sock')}}`,
      `{exec: [socat, STDIO, "UNIX-CONNECT:${dir.file('line.sock')}"]}`,
    ],
  },
  {
    name: 'a program on a terminal (socat to a Unix socket)',
    lines: ({ dir }) => [
      `{unix-listen: ${dir.file('line.sock')}}`,
      `{exec: [socat, "STDIO,raw,echo=0", "UNIX-CONNECT:${dir.file('line.sock')}"], pty: true}`,
    ],
  },
];

describe('LAN to LAN', () => {
  for (const { name, lines } of cases) {
    it(`over ${name}`, { timeout: 120_000 }, async () => {
      const routers = await TwoRouters.create();
      try {
        const [lineA, lineB] = await lines(routers);
        const a = await routers.startA(lineA);
        const b = await routers.startB(lineB);
        await a.untilUp('branch');
        const { session, interface: interfaceName } = await b.untilUp('branch');
        assert.equal(session?.remote_address, '10.0.0.1');
        await routers.carryTraffic(50_000);
        const counted = ({ rx_bytes, tx_bytes }: WireLink): boolean => rx_bytes > 50_000 && tx_bytes > 50_000;
        const { errors } = await a.until('branch', 'has counted the traffic', counted);
        assert.equal(errors['fcs'], undefined, 'a clean line has no FCS errors');

        for (const daemon of [a, b]) {
          daemon.signal('SIGTERM');
          assert.equal((await daemon.exited(5000)).code, 0);
        }
        for (const router of [routers.lans.routerA, routers.lans.routerB]) {
          assert.equal((await router.ip('route show proto 108')).trim(), '', 'routes are left over');
          assert.doesNotMatch(await router.ip('link show'), new RegExp(interfaceName), 'the TUN is left over');
        }
      } finally {
        await routers.close();
      }
    });
  }
});
