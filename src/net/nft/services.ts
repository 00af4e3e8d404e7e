/**
 * The service names of allow rules. A table of our own, so that a rule means the same on every machine; /etc/services is
 * not asked. Pure. docs/firewall.md lists the same table.
 */
import type { Service } from '../options.js';

type Transport = 'tcp' | 'udp';

const services: ReadonlyMap<string, readonly Service[]> = new Map([
  ['dns', [on('tcp', 53), on('udp', 53)]],
  ['ftp', [on('tcp', 21)]],
  ['http', [on('tcp', 80)]],
  ['https', [on('tcp', 443)]],
  ['imap', [on('tcp', 143)]],
  ['imaps', [on('tcp', 993)]],
  ['iperf3', [on('tcp', 5201), on('udp', 5201)]],
  ['ipp', [on('tcp', 631)]],
  ['ldap', [on('tcp', 389)]],
  ['ldaps', [on('tcp', 636)]],
  ['modbus', [on('tcp', 502)]],
  ['mqtt', [on('tcp', 1883)]],
  ['mysql', [on('tcp', 3306)]],
  ['nfs', [on('tcp', 2049)]],
  ['ntp', [on('udp', 123)]],
  ['pop3', [on('tcp', 110)]],
  ['pop3s', [on('tcp', 995)]],
  ['postgres', [on('tcp', 5432)]],
  ['rdp', [on('tcp', 3389), on('udp', 3389)]],
  ['rsync', [on('tcp', 873)]],
  ['sip', [on('tcp', 5060), on('udp', 5060)]],
  ['smb', [on('tcp', 445)]],
  ['smtp', [on('tcp', 25)]],
  ['snmp', [on('udp', 161)]],
  ['snmptrap', [on('udp', 162)]],
  ['ssh', [on('tcp', 22)]],
  ['submission', [on('tcp', 587)]],
  ['submissions', [on('tcp', 465)]],
  ['syslog', [on('udp', 514)]],
  ['telnet', [on('tcp', 23)]],
  ['wireguard', [on('udp', 51820)]],
]);

export const serviceNames: readonly string[] = [...services.keys()];

/** What a name stands for; undefined when it is not in the table. */
export function serviceByName(name: string): readonly Service[] | undefined {
  return services.get(name);
}

/** The name that stands for the services at the start of the list, and for how many of them; undefined when none does. */
export function nameOfServices(
  list: readonly Service[],
): { readonly name: string; readonly count: number } | undefined {
  const found = [...services].filter(
    ([, meant]) => meant.length <= list.length && meant.every((one, i) => isSame(one, list[i])),
  );
  const longest = found.sort(([, a], [, b]) => b.length - a.length)[0];
  return longest === undefined ? undefined : { name: longest[0], count: longest[1].length };
}

function on(protocol: Transport, port: number): Service {
  return { protocol, ports: [{ first: port, last: port }] };
}

/** One port of the table's and any service. */
function isSame(one: Service, other: Service | undefined): boolean {
  if (other?.protocol !== one.protocol || !('ports' in one) || !('ports' in other)) return false;
  const [a, b] = [one.ports[0], other.ports[0]];
  return other.ports.length === 1 && a?.first === b?.first && a?.last === b?.last;
}
