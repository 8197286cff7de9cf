// A service for tests of API and CLI: every answer is the test's to change, every request is kept.
import {
  OperatorError,
  type CordonView,
  type LogView,
  type MigrationView,
  type OperatorService,
  type ReceiptView,
  type WholeMeshService
} from '../../protocols/operator/views.ts'

export function view(more: Partial<MigrationView> = {}): MigrationView {
  return {
    id: 'm1',
    container: 'web',
    engine: 'runc',
    source: 'host-a',
    target: 'host-b',
    role: 'source',
    state: 'offering',
    phases: [],
    startedAt: '2026-01-01T00:00:00.000Z',
    warnings: [],
    rootfsBytes: 0,
    imageBytes: 0,
    framesHeld: 0,
    ...more
  }
}

export const unknownContainer = new OperatorError({
  code: 'UNKNOWN_CONTAINER',
  host: 'host-a',
  what: "No container is named 'nope'",
  why: 'runc, crun and lxc know: web',
  remedy: 'See the names with `ferry ls`'
})

const logs: LogView = {
  id: 'm1',
  logs: [
    { host: 'host-a', name: 'dump.log', text: Array.from({ length: 40 }, (_, n) => `line ${String(n + 1)}`).join('\n') }
  ],
  diagnosis: {
    host: 'host-a',
    log: 'dump.log',
    lineNumber: 7,
    line: 'Error (criu/files.c:1): no',
    meaning: 'A file can not be dumped',
    remedy: 'Close it'
  },
  missing: []
}

export class FakeService implements OperatorService {
  readonly requests: string[] = []
  /** What `watch` yields after `move`; undefined holds the stream open until cancel. */
  changes: readonly (MigrationView | undefined)[] = []
  present: MigrationView[] = [view()]
  watchers = 0
  #cancelled: () => void = () => undefined
  readonly #whenCancelled = new Promise<void>((resolve) => {
    this.#cancelled = resolve
  })

  containers: OperatorService['containers'] = async () => [
    { host: 'host-a', engine: 'runc', name: 'web', state: 'running', initPid: 42 }
  ]

  peers: OperatorService['peers'] = async () => [
    { name: 'host-b', peerId: '12D3KooWb', addresses: [], state: 'connected', memoryFreeBytes: 1_073_741_824 }
  ]

  check: OperatorService['check'] = async ({ container, to }) => {
    this.requests.push(`check ${container} ${to}`)
    const finding = {
      level: 'blocker' as const,
      code: 'CRIU_MISSING',
      host: to,
      what: 'criu is missing',
      remedy: 'Install criu'
    }
    return {
      container,
      engine: 'runc',
      source: 'host-a',
      target: to,
      ok: to === 'host-c',
      findings: to === 'host-c' ? [] : [finding]
    }
  }

  move: OperatorService['move'] = async ({ container, to }) => {
    this.requests.push(`move ${container} ${to}`)
    if (container === 'nope') throw unknownContainer
    return view()
  }

  async *watch(id: string, signal: AbortSignal): AsyncGenerator<MigrationView> {
    this.requests.push(`watch ${id}`)
    this.watchers++
    try {
      for (const change of this.changes) {
        if (change === undefined) await this.#cancelOr(signal)
        else yield change
      }
    } finally {
      this.watchers--
    }
  }

  migrations: OperatorService['migrations'] = async () => this.present

  migration: OperatorService['migration'] = async (id) => {
    const found = this.present.find((one) => one.id === id)
    if (found !== undefined) return found
    throw new OperatorError({
      code: 'UNKNOWN_MIGRATION',
      host: 'host-a',
      what: `there is no migration "${id}" on host-a`,
      remedy: 'see ferry migrations'
    })
  }

  logs: OperatorService['logs'] = async () => logs

  receipts: ReceiptView = { id: 'm1', halves: [], missing: [] }
  receipt: OperatorService['receipt'] = async () => this.receipts

  resolve: OperatorService['resolve'] = async ({ id, how }) => {
    this.requests.push(`resolve ${id} ${how}`)
    this.present = [view({ role: 'target', outcome: 'moved', state: 'owner' })]
    return view({ role: 'target', state: 'seeing' })
  }

  cancel: OperatorService['cancel'] = async (id) => {
    this.requests.push(`cancel ${id}`)
    this.#cancelled()
    return view({ state: 'aborting' })
  }

  doctor: OperatorService['doctor'] = async () => ({ host: 'host-a', findings: [], notes: [] })

  repair: OperatorService['repair'] = async () => ({ host: 'host-a', findings: [], notes: [] })

  async #cancelOr(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(new Error('the watcher has gone'))
      })
      void this.#whenCancelled.then(resolve)
    })
  }
}

export class FakeWhole implements WholeMeshService {
  readonly requests: unknown[] = []

  allContainers: WholeMeshService['allContainers'] = async () => ({ found: [], missing: [] })

  allMigrations: WholeMeshService['allMigrations'] = async () => ({ found: [], missing: [] })

  allAudit: WholeMeshService['allAudit'] = async () => ({ found: [], missing: [] })

  audit: WholeMeshService['audit'] = async () => []

  cordon: WholeMeshService['cordon'] = async ({ host = 'host-a', ...request }): Promise<CordonView> => {
    this.requests.push({ cordon: host, ...request })
    return { host, cordoned: true, ...request }
  }

  uncordon: WholeMeshService['uncordon'] = async ({ host = 'host-a' }): Promise<CordonView> => {
    this.requests.push({ uncordon: host })
    return { host, cordoned: false, maintenance: false }
  }
}
