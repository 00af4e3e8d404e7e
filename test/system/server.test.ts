/**
 * linkd as the server: two lines, whose callers are linkd too, in a namespace each. The callers' addresses come from a pool
 * or are told by name servers and all; a third line finds the pool empty.
 *
 *     caller1 ═══ line1 ═══╗
 *                          server 10.0.0.1, pool 10.9.0.1-10.9.0.2
 *     caller2 ═══ line2 ═══╝
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Daemon, TempDir } from '../support/daemon.js';
import { Lab } from '../support/netns.js';

describe('linkd as the server of several lines', () => {
  let lab: Lab;
  let dir: TempDir;
  const daemons: Daemon[] = [];

  before(async () => {
    lab = await Lab.create();
    dir = await TempDir.create();
  });

  after(async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
    await lab.close();
    await dir.dispose();
  });

  async function start(name: string, config: string): Promise<Daemon> {
    const daemon = await Daemon.start(await lab.namespace(name), dir, name, config);
    daemons.push(daemon);
    return daemon;
  }

  function line(number: number): string {
    return `    line: {unix-listen: ${dir.file(`line${number}`)}}`;
  }

  function caller(number: number): string {
    return [
      'links:',
      '  office:',
      `    line: {unix: ${dir.file(`line${number}`)}}`,
      '    local: from-peer',
      '    remote: from-peer',
      '    ipcp: {dns: on}',
      '    ipv6: on',
      '    restart: {quick: 50ms, quick-max: 100ms}',
      '',
    ].join('\n');
  }

  it('gives each caller an address of the pool, name servers, and IPv6 beside IPv4', async () => {
    const links = [1, 2, 3].flatMap((number) => [
      `  line${number}:`,
      line(number),
      '    local: 10.0.0.1',
      '    remote: {pool: callers}',
      '    ipcp: {dns: {offer: [10.0.0.53, 10.0.0.54]}}',
      '    ipv6: {local: ::1}',
      '    restart: {quick: 50ms, quick-max: 100ms}',
    ]);
    const server = await start('server', ['pools:', '  callers: 10.9.0.1-10.9.0.2', 'links:', ...links, ''].join('\n'));
    const first = await start('caller1', caller(1));
    await first.until('office', 'has both families', ({ state, session }) => {
      return state === 'up' && session?.local_address === '10.9.0.1' && session.local_ip6 !== null;
    });
    const { session } = await first.link('office');
    assert.equal(session?.remote_address, '10.0.0.1');
    assert.deepEqual(session.dns, ['10.0.0.53', '10.0.0.54']);
    assert.equal(session.remote_ip6, 'fe80::1');
    const here = await server.until(
      'line1',
      'has both families',
      (link) => link.session?.remote_ip6 === session.local_ip6,
    );
    assert.equal(here.session?.remote_address, '10.9.0.1');

    const second = await start('caller2', caller(2));
    await second.until('office', 'has an address', (link) => link.session?.local_address === '10.9.0.2');

    const third = await start('caller3', caller(3));
    const { last_cause: why } = await server.untilCause('line3', 'pool-exhausted');
    assert.equal(why?.detail, 'pool callers, 2 addresses');
    await first.ctl('down', 'office');
    await third.until(
      'office',
      'has the address that became free',
      (link) => {
        return link.session?.local_address === '10.9.0.1';
      },
      60_000,
    );

    const { stdout } = await server.ctl('status', '--brief');
    assert.match(stdout, /^line2 .* 10\.9\.0\.2 /m);
    assert.match(stdout, /^line3 .* 10\.9\.0\.1 /m);
  });
});
