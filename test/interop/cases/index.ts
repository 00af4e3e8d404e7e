/** All topics of the matrix, in the order of the table. */
import type { Topic } from '../case.js';
import { ipv4 } from './addresses.js';
import { auth } from './auth.js';
import { compression } from './compression.js';
import { beginnings, endings } from './endings.js';
import { headers } from './headers.js';
import { ipv6 } from './ipv6.js';
import { lcp } from './lcp.js';
import { bitErrors } from './noise.js';
import { multilink } from './multilink.js';
import { strange } from './strange.js';

export const topics: readonly Topic[] = [
  lcp,
  auth,
  ipv4,
  ipv6,
  headers,
  compression,
  bitErrors,
  multilink,
  beginnings,
  endings,
  strange,
];
