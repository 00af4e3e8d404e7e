#!/bin/sh
# The first process of the guest (pppd-guest.ts): Debian's programs on a kernel with PPP, in user-mode Linux. Its root is the
# host's file system, read-only; /run/share is the folder that the two share. Then it runs what the console tells it to: for a
# line "NUMBER SECONDS" the script NUMBER.sh of that folder, beside others, at most so long, with its output to NUMBER.out.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mountpoint -q /dev || mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o ptmxmode=666 devpts /dev/pts
# pppd writes there.
for folder in /run /var/log /etc/ppp; do mount -t tmpfs tmpfs $folder; done
mkdir -p /run/lock /run/share
mount -t hostfs hostfs /run/share -o "$share"
# $share and the like are kernel parameters that the kernel does not know: it hands them to us.
for module in \
  drivers/net/slip/slhc drivers/net/ppp/ppp_generic lib/crc-ccitt drivers/net/ppp/ppp_async \
  drivers/net/ppp/ppp_deflate drivers/net/ppp/bsd_comp lib/crypto/libarc4 drivers/net/ppp/ppp_mppe \
  net/ipv6/ipv6; do
  busybox insmod "$modules/kernel/$module.ko"
done
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
stty raw -echo </dev/console
echo "guest: ready"
while read -r number seconds; do
  {
    timeout -k 1 "$seconds" sh "/run/share/$number.sh" >"/run/share/$number.out" 2>&1 </dev/null
    echo "guest: done $number $?"
  } &
done </dev/console
# The console's end: whoever started the guest is no more.
poweroff -f
