/** The serial ports of a machine, found in trees as sysfs has them: built-in ones, those behind USB, names without hardware. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { listPorts, systemRoots, type Roots } from '../../src/probe/ports.js';

/** A machine's trees; `files` by path, `links` by path with what they lead to, all below the roots. */
function machine(t: TestContext, files: Record<string, string>, links: Record<string, string>): Roots {
  const root = mkdtempSync(join(tmpdir(), 'linkd-ports-'));
  t.after(() => {
    rmSync(root, { recursive: true });
  });
  const at = (path: string): string => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    return join(root, path);
  };
  for (const folder of ['sys/class/tty', 'sys/devices', 'proc', 'dev'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(at(path), `${text}\n`);
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(join(root, target), { recursive: true });
    symlinkSync(relative(dirname(path), target), at(path));
  }
  return { sys: join(root, 'sys'), proc: join(root, 'proc'), dev: join(root, 'dev') };
}

/** A port of a PC, as a kernel since 6.5 has it: two layers of its own between the port and its hardware. */
const pnp = 'sys/devices/pnp0/00:04';
const builtIn = {
  files: {
    [`${pnp}/00:04:0/00:04:0.0/tty/ttyS0/type`]: '4',
    [`${pnp}/00:04:0/00:04:0.0/tty/ttyS0/port`]: '0x3F8',
    [`${pnp}/00:04:0/00:04:0.0/tty/ttyS0/irq`]: '4',
    [`${pnp}/00:04:0/00:04:0.0/tty/ttyS0/iomem_base`]: '0x0',
    [`${pnp}/00:04:0/00:04:0.0/tty/ttyS0/console`]: 'N',
  },
  links: {
    'sys/class/tty/ttyS0': `${pnp}/00:04:0/00:04:0.0/tty/ttyS0`,
    [`${pnp}/00:04:0/00:04:0.0/tty/ttyS0/device`]: `${pnp}/00:04:0/00:04:0.0`,
    [`${pnp}/00:04:0/00:04:0.0/driver`]: 'sys/bus/serial-base/drivers/port',
    [`${pnp}/00:04:0/00:04:0.0/subsystem`]: 'sys/bus/serial-base',
    [`${pnp}/00:04:0/driver`]: 'sys/bus/serial-base/drivers/ctrl',
    [`${pnp}/00:04:0/subsystem`]: 'sys/bus/serial-base',
    [`${pnp}/driver`]: 'sys/bus/pnp/drivers/serial',
    [`${pnp}/subsystem`]: 'sys/bus/pnp',
  },
};

/** A name that the driver keeps without hardware behind it, as an older kernel has it. */
const platform = 'sys/devices/platform/serial8250';
const absent = {
  files: { [`${platform}/tty/ttyS3/type`]: '0', [`${platform}/tty/ttyS3/irq`]: '3' },
  links: {
    'sys/class/tty/ttyS3': `${platform}/tty/ttyS3`,
    [`${platform}/tty/ttyS3/device`]: platform,
    [`${platform}/driver`]: 'sys/bus/platform/drivers/serial8250',
    [`${platform}/subsystem`]: 'sys/bus/platform',
  },
};

const usb = 'sys/devices/pci0000:00/0000:00:14.0/usb1/1-2';
const ftdi = {
  files: {
    [`${usb}/idVendor`]: '0403',
    [`${usb}/idProduct`]: '6001',
    [`${usb}/manufacturer`]: 'FTDI',
    [`${usb}/product`]: 'FT232R \u001b[31mUSB UART',
    [`${usb}/serial`]: 'A1000001',
    [`${usb}/1-2:1.0/bInterfaceNumber`]: '00',
  },
  links: {
    'sys/class/tty/ttyUSB0': `${usb}/1-2:1.0/ttyUSB0/tty/ttyUSB0`,
    [`${usb}/1-2:1.0/ttyUSB0/tty/ttyUSB0/device`]: `${usb}/1-2:1.0/ttyUSB0`,
    [`${usb}/1-2:1.0/ttyUSB0/driver`]: 'sys/bus/usb-serial/drivers/ftdi_sio',
    [`${usb}/1-2:1.0/ttyUSB0/subsystem`]: 'sys/bus/usb-serial',
    [`${usb}/1-2:1.0/driver`]: 'sys/bus/usb/drivers/ftdi_sio',
    [`${usb}/1-2:1.0/subsystem`]: 'sys/bus/usb',
    [`${usb}/driver`]: 'sys/bus/usb/drivers/usb',
    [`${usb}/subsystem`]: 'sys/bus/usb',
    'dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A1000001-if00-port0': 'dev/ttyUSB0',
    'dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0': 'dev/ttyUSB0',
  },
};

