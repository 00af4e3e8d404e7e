/** The secrets that cases use, at either side. pppd is called `pppd`, linkd `linkd`; by other names there are other secrets. */

/** Client, server, secret, addresses that the client may use: pap-secrets and chap-secrets of pppd. */
export const pppdSecrets = [
  'linkd pppd "the secret of linkd" *',
  'pppd linkd "the secret of pppd" *',
  'linkd strict "the secret of linkd" 10.9.9.9',
  'pppd stranger "the secret of pppd" *',
  '',
].join('\n');

/** Files at linkd's side, by name. */
export const linkdFiles: Readonly<Record<string, string>> = {
  good: pppdSecrets,
  bad: ['linkd pppd "not the secret" *', 'pppd linkd "not the secret" *', ''].join('\n'),
  elsewhere: ['linkd pppd "the secret of linkd" *', 'pppd linkd "the secret of pppd" 10.9.9.0/24', ''].join('\n'),
  ours: 'the secret of linkd\n',
  theirs: 'the secret of pppd\n',
};
