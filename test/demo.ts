// `npm run demo`: a running container moves from host a to host b and back, while a client on a third host holds one TCP connection.
import type { MigrationView } from '../protocols/operator/views.ts'
import { Client, createCluster, type Cluster, type FerryHost } from './migration/cluster.ts'
import { startCounter } from './migration/containers.ts'

const LAB = 'demo'
const container = { engine: 'runc', name: 'web', address: '10.77.0.100', mac: '00:16:3e:00:00:64' } as const

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function bytes(count: number): string {
  return count < 1024 * 1024 ? `${(count / 1024).toFixed(0)} KiB` : `${(count / 1024 / 1024).toFixed(1)} MiB`
}

async function move(from: FerryHost, to: FerryHost): Promise<MigrationView> {
  say(`\n$ ferry move ${container.name} --to ${to.name}        # on host ${from.name}`)
  const view = await from.json<MigrationView>('move', container.name, '--to', to.name)
  for (const { phase, durationMs } of view.phases) {
    say(`  ${phase.padEnd(11)} ${String(durationMs ?? '').padStart(6)} ms`)
  }
  say(
    `  rootfs ${bytes(view.rootfsBytes)}, memory images ${bytes(view.imageBytes)}, frames kept while frozen ${String(view.framesHeld)}`
  )
  say(`  ${view.outcome ?? view.state}; frozen for ${String(view.downtimeMs ?? '?')} ms`)
  if (view.outcome !== 'moved') throw new Error(view.problem?.what ?? 'the container was not moved')
  return view
}

async function run(cluster: Cluster): Promise<boolean> {
  const [a, b] = cluster.hosts
  if (a === undefined || b === undefined) throw new Error('the lab has no two hosts')
  say(
    `Host ${a.name} starts container "${container.name}" (${container.engine}): an in-memory counter behind HTTP on ${container.address}:8000.`
  )
  await startCounter(a.host, container)
  say('A client on a third host opens one TCP connection and asks every 5 ms.')
  const client = await Client.connect(cluster.lab.client, container.address)
  await client.more()
  const [before] = await a.host.pids('counter')
  await move(a, b)
  await client.more()
  await b.settled()
  await move(b, a)
  await client.more(80)
  const seen = await client.finish()
  const [after] = await a.host.pids('counter')
  const lost = seen.last - seen.first + 1 - seen.answers
  const kept = seen.problem === undefined
  say('\nWhat the client saw:')
  say(
    `  connection   ${kept ? `kept (one connection, local port ${String(seen.localPort)}, from the first answer to the last)` : `broken: ${seen.problem}`}`
  )
  say(`  answers      ${String(seen.answers)}, from ${String(seen.first)} to ${String(seen.last)}`)
  say(
    `  order        ${seen.outOfOrder === 0 ? 'every answer is its predecessor plus one' : `${String(seen.outOfOrder)} out of order`}`
  )
  say(`  lost         ${String(lost)}`)
  say(`  longest gap  ${String(seen.longestGapMs)} ms`)
  say(
    `  (the counter was pid ${String(before)} on ${a.name}; back there it is pid ${String(after)}: its memory came along, not its process)`
  )
  return kept && seen.outOfOrder === 0 && lost === 0
}

say('Making the lab: two hosts and a client in namespaces of their own (the first time this builds a Debian base)…')
const cluster = await createCluster({ name: LAB })
let good = false
try {
  good = await run(cluster)
} finally {
  await cluster.down()
}
say(good ? '\nBoth moves done; the connection never noticed.' : '\nThe demo FAILED.')
process.exitCode = good ? 0 : 1
