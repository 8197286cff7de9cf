// Node can't open packet sockets; perl-base, which every Debian has, can. These scripts are run with `perl -e`.

/** Shared opening: a packet socket with virtio headers, so that partial checksums and segmentation offload survive (packet(7), linux/virtio_net.h). */
const open = `use strict; use warnings; use Socket;
sub packet_socket { my ($name) = @_;
  socket(my $s, 17, SOCK_RAW, 0) or die "packet socket: $!\\n";
  my $r = pack('a16 x24', $name); ioctl($s, 0x8933, $r) or die "interface $name: $!\\n";
  my $index = unpack('x16 i', $r);
  return ($s, $index); }
sub vnet_header { setsockopt($_[0], 263, 15, pack('i', 1)) or die "PACKET_VNET_HDR: $!\\n" }
sub bound { my ($s, $index, $protocol) = @_; bind($s, pack('S n i S C C a8', 17, $protocol, $index, 0, 0, 0, '')) or die "bind: $!\\n" }
sub put { my $at = 0; while ($at < length $_[0]) { my $n = syswrite(STDOUT, $_[0], length($_[0]) - $at, $at); defined $n or exit 1; $at += $n } }
$SIG{PIPE} = 'IGNORE';
`

/**
 * Arguments: bridge, byte limit, classic BPF program in hex, then the ports' outer ends. Says "R". Lines on stdin: "b MILLISECONDS" begins, "s" or end of file stops. Writes
 * 4 bytes of length (big-endian) and the frame with its header for each; after "s" a length of 0, then held and dropped as 4 bytes each.
 *
 * A port leaves its bridge a little before whoever took it off can say "b". So the last frames before are remembered, and those that went out of the port
 * (seen there by the other sockets) are forgotten: what is left was not delivered. Time stamps (SIOCGSTAMPNS) bound how old they may be, by when it was about to leave; asking once turns them
 * on, and SO_TIMESTAMP must not be set, or the kernel hands them out another way (sock_recv_timestamp).
 */
export const holdScript =
  open +
  `my ($bridge, $limit, $filter, @ports) = @ARGV;
sub stamp { my $stamp = "\\0" x 16; ioctl($_[0], 0x8907, $stamp); my ($seconds, $nanos) = unpack('qq', $stamp); return $seconds * 1000 + $nanos / 1e6 }
my $program = pack('H*', $filter);
sub captured { my ($name) = @_; my ($s, $index) = packet_socket($name);
  setsockopt($s, 1, 26, pack('S x![P] P', length($program) / 8, $program)) or die "SO_ATTACH_FILTER: $!\\n";
  vnet_header($s); setsockopt($s, 1, 33, pack('i', 8388608)); stamp($s);
  return ($s, $index); }
my ($s, $index) = captured($bridge);
setsockopt($s, 263, 1, pack('i S S a8', $index, 1, 0, '')) or die "promiscuous mode: $!\\n";
my @outer = map { [captured($_)] } @ports;
bound($$_[0], $$_[1], 3) for @outer;
bound($s, $index, 3);
put('R');
my ($begun, $bytes, $held, $dropped, @early, %out) = (0, 0, 0, 0);
sub keep { my ($frame) = @_;
  if ($bytes + length($frame) > $limit) { $dropped++; return }
  $bytes += length $frame; $held++; put(pack('N', length $frame) . $frame); }
sub delivered { my $key = substr($_[0], 10);
  for my $i (0 .. $#early) { if (substr($early[$i][1], 10) eq $key) { splice(@early, $i, 1); return } }
  %out = () if keys %out > 1024; $out{$key}++; }
sub take { my $got = 0;
  while ($got++ < 1024 && defined recv($s, my $frame, 131072, 64)) {
    if ($begun) { keep($frame); next }
    my $key = substr($frame, 10);
    if ($out{$key}) { delete $out{$key} unless --$out{$key}; next }
    push @early, [stamp($s), $frame]; shift @early if @early > 512;
  }
  for my $pair (@outer) { $got = 0; while ($got++ < 1024 && defined recv($$pair[0], my $frame, 131072, 64)) { delivered($frame) unless $begun } } }
my $words = '';
while (1) {
  my $in = ''; vec($in, fileno($_), 1) = 1 for \*STDIN, $s, $begun ? () : map { $$_[0] } @outer;
  select($in, undef, undef, undef) >= 0 or next;
  take();
  next unless vec($in, fileno(STDIN), 1);
  sysread(STDIN, $words, 64, length $words) or exit 0;
  while ($words =~ s/^([a-z])(?: ([0-9.]+))?\\n//) {
    if ($1 eq 'b' && !$begun) { my $since = $2 - (@outer ? 100 : 0); take();
      $begun = 1; getsockopt($s, 263, 6); $$_[0] >= $since and keep($$_[1]) for @early; @early = () }
    elsif ($1 eq 's') { take(); my $lost = getsockopt($s, 263, 6); $dropped += (unpack('II', $lost))[1] if $lost && $begun;
      put(pack('NNN', 0, $held, $dropped)); exit 0 }
  }
}`

/**
 * Argument: interface. Says "R". Reads 4 bytes of length (big-endian) and a frame with its virtio header for each; a length of 0 asks for an account: frames
 * sent and failed as 4 bytes each. Ends at end of file.
 */
export const injectScript =
  open +
  `my ($s, $index) = packet_socket($ARGV[0]); vnet_header($s); bound($s, $index, 0); put('R');
binmode STDIN;
my ($sent, $failed) = (0, 0);
while (read(STDIN, my $head, 4) == 4) {
  my $length = unpack('N', $head);
  if ($length == 0) { put(pack('NN', $sent, $failed)); ($sent, $failed) = (0, 0); next }
  $length <= 262144 or die "frame of $length bytes\\n";
  read(STDIN, my $frame, $length) == $length or die "short frame\\n";
  defined send($s, $frame, 0) ? $sent++ : $failed++;
}`

/** Arguments: delay in milliseconds (from the one before), interface, frame in hex, and so on in threes. Sends them in turn. */
export const sendScript =
  open +
  `my %open; my $failed = 0;
while (my ($wait, $name, $hex) = splice(@ARGV, 0, 3)) {
  select(undef, undef, undef, $wait / 1000) if $wait;
  if (!$open{$name}) { my ($s, $index) = packet_socket($name); bound($s, $index, 0); $open{$name} = $s }
  defined send($open{$name}, pack('H*', $hex), 0) or warn "send on $name: $!\\n" and $failed++;
}
exit($failed ? 1 : 0);`
