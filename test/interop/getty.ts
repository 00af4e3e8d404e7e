/** What the tests with a getty share: init's part, and an account of login(1). */

export const password = 'Tr0ub4dor-right';

/** crypt(3) of it. */
const hash = '$6$interop$w7Nu7N7SXKl3XNFHAKiq72LjJ2l6O0Z20CoQ6GtHaBT8ma/.1i0Ev0PoLE4YOijOU4M0zLY3FqVGHmV6IAm9u/';

/** A line of shadow(5) for `ann`, whose password it is. */
export const shadowLine = `ann:${hash}:19000:0:99999:7:::\n`;

/** A shell script: runs its arguments again and again, as init does with a getty, until SIGTERM; this ends them all. */
export const respawn = [
  `trap 'kill "$child"; wait "$child"; exit' TERM`,
  'while :; do',
  '  "$@" &',
  '  child=$!',
  '  wait "$child"',
  '  sleep 0.2',
  'done',
].join('\n');
