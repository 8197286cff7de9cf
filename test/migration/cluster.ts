// Two lab hosts with a ferry daemon each, containers on them and a client: the set-up that migration tests and the demo share.
import { createLab, attachLab } from '../lab/index.ts'
import type { ExecResult, Lab, LabHost, LabProcess } from '../lab/lab.ts'

export interface ClientReport {
  readonly answers: number
  readonly first: number
  readonly last: number
  readonly outOfOrder: number
  readonly longestGapMs: number
  readonly gapAfter: number
  readonly localPort: number
  readonly problem?: string
}

/** A client that keeps one connection open until it is asked what it saw. */
export class Client {
  readonly #process: LabProcess
  #last = ''
  #answers = 0
  #problem: string | undefined
  #ended = false
  #wake: (() => void)[] = []

  private constructor(process: LabProcess) {
    this.#process = process
  }

  static async connect(from: LabHost, address: string, port = 8000, everyMs = 5): Promise<Client> {
    // A client host has the repository at /opt/ferry, or this machine's own files.
    const { exitCode } = await from.exec(['test', '-e', '/opt/ferry/node_modules'], { check: false })
    const repository = exitCode === 0 ? '/opt/ferry' : new URL('../..', import.meta.url).pathname.replace(/\/$/, '')
    const process = await from.spawn([
      // Debian's own node is built without what runs TypeScript.
      `${repository}/node_modules/node/bin/node`,
      `${repository}/test/lab/programs/client.ts`,
      address,
      String(port),
      '--every',
      String(everyMs)
    ])
    const client = new Client(process)
    const connected = Promise.withResolvers<void>()
    void client.#read(process.lines, connected.resolve)
    await connected.promise
    if (!client.#last.includes('"connected":true')) {
      throw new Error(`the client did not connect to ${address}: ${client.#last}`)
    }
    return client
  }

