/** Packets that arrive in a namespace and match a rule of nftables, counted by the kernel before anything else sees them. */
import type { Namespace } from './netns.js';

/** Begins to count what matches (`ip6 saddr fd00::5`); gives a function that reads the count. */
export async function counterAt(namespace: Namespace, match: string): Promise<() => Promise<number>> {
  const name = `count_${match.replace(/\W+/g, '_')}`;
  const lines = [
    `counter ${name} { packets 0 bytes 0 ; }`,
    `chain ${name} { type filter hook prerouting priority -400; ${match} counter name "${name}"; }`,
  ];
  await namespace.must('nft', ['-f', '-'], { input: `table inet watch {\n${lines.join('\n')}\n}\n` });
  return async () => {
    const listed = await namespace.must('nft', ['list', 'counter', 'inet', 'watch', name]);
    return Number(/packets (\d+)/.exec(listed)?.[1]);
  };
}
