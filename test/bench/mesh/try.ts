import { SimulatedMesh } from './simulated-mesh.ts'
import { checkOnce } from './check-once.ts'
const n = Number(process.argv[2])
const checks = checkOnce()
let t = performance.now()
const mesh = new SimulatedMesh({ nodes: n, seed: 1, checks })
console.log('made', ((performance.now() - t) / 1000).toFixed(1))
t = performance.now()
mesh.start()
let last = 0
const ok = await mesh.time.run(120_000, () => {
  if (mesh.time.nowMs() - last < 500) return false
  last = mesh.time.nowMs()
  return mesh.nodes.every((x) => x.gossip.view().length === n) && mesh.agrees()
})
console.log(
  'all known',
  ok,
  mesh.time.nowMs(),
  'wall',
  ((performance.now() - t) / 1000).toFixed(1),
  Math.min(...mesh.nodes.map((x) => x.gossip.view().length))
)
console.log('bytes per node', mesh.nodes.reduce((s, x) => s + x.traffic.sent, 0) / n)
t = performance.now()
await mesh.time.run(mesh.time.nowMs() + 120_000)
mesh.clearTraffic()
const minutes = 5
await mesh.time.run(mesh.time.nowMs() + minutes * 60_000)
const sum = (k: 'sent' | 'received' | 'exchanges') =>
  mesh.nodes.reduce((s, x) => s + x.traffic[k], 0) / n / minutes / 60
console.log(
  'idle B/s sent',
  sum('sent').toFixed(0),
  'recv',
  sum('received').toFixed(0),
  'exch/s',
  sum('exchanges').toFixed(2),
  'wall',
  ((performance.now() - t) / 1000).toFixed(1)
)
console.log(
  mesh.agrees(),
  mesh.nodes[0]?.gossip.view().filter((x) => x.stale).length,
  Math.max(...(mesh.nodes[0]?.gossip.view().map((x) => x.ageMs) ?? []))
)
const start = mesh.time.nowMs()
mesh.nodes[0]?.publish({ cordoned: true })
const knows = () => mesh.nodes.filter((x) => x.gossip.get(mesh.nodes[0]?.peer ?? '')?.body.cordoned).length
await mesh.time.run(start + 60_000, () => knows() >= 0.5 * n)
console.log('50%', mesh.time.nowMs() - start)
await mesh.time.run(start + 60_000, () => knows() >= 0.99 * n)
console.log('99%', mesh.time.nowMs() - start)
await mesh.time.run(start + 60_000, () => knows() >= n)
console.log('100%', mesh.time.nowMs() - start)
console.log(process.memoryUsage(), checks.checked)
mesh.stop()
