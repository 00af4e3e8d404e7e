#!/bin/sh
# Becomes the first process of a Machine (machine.ts): systemd, in namespaces of its own, on an overlay over this machine's
# file system. $1 is an empty folder, $2 one that
# it sees as /run/share. What could reach out of the namespaces (sysfs, sysctl) is read-only.
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
cd "$1/root"

mount -t proc proc proc
mount --bind proc/sys proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mkdir -m 1777 run/lock
mkdir run/share
mount --bind "$2" run/share
mount -o remount,bind,ro run/share
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
  touch "dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/net dev/pts dev/shm
mknod -m 666 dev/net/tun c 10 200
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx

# Nothing starts but what is asked for, and the journal.
rm -rf usr/lib/systemd/system/*.wants etc/systemd/system/*.wants usr/lib/systemd/system-generators usr/sbin/policy-rc.d
: >etc/fstab
mkdir -p usr/lib/systemd/system/sysinit.target.wants
ln -s ../systemd-journald.service usr/lib/systemd/system/sysinit.target.wants/
printf '[Unit]\nDescription=The machine is up\n' >etc/systemd/system/machine.target

mkdir -p mnt
pivot_root . mnt
umount -l /mnt
exec env -i container=linkd-test PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --unit=machine.target --log-target=journal --show-status=no
