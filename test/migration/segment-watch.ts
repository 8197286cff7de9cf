// What the lab's segment sees of one container: every frame with its addresses, by the host whose port it came in from.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Lab } from '../lab/lab.ts'

export type FrameKind =
  'arp-request' | 'arp-reply' | 'neighbour-solicitation' | 'neighbour-advertisement' | 'tcp' | 'other'

export interface SeenFrame {
  /** The host it came from. */
  readonly from: string
  readonly kind: FrameKind
  /** Whether the container is the one that speaks, by MAC or by address. */
  readonly ofContainer: boolean
  /** ARP and neighbour discovery: the address that is asked for, or that an answer speaks of. */
  readonly about: string
  /** ARP and neighbour discovery: nobody had asked. */
  readonly unasked: boolean
  readonly rst: boolean
}

export interface WatchedContainer {
  readonly mac: string
  readonly addresses: readonly string[]
}

/**
 * One packet socket on all ports, so that the order is the kernel's own. Arguments: what to look for in hex, then NAME=INDEX of each port. Says "ready", then a
 * line "NAME HEX" a frame that came in; at the end of its input "lost N".
 */
const script = `use strict; use warnings; use Socket; $| = 1;
my ($wanted, @ports) = @ARGV; my @needles = map { pack('H*', $_) } split /,/, $wanted; my %name;
for (@ports) { my $r = pack('a16 x24', "port-$_"); socket(my $q, 17, SOCK_RAW, 0) or die "socket: $!\\n";
  ioctl($q, 0x8933, $r) or die "port-$_: $!\\n"; $name{unpack('x16 i', $r)} = $_ }
socket(my $s, 17, SOCK_RAW, unpack('S', pack('n', 3))) or die "packet socket: $!\\n";
setsockopt($s, 1, 33, pack('i', 33554432)) or die "SO_RCVBUFFORCE: $!\\n";
print "ready\\n";
while (1) {
  my $in = ''; vec($in, 0, 1) = 1; vec($in, fileno($s), 1) = 1;
  select($in, undef, undef, undef) >= 0 or next;
  while (defined(my $from = recv($s, my $frame, 160, 64))) {
    my ($index, $type) = unpack('x4 i x2 C', $from);
    next if $type == 4 or !$name{$index};
    my $hit = 0; for (@needles) { my $at = index($frame, $_); if ($at >= 0 && $at < 62) { $hit = 1; last } }
    print "$name{$index} ", unpack('H*', $frame), "\\n" if $hit;
  }
  if (vec($in, 0, 1)) { my $n = sysread(STDIN, my $words, 64); last unless $n; }
}
my $r = getsockopt($s, 263, 6); print 'lost ', unpack('x4 I', $r), "\\n";
`

export class SegmentWatch {
  readonly frames: SeenFrame[] = []
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  #lost: number | undefined

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#ended = once(child, 'close')
  }

  static async start(lab: Lab, hosts: readonly string[], container: WatchedContainer): Promise<SegmentWatch> {
    const mac = container.mac.replaceAll(':', '')
    const addresses = container.addresses.map(addressHex)
    const needles = [mac, ...addresses].join(',')
    const [file = '', ...prefix] = lab.segment
    const child = spawn(file, [...prefix, 'perl', '-e', script, needles, ...hosts, 'client'], {
      stdio: ['pipe', 'pipe', 'inherit']
    })
    const watch = new SegmentWatch(child)
    const ready = Promise.withResolvers<void>()
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [from = '', rest = ''] = line.split(' ')
      if (from === 'ready') ready.resolve()
      else if (from === 'lost') watch.#lost = Number(rest)
      else watch.frames.push(parse(from, Buffer.from(rest, 'hex'), mac, addresses))
    })
    child.once('exit', () => {
      ready.reject(new Error('the watcher of the segment did not start'))
    })
    await ready.promise
    return watch
  }

  /** The container's own frames from here on. */
  mark(): () => SeenFrame[] {
    const from = this.frames.length
    return () => this.frames.slice(from).filter(({ ofContainer }) => ofContainer)
  }

  /** Ends it. @throws Error when the kernel had to drop frames: then nothing can be said. */
  async stop(): Promise<readonly SeenFrame[]> {
    this.#child.stdin?.end()
    await this.#ended
    if (this.#lost !== 0) throw new Error(`the watcher of the segment lost ${String(this.#lost)} frames`)
    return this.frames
  }
}

/** The hosts that the container spoke from, each run of frames once. */
export function placesOf(frames: readonly SeenFrame[]): string[] {
  const places: string[] = []
  for (const { from, ofContainer } of frames) if (ofContainer && places.at(-1) !== from) places.push(from)
  return places
}

function parse(from: string, frame: Buffer, mac: string, addresses: readonly string[]): SeenFrame {
  const type = frame.readUInt16BE(12)
  const hex = (at: number, length: number) => frame.toString('hex', at, at + length)
  const byMac = hex(6, 6) === mac
  const seen = { from, kind: 'other', ofContainer: byMac, about: '', unasked: false, rst: false } as const
  if (type === 0x0806) {
    const about = hex(38, 4)
    const sender = hex(28, 4)
    const request = frame.readUInt16BE(20) === 1
    const kind = request ? 'arp-request' : 'arp-reply'
    const ofContainer = byMac || addresses.includes(sender)
    // Whoever is answered is the target of a reply; what it is about is its sender.
    return { ...seen, kind, ofContainer, about: request ? about : sender, unasked: sender === about }
  }
  if (type === 0x0800) {
    const tcp = frame[23] === 6
    const at = 14 + ((frame[14] ?? 0) & 15) * 4
    const ofContainer = byMac || addresses.includes(hex(26, 4))
    return { ...seen, kind: tcp ? 'tcp' : 'other', ofContainer, rst: tcp && ((frame[at + 13] ?? 0) & 4) !== 0 }
  }
  if (type === 0x86dd) {
    const ofContainer = byMac || addresses.includes(hex(22, 16))
    const next = frame[20]
    if (next === 6) return { ...seen, kind: 'tcp', ofContainer, rst: ((frame[54 + 13] ?? 0) & 4) !== 0 }
    const kind =
      next === 58 ? { 135: 'neighbour-solicitation', 136: 'neighbour-advertisement' }[frame[54] ?? 0] : undefined
    if (kind === undefined) return { ...seen, ofContainer }
    const solicited = ((frame[58] ?? 0) & 0x40) !== 0
    return {
      ...seen,
      kind: kind as FrameKind,
      ofContainer,
      about: hex(62, 16),
      unasked: kind === 'neighbour-advertisement' && !solicited
    }
  }
  return seen
}

/** As the frames have it: without separators, in hex. Short forms of IPv6 with one `::`. */
export function addressHex(address: string): string {
  if (!address.includes(':')) {
    return address
      .split('.')
      .map((part) => Number(part).toString(16).padStart(2, '0'))
      .join('')
  }
  const [head = '', tail = ''] = address.split('::')
  const words = (text: string) => (text === '' ? [] : text.split(':').map((word) => word.padStart(4, '0')))
  const [left, right] = [words(head), words(tail)]
  return [...left, ...Array<string>(8 - left.length - right.length).fill('0000'), ...right].join('')
}
