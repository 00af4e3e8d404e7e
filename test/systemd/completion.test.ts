/** The completion that `linkctl completion` makes, asked in the shells themselves, against a real control socket. */
import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ControlServer } from '../../src/control/server.js';
import { TempDir } from '../support/daemon.js';
import { FakeSteering, restingLink, upLink, waitingLink } from '../support/fake-steering.js';
import { must } from '../support/process.js';
import { shellNames, shells } from './shells.js';

const linkctl = join(import.meta.dirname, '../../src/bin/linkctl.js');
const links = [upLink(), waitingLink(), restingLink()];
const names = links.map(({ name }) => name).sort();
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

interface Case {
  readonly line: string;
  /** All that is offered, sorted. */
  readonly offered?: readonly string[];
  /** What must be among it. */
  readonly among?: readonly string[];
}

const cases: readonly Case[] = [
  { line: 'linkctl sta', offered: ['status'] },
  { line: 'linkctl ', among: ['status', 'up', 'down', 'restart', 'events', 'log', 'check'] },
  { line: 'linkctl status ', offered: names },
  { line: 'linkctl --control CONTROL status ', offered: names },
  { line: 'linkctl --control=CONTROL status ', offered: names },
  { line: 'linkctl up branch --wait ', among: ['depot'] },
  { line: 'linkctl up --timeout 5 bra', offered: ['branch'] },
  { line: 'linkctl status branch ', offered: [] },
  { line: 'linkctl up --timeout ', offered: [] },
  { line: 'linkctl status --wat', offered: ['--watch'] },
  { line: 'linkctl status --', among: ['--json', '--watch', '--brief', '--full', '--help', '--control'] },
  { line: 'linkctl check linkd.y', offered: ['linkd.yaml'] },
  { line: 'linkctl completion ', offered: ['bash', 'fish', 'links', 'zsh'] },
];

describe('the completion', () => {
  let dir: TempDir;
  let server: ControlServer;
  before(async () => {
    dir = await TempDir.create();
    server = await ControlServer.listen({
      path: dir.file('control'),
      steering: new FakeSteering(links),
      about: { version: '0', pid: process.pid, startedAt: new Date() },
      log: silent,
    });
    await writeFile(dir.file('linkctl'), `#!/bin/sh\nexec '${process.execPath}' '${linkctl}' "$@"\n`);
    await chmod(dir.file('linkctl'), 0o755);
    await writeFile(dir.file('linkd.yaml'), '');
    await mkdir(dir.file('zsh'));
    for (const shell of shellNames) {
      const script = await must(process.execPath, [linkctl, 'completion', shell]);
      await writeFile(shell === 'zsh' ? dir.file('zsh/_linkctl') : dir.file(`completion.${shell}`), script);
    }
  });
  after(async () => {
    await server.close();
    await dir.dispose();
  });

  for (const shell of shellNames) {
    for (const { line, offered, among = [] } of cases) {
      it(`of ${shell} offers the right words after: ${line}`, async () => {
        // Where the line names no socket, the environment does.
        process.env['LINKD_CONTROL'] = line.includes('CONTROL') ? '/nonexistent' : dir.file('control');
        const all = await shells[shell](dir.path, line.replace('CONTROL', dir.file('control')));
        // Where no word can follow, zsh offers the options unasked.
        const found = / -\S*$/.test(line) ? all : all.filter((word) => !word.startsWith('-'));
        if (offered !== undefined) assert.deepEqual(found, offered);
        const missing = among.filter((word) => !found.includes(word));
        assert.deepEqual(missing, [], found.join(' '));
      });
    }

    it(`of ${shell} offers no links, and no complaints, when linkd does not run`, async () => {
      process.env['LINKD_CONTROL'] = '/nonexistent';
      assert.deepEqual(await shells[shell](dir.path, 'linkctl status '), []);
    });
  }
});

function ignore(): void {
  // What the control server logs is not looked at here.
}
