/** By what peers know that several lines lead to this machine, whichever process runs here. RFC 1990 §5.1.3 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { localEndpoint, type Endpoint } from '../multilink/endpoint.js';

const octets = 16;

/** Made of the machine's identity, which itself stays secret: machine-id(5). Undefined where there is none. */
export function machineEndpoint(path = '/etc/machine-id'): Endpoint | undefined {
  const id = identityIn(path);
  if (id === undefined) return undefined;
  return localEndpoint(createHash('sha256').update(`linkd endpoint ${id}`).digest().subarray(0, octets));
}

function identityIn(path: string): string | undefined {
  try {
    return /^[0-9a-f]{32}$/.exec(readFileSync(path, 'utf8').trim())?.[0];
  } catch {
    // A container has none, for example.
    return undefined;
  }
}
