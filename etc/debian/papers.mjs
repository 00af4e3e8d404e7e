/** The package's papers: control, copyright and changelog. */

const maintainer = `${process.env.DEBFULLNAME ?? 'The linkd authors'} <${process.env.DEBEMAIL ?? 'linkd@debian.invalid'}>`;

export function control({ version, architecture, libraries, sizeKiB, node }) {
  const depends = [
    `nodejs (${node.replace(/^>=/, '>= ')})`,
    libraries,
    'init-system-helpers (>= 1.54~)',
    'systemd | systemd-standalone-sysusers | systemd-sysusers',
    'systemd | systemd-standalone-tmpfiles | systemd-tmpfiles',
  ];
  return `Package: linkd
Version: ${version}
Section: net
Priority: optional
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${sizeKiB}
Depends: ${depends.filter((one) => one !== '').join(', ')}
Recommends: nftables
Description: LAN-to-LAN router for serial lines
 linkd joins two networks over a serial line: a null-modem cable, a radio, a
 console server or the serial port of a virtual machine. One file says, per
 link, who the peer is, the addresses of both ends and the networks behind it.
 .
 The daemon speaks PPP in user space over a TUN interface, installs addresses
 and routes, notices when the line or the peer dies, and brings everything
 back. It needs no kernel PPP and no root, and any RFC 1661 peer will do.
`;
}

/** In Debian's machine-readable form; each npm package has its own licence's text beside it. */
export function copyright(license, modules) {
  const [, holder = ''] = /^Copyright \(c\) (.*)$/m.exec(license) ?? [];
  const text = license.slice(license.indexOf('Permission')).trimEnd();
  const shipped = [...new Map(modules.map((module) => [`${module.name}@${module.version}`, module])).values()];
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: linkd
Comment: usr/lib/linkd/node_modules holds npm packages of other authors, each with the text of its licence:
${shipped
  .map(({ name, version, license }) => ` ${name} ${version}: ${license}\n`)
  .sort()
  .join('')}
Files: *
Copyright: ${holder}
License: Expat

License: Expat
${text
  .split('\n')
  .map((line) => (line === '' ? ' .' : ` ${line}`))
  .join('\n')}
`;
}

export function changelog(version, date) {
  const day = date.toUTCString().replace('GMT', '+0000');
  return `linkd (${version}) unstable; urgency=medium

  * Built from the sources of linkd ${version}; their history tells what changed.

 -- ${maintainer}  ${day}
`;
}
