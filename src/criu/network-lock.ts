// CRIU's network lock as a killed CRIU leaves it in a container's network namespace (criu/netfilter.c): an nftables table, or an iptables chain.
import { HostProblem } from '../host/problem.ts'
import { enter } from '../host/ports.ts'
import { run } from '../host/run.ts'

export interface NetworkLock {
  readonly kind: 'nftables table' | 'iptables chain'
  /** `inet CRIU-PID`, or the program whose chain CRIU it is. */
  readonly name: string
}

/** None where the host has neither program. */
export async function findNetworkLocks(initPid: number, signal: AbortSignal): Promise<NetworkLock[]> {
  const found: NetworkLock[] = []
  const tables = await said([...enter(initPid), 'nft', 'list', 'tables'], signal)
  for (const [, name = ''] of tables.matchAll(/^table (inet CRIU-\d+)$/gm)) found.push({ kind: 'nftables table', name })
  for (const program of ['iptables', 'ip6tables']) {
    const chains = await said([...enter(initPid), program, '-w', '-S'], signal)
    if (/^-N CRIU$/m.test(chains)) found.push({ kind: 'iptables chain', name: program })
  }
  return found
}

/** @throws HostProblem COMMAND_FAILED */
export async function removeNetworkLock(initPid: number, lock: NetworkLock, signal: AbortSignal): Promise<void> {
  if (lock.kind === 'nftables table') {
    await run([...enter(initPid), 'nft', 'delete', 'table', ...lock.name.split(' ')], { signal })
    return
  }
  const command = [...enter(initPid), lock.name, '-w']
  for (const chain of ['INPUT', 'OUTPUT']) await run([...command, '-D', chain, '-j', 'CRIU'], { signal, check: false })
  await run([...command, '-F', 'CRIU'], { signal })
  await run([...command, '-X', 'CRIU'], { signal })
}

/** Empty where the program is not installed or has nothing to say. */
async function said(argv: readonly string[], signal: AbortSignal): Promise<string> {
  try {
    return (await run(argv, { signal, check: false })).stdout
  } catch (error) {
    if (error instanceof HostProblem && error.details.code === 'COMMAND_MISSING') return ''
    throw error
  }
}
