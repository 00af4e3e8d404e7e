/** Which connections there are: found by their files as pppd, wvdial and ifupdown have them, or named by the user. */
import { posix } from 'node:path';
import { Account } from './account.js';
import type { Files } from './files.js';
import { Settings } from './settings.js';

/** Where the settings of one link come from. */
export type Source =
  /** A file of options: a peer's, or any other. */
  | { readonly kind: 'peer'; readonly name: string; readonly path: string }
  /** The options of a port, on which a getty starts pppd. */
  | { readonly kind: 'port'; readonly name: string; readonly path: string; readonly device: string }
  /** A shell script that starts pppd. */
  | { readonly kind: 'script'; readonly name: string; readonly path: string }
  /** /etc/ppp/options alone. */
  | { readonly kind: 'options'; readonly name: string }
  | { readonly kind: 'wvdial'; readonly path: string }
  | { readonly kind: 'interfaces'; readonly path: string };

export const peersFolder = '/etc/ppp/peers';
export const optionsFile = '/etc/ppp/options';
export const interfacesFile = '/etc/network/interfaces';
const wvdialFile = '/etc/wvdial.conf';

/** The places where the scripts that came with pppd were put. */
const starters = ['/etc/ppp', '/etc/ppp/scripts', '/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin'].map(
  (folder) => `${folder}/ppp-on`,
);

/** All that the system has. */
export function findSources(files: Files): readonly Source[] {
  const isThere = (path: string): boolean => files.readText(path) !== undefined;
  const hasWvdial = isThere(wvdialFile);
  const peers = files
    .list(peersFolder)
    .filter((name) => /^[\w.@-]+$/.test(name) && !/~$|\.(?:bak|orig|dpkg-\w+)$|^\./.test(name))
    // These are what wvdial itself hands to pppd.
    .filter((name) => !(hasWvdial && /^wvdial(?:-pipe)?$/.test(name)))
    .map((name): Source => ({ kind: 'peer', name: linkName(name), path: `${peersFolder}/${name}` }))
    .filter((source) => source.kind === 'peer' && isThere(source.path));
  const scripts = starters.filter(isThere).map(scriptSource);
  const taken = new Set([...peers, ...scripts].map((source) => deviceOf(files, source)));
  const ports = files
    .list('/etc/ppp')
    .flatMap((name) => /^options\.(tty\w+|cua\w+)$/.exec(name)?.[1] ?? [])
    .filter((tty) => !taken.has(`/dev/${tty}`))
    .map((tty): Source => ({
      kind: 'port',
      name: linkName(tty),
      path: `${optionsFile}.${tty}`,
      device: `/dev/${tty}`,
    }));
  const hasInterfaces = /^\s*iface\s.*\b(?:ppp|wvdial)\b/m.test(readAllInterfaces(files));
  const found: readonly Source[] = [
    ...(hasInterfaces ? [{ kind: 'interfaces', path: interfacesFile } as const] : []),
    ...peers,
    ...scripts,
    ...ports,
    ...(hasWvdial ? [{ kind: 'wvdial', path: wvdialFile } as const] : []),
  ];
  if (found.some(({ kind }) => kind !== 'interfaces')) return found;
  return deviceOf(files, { kind: 'options', name: 'ppp' }) === undefined ? found : [{ kind: 'options', name: 'ppp' }];
}

function readAllInterfaces(files: Files): string {
  const parts = files.list(`${interfacesFile}.d`).map((name) => files.readText(`${interfacesFile}.d/${name}`) ?? '');
  return [files.readText(interfacesFile) ?? '', ...parts].join('\n');
}

/** What a name or a path of the command line means; undefined: there is nothing of this name. */
export function sourceOf(files: Files, target: string): Source | undefined {
  const path = target.includes('/') ? target : `${peersFolder}/${target}`;
  const text = files.readText(path);
  if (text === undefined) return undefined;
  const base = posix.basename(path);
  // What these hold belongs to a link, and makes none.
  if (base.endsWith('-secrets') || (text.startsWith('#!') && !/\bpppd\b/.test(text))) return undefined;
  if (base === 'wvdial.conf' || /^\s*\[\s*Dialer\b/im.test(text)) return { kind: 'wvdial', path };
  if (base === 'interfaces' || /^\s*iface\s+\S+\s+inet6?\s/m.test(text)) return { kind: 'interfaces', path };
  if (text.startsWith('#!')) return scriptSource(path);
  if (path === optionsFile) return { kind: 'options', name: 'ppp' };
  const tty = /^options\.(tty\w+|cua\w+)$/.exec(base)?.[1];
  if (tty !== undefined) return { kind: 'port', name: linkName(tty), path, device: `/dev/${tty}` };
  return { kind: 'peer', name: linkName(base), path };
}

function scriptSource(path: string): Source {
  return { kind: 'script', name: linkName(posix.basename(path)), path };
}

/** The port that a source names by itself. */
export function deviceOf(files: Files, source: Source): string | undefined {
  if (source.kind === 'port') return source.device;
  const path = source.kind === 'options' ? optionsFile : source.kind === 'peer' ? source.path : undefined;
  if (path === undefined) return undefined;
  const settings = new Settings();
  settings.readFile(files, new Account(), path);
  const device = settings.all('device').at(-1)?.argument;
  return device === undefined || device.startsWith('/') ? device : `/dev/${device}`;
}

/** A name that a link can have. */
export function linkName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^[^A-Za-z0-9]+|-+$/g, '');
  return plain === '' ? 'link' : plain.slice(0, 32);
}
