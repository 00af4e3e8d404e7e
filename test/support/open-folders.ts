/**
 * What has not the powers of root cannot look into a closed folder, and the project, or Node, may lie in one: in /root, in
 * somebody's home. With mounts of its own a program sees these two where they are, and nothing else of that folder.
 */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { root } from './root.js';

/** The command, to be run as root before it gives its powers away; as it is where no folder is closed. */
export function throughClosedFolders(command: readonly string[]): readonly string[] {
  const inside = [root, dirname(process.execPath)].filter((place) => closedAbove(place) !== undefined);
  if (inside.length === 0 || process.getuid?.() !== 0) return command;
  const closed = new Set(inside.map((place) => closedAbove(place) ?? place));
  const steps = [
    ...inside.map((place, index) => `exec ${index + 3}<${quoted(place)}`),
    ...[...closed].map((folder) => `mount -t tmpfs -o mode=755 tmpfs ${quoted(folder)}`),
    ...inside.map((place, index) => {
      const show = `mount --no-canonicalize --bind /proc/self/fd/${index + 3} ${quoted(place)}`;
      return `mkdir -p ${quoted(place)} && ${show} && exec ${index + 3}<&-`;
    }),
  ];
  return ['unshare', '--mount', 'sh', '-c', `${steps.join(' && ')} && exec "$@"`, 'sh', ...command];
}

/** The uppermost folder on the way to `path` that not everybody may pass. */
function closedAbove(path: string): string | undefined {
  const above = dirname(path);
  if (above === path) return undefined;
  return closedAbove(above) ?? ((statSync(above).mode & 0o001) === 0 ? above : undefined);
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
