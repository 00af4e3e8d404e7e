/** Stands in for systemd's end of sd_notify(3): a Unix datagram socket whose messages are printed, one a line, as JSON. */
import { Child } from '../support/process.js';
import { eventually } from '../support/eventually.js';

/** Perl is on every Debian and can receive datagrams, which Node can't. Its end of input ends it. */
const script = `
use strict; use Socket; use IO::Select; $| = 1;
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die $!;
(my $name = $ARGV[0]) =~ s/^@/\\0/;
bind($s, pack_sockaddr_un($name)) or die "$ARGV[0]: $!";
print "listening\\n";
my $all = IO::Select->new($s, \\*STDIN);
for (;;) {
  for my $ready ($all->can_read) {
    exit 0 if $ready != $s;
    recv($s, my $text, 65536, 0);
    $text =~ s/\\n/\\x1f/g;
    print "got $text\\n";
  }
}`;

export class DatagramSink {
  readonly path: string;
  readonly #child: Child;

  private constructor(path: string, child: Child) {
    this.path = path;
    this.#child = child;
  }

  /** Listens on a path, or on an abstract name that begins with `@`. */
  static async listen(path: string): Promise<DatagramSink> {
    const sink = new DatagramSink(path, new Child('perl', ['-e', script, path]));
    await sink.#child.printed(/^listening$/m, 20_000);
    return sink;
  }

  /** Each message that came, as its lines. */
  get messages(): readonly (readonly string[])[] {
    return [...this.#child.stdout.matchAll(/^got (.*)$/gm)].map(([, text = '']) => text.split('\x1f'));
  }

  /** Waits until so many messages have come, and gives them. */
  async received(count: number): Promise<readonly (readonly string[])[]> {
    await eventually(() => this.messages.length >= count, 20_000, `${count} messages at ${this.path}`);
    return this.messages;
  }

  close(): Promise<void> {
    return this.#child.stop();
  }
}
