// Real containers for the tests: a static counter behind TCP port 8000, made with the engine's own commands.
import type { LabHost } from '../lab/lab.ts'

export interface CounterOptions {
  readonly engine: 'runc' | 'crun' | 'lxc'
  readonly name: string
  /** IPv4 on the lab's segment. */
  readonly address: string
  readonly mac: string
  /** Memory that the program fills, MiB; default none. */
  readonly memoryMiB?: number
  /** Another of the lab's programs. */
  readonly program?: 'counter' | 'sigcont' | 'ledger'
}

export async function startCounter(host: LabHost, options: CounterOptions): Promise<void> {
  await (options.engine === 'lxc' ? startLxc(host, options) : startOci(host, options))
  await untilItListens(host, options)
}

/** Where a runtime has returned, the program need not be there yet, and it listens only once it has filled its memory: who connects before is refused. */
async function untilItListens(host: LabHost, { engine, name }: CounterOptions): Promise<void> {
  const sockets =
    engine === 'lxc'
      ? `cat /proc/$(lxc-info -n ${name} -p -H)/net/tcp`
      : `nsenter --net=/run/netns/${name} cat /proc/net/tcp`
  // 8000 in hex, no peer, LISTEN (proc_net_tcp.rst).
  const look = `until ${sockets} 2>/dev/null | grep -q ':1F40 00000000:0000 0A '; do sleep 0.05; done`
  await host.exec(['timeout', '170', 'sh', '-c', look], { timeoutMs: 180_000 })
}

async function startOci(host: LabHost, options: CounterOptions): Promise<void> {
  const { name, memoryMiB = 0, program = 'counter' } = options
  const bundle = `/srv/${name}`
  const config = {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: [`/bin/${program}`, String(memoryMiB)],
      env: ['PATH=/bin'],
      cwd: '/'
    },
    root: { path: 'rootfs' },
    hostname: name,
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs' },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['ro'] }
    ],
    linux: {
      cgroupsPath: `/${name}`,
      namespaces: [
        { type: 'pid' },
        { type: 'ipc' },
        { type: 'uts' },
        { type: 'mount' },
        { type: 'network', path: `/run/netns/${name}` }
      ]
    }
  }
  await host.writeFile(`${bundle}/config.json`, JSON.stringify(config))
  await host.exec([
    'sh',
    '-ec',
    `mkdir -p ${bundle}/rootfs/bin ${bundle}/rootfs/proc ${bundle}/rootfs/dev ${bundle}/rootfs/sys
     cp /usr/local/bin/${program} ${bundle}/rootfs/bin/`
  ])
  await runBundle(host, options, bundle)
}

/** Makes the network namespace of a bundle that is there, with a port on br0, and runs it. */
export async function runBundle(
  host: LabHost,
  { engine, name, address, mac }: CounterOptions,
  bundle: string
): Promise<void> {
  await host.exec([
    'sh',
    '-ec',
    `mkdir -p /run/netns; ip netns add ${name}
     ip link add v${name} type veth peer name eth0 netns ${name} address ${mac}
     nsenter --net=/run/netns/${name} ip link set lo up
     nsenter --net=/run/netns/${name} ip link set eth0 up
     nsenter --net=/run/netns/${name} ip addr add ${address}/24 dev eth0
     ip link set v${name} master br0 up
     cd ${bundle}; ${engine} run -d --bundle ${bundle} ${name} </dev/null >/dev/null 2>/dev/null`
  ])
}

async function startLxc(host: LabHost, options: CounterOptions): Promise<void> {
  const { name, address, mac, memoryMiB = 0, program = 'counter' } = options
  const home = `/var/lib/lxc/${name}`
  await host.writeFile(
    `${home}/config`,
    `lxc.uts.name = ${name}
lxc.rootfs.path = dir:${home}/rootfs
lxc.init.cmd = /bin/${program} ${memoryMiB}
lxc.net.0.type = veth
lxc.net.0.link = br0
lxc.net.0.name = eth0
lxc.net.0.flags = up
lxc.net.0.hwaddr = ${mac}
lxc.net.0.ipv4.address = ${address}/24
lxc.console.path = none
lxc.tty.max = 0
lxc.mount.auto = proc:mixed sys:ro
`
  )
  await host.exec([
    'sh',
    '-ec',
    `mkdir -p ${home}/rootfs/bin ${home}/rootfs/proc ${home}/rootfs/sys ${home}/rootfs/dev/pts
     cp /usr/local/bin/${program} ${home}/rootfs/bin/
     lxc-start -n ${name} </dev/null >/dev/null 2>&1`
  ])
}

async function waitForTasks(host: LabHost, comm: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if ((await host.pids(comm)).length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${comm} did not start on ${host.name}`)
}

/** A runc container without network that runs one static program of the lab; resolves to its pids. */
export async function startProgram(host: LabHost, name: string, program: string): Promise<number[]> {
  const bundle = `/srv/${name}`
  const config = {
    ociVersion: '1.0.2',
    process: { terminal: false, user: { uid: 0, gid: 0 }, args: [`/bin/${program}`], env: ['PATH=/bin'], cwd: '/' },
    root: { path: 'rootfs' },
    hostname: name,
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs' }
    ],
    linux: {
      cgroupsPath: `/${name}`,
      namespaces: [{ type: 'pid' }, { type: 'ipc' }, { type: 'uts' }, { type: 'mount' }, { type: 'network' }]
    }
  }
  await host.writeFile(`${bundle}/config.json`, JSON.stringify(config))
  await host.exec([
    'sh',
    '-ec',
    `mkdir -p ${bundle}/rootfs/bin ${bundle}/rootfs/proc ${bundle}/rootfs/dev
     cp /usr/local/bin/${program} ${bundle}/rootfs/bin/
     cd ${bundle}; runc run -d --bundle ${bundle} ${name} </dev/null >/dev/null 2>/dev/null`
  ])
  await waitForTasks(host, program)
  return host.pids(program)
}
