/** Which files may run as hooks, and what is said of those that may not. Needs root, for files of other users. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { objectionTo } from '../../src/hooks/vetting.js';
import { Rig } from './rig.js';

const NOBODY = 65534;

interface Case {
  readonly name: string;
  /** Changes the script or its surroundings; gives the path to look at. */
  readonly change: (path: string, rig: Rig) => string;
  readonly trusted?: readonly number[];
  /** `FILE` and `FOLDER` stand for the script and its folder. Undefined: it may run. */
  readonly objection: string | undefined;
}

const cases: readonly Case[] = [
  { name: 'a script of root', change: (path) => path, objection: undefined },
  {
    name: 'a script that is missing',
    change: (path) => {
      rmSync(path);
      return path;
    },
    objection: 'FILE does not exist',
  },
  { name: 'a relative path', change: () => 'bin/true', objection: 'bin/true is not an absolute path' },
  { name: 'a folder', change: (_, rig) => rig.folder, objection: 'FOLDER is not a file' },
  { name: 'a device', change: () => '/dev/null', objection: '/dev/null is not a file' },
  {
    name: 'a script that is not executable',
    change: (path) => mode(path, 0o644),
    objection: 'FILE is not executable: chmod +x FILE',
  },
  {
    name: 'a script that is writable by everyone',
    change: (path) => mode(path, 0o757),
    objection: 'FILE is writable by everyone, so someone else could change what runs: chmod go-w FILE',
  },
  {
    name: 'such a script with the sticky bit',
    change: (path) => mode(path, 0o1757),
    objection: 'FILE is writable by everyone, so someone else could change what runs: chmod go-w FILE',
  },
  {
    name: 'a script that is writable by a group',
    change: (path) => {
      chownSync(path, 0, 50);
      return mode(path, 0o775);
    },
    objection: 'FILE is writable by its group (gid 50), so someone else could change what runs: chmod g-w FILE',
  },
  { name: "a script that is writable by root's group", change: (path) => mode(path, 0o775), objection: undefined },
  {
    name: 'a script of someone else',
    change: (path) => {
      chownSync(path, NOBODY, 0);
      return path;
    },
    objection: 'FILE belongs to the user with uid 65534, so someone else could change what runs: chown root FILE',
  },
  {
    name: 'a script of someone who is trusted',
    change: (path) => {
      chownSync(path, NOBODY, 0);
      return path;
    },
    trusted: [NOBODY],
    objection: undefined,
  },
  {
    name: 'a script in a folder that is writable by everyone',
    change: (path, rig) => mode(rig.folder, 0o777, path),
    objection: 'FOLDER is writable by everyone, so someone else could change what runs: chmod go-w FOLDER',
  },
  {
    name: 'a script in such a folder where people may only remove what is theirs',
    change: (path, rig) => mode(rig.folder, 0o1777, path),
    objection: undefined,
  },
  {
    name: 'a symbolic link in the folder of someone else',
    change: (path, rig) => {
      const folder = rig.path('theirs');
      mkdirSync(folder);
      chownSync(folder, NOBODY, NOBODY);
      symlinkSync(path, `${folder}/link`);
      return `${folder}/link`;
    },
    objection:
      'FOLDER/theirs belongs to the user with uid 65534, so someone else could change what runs: chown root FOLDER/theirs',
  },
  {
    name: 'a symbolic link to a file that everyone can write',
    change: (path, rig) => {
      mode(path, 0o777);
      symlinkSync(path, rig.path('link'));
      return rig.path('link');
    },
    objection: 'FILE is writable by everyone, so someone else could change what runs: chmod go-w FILE',
  },
];

describe('vetting', () => {
  for (const { name, change, trusted = [], objection } of cases) {
    it(`${objection === undefined ? 'lets pass' : 'refuses'} ${name}`, async (t: TestContext) => {
      const rig = new Rig(t);
      const file = rig.script('exit 0');
      const looked = change(file, rig);
      const expected = objection?.replaceAll('FILE', file).replaceAll('FOLDER', rig.folder);
      assert.equal(await objectionTo(looked, trusted), expected);
    });
  }
});

function mode(path: string, bits: number, result = path): string {
  chmodSync(path, bits);
  return result;
}
