/** Two routers with a modem each, `100` at A and `200` at B, and the exchange between them; all ends with the routers. */
import { systemScheduler } from '../../src/link/scheduler.js';
import { Exchange, type ExchangeOptions } from './hayes-exchange.js';
import { ModemPort } from './hayes-pty.js';
import type { TwoRouters } from './two-routers.js';

export interface TwoModems {
  readonly exchange: Exchange;
  readonly caller: ModemPort;
  readonly called: ModemPort;
}

/** `dcd`: a loss of the carrier hangs the ports up; else the modems say it in words, and in no other way. */
export function connectByModems(
  routers: TwoRouters,
  { dcd = true, ...options }: ExchangeOptions & { readonly dcd?: boolean } = {},
): TwoModems {
  const exchange = new Exchange(systemScheduler, { ringMs: 100, trainingMs: 100, ...options });
  const caller = new ModemPort(routers.dir.file('modem-a'), exchange, { hangUp: dcd, digitMs: 10 });
  const called = new ModemPort(routers.dir.file('modem-b'), exchange, { hangUp: dcd });
  routers.atEnd(() => {
    caller.close();
    called.close();
  });
  exchange.subscribe('100', caller.modem);
  exchange.subscribe('200', called.modem);
  return { exchange, caller, called };
}