const stick = 'sys/devices/pci0000:00/0000:00:14.0/usb1/1-3';
const acm = {
  files: {
    [`${stick}/idVendor`]: '12d1',
    [`${stick}/idProduct`]: '1506',
    [`${stick}/product`]: 'HUAWEI Mobile',
    [`${stick}/1-3:1.2/bInterfaceNumber`]: '02',
  },
  links: {
    'sys/class/tty/ttyACM10': `${stick}/1-3:1.2/tty/ttyACM10`,
    [`${stick}/1-3:1.2/tty/ttyACM10/device`]: `${stick}/1-3:1.2`,
    [`${stick}/1-3:1.2/driver`]: 'sys/bus/usb/drivers/cdc_acm',
    [`${stick}/1-3:1.2/subsystem`]: 'sys/bus/usb',
  },
};

const nothing = { usb: undefined, byId: undefined, byPath: undefined, octets: undefined, console: false };

describe('the ports of a machine', () => {
  it('a built-in 16550A, through the layers of the kernel', async (t) => {
    const roots = machine(t, builtIn.files, builtIn.links);
    assert.deepEqual(await listPorts(roots), [
      {
        ...nothing,
        name: 'ttyS0',
        path: '/dev/ttyS0',
        present: true,
        driver: 'serial',
        uart: '16550A',
        place: 'I/O 0x3f8, IRQ 4',
      },
    ]);
  });

  it("with the driver's own words where they may be read", async (t) => {
    const line = '0: uart:16750 port:000003F8 irq:4 tx:256 rx:17 RTS|CTS|DTR|DSR|CD';
    const serial = {
      'proc/tty/driver/serial': `serinfo:1.0 driver revision:\n${line}\n3: uart:unknown port:000002E8 irq:3`,
    };
    const [port] = await listPorts(machine(t, { ...builtIn.files, ...serial }, builtIn.links));
    assert.deepEqual([port?.uart, port?.octets], ['16750', { sent: 256, received: 17 }]);
  });

  it('the console of the kernel', async (t) => {
    const files = { ...builtIn.files, [`${pnp}/00:04:0/00:04:0.0/tty/ttyS0/console`]: 'Y' };
    const [port] = await listPorts(machine(t, files, builtIn.links));
    assert.equal(port?.console, true);
  });

  it('a name without hardware', async (t) => {
    const [port] = await listPorts(machine(t, absent.files, absent.links));
    assert.deepEqual(
      [port?.present, port?.uart, port?.place, port?.driver],
      [false, 'unknown', undefined, 'serial8250'],
    );
  });

  it('an adapter behind USB, with its stable names, and harmless words', async (t) => {
    const roots = machine(t, ftdi.files, ftdi.links);
    assert.deepEqual(await listPorts(roots), [
      {
        ...nothing,
        name: 'ttyUSB0',
        path: '/dev/ttyUSB0',
        present: true,
        driver: 'ftdi_sio',
        uart: undefined,
        place: undefined,
        usb: {
          id: '0403:6001',
          manufacturer: 'FTDI',
          product: 'FT232R \\x1b[31mUSB UART',
          serial: 'A1000001',
          interface: 0,
        },
        byId: join(roots.dev, 'serial/by-id/usb-FTDI_FT232R_USB_UART_A1000001-if00-port0'),
        byPath: join(roots.dev, 'serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0'),
      },
    ]);
  });

  it('a modem of USB, sorted behind the others by its number', async (t) => {
    const all = [builtIn, absent, ftdi, acm];
    const files = Object.fromEntries(all.flatMap((part) => Object.entries(part.files)));
    const links = Object.fromEntries(all.flatMap((part) => Object.entries(part.links)));
    const ports = await listPorts(machine(t, files, links));
    assert.deepEqual(
      ports.map(({ name }) => name),
      ['ttyACM10', 'ttyS0', 'ttyS3', 'ttyUSB0'],
    );
    assert.deepEqual(ports[0]?.usb, {
      id: '12d1:1506',
      manufacturer: undefined,
      product: 'HUAWEI Mobile',
      serial: undefined,
      interface: 2,
    });
    assert.equal(ports[0].driver, 'cdc_acm');
  });

  it('none where there is none: virtual terminals have no device', async (t) => {
    const roots = machine(
      t,
      { 'sys/devices/virtual/tty/tty1/dev': '4:1' },
      { 'sys/class/tty/tty1': 'sys/devices/virtual/tty/tty1' },
    );
    assert.deepEqual(await listPorts(roots), []);
  });

  it('of this machine can be listed', async () => {
    for (const { path, name } of await listPorts(systemRoots)) assert.equal(path, `/dev/${name}`);
  });
});
