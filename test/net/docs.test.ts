/**
 * docs/routing.md: its link, as its config has it, is brought up on such a router, and each of its commands run; they print
 * what the document says.
 */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { parseConfig } from '../../src/config/parse.js';
import { wantedInterface } from '../../src/net/wanted.js';
import { Lab, type Namespace } from '../support/netns.js';
import { root } from '../support/root.js';
import { Driver } from './driver.js';

const text = readFileSync(join(root, 'docs/routing.md'), 'utf8');

describe('docs/routing.md', () => {
  let lab: Lab;
  let namespace: Namespace;
  let stateDir: string;

  before(async () => {
    stateDir = await Driver.stateDir();
    lab = await Lab.create();
    namespace = await lab.namespace('net');
    await namespace.ip('tuntap add mode tun name branch');
    await namespace.ip('link add lan0 type veth peer name far');
    await namespace.ip('link set far up');
    await namespace.ip('address add 192.168.1.1/24 dev lan0');
    await namespace.ip('link set lan0 up');
    await namespace.ip('route add default via 192.168.1.254 proto static metric 100');
    for (const name of ['all', 'branch', 'lan0']) await namespace.sysctl(`net.ipv4.conf.${name}.rp_filter`, '0');
    await new Driver(namespace, { stateDir }).up(documentedLink());
  });
  after(async () => {
    await lab.close();
    await rm(stateDir, { recursive: true });
  });

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
  const { name, interface: tun, mtu, local, remote, net } = link;
  return wantedInterface({ link: name, name: tun, mtu, local, remote }, net);
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
