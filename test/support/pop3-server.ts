/** A mailbox that is fetched by POP3 (RFC 1939): one user, any number of messages, on loopback. */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export class Pop3Server {
  readonly port: number;
  readonly #close: () => Promise<void>;

  /** `messages` is the mailbox: what is fetched and deleted is taken out of it. */
  static async listen(user: string, password: string, messages: string[]): Promise<Pop3Server> {
    const connections = new Set<Socket>();
    const server = createServer((connection) => {
      connections.add(connection);
      connection.on('close', () => connections.delete(connection));
      connection.on('error', () => undefined);
      converse(connection, user, password, messages);
    });
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    return new Pop3Server(portOf(server.address()), async () => {
      for (const connection of connections) connection.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
  }

  private constructor(port: number, close: () => Promise<void>) {
    this.port = port;
    this.#close = close;
  }

  close(): Promise<void> {
    return this.#close();
  }
}

function converse(connection: Socket, user: string, password: string, messages: string[]): void {
  const deleted = new Set<number>();
  let name = '';
  let known = false;
  const say = (...lines: readonly string[]): void => {
    connection.write(lines.map((line) => `${line}\r\n`).join(''));
  };
  /** One line for each message, or for the one that is asked for. */
  const list = (argument: string, fact: (text: string, number: number) => string): void => {
    const lines = messages.map((text, index) => `${index + 1} ${fact(text, index + 1)}`);
    if (argument === '') say('+OK', ...lines, '.');
    else say(`+OK ${lines[Number(argument) - 1] ?? ''}`);
  };
  const answer = (command: string, argument: string): void => {
    const message = messages[Number.parseInt(argument) - 1];
    if (command === 'CAPA') say('+OK', 'USER', 'UIDL', '.');
    else if (command === 'USER') say('+OK');
    else if (command === 'PASS') {
      known = name === user && argument === password;
      say(known ? '+OK' : '-ERR no');
    } else if (command === 'QUIT') {
      if (known) messages.splice(0, messages.length, ...messages.filter((_, index) => !deleted.has(index)));
      say('+OK');
      connection.end();
    } else if (!known) say('-ERR who are you?');
    else if (command === 'STAT') say(`+OK ${messages.length} ${messages.reduce((sum, text) => sum + sizeOf(text), 0)}`);
    else if (command === 'LAST') say('+OK 0');
    else if (command === 'LIST') list(argument, (text) => String(sizeOf(text)));
    else if (command === 'UIDL') list(argument, (_, number) => `id-${number}`);
    // TOP is only ever asked for the whole message.
    else if ((command === 'RETR' || command === 'TOP') && message !== undefined)
      say('+OK', ...message.split('\n'), '.');
    else if (command === 'DELE' && message !== undefined) {
      deleted.add(Number(argument) - 1);
      say('+OK');
    } else say('-ERR what?');
  };
  say('+OK ready');
  const lines = createInterface({ input: connection });
  // The client hung up; the connection tells the same.
  lines.on('error', () => undefined);
  lines.on('line', (line) => {
    const [, command = '', argument = ''] = /^(\S+) ?(.*)$/.exec(line) ?? [];
    if (command.toUpperCase() === 'USER') name = argument;
    answer(command.toUpperCase(), argument);
  });
}

/** As it is sent, with CR LF at the end of each line. */
function sizeOf(message: string): number {
  return message.split('\n').reduce((sum, line) => sum + line.length + 2, 0);
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
