// `ferry move`: starts a migration and stays with it until its end, or until the operator has had enough.
import type { MigrationView, OperatorService, Outcome } from '../../protocols/operator/views.ts'
import { exitCodes, exitCodeOf, type ExitCode } from './exit-codes.ts'
import { findingsText, problemOf, problemText } from './problem-text.ts'
import { liveText, newLines, Rate, summaryText } from './progress.ts'
import type { Terminal } from './terminal.ts'

const requestMs = 120_000
const redrawMs = 200

export async function move(
  service: OperatorService,
  request: { container: string; to: string },
  terminal: Terminal
): Promise<ExitCode> {
  const leave = new AbortController()
  let started: MigrationView | undefined
  let interrupts = 0
  const onInterrupt = (): void => {
    interrupts++
    if (started === undefined || interrupts > 1) leave.abort(new Error('interrupted'))
    else void cancel(service, started.id, leave.signal, terminal)
  }
  process.on('SIGINT', onInterrupt)
  const display = await displayFor(terminal)
  try {
    started = await service.move(request, AbortSignal.any([leave.signal, AbortSignal.timeout(requestMs)]))
    const last = await follow(service, started, leave.signal, display)
    display.end()
    return conclude(last, terminal)
  } catch (error) {
    display.end()
    if (!leave.signal.aborted) throw error
    terminal.err(
      started === undefined
        ? 'interrupted before the daemon answered: see `ferry migrations` whether it began'
        : `the migration goes on without this command: see \`ferry migrations\`, stop it with \`ferry cancel ${started.id}\``
    )
    return exitCodes.interrupted
  } finally {
    process.off('SIGINT', onInterrupt)
  }
}

async function follow(
  service: OperatorService,
  started: MigrationView,
  signal: AbortSignal,
  display: Display
): Promise<MigrationView> {
  let last = started
  display.show(last)
  for await (const view of service.watch(started.id, signal)) {
    last = view
    display.show(view)
    if (view.outcome !== undefined) break
  }
  return last
}

/** Never rejects: a cancel that fails is shown, and the migration is followed on. */
async function cancel(service: OperatorService, id: string, leave: AbortSignal, terminal: Terminal): Promise<void> {
  terminal.err('cancelling: the container will run on where it is (once more to leave the migration running)')
  try {
    await service.cancel(id, AbortSignal.any([leave, AbortSignal.timeout(requestMs)]))
  } catch (error) {
    if (!leave.aborted) terminal.err(problemText(problemOf(error), terminal))
  }
}

function conclude(view: MigrationView, terminal: Terminal): ExitCode {
  if (!terminal.json) {
    if (view.warnings.length > 0) terminal.out(findingsText(view.warnings, terminal))
    terminal.out(summaryText(view, terminal))
    if (view.problem !== undefined) {
      terminal.err(problemText(view.problem, terminal))
      if (/CRIU/.test(view.problem.code)) terminal.err(`  more:        ferry logs ${view.id}`)
    }
  }
  return view.outcome === undefined ? exitCodes.failed : codeOf(view.outcome, view)
}

function codeOf(outcome: Outcome, view: MigrationView): ExitCode {
  switch (outcome) {
    case 'moved':
      return exitCodes.done
    case 'refused':
      return view.problem !== undefined && exitCodeOf(view.problem.code) === exitCodes.usage
        ? exitCodes.usage
        : exitCodes.refused
    case 'rolled-back':
    case 'failed':
      return exitCodes.failed
  }
}

interface Display {
  show(view: MigrationView): void
  end(): void
}

async function displayFor(terminal: Terminal): Promise<Display> {
  if (terminal.json) {
    return {
      show: (view) => {
        terminal.out(JSON.stringify(view))
      },
      end: () => undefined
    }
  }
  return terminal.interactive ? liveDisplay(terminal) : lineDisplay(terminal)
}

function lineDisplay(terminal: Terminal): Display {
  let before: MigrationView | undefined
  return {
    show: (view) => {
      for (const line of newLines(before, view)) terminal.out(line)
      before = view
    },
    end: () => undefined
  }
}

async function liveDisplay(terminal: Terminal): Promise<Display> {
  const { createLogUpdate } = await import('log-update')
  const draw = createLogUpdate(process.stdout)
  const rate = new Rate()
  let latest: MigrationView | undefined
  let speed: number | undefined
  const redraw = (): void => {
    if (latest !== undefined) draw(liveText(latest, speed, Date.now(), terminal))
  }
  // The running phase's clock goes on between two views.
  const timer = setInterval(redraw, redrawMs)
  return {
    show: (view) => {
      latest = view
      speed = rate.add(view.rootfsBytes + view.imageBytes, Date.now())
      redraw()
    },
    end: () => {
      clearInterval(timer)
      draw.done()
    }
  }
}
