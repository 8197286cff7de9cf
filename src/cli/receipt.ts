// `ferry receipt`: what both hosts signed of a migration, and what it proves.
import { readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { z } from 'zod'
import { OperatorError, type OperatorService, type ReceiptView } from '../../protocols/operator/views.ts'
import { wordsOf } from '../../protocols/problem.ts'
import { joinCopies } from '../receipt/copies.ts'
import { decodeEntry, type Entry, type EntryBody } from '../receipt/entry.ts'
import { mergeHalves } from '../receipt/merge.ts'
import { ReceiptError } from '../receipt/receipt-error.ts'
import type { Run } from '../receipt/runs.ts'
import { verifyReceipts, type Verification } from '../receipt/verify.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'
import { problemText } from './problem-text.ts'
import { printable, table } from './table.ts'
import type { Terminal } from './terminal.ts'
import { bytesText } from './units.ts'

export async function showReceipt(
  service: OperatorService,
  id: string,
  exportTo: string | undefined,
  terminal: Terminal,
  signal: AbortSignal
): Promise<ExitCode> {
  const view = await service.receipt(id, signal)
  if (exportTo !== undefined) await write(exportTo, view)
  terminal.out(terminal.json ? JSON.stringify(view) : receiptText(view, terminal))
  if (!terminal.json) for (const problem of view.missing) terminal.err(problemText(problem, terminal))
  return exitCodes.done
}

export async function verifyMigration(
  service: OperatorService,
  id: string,
  terminal: Terminal,
  signal: AbortSignal
): Promise<ExitCode> {
  const { halves, missing } = await service.receipt(id, signal)
  const peers = halves.map(({ peerId }) => peerId)
  const { findings, halves: joined } = joinCopies(halves.map(bytesOf))
  const result = verifyReceipts(...joined, { migration: id, peers, findings })
  if (!terminal.json) for (const problem of missing) terminal.err(problemText(problem, terminal))
  return told(result, terminal)
}

/** Needs no daemon, and believes nothing but the signatures: whose they have to be is for the reader to compare. */
export async function verifyFiles(files: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const views = await Promise.all(files.map(readExport))
  const { findings, halves } = joinCopies(views.flatMap(({ halves }) => halves.map(bytesOf)))
  return told(verifyReceipts(...halves, { findings }), terminal)
}

function told(result: Verification, terminal: Terminal): ExitCode {
  terminal.out(terminal.json ? JSON.stringify(forJson(result)) : verificationText(result, terminal))
  return result.ok ? exitCodes.done : exitCodes.failed
}

/** The entries of both halves in one table, with what each had heard of the other side. */
export function receiptText(view: ReceiptView, terminal: Terminal): string {
  const unreadable: string[] = []
  const [a = [], b = []] = view.halves.map((half) =>
    bytesOf(half).flatMap((bytes, seq) => {
      const entry = readable(bytes)
      if (entry === undefined)
        unreadable.push(`Entry ${String(seq)} of ${half.host} can't be read: see \`ferry receipt verify ${view.id}\`.`)
      return entry === undefined ? [] : [entry]
    })
  )
  const entries = mergeHalves(a, b)
  if (entries.length === 0) return [`There is no receipt of ${view.id}.`, ...unreadable].map(printable).join('\n')
  const heardBefore = new Map<string, number>()
  const rows = entries.map(({ body }) => {
    const heard = body.heard?.seq
    const isNew = heard !== undefined && heardBefore.get(body.role) !== heard
    if (heard !== undefined) heardBefore.set(body.role, heard)
    const other = body.role === 'source' ? 'target' : 'source'
    return [
      body.at,
      body.host,
      `${body.role} ${String(body.seq)}`,
      body.kind,
      isNew ? `${other} ${String(heard)}` : '',
      dataText(body)
    ]
  })
  const options = { width: terminal.width, style: (text: string) => terminal.style('bold', text) }
  const first = entries[0]?.body
  const title = `${first?.engine ?? ''}:${first?.container ?? ''}, migration ${view.id}, epoch ${String(first?.epoch ?? 0)}`
  const shown = table(['TIME (ITS HOST)', 'HOST', 'ENTRY', 'KIND', 'HAD HEARD', 'WHAT'], rows, options)
  return [printable(title), shown, ...unreadable.map(printable)].join('\n')
}

export function verificationText(result: Verification, terminal: Terminal): string {
  const what = result.container === undefined ? 'the container' : printable(result.container)
  const unproved = result.findings.some(({ code }) => code === 'RECEIPT_UNHELD')
    ? `a host itself found a copy of ${what} running out of turn`
    : `nothing shows that ${what} ran twice, and something is missing to show that it did not`
  const verdicts = {
    proved: `${terminal.style(['bold', 'green'], 'proved:')} ${what} never ran twice at one time`,
    unproved: `${terminal.style(['bold', 'yellow'], 'not proved:')} ${unproved}`,
    violated: `${terminal.style(['bold', 'red'], 'violated:')} these halves are false, or ${what} may have run twice`
  }
  const findings = result.findings.map(
    ({ level, code, what }) =>
      `  ${terminal.style(level === 'violation' ? 'red' : 'yellow', `${level}:`)} ${printable(what)}  [${code}]`
  )
  const parties = result.parties.map(
    ({ role, host, peer }) => `  ${role}  ${printable(host)}  signed by ${printable(peer)}`
  )
  return [
    `${verdicts[result.verdict]}${result.migration === undefined ? '' : ` (migration ${result.migration})`}`,
    ...parties,
    ...findings,
    ...result.proof.map((sentence, n) => `  ${String(n + 1)}. ${printable(sentence)}`)
  ].join('\n')
}

function dataText({ data }: EntryBody): string {
  return Object.entries(data)
    .filter(([, value]) => !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${name}=${valueText(name, value)}`)
    .join(' ')
}

function valueText(name: string, value: unknown): string {
  if (typeof value === 'number' && name.endsWith('Bytes')) return bytesText(value)
  if (Array.isArray(value)) return value.join(',')
  const text = String(value)
  return /^[0-9a-f]{64}$/.test(text) ? `${text.slice(0, 12)}…` : text
}

function forJson(result: Verification): object {
  const point = (entry: Entry | undefined): object | undefined =>
    entry === undefined ? undefined : { seq: entry.body.seq, kind: entry.body.kind, at: entry.body.at }
  const runs = result.runs.map(({ role, host, from, until }: Run) => ({
    role,
    host,
    from: point(from),
    until: point(until)
  }))
  return { ...result, runs }
}

function readable(bytes: Uint8Array): Entry | undefined {
  try {
    return decodeEntry(bytes)
  } catch (error) {
    if (error instanceof ReceiptError) return undefined
    throw error
  }
}

function bytesOf({ entries }: { readonly entries: readonly string[] }): Uint8Array[] {
  return entries.map((entry) => Buffer.from(entry, 'base64'))
}

async function write(file: string, view: ReceiptView): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(view)}\n`)
  } catch (error) {
    throw fileProblem(
      `${file} can't be written`,
      wordsOf(error),
      'Name a file in a folder that you may write to',
      error
    )
  }
}

const exported = z.object({ halves: z.array(z.object({ entries: z.array(z.string()) })).max(2) })

async function readExport(file: string): Promise<z.infer<typeof exported>> {
  try {
    return exported.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    const why = error instanceof z.ZodError ? 'it has no halves with entries in base64' : wordsOf(error)
    throw fileProblem(
      `${file} is no exported receipt`,
      why,
      'Name a file that `ferry receipt show ID --export FILE` wrote, or the id of a migration',
      error
    )
  }
}

function fileProblem(what: string, why: string, remedy: string, cause: unknown): OperatorError {
  return new OperatorError({ code: 'RECEIPT_FILE', host: hostname(), what, why, remedy }, { cause })
}
