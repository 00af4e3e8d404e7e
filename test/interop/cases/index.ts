/** All topics of the matrix, in the order of the table. */
import type { Topic } from '../case.js';
import { addresses } from './addresses.js';
import { beginnings, endings } from './endings.js';
import { lcp } from './lcp.js';
import { strange } from './strange.js';

export const topics: readonly Topic[] = [lcp, addresses, beginnings, endings, strange];
