// What a migration that was rolled back must not leave on the host where the container runs on.
import type { LabHost } from '../lab/lab.ts'
import { whatStays } from './leftovers.ts'

/** Pids as arguments; prints a line for each TCP socket of theirs that is in repair mode. pidfd_open is 434, pidfd_getfd 438, TCP_REPAIR 19. */
const inRepair = `use strict; use warnings;
for my $pid (@ARGV) {
  my $pidfd = syscall(434, $pid + 0, 0); die "pidfd_open: $!" if $pidfd < 0;
  opendir(my $dir, "/proc/$pid/fd") or die $!;
  for my $fd (grep { /^\\d+$/ } readdir $dir) {
    next unless (readlink("/proc/$pid/fd/$fd") // '') =~ /^socket:/;
    my $mine = syscall(438, $pidfd, $fd + 0, 0); die "pidfd_getfd: $!" if $mine < 0;
    open(my $socket, '+<&=', $mine) or die $!;
    my $mode = getsockopt($socket, 6, 19) // next;
    print "socket $fd of process $pid in repair mode\\n" if unpack('i', $mode);
  }
}`

/** A line for everything that does not belong to a host on which only this container runs. */
export async function strays(host: LabHost, pids: readonly number[]): Promise<string[]> {
  // Who listens for kept frames ends a moment after the migration.
  return whatStays(() => look(host, pids))
}

async function look(host: LabHost, pids: readonly number[]): Promise<string[]> {
  const sockets = await host.exec(['perl', '-e', inRepair, ...pids.map(String)])
  const others = await host.exec([
    'sh',
    '-c',
    `grep -l 'frozen 1' $(find /sys/fs/cgroup -name cgroup.events) | sed 's/^/frozen /'
     for pid in ${pids.join(' ')}; do grep -H '^TracerPid:.*[1-9]' /proc/$pid/status; done
     awk '$5 ~ "^/var/lib/ferry/" { print "mount " $5 }' /proc/self/mountinfo
     ls -d /var/lib/ferry/migrations/*/images 2>/dev/null | sed 's/^/images /'
     ls /run/runc/*/checkpoint /run/crun/*/checkpoint 2>/dev/null | sed 's/^/runtime state /'
     ip -o link show master ferrypark0 2>/dev/null | sed 's/^/parked /'
     pgrep -ax 'criu|runc|crun|lxc-checkpoint|perl|rsync' | sed 's/^/process /'`
  ])
  return (sockets.stdout + others.stdout).split('\n').filter((line) => line !== '')
}
