/** Reads sysfs and /dev/serial: which serial ports this machine has. No port is opened. */
import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../base/errors.js';
import { printable } from '../base/printable.js';
import { isTerminalNumber } from './holder-texts.js';
import { readPort, type PortFacts, type PortTexts, type SysfsDevice } from './port-facts.js';

/** Where the system's trees are. */
export interface Roots {
  readonly sys: string;
  readonly proc: string;
  readonly dev: string;
}

export const systemRoots: Roots = { sys: '/sys', proc: '/proc', dev: '/dev' };

const portAttributes = ['type', 'port', 'iomem_base', 'irq', 'console'];
const deviceAttributes = ['idVendor', 'idProduct', 'manufacturer', 'product', 'serial', 'bInterfaceNumber'];
/** How far up from a port its bus is looked for. */
const mostDevices = 8;

/** The ports that have a device behind them, sorted by name, those without hardware included. */
export async function listPorts(roots: Roots): Promise<readonly PortFacts[]> {
  const folder = join(roots.sys, 'class/tty');
  const [byId, byPath] = await Promise.all(
    ['by-id', 'by-path'].map((kind) => namesOf(join(roots.dev, 'serial', kind))),
  );
  const serial = await textOf(join(roots.proc, 'tty/driver/serial'));
  const ports: PortFacts[] = [];
  for (const name of await entriesOf(folder)) {
    const devices = await devicesOf(join(folder, name), roots);
    if (devices.length === 0) continue;
    const attributes = await attributesOf(join(folder, name), portAttributes);
    const texts: PortTexts = { name, attributes, devices, byId: byId?.get(name), byPath: byPath?.get(name) };
    ports.push(readPort(texts, serial));
  }
  return ports.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** Whether a device node (a real path) is that of a terminal; it isn't opened for that. */
export async function isTerminal(path: string, roots: Roots): Promise<boolean> {
  const [status, drivers] = [await stat(path), await textOf(join(roots.proc, 'tty/drivers'))];
  return status.isCharacterDevice() && isTerminalNumber(status.rdev, drivers ?? '');
}

/** From the port's device upwards, as far as there are devices. */
async function devicesOf(port: string, roots: Roots): Promise<readonly SysfsDevice[]> {
  const found: SysfsDevice[] = [];
  const top = join(await realpath(roots.sys), 'devices');
  let folder = await targetOf(join(port, 'device'));
  while (folder?.startsWith(`${top}/`) === true && found.length < mostDevices) {
    const [driver, subsystem] = await Promise.all(
      ['driver', 'subsystem'].map((link) => targetOf(join(folder ?? '', link))),
    );
    const attributes = await attributesOf(folder, deviceAttributes);
    found.push({ name: basename(folder), driver: nameOf(driver), subsystem: nameOf(subsystem), attributes });
    folder = dirname(folder);
  }
  return found;
}

function nameOf(path: string | undefined): string | undefined {
  return path === undefined ? undefined : basename(path);
}

async function attributesOf(folder: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const read = await Promise.all(names.map(async (name) => [name, await textOf(join(folder, name))] as const));
  // A USB device says of itself what it likes.
  return new Map(read.flatMap(([name, text]) => (text === undefined ? [] : [[name, printable(text.trim())]])));
}

/** The stable names of ports, by the names of their nodes. */
async function namesOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const name of await entriesOf(folder)) {
    const path = join(folder, name);
    names.set(basename(await readlink(path)), path);
  }
  return names;
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    // No such folder: there is none of these ports.
    if (codeOf(thrown) === 'ENOENT') return [];
    throw thrown;
  }
}

async function targetOf(link: string): Promise<string | undefined> {
  try {
    return await realpath(link);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** Undefined where there is none, or it isn't for us: less is known then. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
