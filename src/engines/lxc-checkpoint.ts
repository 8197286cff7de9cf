// Dump and restore of LXC containers, seen to work with LXC 7 and CRIU 4.2: CRIU itself dumps, lxc-checkpoint restores, so that liblxc has a monitor.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CriuOption } from '../criu/config-file.ts'
import { criuDump } from '../criu/dump.ts'
import { installWrapper } from '../criu/wrapper.ts'
import { cgroupOf } from '../host/cgroup.ts'
import { detach, portsOf } from '../host/ports.ts'
import { DUMP_LIMIT_MS, endCriu, prepareDump, prepareRestore, withGrace } from './criu-session.ts'
import type { CheckpointPaths, Inspection, RestoredTree, Staged } from './engine.ts'
import { lastValue } from './lxc-config.ts'
import { unparkedText } from './lxc-park.ts'
import { parseLxcSpec } from './lxc-spec.ts'
import type { LxcSpec } from './lxc-spec.ts'
import { endContainer, monitorCgroup, payloadOf, processesOf } from './lxc-state.ts'
import { toRestoredPorts } from './network.ts'
import { clearCgroup, nothingRestored, notPrepared, runRestore } from './restore-session.ts'
import { readRecord, writeRecord } from './staging.ts'
import type { Unheld } from './unheld.ts'

export async function dumpLxc(
  criu: string,
  container: Inspection,
  paths: CheckpointPaths,
  signal: AbortSignal
): Promise<void> {
  const spec = parseLxcSpec(container.spec)
  const configFile = await prepareDump(paths, dumpTtys(spec))
  await withGrace(signal, async (late) => {
    try {
      await criuDump({
        criu,
        pid: container.initPid,
        cgroup: container.cgroup,
        images: paths.images,
        work: paths.work,
        configFile,
        timeoutMs: DUMP_LIMIT_MS,
        signal: late
      })
    } finally {
      await endCriu(configFile, paths.work)
    }
  })
}

/** CRIU knows no terminal whose other end is outside: it is told their names, and the target what to put there. */
function dumpTtys(spec: LxcSpec): CriuOption[] {
  const folder = lastValue(spec.lines, 'lxc.tty.dir')
  return spec.ttys.map((tty) => ['external', `mnt[/dev/${folder === undefined ? '' : `${folder}/`}${tty}]:${tty}`])
}

export async function restoreLxc(
  criu: string,
  staged: Staged,
  paths: CheckpointPaths,
  how: 'stop' | 'hook',
  signal: AbortSignal,
  onUnheld?: (unheld: Unheld) => void
): Promise<RestoredTree> {
  const spec = parseLxcSpec(staged.spec)
  const record = await readRecord(staged.home)
  if (record === undefined || record === 'torn') throw notPrepared(staged)
  await clearCgroup(staged.cgroup, signal)
  await clearCgroup(monitorCgroup(staged.name), signal)
  const ttys = spec.ttys.map((tty): CriuOption => ['external', `mnt[${tty}]:/dev/null`])
  const configFile = await prepareRestore(paths, how, ttys)
  const wrapper = await installWrapper(join(paths.work, 'bin'), { criu })
  await writeRecord(staged.home, { ...record, restoring: true, work: paths.work, how })
  // The one in place is for nobody: whatever starts the container by it fails until it has been adopted.
  const own = join(paths.work, 'lxc-restore.conf')
  await writeFile(own, unparkedText(await readFile(join(staged.home, 'config'), 'utf8')), { mode: 0o600 })
  const runtimeLog = join(paths.work, 'lxc-restore.log')
  return runRestore(
    {
      argv: [
        ...['lxc-checkpoint', '-r', '-n', staged.name, `--rcfile=${own}`, '-D', paths.images],
        ...['-v', '-o', runtimeLog, '-l', 'INFO']
      ],
      cgroup: staged.cgroup,
      how,
      paths,
      configFile,
      // liblxc has CRIU write it beside the images.
      criuLog: join(paths.images, 'restore.log'),
      runtimeLog,
      env: { PATH: `${wrapper}:${process.env['PATH'] ?? '/usr/bin:/bin'}` },
      cwd: staged.home
    },
    signal,
    {
      // Half a tree must not stay: it holds up whoever asks its monitor.
      removeHalf: () => endContainer(staged.name, staged.cgroup, AbortSignal.timeout(30_000)),
      ...(onUnheld === undefined ? {} : { onUnheld })
    },
    async () => {
      const found = await processesOf(staged.name, signal)
      if (found === undefined) throw nothingRestored(staged)
      const ports = await portsOf(found.initPid, signal)
      const outer = ports.map((port) => port.outer)
      await writeRecord(staged.home, { ...record, restoring: true, work: paths.work, how, outer })
      // CRIU made them down and on no bridge (see the wrapper): the container must find its port up, and nobody must hear it.
      await detach(outer, signal)
      const cgroup = payloadOf(await cgroupOf(found.initPid))
      return { initPid: found.initPid, cgroup, ports: toRestoredPorts(ports, spec.ports, staged.bridges) }
    }
  )
}
