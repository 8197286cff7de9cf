// npm run lab: brings up a lab to play with, says what is up, opens a shell on a host, takes it down.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { attachLab, createLab, removeLab } from './index.ts'
import { NsHost } from './ns-host.ts'
import { runFolder } from './places.ts'

const USAGE = `usage: npm run lab -- up [--kind ns|vm] [--hosts a,b] [--name lab]
       npm run lab -- status
       npm run lab -- shell HOST [--name lab]     (HOST may be client)
       npm run lab -- down [--name lab]`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kind: { type: 'string', default: 'ns' },
    hosts: { type: 'string', default: 'a,b' },
    name: { type: 'string', default: 'lab' }
  }
})
const { name, kind } = values
const again = name === 'lab' ? '' : ` --name ${name}`

class Refusal extends Error {}

async function up(): Promise<void> {
  if (kind !== 'ns' && kind !== 'vm') throw new Refusal(`--kind is ns or vm, not '${kind}'`)
  if (!existsSync(join(import.meta.dirname, '../../dist/src/cli/main.js'))) {
    throw new Refusal('ferry is not built, so the hosts would have none; run: npm run build')
  }
  const hosts = values.hosts.split(',')
  const lab = await createLab({ name, kind, hosts })
  for (const host of [...hosts.map((each) => lab.host(each)), lab.client]) console.log(`${host.name}\t${host.address}`)
  console.log(`up; a shell on a host: npm run lab -- shell ${hosts[0] ?? ''}${again}`)
}

async function status(): Promise<void> {
  const names = existsSync(runFolder('')) ? await readdir(runFolder('')) : []
  if (names.length === 0) console.log('no lab is up; npm run lab -- up makes one')
  for (const each of names) {
    const whole = (await attachLab(each)) !== undefined
    console.log(`${each}\t${whole ? 'up' : `broken or on its way up; npm run lab -- down --name ${each} removes it`}`)
  }
}

/** Argv that opens a shell on a host. */
async function shellOn(host: string): Promise<readonly string[]> {
  const lab = await attachLab(name)
  if (lab === undefined) throw new Refusal(`no lab '${name}' is up; npm run lab -- up${again}`)
  // A terminal of the host's own: it can't name ours.
  const bash = process.stdin.isTTY ? ['script', '-qec', 'bash -i', '/dev/null'] : ['bash']
  const found = host === 'client' ? lab.client : lab.host(host)
  if (found instanceof NsHost) return found.enter(bash, { TERM: process.env['TERM'] ?? 'linux' })
  return [...lab.segment, 'ssh', '-F', join(runFolder(name), 'ssh_config'), host]
}

async function shell(host: string | undefined): Promise<number> {
  if (host === undefined) throw new Refusal(USAGE)
  const [file = '', ...args] = await shellOn(host)
  const child = spawn(file, args, { stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      resolve(code ?? 1)
    })
  })
}

async function main(): Promise<number> {
  switch (positionals[0]) {
    case 'up':
      await up()
      return 0
    case 'status':
      await status()
      return 0
    case 'shell':
      return shell(positionals[1])
    case 'down':
      await removeLab(name)
      return 0
    default:
      throw new Refusal(USAGE)
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error)
  process.exitCode = 1
}
