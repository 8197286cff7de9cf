// A daemon that stands still while everything else of its host goes on: frozen in a cgroup of its own. (A stop signal would
// stop what started it too.)
import type { LabHost } from '../lab/lab.ts'

const HELD = '/sys/fs/cgroup/held'

export async function holdDaemon(host: LabHost): Promise<void> {
  await host.exec([
    'sh',
    '-ec',
    `mkdir -p ${HELD}; pgrep -f 'main[.]js daemon' > ${HELD}/cgroup.procs; echo 1 > ${HELD}/cgroup.freeze`
  ])
}

export async function letGo(host: LabHost): Promise<void> {
  await host.exec([
    'sh',
    '-ec',
    `echo 0 > ${HELD}/cgroup.freeze; for pid in $(cat ${HELD}/cgroup.procs); do echo $pid > /sys/fs/cgroup/cgroup.procs; done; rmdir ${HELD}`
  ])
}
