// One QEMU process: a power switch, a disk, a console.
import { spawn } from 'node:child_process'
import { open, readFile, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** Bytes; the daemon, a container and CRIU's images in tmpfs fit, and two hosts fit in 8 GB. */
const MEMORY_BYTES = 2 * 1024 ** 3
/** Milliseconds. 10 to 30 s alone; several at once on a busy machine share its processors. */
const BOOT_TIMEOUT_MS = 300_000
const KILL_TIMEOUT_MS = 10_000
const READY = 'ferry-lab-ready'

export interface MachineSpec {
  readonly name: string
  /** The last number of its addresses and of its MAC. */
  readonly number: number
  readonly kernel: string
  readonly initrd: string
  readonly disk: string
  readonly software: string
  /** Argv prefix that runs QEMU in the network namespace with the tap. */
  readonly segment: readonly string[]
  readonly tap: string
  /** Base64 part of an ed25519 key. */
  readonly publicKey: string
  /** Where the guest's ssh answers, on 127.0.0.1 of the segment's namespace. */
  readonly shellPort: number
  readonly console: string
  readonly pidFile: string
}

/** Offloads off: a frame that is captured and replayed must be a whole one, with its checksum. */
const PLAIN_NIC = [
  'romfile=',
  ...['csum', 'guest_csum', 'gso', 'host_tso4', 'host_tso6', 'host_ecn', 'host_ufo'].map((name) => `${name}=off`),
  ...['guest_tso4', 'guest_tso6', 'guest_ecn', 'guest_ufo'].map((name) => `${name}=off`)
].join(',')

function qemuArguments(spec: MachineSpec): string[] {
  const kernelArguments = [
    ...['console=ttyS0', 'quiet', 'panic=-1', 'net.ifnames=0', 'mitigations=off', 'systemd.show_status=0'],
    `systemd.hostname=${spec.name}`,
    `ferry.address=10.77.0.${spec.number}/24`,
    `ferry.address6=fd77::${spec.number}/64`,
    `ferry.key=${spec.publicKey}`
  ]
  // KVM only on request: a /dev/kvm that is there may still not run a stock kernel.
  const accelerated = process.env['FERRY_LAB_ACCEL'] === 'kvm'
  return [
    ...(accelerated ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg,thread=multi', '-cpu', 'max']),
    ...['-m', String(MEMORY_BYTES / 1024 ** 2), '-smp', '1', '-display', 'none', '-nodefaults', '-no-reboot'],
    ...['-kernel', spec.kernel, '-initrd', spec.initrd, '-append', kernelArguments.join(' ')],
    // The page cache of this machine is the disk: it survives the guest's power loss, and that is all it must survive.
    ...['-drive', `file=${spec.disk},if=virtio,format=raw,cache=unsafe`],
    ...['-drive', `file=${spec.software},if=virtio,format=raw,readonly=on`],
    ...['-netdev', `tap,id=uplink,ifname=${spec.tap},script=no,downscript=no`],
    ...[
      '-device',
      `virtio-net-pci,netdev=uplink,mac=02:00:00:00:01:${spec.number.toString(16).padStart(2, '0')},${PLAIN_NIC}`
    ],
    ...['-netdev', `user,id=shell,restrict=on,hostfwd=tcp:127.0.0.1:${spec.shellPort}-:22`],
    ...['-device', 'virtio-net-pci,netdev=shell,mac=02:00:00:ff:ff:ff,romfile='],
    ...['-device', 'virtio-rng-pci', '-serial', `file:${spec.console}`, '-monitor', 'none', '-pidfile', spec.pidFile]
  ]
}

/**
 * Switches the machine on and waits until everything in it is up.
 * @throws Error with the end of its console when it is not up within five minutes.
 */
export async function powerOn(spec: MachineSpec): Promise<void> {
  await rm(spec.console, { force: true })
  await rm(spec.pidFile, { force: true })
  const [file, ...prefix] = spec.segment
  if (file === undefined) throw new Error('the segment has no namespace to run QEMU in')
  const errors = await open(`${spec.console}.qemu`, 'w')
  // Detached: `lab up` ends and its hosts stay, until `lab down`.
  const qemu = spawn(file, [...prefix, 'qemu-system-x86_64', ...qemuArguments(spec)], {
    detached: true,
    stdio: ['ignore', 'ignore', errors.fd]
  })
  const failed = new Promise<Error | undefined>((resolve) => {
    qemu.once('error', resolve)
    qemu.once('exit', () => resolve(undefined))
  })
  let ended = false
  void failed.then(() => (ended = true))
  qemu.unref()
  await errors.close()

  const deadline = Date.now() + BOOT_TIMEOUT_MS
  while (!(await consoleText(spec)).includes(READY)) {
    if (ended) throw await bootFailure(spec, 'its QEMU ended', await failed)
    if (Date.now() > deadline) {
      await powerOff(spec)
      throw await bootFailure(spec, `it was not up after ${BOOT_TIMEOUT_MS / 1000} s`)
    }
    await sleep(200)
  }
}

async function consoleText(spec: MachineSpec): Promise<string> {
  return readFile(spec.console, 'utf8').catch(() => '')
}

async function bootFailure(spec: MachineSpec, why: string, cause?: Error): Promise<Error> {
  const lines = (await consoleText(spec)).split('\n').slice(-25)
  const said = await readFile(`${spec.console}.qemu`, 'utf8').catch(() => '')
  const message = `host ${spec.name} did not boot, ${why}. QEMU: ${said.trim()}\nEnd of its console:\n${lines.join('\n')}`
  return new Error(message, { cause })
}

/** Ends the QEMU that wrote `pidFile`, at once; nothing when it is gone already or the pid is somebody else's now. */
export async function powerOff(of: Pick<MachineSpec, 'pidFile'>): Promise<void> {
  const pid = Number.parseInt(await readFile(of.pidFile, 'utf8').catch(() => ''), 10)
  if (Number.isNaN(pid)) return
  const deadline = Date.now() + KILL_TIMEOUT_MS
  for (let sent = false; (await commandLine(pid)).includes(of.pidFile); sent = true) {
    if (!sent) process.kill(pid, 'SIGKILL')
    if (Date.now() > deadline) throw new Error(`QEMU ${pid} is still there ${KILL_TIMEOUT_MS} ms after SIGKILL`)
    await sleep(20)
  }
  await rm(of.pidFile, { force: true })
}

/** Empty for a process that is gone or only waits to be reaped. */
async function commandLine(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
}
