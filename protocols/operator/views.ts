// What the operator API says, over HTTP on the Unix socket. The CLI renders these; their JSON form is what `--json` prints.

/** An error as an operator sees it. */
export interface Problem {
  /** Stable identifier, e.g. `UNKNOWN_CONTAINER`. docs/errors.md lists them. */
  readonly code: string
  /** Name of the host on which it happened. */
  readonly host: string
  readonly what: string
  readonly why?: string
  readonly remedy: string
}

export interface FindingView extends Problem {
  readonly level: 'blocker' | 'warning'
}

export interface ContainerView {
  readonly host: string
  readonly engine: string
  readonly name: string
  readonly state: 'running' | 'stopped' | 'frozen' | 'moving'
  readonly initPid?: number
}

export interface PeerView {
  readonly name: string
  readonly peerId: string
  readonly addresses: readonly string[]
  /** 'known': a member that lives by what it tells the mesh, and to which this host has no connection of its own. */
  readonly state: 'self' | 'connected' | 'known' | 'unreachable' | 'refused'
  readonly ferry?: string
  readonly kernel?: string
  readonly criu?: string
  readonly engines?: Readonly<Record<string, string>>
  readonly memoryFreeBytes?: number
  readonly diskFreeBytes?: number
  readonly lastSeen?: string
  /** What it advertised last: milliseconds since its last sign of life reached this host, over whatever members. */
  readonly ageMs?: number
  /** Its advert's time is over. */
  readonly stale?: boolean
  readonly load?: number
  readonly containers?: number
  /** It takes no containers. */
  readonly cordoned?: boolean
  readonly cordonReason?: string
  /** It is about to go down on purpose, or down: why, as far as that was said. */
  readonly maintenance?: string
  /** What it can do, by its own word; only of members of a mesh. */
  readonly capabilities?: CapabilitiesView
  /** Why it is unreachable or refused, as far as known. */
  readonly problem?: Problem
}

export interface CapabilitiesView {
  readonly arch: string
  readonly cpu: { readonly model: string; readonly count: number; readonly flags: readonly string[] }
  /** Names as of `criu check --feature`, and `page-server`. */
  readonly criuFeatures: readonly string[]
  readonly cgroup: 'v2' | 'hybrid' | 'v1'
  readonly lsm: readonly string[]
  readonly init: { readonly program: string; readonly systemd: boolean; readonly sharedMounts: boolean }
  readonly lxcfs: boolean
  /** File system of each place where ferry puts containers. */
  readonly storage: readonly { readonly path: string; readonly fileSystem: string }[]
  readonly bridges: readonly string[]
  readonly memoryTotalBytes: number
  readonly diskTotalBytes: number
  /** Protocol ids that it speaks. */
  readonly protocols: readonly string[]
}

export type Phase =
  'offer' | 'preflight' | 'pre-dump' | 'final-dump' | 'stream' | 'restore' | 'decision' | 'ack' | 'rollback'

export type Outcome = 'moved' | 'rolled-back' | 'refused' | 'failed'

export interface PhaseView {
  readonly phase: Phase
  readonly startedAt: string
  /** Milliseconds; absent while the phase lasts. */
  readonly durationMs?: number
}

export interface MigrationView {
  readonly id: string
  readonly container: string
  readonly engine: string
  readonly source: string
  readonly target: string
  /** The side this host has in it. */
  readonly role: 'source' | 'target'
  /** The state of this side's machine. */
  readonly state: string
  readonly phases: readonly PhaseView[]
  readonly startedAt: string
  readonly endedAt?: string
  readonly outcome?: Outcome
  readonly problem?: Problem
  readonly warnings: readonly FindingView[]
  readonly rootfsBytes: number
  readonly imageBytes: number
  readonly framesHeld: number
  /** From the freeze on the source to the thaw (on whichever side), milliseconds, measured on the source between freeze and ack. */
  readonly downtimeMs?: number
}

export interface CheckView {
  readonly container: string
  readonly engine: string
  readonly source: string
  readonly target: string
  readonly ok: boolean
  readonly findings: readonly FindingView[]
}

export interface LogView {
  readonly id: string
  readonly logs: readonly { readonly host: string; readonly name: 'dump.log' | 'restore.log'; readonly text: string }[]
  /** The first real error of the logs with what is known about it, where there is one. */
  readonly diagnosis?: {
    readonly host: string
    readonly log: string
    /** 1-based. */
    readonly lineNumber: number
    readonly line: string
    readonly meaning: string
    readonly remedy: string
  }
  /** A host whose logs could not be had, and why. */
  readonly missing: readonly Problem[]
}

