/** linkd killed at random moments with everything installed: the next start sweeps it all, and touches nothing of others. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Daemon, TempDir } from '../support/daemon.js';
import { Lab, type Namespace } from '../support/netns.js';
import { everyDuty, linkConfig } from '../support/two-routers.js';

describe('kill -9 at 100 random moments', { concurrency: 2 }, () => {
  const places = 4;
  const kills = 25;
  let lab: Lab;
  let dir: TempDir;
  before(async () => {
    lab = await Lab.create();
    dir = await TempDir.create();
  });
  after(async () => {
    await lab.close();
    await dir.dispose();
  });

  /** What a router has that linkd may have to do with. */
  async function state(router: Namespace): Promise<string> {
    const parts = await Promise.all([
      router.ip('route show table all proto 108'),
      router.ip('neigh show proxy'),
      router.must('nft', ['list', 'ruleset']),
      router.must('sh', ['-c', 'cat /proc/sys/net/ipv4/conf/lan0/forwarding']),
      router.ip('route show proto 3'),
    ]);
    return parts.map((part) => part.trim()).join('\n--\n');
  }

  for (let place = 0; place < places; place++) {
    it(
      `leaves nothing doubled, nothing behind, and others’ things alone (${kills} times, place ${place + 1})`,
      { timeout: 170_000 },
      async () => {
        const router = await lab.namespace(`kill-${place}`);
        const peer = await lab.namespace(`peer-${place}`);
        await lab.connect(
          { in: router, name: 'lan0', address: '10.1.0.1/16' },
          { in: await lab.namespace(`host-${place}`), name: 'eth0' },
        );
        await router.ip('route add 10.77.0.0/16 via 10.1.0.9');
        await router.must('nft', [
          'add table inet others; add chain inet others input { type filter hook input priority 5 ; }',
        ]);
        const untouched = await state(router);
        const line = dir.file(`line-${place}`);
        const other = await Daemon.start(
          peer,
          dir,
          `peer-${place}`,
          linkConfig('b', `{unix-listen: ${line}}`, ['restart: {quick: 50ms, quick-max: 100ms}']),
        );
        const config = linkConfig('a', `{unix: ${line}}`, everyDuty);
        let up = '';
        for (let kill = 0; kill <= kills; kill++) {
          const daemon = await Daemon.start(router, dir, `kill-${place}`, config);
          if (kill === 0 || kill === kills) {
            await daemon.untilUp('branch');
            const now = await state(router);
            if (kill === 0) up = now;
            else assert.equal(now, up, 'something is missing or doubled');
          }
          if (kill === kills) {
            await daemon.stop('SIGTERM');
          } else {
            await sleep(Math.random() * 600);
            await daemon.stop('SIGKILL');
          }
        }
        await other.stop();
        assert.equal(await state(router), untouched);
      },
    );
  }
});