  /** Waits until the client has had some more answers than now. */
  async more(answers = 40): Promise<void> {
    const wanted = this.#answers + answers
    while (this.#answers < wanted) {
      if (this.#problem !== undefined) throw new Error(`the client's connection broke: ${this.#problem}`)
      if (this.#ended) throw new Error('the client has ended')
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }

  async finish(): Promise<ClientReport> {
    this.#process.write('stop\n')
    await this.#process.exited
    while (!this.#ended) await new Promise<void>((resolve) => this.#wake.push(resolve))
    return JSON.parse(this.#last) as ClientReport
  }

  async #read(lines: AsyncIterable<string>, first: () => void): Promise<void> {
    for await (const line of lines) {
      this.#last = line
      const said = JSON.parse(line) as { answers?: number; problem?: string }
      this.#answers = said.answers ?? this.#answers
      this.#problem = said.problem
      first()
      for (const wake of this.#wake.splice(0)) wake()
    }
    this.#ended = true
    first()
    for (const wake of this.#wake.splice(0)) wake()
  }
}

/** A command takes half a minute to start on an emulated host, and a move there is made of many. */
const COMMAND_MS = { ns: 180_000, vm: 600_000 } as const

/** A lab host with ferry on it. */
export class FerryHost {
  readonly host: LabHost
  peerId = ''
  /** Hears every log line of the daemon as it comes. */
  onLine: ((line: string) => void) | undefined
  #daemon: LabProcess | undefined
  #log: string[] = []

  constructor(host: LabHost) {
    this.host = host
  }

  get name(): string {
    return this.host.name
  }

  /** The daemon's log lines so far. */
  get log(): readonly string[] {
    return this.#log
  }

  async configure(config: Record<string, unknown>): Promise<void> {
    await this.host.writeFile('/etc/ferry/ferry.json', JSON.stringify({ name: this.name, ...config }, undefined, 2))
  }

  async identify(): Promise<string> {
    const { stdout } = await this.host.exec(['ferry', 'id', '--json'], { timeoutMs: COMMAND_MS[this.host.kind] })
    this.peerId = (JSON.parse(stdout) as { peerId: string }).peerId
    return this.peerId
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    // A VM host has systemd: there ferry is a unit, as on a real host, and its log is the journal's.
    const argv =
      this.host.kind === 'vm'
        ? ['sh', '-ec', 'systemctl restart ferry; exec journalctl -u ferry -o cat -f -n all']
        : ['ferry', 'daemon']
    const daemon = await this.host.spawn(argv, { env })
    this.#daemon = daemon
    this.#log = []
    const ready = Promise.withResolvers<void>()
    const read = async () => {
      for await (const line of daemon.lines) {
        this.#log.push(line)
        this.onLine?.(line)
        if (line.includes('ferry is ready')) ready.resolve()
      }
      const { stderr } = await daemon.exited
      ready.reject(new Error(`ferry on ${this.name} ended: ${stderr} ${this.#log.slice(-3).join('\n')}`))
    }
    // After `ready` its rejection says nothing new.
    ready.promise.catch(() => undefined)
    read().catch((error: unknown) => {
      ready.reject(error instanceof Error ? error : new Error(String(error)))
    })
    await ready.promise
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<ExecResult | undefined> {
    const daemon = this.#daemon
    this.#daemon = undefined
    if (daemon === undefined) return undefined
    if (this.host.kind === 'vm') await this.host.exec(['systemctl', 'stop', 'ferry'], { timeoutMs: 120_000 })
    await daemon.kill(signal)
    return daemon.exited
  }

  /** Resolves when no migration is under way here. A target runs the container, and its source has ended, before its own end is on disk and the name free. */
  async settled(): Promise<void> {
    while ((await this.json<{ outcome?: string }[]>('migrations')).some(({ outcome }) => outcome === undefined)) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** Runs the CLI on this host; never throws for its exit code. */
  ferry(...args: string[]): Promise<ExecResult> {
    return this.host.exec(['ferry', ...args], { check: false, timeoutMs: COMMAND_MS[this.host.kind] })
  }

  /** Runs the CLI with --json; the last line is what it said. */
  async json<T>(...args: string[]): Promise<T> {
    const { stdout, stderr, exitCode } = await this.ferry(...args, '--json')
    const text = stdout.trim()
    if (text === '') throw new Error(`ferry ${args.join(' ')} said nothing (${String(exitCode)}): ${stderr}`)
    return JSON.parse(text.startsWith('[') ? text : (text.split('\n').at(-1) ?? '')) as T
  }
}

export interface Cluster {
  readonly lab: Lab
  readonly hosts: readonly FerryHost[]
  host(name: string): FerryHost
  /** Resolves when every daemon sees every other. */
  connected(): Promise<void>
  down(): Promise<void>
}

export interface ClusterOptions {
  readonly name: string
  readonly hosts?: readonly string[]
  readonly kind?: 'ns' | 'vm'
  readonly config?: Record<string, unknown>
  /** Uses a lab of this name that is up already. */
  readonly reuse?: boolean
  /** Done with the lab before there is any ferry in it. */
  readonly prepare?: (lab: Lab) => Promise<void>
}

export async function createCluster(options: ClusterOptions): Promise<Cluster> {
  const names = options.hosts ?? ['a', 'b']
  const lab =
    (options.reuse === true ? await attachLab(options.name) : undefined) ??
    (await createLab({ name: options.name, hosts: names, kind: options.kind ?? 'ns' }))
  try {
    await options.prepare?.(lab)
    const hosts = names.map((name) => new FerryHost(lab.host(name)))
    await joinMesh(hosts, options.config ?? {})
    return {
      lab,
      hosts,
      host(name) {
        const found = hosts.find((host) => host.name === name)
        if (found === undefined) throw new Error(`no host ${name}`)
        return found
      },
      async connected() {
        for (const ferry of hosts) await connected(ferry, hosts.length)
      },
      async down() {
        await lab.down()
      }
    }
  } catch (error) {
    await lab.down()
    throw error
  }
}

/** Every host knows every other by address and peer id. */
async function joinMesh(hosts: readonly FerryHost[], config: Record<string, unknown>): Promise<void> {
  await Promise.all(
    hosts.map(async (ferry) => {
      await ferry.configure(config)
      await ferry.identify()
    })
  )
  await Promise.all(
    hosts.map(async (ferry) => {
      const bootstrap = hosts
        .filter((other) => other !== ferry)
        .map((other) => `/ip4/${other.host.address}/tcp/4860/p2p/${other.peerId}`)
      await ferry.configure({ bootstrap, ...config })
      await ferry.start()
    })
  )
  for (const ferry of hosts) await connected(ferry, hosts.length)
}

async function connected(ferry: FerryHost, count: number): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    const peers = await ferry.json<{ state: string }[]>('peers')
    if (peers.filter(({ state }) => state === 'connected' || state === 'self').length === count) return
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  throw new Error(`${ferry.name} does not see its peers`)
}
