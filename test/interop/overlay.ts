/**
 * Programs whose paths are fixed (/etc/mgetty, /etc/ppp, /etc/passwd) see the test's files there: in a mount namespace of their
 * own, with /run and /var/log empty. The machine's own files stay as they are.
 */

const script = `
  mount -t tmpfs tmpfs /run && mkdir /run/lock && mount -t tmpfs tmpfs /var/log && mkdir /var/log/mgetty || exit 1
  while [ "$1" != -- ]; do
    mount --bind "$2" "$1" || exit 1
    shift 2
  done
  shift
  exec "$@"`;

/** The words before a command that let it see these files and folders (path there → path here); both must exist. */
export function overlaid(paths: Readonly<Record<string, string>>): string[] {
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', ...Object.entries(paths).flat(), '--'];
}
