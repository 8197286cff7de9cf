// Dump and restore of LXC containers, seen to work with LXC 7 and CRIU 4.2: CRIU itself dumps, lxc-checkpoint restores, so that liblxc has a monitor.
import { access, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { CriuOption } from '../criu/config-file.ts'
import { criuDump, criuFailure } from '../criu/dump.ts'
import { installWrapper } from '../criu/wrapper.ts'
import { cgroupOf } from '../host/cgroup.ts'
import { detach, portsOf } from '../host/ports.ts'
import { HostProblem } from '../host/problem.ts'
import { run } from '../host/run.ts'
import { DUMP_LIMIT_MS, endCriu, prepareDump, prepareRestore, RESTORE_LIMIT_MS, withGrace } from './criu-session.ts'
import type { CheckpointPaths, Inspection, RestoredTree, Staged } from './engine.ts'
import { lastValue } from './lxc-config.ts'
import { parseLxcSpec } from './lxc-spec.ts'
import type { LxcSpec } from './lxc-spec.ts'
import { endContainer, monitorCgroup, payloadOf, processesOf, wrongMonitor } from './lxc-state.ts'
import { clearCgroup, hung, notPrepared } from './oci-checkpoint.ts'
import { readRecord, writeRecord } from './staging.ts'

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
      await endCriu(configFile)
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
  signal: AbortSignal
): Promise<RestoredTree> {
  const spec = parseLxcSpec(staged.spec)
  const record = await readRecord(staged.home)
  if (record === undefined) throw notPrepared(staged)
  await clearCgroup(staged.cgroup, signal)
  await clearCgroup(monitorCgroup(staged.name), signal)
  const ttys = spec.ttys.map((tty): CriuOption => ['external', `mnt[${tty}]:/dev/null`])
  const config = await prepareRestore(paths, how, ttys)
  const wrapper = await installWrapper(join(paths.work, 'bin'), { criu })
  await writeRecord(staged.home, { ...record, restoring: true })
  const log = join(paths.work, 'lxc-restore.log')
  const argv = ['lxc-checkpoint', '-r', '-n', staged.name, '-D', paths.images, '-v', '-o', log, '-l', 'INFO']
  try {
    const { exitCode } = await run(argv, {
      signal,
      timeoutMs: RESTORE_LIMIT_MS,
      check: false,
      // Its monitor stays, in the session that `run` made for it, when the command and the daemon have ended.
      stdio: 'ignore',
      env: { CRIU_CONFIG_FILE: config, PATH: `${wrapper}:${process.env['PATH'] ?? '/usr/bin:/bin'}` }
    })
    await keepLog(paths)
    if (exitCode !== 0)
      throw await criuFailure(
        'restore',
        join(paths.work, 'restore.log'),
        `lxc-checkpoint ended with exit code ${String(exitCode)}`
      )
    const found = await processesOf(staged.name, signal)
    if (found === undefined) throw wrongMonitor(staged.name)
    const ports = await portsOf(found.initPid, signal)
    // CRIU made them down and on no bridge (see the wrapper): the container must find its port up, and nobody must hear it.
    await detach(
      ports.map((port) => port.outer),
      signal
    )
    const order = spec.ports.map((port) => port.inner)
    return {
      initPid: found.initPid,
      cgroup: payloadOf(await cgroupOf(found.initPid)),
      ports: ports.map(({ inner, outer, mac, addresses }) => ({
        inner,
        outer,
        mac,
        addresses,
        bridge: staged.bridges[order.indexOf(inner)] ?? ''
      }))
    }
  } catch (error) {
    // Half a tree must not stay: its tasks wait on a futex for ever, and hold up whoever asks its monitor.
    await endCriu(config)
    await endContainer(staged.name, staged.cgroup, AbortSignal.timeout(30_000))
    await keepLog(paths)
    throw error instanceof HostProblem && error.details.code === 'COMMAND_TIMEOUT'
      ? hung(error, await criuFailure('restore', join(paths.work, 'restore.log'), ''))
      : error
  }
}

/** liblxc has CRIU write its log beside the images. */
async function keepLog(paths: CheckpointPaths): Promise<void> {
  const written = join(paths.images, 'restore.log')
  try {
    await access(written)
    await rename(written, join(paths.work, 'restore.log'))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
