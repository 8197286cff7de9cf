// What a test, the demo and `npm run lab` see of the lab: hosts of two kinds behind one interface.

export interface ExecOptions {
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** Default 60 s. When it runs out the command is killed and the call rejects. */
  readonly timeoutMs?: number
  /** Default true: a non-zero exit rejects with the command and what it said. */
  readonly check?: boolean
}

export interface ExecResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** A program that goes on running on a host until it is ended; the lab ends it with the host. */
export interface LabProcess {
  /** Lines of stdout as they come. */
  readonly lines: AsyncIterable<string>
  readonly exited: Promise<ExecResult>
  write(text: string): void
  kill(signal?: 'SIGTERM' | 'SIGKILL' | 'SIGINT'): Promise<void>
}

export interface LabHost {
  readonly name: string
  readonly kind: 'ns' | 'vm'
  /** IPv4 address on the lab's segment, without prefix length. */
  readonly address: string
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>
  spawn(argv: readonly string[], options?: Pick<ExecOptions, 'env'>): Promise<LabProcess>
  readFile(path: string): Promise<Buffer>
  writeFile(path: string, data: string | Uint8Array, mode?: number): Promise<void>
  /** Copies a file or folder of this machine onto the host, modes kept, owned by root. */
  put(local: string, remote: string): Promise<void>
  /** Whatever has a pid in /proc whose name (comm) is `comm`. */
  pids(comm: string): Promise<number[]>
  /** Power loss: every process of the host ends at once; its disk stays. */
  kill(): Promise<void>
  /** After `kill`: the host comes up again with the disk it had. */
  boot(): Promise<void>
}

export interface LinkFault {
  /** One-way delay added to what leaves the host, milliseconds. */
  readonly delayMs?: number
  /** Share of frames lost, 0 to 1. */
  readonly loss?: number
  /** Bits a second. */
  readonly rateBps?: number
}

export interface LabOptions {
  /** Several labs can exist side by side; everything of one carries its name. [a-z0-9]{1,8} */
  readonly name: string
  /** Names of the hosts, e.g. ['a', 'b']; each host has a bridge br0 with its uplink eth0 in it. */
  readonly hosts: readonly string[]
  readonly kind: 'ns' | 'vm'
  /** Hosts of a second subnet, 10.77.1.0/24 on a bridge of its own, which a router joins with the first (kind ns only). */
  readonly secondSubnet?: readonly string[]
  /** Hosts that have a subnet of their own each, 192.168.N.0/24, behind a router that masquerades it and lets nothing in (kind ns only). */
  readonly behindNat?: readonly string[]
}

export interface Lab {
  readonly name: string
  host(name: string): LabHost
  /** A host on the same segment that has no engine: where clients run. Always of kind ns; checksum offload is off. */
  readonly client: LabHost
  /** Cuts a host's link (both directions, silently, as a pulled cable in a switch far away would). */
  cut(host: string): Promise<void>
  /** With a second subnet: whether the router forwards between the two. What it does not forward is lost without a word. */
  route(on: boolean): Promise<void>
  /** Undoes cut and fault. */
  heal(host: string): Promise<void>
  fault(host: string, fault: LinkFault): Promise<void>
  /** Argv prefix that runs a program of this machine inside the segment's network namespace, for watching traffic on bridge seg0. */
  readonly segment: readonly string[]
  down(): Promise<void>
}
