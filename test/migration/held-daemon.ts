// A daemon that stands still while everything else of its host goes on: frozen in a cgroup of its own. (A stop signal would
// stop what started it too.)
import type { LabHost } from '../lab/lab.ts'
import type { FerryHost } from './cluster.ts'
import { Moving } from './moving.ts'

const HELD = '/sys/fs/cgroup/held'

/** Returns when it stands. A program that it is just starting still has its name, hence the oldest. */
export async function holdDaemon(host: LabHost): Promise<void> {
  await host.exec([
    'sh',
    '-ec',
    `mkdir -p ${HELD}; echo 1 > ${HELD}/cgroup.freeze; pgrep -o -f 'main[.]js daemon' > ${HELD}/cgroup.procs
     until grep -q 'frozen 1' ${HELD}/cgroup.events; do sleep 0.01; done`
  ])
}

/** It runs as soon as it is out; thawed in there it would start programs that stay, or end while they are moved. */
export async function letGo(host: LabHost): Promise<void> {
  await host.exec([
    'sh',
    '-ec',
    `for pid in $(cat ${HELD}/cgroup.procs); do echo $pid > /sys/fs/cgroup/cgroup.procs; done; rmdir ${HELD}`
  ])
}

/** After a SIGKILL: one that was frozen takes its time to die, and has its port meanwhile. */
export async function buryDaemon(host: LabHost): Promise<void> {
  await host.exec([
    'sh',
    '-ec',
    `while pgrep -f 'main[.]js daemon' >/dev/null; do sleep 0.05; done; while [ -e ${HELD} ] && ! rmdir ${HELD} 2>/dev/null; do sleep 0.05; done`
  ])
}

const GATE = '/run/restore-gate'
const AT_GATE = '/run/restore-at-gate'
const RESTORERS = { runc: 'restore', crun: 'restore', 'lxc-checkpoint': '-r' } as const
/** The target's end of a root file system that is sent. */
const RECEIVERS = { rsync: '--server' } as const

/** Restores on this host wait until `openGate`; or what is sent there is not taken until then. */
export async function shutGate(host: LabHost, kept: 'restore' | 'rootfs' = 'restore'): Promise<void> {
  const wrap = Object.entries(kept === 'restore' ? RESTORERS : RECEIVERS).map(([program, word]) => {
    const path = `/usr/local/sbin/${program}`
    const real = `"$(PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v ${program})"`
    return `cat > ${path} <<'END'
#!/bin/sh
case " $* " in *' ${word} '*) touch ${AT_GATE}; while [ -e ${GATE} ]; do sleep 0.02; done ;; esac
exec ${real} "$@"
END
chmod 755 ${path}`
  })
  await host.exec(['sh', '-ec', [`rm -f ${AT_GATE}; touch ${GATE}`, ...wrap].join('\n')])
}

/** When something waits there: a source that says it is restoring has not yet said so to its target. */
export async function atGate(host: LabHost): Promise<void> {
  await host.exec(['sh', '-ec', `timeout 60 sh -c 'while [ ! -e ${AT_GATE} ]; do sleep 0.02; done'`])
}

export async function openGate(host: LabHost): Promise<void> {
  const programs = Object.keys({ ...RESTORERS, ...RECEIVERS })
  await host.exec(['rm', '-f', GATE, AT_GATE, ...programs.map((program) => `/usr/local/sbin/${program}`)])
}

/** A move whose target restores while the daemon of `held` stands still, whichever of the two would have been faster. */
export async function movingHeld(
  source: FerryHost,
  container: string,
  target: FerryHost,
  held: FerryHost = source
): Promise<Moving> {
  await shutGate(target.host)
  try {
    const moving = await Moving.start(source, container, target.name)
    await moving.until('restoring')
    await atGate(target.host)
    await holdDaemon(held.host)
    return moving
  } finally {
    await openGate(target.host)
  }
}
