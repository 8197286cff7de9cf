// Run inside the network namespace of a scratch host by host-frames.test.ts: holds what comes for a container while its port is parked, then delivers it.
import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { frameInjector, holdFrames, announce } from '../../src/host/frames.ts'
import { readNeighbours, writeNeighbours } from '../../src/host/neighbours.ts'
import { attach, detach, portsOf, preparePorts } from '../../src/host/ports.ts'

const [mac = '', clientNetns = '', script = ''] = process.argv.slice(2)
const containerPid = Number(process.argv[5])
const signal = AbortSignal.timeout(30_000)

const [port] = await portsOf(containerPid, signal)
if (port === undefined) throw new Error('no port')
await preparePorts([port.outer], signal)
// Giving the bridge an address of its own cost the host its neighbours.
execFileSync('ip', ['neigh', 'replace', '10.9.0.10', 'lladdr', mac, 'dev', port.bridge])
const bridgeAddress = () =>
  execFileSync('ip', ['-br', 'link', 'show', port.bridge], { encoding: 'utf8' }).split(/\s+/)[2]
const addressBefore = bridgeAddress()
const hold = await holdFrames({ bridge: port.bridge, macs: [mac], outer: [port.outer], signal })
const send = (prefix: readonly string[]) => {
  const [file = '', ...args] = [...prefix, 'perl', '-e', script]
  execFileSync(file, args, { timeout: 5000 })
}
const fromClient = ['nsenter', `--net=${clientNetns}`]
const leavingMs = Date.now()
await detach([port.outer], signal)
// Whoever took the port off may be held up before it can say so.
send(fromClient)
await sleep(500)
hold.begin(leavingMs)
const addressParked = bridgeAddress()
const [parked] = await portsOf(containerPid, signal)
// A datagram is sent once: only whoever kept it can deliver it.
for (const prefix of [fromClient, []]) send(prefix)
const injector = await frameInjector(port.outer, signal)
await writeNeighbours(
  containerPid,
  [{ address: '10.9.0.77', device: 'eth0', mac: '02:00:00:00:00:77', permanent: false, router: false }],
  signal
)
const neighbours = await readNeighbours(containerPid, signal)
const totals = await hold.stop()
await attach([port], signal)
const delivered = await injector.inject(hold.frames)
await injector.close()
await announce({ initPid: containerPid, ports: [port], atMs: [0, 5], signal })
const [back] = await portsOf(containerPid, signal)
process.stdout.write(
  JSON.stringify({ port, parked, back, totals, delivered, neighbours, addressBefore, addressParked })
)
