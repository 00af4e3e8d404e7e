/**
 * docs/routing.md: its link, as its config has it, is brought up on such a router, and each of its commands run; they print
 * what the document says.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { parseConfig } from '../../src/config/parse.js';
import { wantedInterface } from '../../src/net/wanted.js';
import type { Namespace } from '../support/netns.js';
import { root } from '../support/root.js';
import { facts6, NetRig } from './support.js';

const text = readFileSync(join(root, 'docs/routing.md'), 'utf8');

describe('docs/routing.md', () => {
  let rig: NetRig;
  let namespace: Namespace;

  before(async () => {
    rig = await NetRig.create();
    ({ namespace } = rig);
    await namespace.ip('link set tun0 name branch');
    for (const name of ['all', 'branch', 'lan0']) await namespace.sysctl(`net.ipv4.conf.${name}.rp_filter`, '0');
    await rig.driver().up(documentedLink());
  });
  after(() => rig.close());

  const examples = [...blocks('console')].flatMap(readConsole);

  it('has examples', () => {
    assert.ok(examples.length >= 8);
  });

  for (const { command, output } of examples) {
    it(command, async () => {
      const printed = await namespace.must('sh', ['-c', command]);
      const lines = printed.split('\n').map((line) => line.replace(' linkdown', '').trim());
      assert.deepEqual(
        lines.filter((line) => line !== ''),
        output,
      );
    });
  }
});

function documentedLink(): ReturnType<typeof wantedInterface> {
  const [yaml = ''] = blocks('yaml');
  const result = parseConfig([{ file: 'routing.md', text: yaml }]);
  assert.ok(result.ok, JSON.stringify(result));
  const [link] = result.config.links;
  assert.ok(link !== undefined);
  const { name, interface: tun, mtu, net } = link;
  // The addresses of the document, whatever the config lets the peer choose.
  return wantedInterface({ ...facts6, link: name, name: tun, mtu }, net);
}

function readConsole(block: string): { command: string; output: string[] }[] {
  return block
    .split(/^\$ /m)
    .filter((part) => part !== '')
    .map((part) => {
      const [command = '', ...output] = part.trimEnd().split('\n');
      return { command, output };
    });
}

function blocks(language: string): string[] {
  return [...text.matchAll(/^```(\w+)\n(.*?)^```/gms)]
    .filter(([, name]) => name === language)
    .map(([, , body = '']) => body);
}