/** The container runs on this host, or this host's copy goes. */
export type Resolution = 'run-here' | 'discard'

/** Both halves of a migration's receipt, as far as they could be had; docs/receipts.md says what an entry is. */
export interface ReceiptView {
  readonly id: string
  readonly halves: readonly ReceiptHalfView[]
  /** A host whose half could not be had, and why. */
  readonly missing: readonly Problem[]
}

export interface ReceiptHalfView {
  readonly host: string
  /** Peer id by which the half's host took part; `ferry key rotate` may have replaced it since. */
  readonly peerId: string
  /** Base64 each, in their order. */
  readonly entries: readonly string[]
}

/** Something that a migration left on a host, or a part of the host that could not be looked at. */
export interface DoctorFinding extends Problem {
  /** `ferry doctor --repair` may put it right. What the journal does not clearly give to ferry is listed only. */
  readonly repairable: boolean
  /** What was done about it; only in the answer to a repair. */
  readonly repaired?: string
}

export interface DoctorView {
  readonly host: string
  /** After a repair: what was repaired, then what is left. */
  readonly findings: readonly DoctorFinding[]
  /** What was seen and may stay as it is. */
  readonly notes: readonly string[]
}

/** A host of the mesh as another one knows it: what commands are routed by. */
export interface HostView {
  readonly name: string
  /** What it calls itself, where it was admitted to the mesh under another name. */
  readonly saysName?: string
  /** Its name is the one under which it was admitted. */
  readonly admitted?: boolean
  readonly peerId: string
  readonly state: PeerView['state']
  /** Its last sign of life. */
  readonly lastSeen?: string
  /** What it advertised to have; absent where it advertised nothing, or not all of it. */
  readonly containers?: readonly { readonly engine: string; readonly name: string; readonly running: boolean }[]
  readonly problem?: Problem
}

/** A line of a host's audit log; docs/routing.md says what is in it. */
export interface AuditEntry {
  readonly host: string
  readonly time: string
  /** `root@HOST`, or the peer id of an operator's key. */
  readonly who: string
  /** Who the operator says to be. */
  readonly label?: string
  /** The host through which it came. */
  readonly via?: string
  readonly method: string
  readonly arguments: Readonly<Record<string, unknown>>
  /**
   * `accepted` before it is done, then with the same `command` `done` or `failed`, or `begun` where the migration goes on from there.
   * `refused` and `viewed` changed nothing.
   */
  readonly event: 'accepted' | 'begun' | 'done' | 'failed' | 'refused' | 'viewed'
  readonly command: string
  readonly code?: string
  readonly migration?: string
  /** Peer id of the host that it was for, where that is another one. */
  readonly target?: string
  /** Lines like this one that were left out before it. */
  readonly omitted?: number
}

/** Answers of many hosts, and why others are not among them. */
export interface Gathered<T> {
  readonly found: readonly T[]
  readonly missing: readonly Problem[]
}

/** Whether a host takes containers. */
export interface CordonView {
  readonly host: string
  readonly cordoned: boolean
  readonly reason?: string
  /** It is about to go down on purpose. */
  readonly maintenance: boolean
  /** When it was cordoned. */
  readonly since?: string
}

/** What is gathered from every host of the mesh, and what is said to one by its name. */
export interface WholeMeshService {
  allContainers(signal: AbortSignal): Promise<Gathered<ContainerView>>
  /** One view of each migration: its source's, where that can be asked. */
  allMigrations(signal: AbortSignal): Promise<Gathered<MigrationView>>
  allAudit(request: { entries: number }, signal: AbortSignal): Promise<Gathered<AuditEntry>>
  /**
   * From then on the host (a name or a peer id; without one, this host) takes no containers. What runs there stays and may move away, and what is
   * on its way there arrives. Once more replaces what was said before.
   */
  cordon(
    request: { readonly host?: string; readonly reason?: string; readonly maintenance: boolean },
    signal: AbortSignal
  ): Promise<CordonView>
  uncordon(request: { readonly host?: string }, signal: AbortSignal): Promise<CordonView>
  /** Of this host alone, oldest first. */
  audit(request: { entries: number }, signal: AbortSignal): Promise<readonly AuditEntry[]>
}

