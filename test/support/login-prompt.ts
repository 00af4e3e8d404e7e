/**
 * A far end that wants a login before PPP: asks on its standard input and output, and whoever knows user and password is
 * connected with the Unix socket, where a linkd speaks PPP.
 *
 *   node dist/test/support/login-prompt.js SOCKET USER PASSWORD
 */
import { connect } from 'node:net';

const [, , socket = '', user = '', password = ''] = process.argv;
const lines: string[] = [];
let typed = '';

process.stdout.write('Debian GNU/Linux\r\n\r\nisp login: ');
process.stdin.on('data', read);
process.stdin.on('end', () => {
  process.exit(0);
});

function read(octets: Buffer): void {
  // As a terminal does, but for the password.
  if (lines.length === 0) process.stdout.write(octets.toString('latin1').replaceAll('\r', '\r\n'));
  typed += octets.toString('latin1');
  for (let end = typed.indexOf('\r'); end >= 0; end = typed.indexOf('\r')) {
    lines.push(typed.slice(0, end));
    typed = typed.slice(end + 1);
    if (lines.length === 1) process.stdout.write('Password: ');
    else judge();
  }
}

function judge(): void {
  if (lines[0] !== user || lines[1] !== password) {
    process.stdout.write(`\r\n${lines[1] ?? ''}: Login incorrect\r\n\r\nisp login: `);
    lines.length = 0;
    return;
  }
  process.stdin.off('data', read);
  process.stdout.write('\r\nEntering PPP mode.\r\n');
  const ppp = connect(socket);
  process.stdin.pipe(ppp);
  ppp.pipe(process.stdout);
  ppp.on('error', () => {
    process.exit(1);
  });
  ppp.on('close', () => {
    process.exit(0);
  });
}
