// A small disk of its own for a host's stateDir, which a test can fill without harm to anybody else.
import type { LabHost } from './lab.ts'

const STATE = '/var/lib/ferry'
const DISK = '/srv/state.img'
const DISK_MIB = 768
const FILL = `${STATE}/fill`

/** In a file that outlives the host's power. */
export async function makeDisk(host: LabHost): Promise<void> {
  await host.exec(['sh', '-ec', `truncate -s ${String(DISK_MIB)}M ${DISK}; mkfs.ext4 -q -m 0 ${DISK}`])
  await mountDisk(host)
}

export async function mountDisk(host: LabHost): Promise<void> {
  // The mount of before a power cut is taken down by the kernel in its own time, when all that waits is written; never mount it twice.
  const script = `[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
     for n in $(seq 0 63); do [ -e /dev/loop$n ] || mknod /dev/loop$n b 7 $n; done
     while [ -n "$(losetup -j ${DISK})" ]; do sleep 0.05; done
     mkdir -p ${STATE}; mount -o loop ${DISK} ${STATE}`
  await host.exec(['sh', '-ec', script], { timeoutMs: 120_000 })
}

export async function fillDisk(host: LabHost): Promise<void> {
  await host.exec([
    'sh',
    '-c',
    `fallocate -l $(($(stat -f -c '%a * %S' ${STATE}))) ${FILL}; dd if=/dev/zero of=${FILL}2 bs=1k 2>/dev/null; true`
  ])
}

export async function freeDisk(host: LabHost): Promise<void> {
  await host.exec(['rm', '-f', FILL, `${FILL}2`])
}
