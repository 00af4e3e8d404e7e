/** Holds the links of a config against the machine as it is: the cross-checks for those who touch nothing. */
import type { Logger } from '../base/log.js';
import { crossCheck, type CheckedLink, type Finding } from './checks.js';
import { Kernel } from './kernel.js';
import { takeSnapshot } from './snapshot.js';

/** Needs no rights. Rejects with an OpError when the system tells nothing. */
export async function checkMachine(links: readonly CheckedLink[], log: Logger): Promise<Finding[]> {
  const kernel = new Kernel(log);
  try {
    return crossCheck(links, await takeSnapshot(kernel));
  } finally {
    kernel.close();
  }
}
