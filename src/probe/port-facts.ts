/** What the system says of its serial ports, made of the texts of sysfs and procfs. */

/** A device on the way from a port up to its bus, as sysfs has it. */
export interface SysfsDevice {
  readonly name: string;
  readonly driver: string | undefined;
  readonly subsystem: string | undefined;
  /** `idVendor`, `product` and the like: what a USB device says of itself. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** The texts about one port. */
export interface PortTexts {
  /** `ttyS0` */
  readonly name: string;
  /** Its own attributes: `type`, `port`, `irq`, `console`. */
  readonly attributes: ReadonlyMap<string, string>;
  /** From the nearest device to the farthest. */
  readonly devices: readonly SysfsDevice[];
  /** Its names below /dev/serial. */
  readonly byId: string | undefined;
  readonly byPath: string | undefined;
}

export interface UsbFacts {
  /** `0403:6001` */
  readonly id: string;
  readonly manufacturer: string | undefined;
  readonly product: string | undefined;
  readonly serial: string | undefined;
  /** Of a device with several ports. */
  readonly interface: number | undefined;
}

export interface PortFacts {
  readonly name: string;
  /** `/dev/ttyS0` */
  readonly path: string;
  /** False: the driver keeps a name for it, but found no hardware. */
  readonly present: boolean;
  readonly driver: string | undefined;
  /** `16550A`; undefined where there is none, as behind USB. */
  readonly uart: string | undefined;
  /** Where the hardware is: `I/O 0x3f8, IRQ 4`. */
  readonly place: string | undefined;
  readonly usb: UsbFacts | undefined;
  readonly byId: string | undefined;
  readonly byPath: string | undefined;
  /** The kernel itself writes to it. */
  readonly console: boolean;
  /** As the driver counts since it was loaded, where that may be read. */
  readonly octets: { readonly sent: number; readonly received: number } | undefined;
}

/** The numbers of the kernel's serial_core.h; those of other machines' built-in ports are left as numbers. */
const uarts: ReadonlyMap<number, string> = new Map([
  [0, 'unknown'],
  [1, '8250'],
  [2, '16450'],
  [3, '16550'],
  [4, '16550A'],
  [5, 'Cirrus'],
  [6, '16650'],
  [7, '16650V2'],
  [8, '16750'],
  [9, 'Startech'],
  [10, '16C950/954'],
  [11, '16654'],
  [12, '16850'],
  [13, 'RSA'],
]);

/** Layers of the kernel's own between a port and its hardware (since Linux 6.5). */
const ownSubsystem = 'serial-base';

/** `serial` is the text of /proc/tty/driver/serial, where it may be read. */
export function readPort(texts: PortTexts, serial: string | undefined): PortFacts {
  const { name, attributes, byId, byPath } = texts;
  const devices = texts.devices.filter(({ subsystem }) => subsystem !== ownSubsystem);
  const line = readDriverLine(serial, /^ttyS(\d+)$/.exec(name)?.[1]);
  const uart = line?.uart ?? uartOf(attributes.get('type'));
  return {
    name,
    path: `/dev/${name}`,
    present: uart !== 'unknown' && devices.length > 0,
    driver: devices.find(({ driver }) => driver !== undefined)?.driver,
    uart,
    place: uart === undefined || uart === 'unknown' ? undefined : placeOf(attributes),
    usb: usbOf(devices),
    byId,
    byPath,
    console: attributes.get('console') === 'Y',
    octets: line?.octets,
  };
}

function uartOf(type: string | undefined): string | undefined {
  const number = /^\d+$/.test(type ?? '') ? Number(type) : undefined;
  return number === undefined ? undefined : (uarts.get(number) ?? `type ${number}`);
}

interface DriverLine {
  readonly uart: string;
  readonly octets: PortFacts['octets'];
}

/** `0: uart:16550A port:000003F8 irq:4 tx:256 rx:0 RTS|DTR` */
function readDriverLine(serial: string | undefined, line: string | undefined): DriverLine | undefined {
  if (serial === undefined || line === undefined) return undefined;
  const text = serial.split('\n').find((candidate) => candidate.startsWith(`${line}: `));
  const [, uart] = /\buart:(\S+)/.exec(text ?? '') ?? [];
  const [, sent, received] = /\btx:(\d+) rx:(\d+)/.exec(text ?? '') ?? [];
  if (uart === undefined) return undefined;
  return { uart, octets: sent === undefined ? undefined : { sent: Number(sent), received: Number(received) } };
}

function placeOf(attributes: ReadonlyMap<string, string>): string | undefined {
  const isSet = (text: string | undefined): text is string => text !== undefined && !/^0(?:x0+)?$/i.test(text);
  const [port, memory, irq] = ['port', 'iomem_base', 'irq'].map((key) => attributes.get(key));
  const parts = [
    ...(isSet(port) ? [`I/O ${port.toLowerCase()}`] : []),
    ...(isSet(memory) ? [`memory ${memory.toLowerCase()}`] : []),
    ...(isSet(irq) ? [`IRQ ${irq}`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}

function usbOf(devices: readonly SysfsDevice[]): UsbFacts | undefined {
  const device = devices.find(({ attributes }) => attributes.has('idVendor'));
  if (device === undefined) return undefined;
  const { attributes } = device;
  const number = devices.map((each) => each.attributes.get('bInterfaceNumber')).find((text) => text !== undefined);
  return {
    id: `${attributes.get('idVendor') ?? ''}:${attributes.get('idProduct') ?? ''}`,
    manufacturer: attributes.get('manufacturer'),
    product: attributes.get('product'),
    serial: attributes.get('serial'),
    interface: number === undefined ? undefined : Number.parseInt(number, 16),
  };
}
