/**
 * A serial port behind the real ser2net, LAN to LAN. Both ends of a null modem are ptys: ser2net has one of them open, and
 * linkd steers it through telnet; the other end's linkd has the other one as its serial port.
 *
 *     linkd A ── telnet (RFC 2217), loopback ── ser2net ── pty ═══ null modem ═══ pty ── linkd B
 */
import assert from 'node:assert/strict';
import { realpath, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { NullModem } from '../support/null-modem.js';
import { must, type Child } from '../support/process.js';
import { connectByModems } from '../support/two-modems.js';
import { TwoRouters } from '../support/two-routers.js';

const PORT = 7001;
const SPEED = 230_400;

describe('a serial port behind ser2net', () => {
  it('is set up, carries everything, and comes back with its server', { timeout: 120_000 }, async () => {
    const routers = await TwoRouters.create();
    try {
      const { lans, dir } = routers;
      const [far, near] = [dir.file('ttyA'), dir.file('ttyB')];
      const modem = new NullModem({ a: { kind: 'pty', link: far }, b: { kind: 'pty', link: near }, baud: SPEED });
      routers.atEnd(() => {
        modem.close();
      });
      await writeFile(dir.file('ser2net.yaml'), ser2netConfig(await realpath(far)));
      const startServer = (): Child => lans.routerA.spawn('ser2net', ['-n', '-u', '-c', dir.file('ser2net.yaml')]);
      let server = startServer();
      routers.atEnd(() => server.stop('SIGKILL'));

      const restart = ['restart: {quick: 100ms, quick-max: 500ms}'];
      const a = await routers.startA(`{rfc2217: "127.0.0.1:${PORT}", speed: ${SPEED}, flow: rtscts}`, restart);
      const b = await routers.startB(`{serial: ${near}, speed: ${SPEED}, flow: none}`, restart);
      await Promise.all([a.untilUp('branch'), b.untilUp('branch')]);
      const settings = await must('stty', ['-F', far, '-a']);
      assert.match(settings, new RegExp(`^speed ${SPEED} baud`));
      assert.match(settings, /-parenb .* cs8 .*-cstopb .* crtscts/);
      await routers.carryTraffic(50_000);
      const { errors, session } = await a.link('branch');
      assert.equal(errors['fcs'], undefined, 'a clean line has no FCS errors');
      // A full frame takes 65 ms.
      assert.equal(session?.options['tx-classes'], '4');

      await server.stop('SIGKILL');
      await a.until('branch', 'noticed', ({ state }) => state !== 'up');
      await a.untilCause('branch', 'connection-refused');
      server = startServer();
      await Promise.all([a.untilUp('branch'), b.untilUp('branch')]);
      await routers.carryTraffic(10_000);

      a.signal('SIGTERM');
      assert.equal((await a.exited(5000)).code, 0);
      await b.until('branch', 'noticed', ({ state }) => state !== 'up');
    } finally {
      await routers.close();
    }
  });
});

/** hostA ── routerA ── telnet ── ser2net ── modem 100 ═══ exchange ═══ modem 200 ── routerB ── hostB */
describe('a modem behind ser2net', () => {
  it('dials, takes a break, and is hung up by +++ where ser2net has no DTR', { timeout: 120_000 }, async () => {
    const routers = await TwoRouters.create();
    try {
      const { lans, dir } = routers;
      const { exchange, caller, called } = connectByModems(routers, { dcd: false });
      await writeFile(dir.file('ser2net.yaml'), ser2netConfig(await realpath(caller.path)));
      const server = lans.routerA.spawn('ser2net', ['-n', '-u', '-c', dir.file('ser2net.yaml')]);
      routers.atEnd(() => server.stop('SIGKILL'));
      const restart = 'restart: {quick: 100ms, quick-max: 500ms, slow: 200ms, slow-max: 500ms}';
      const b = await routers.startB(`{serial: ${called.path}, flow: none}`, ['answer: {rings: 1}', restart]);
      await b.until('branch', 'waits', ({ lines }) => lines[0]?.call === 'waiting for a call');
      const a = await routers.startA(`{rfc2217: "127.0.0.1:${PORT}", speed: 115200, flow: none}`, [
        'dial:',
        '  number: 200',
        `  chat: "'' BREAK"`,
        restart,
      ]);
      await a.untilUp('branch', 30_000);
      await routers.carryTraffic(5000);
      assert.equal(exchange.calls, 1);
      const { code, stdout } = await a.ctl('hangup', 'branch');
      assert.equal(code, 0, stdout);
      assert.match(stdout, /send \(\+\+\+\)/);
      assert.equal(exchange.calls, 0);
    } finally {
      await routers.close();
    }
  });
});

function ser2netConfig(device: string): string {
  return [
    '%YAML 1.1',
    '---',
    'connection: &port',
    `  accepter: telnet(rfc2217),tcp,127.0.0.1,${PORT}`,
    `  connector: serialdev,${device},local`,
    '',
  ].join('\n');
}