/** What src/api serves; src/node implements it. Every method rejects with an OperatorError. */
export interface OperatorService {
  containers(signal: AbortSignal): Promise<readonly ContainerView[]>
  peers(signal: AbortSignal): Promise<readonly PeerView[]>
  /** `container` may be `engine:name` where two engines have the name. */
  check(request: { container: string; to: string }, signal: AbortSignal): Promise<CheckView>
  /** Resolves as soon as the migration has an id and is journalled; `watch` tells the rest. */
  move(request: { container: string; to: string }, signal: AbortSignal): Promise<MigrationView>
  /** Every change from now on, ending after the view that has an outcome. */
  watch(id: string, signal: AbortSignal): AsyncIterable<MigrationView>
  migrations(signal: AbortSignal): Promise<readonly MigrationView[]>
  /** Rejects with UNKNOWN_MIGRATION. */
  migration(id: string, signal: AbortSignal): Promise<MigrationView>
  logs(id: string, signal: AbortSignal): Promise<LogView>
  receipt(id: string, signal: AbortSignal): Promise<ReceiptView>
  /**
   * Takes an operator's word for a migration whose other side is gone for good. Rejects with NOT_IN_DOUBT where the decision is
   * known or the other side still answers.
   */
  resolve(request: { id: string; how: Resolution }, signal: AbortSignal): Promise<MigrationView>
  /** Resolves when the cancel was accepted. Rejects with TOO_LATE once COMMIT is recorded. */
  cancel(id: string, signal: AbortSignal): Promise<MigrationView>
  /** What migrations left on this host; changes nothing. */
  doctor(signal: AbortSignal): Promise<DoctorView>
  repair(signal: AbortSignal): Promise<DoctorView>
}

export interface MemberView {
  readonly name: string
  readonly peerId: string
  readonly state: PeerView['state']
  /** Peer id; its own for the founder, its former one after a change of its key. */
  readonly admittedBy: string
  readonly admittedAt: string
}

export interface MembershipView {
  readonly meshId: string
  readonly meshName: string
  /** Whether this host belongs to it (still). */
  readonly member: boolean
  readonly peerId: string
  readonly members: readonly MemberView[]
  /** Peer ids that were expelled or replaced. */
  readonly expelled: readonly string[]
  readonly operators: readonly {
    readonly operator: string
    readonly roles: readonly string[]
    readonly grants: readonly GrantView[]
  }[]
}

export interface GrantView {
  /** Peer id of the operator's key. */
  readonly operator: string
  readonly role: string
  /** Peer id of the host that signed it, by its present key. */
  readonly grantedBy: string
  readonly grantedAt: string
}

export interface InvitationView {
  /** One word, for `ferry join`. */
  readonly token: string
  readonly expiresAt: string
  readonly addresses: readonly string[]
}

export interface ExpulsionView {
  readonly peerId: string
  readonly name: string
  /** Peer ids of members that know of it already. */
  readonly toldTo: readonly string[]
  /** Peer ids of other members that are out with it. */
  readonly alsoOut: readonly string[]
  /** Members that the expelled one had admitted, and that stay. */
  readonly admittedByIt: readonly string[]
  /** Grants that are over, of roles that nobody else has granted. */
  readonly endedRoles: readonly GrantView[]
}

export interface KeyView {
  readonly formerPeerId: string
  readonly peerId: string
  /** After `ferry key rotate`: invitations that were open, and are void as they name the former peer id. */
  readonly invitationsVoid?: number
  /** After `ferry leave`: peer ids of members that know of it already. */
  readonly toldTo?: readonly string[]
}

/** Membership, as an operator changes it. Every method rejects with an OperatorError. */
export interface MeshService {
  membership(signal: AbortSignal): Promise<MembershipView>
  init(request: { meshName: string }, signal: AbortSignal): Promise<MembershipView>
  invite(request: { ttlMs: number }, signal: AbortSignal): Promise<InvitationView>
  join(request: { token: string }, signal: AbortSignal): Promise<MembershipView>
  /** `peer` is a name or a peer id. Roles that it granted are over; with `undo`, whom it had admitted goes with it. */
  expel(request: { peer: string; undo?: boolean }, signal: AbortSignal): Promise<ExpulsionView>
  rotateKey(signal: AbortSignal): Promise<KeyView>
  /** Takes this host out of its mesh and gives it a new key. */
  leave(signal: AbortSignal): Promise<KeyView>
  grant(request: { operator: string; role: string }, signal: AbortSignal): Promise<MembershipView>
  /** Without a role: all of them. */
  revoke(request: { operator: string; role?: string }, signal: AbortSignal): Promise<MembershipView>
}

/** The error that crosses the API. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'
  readonly problem: Problem

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.what, options)
    this.problem = problem
  }
}
