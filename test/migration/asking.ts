// A client that never stops asking the segment who has the container's addresses: whoever would answer for it does.
import type { LabHost, LabProcess } from '../lab/lab.ts'
import { addressHex } from './segment-watch.ts'

const script = `use strict; use warnings; use Socket;
my @frames = map { pack('H*', $_) } @ARGV;
my $r = pack('a16 x24', 'eth0'); socket(my $s, 17, SOCK_RAW, 0) or die "packet socket: $!\\n"; ioctl($s, 0x8933, $r) or die "eth0: $!\\n";
my $to = pack('S n i S C C a8', 17, 0, unpack('x16 i', $r), 0, 0, 0, '');
while (1) { defined send($s, $_, 0, $to) or die "send: $!\\n" for @frames; select undef, undef, undef, 0.002 }
`

export interface Asker {
  readonly mac: string
  readonly ipv4: string
  readonly ipv6: string
}

/** Asks by ARP and by neighbour solicitation, every 2 ms until it is killed. */
export async function keepAsking(
  host: LabHost,
  asker: Asker,
  addresses: { ipv4: string; ipv6: string }
): Promise<LabProcess> {
  return host.spawn(['perl', '-e', script, arpRequest(asker, addresses.ipv4), solicitation(asker, addresses.ipv6)])
}

function arpRequest({ mac, ipv4 }: Asker, wanted: string): string {
  const from = mac.replaceAll(':', '')
  return `ffffffffffff${from}08060001080006040001${from}${addressHex(ipv4)}000000000000${addressHex(wanted)}`
}

/** RFC 4861 section 4.3, to the solicited-node group of the address. */
function solicitation({ mac, ipv6 }: Asker, wanted: string): string {
  const from = mac.replaceAll(':', '')
  const target = addressHex(wanted)
  const low = target.slice(-6)
  const source = addressHex(ipv6)
  const group = `ff0200000000000000000001ff${low}`
  const body = (sum: string) => `8700${sum}00000000${target}0101${from}`
  const sum = checksum(`${source}${group}000000200000003a${body('0000')}`)
  return `3333ff${low}${from}86dd6000000000203aff${source}${group}${body(sum)}`
}

/** RFC 1071, of whole 16-bit words in hex. */
function checksum(hex: string): string {
  let sum = 0
  for (const [word] of hex.matchAll(/.{4}/g)) sum += Number.parseInt(word, 16)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return (~sum & 0xffff).toString(16).padStart(4, '0')
}
