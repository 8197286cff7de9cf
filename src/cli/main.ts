#!/usr/bin/env node
// The `ferry` command.
import { hostname } from 'node:os'
import { Command, CommanderError } from 'commander'
import { configuredSocket } from '../../config/socket.ts'
import { MIGRATION_ID } from '../../protocols/fields.ts'
import {
  OperatorError,
  type MeshService,
  type OperatorService,
  type WholeMeshService
} from '../../protocols/operator/views.ts'
import { meshClient, operatorClient, wholeMeshClient } from '../api/client.ts'
import { ferryVersion } from '../api/version.ts'
import { doctorText } from './doctor.ts'
import { exitCodeHelp, exitCodeOf, exitCodes, type ExitCode } from './exit-codes.ts'
import { cordonText } from './cordon.ts'
import { checkText, containersText, migrationsText, peersText } from './lists.ts'
import { peerCalled, peerText } from './peer.ts'
import { logsText } from './logs.ts'
import { expulsionText, invitationText, keyText, membershipText, ttlMs } from './mesh.ts'
import { move } from './move.ts'
import { daemon, identity, newOperator, operatorId, operatorSession, type OperatorSession } from './node.ts'
import { problemOf, problemText } from './problem-text.ts'
import { resolve, type ResolveOptions } from './resolve.ts'
import { summaryText } from './progress.ts'
import { auditText, withMissing } from './whole-mesh.ts'
import { processTerminal, type Terminal } from './terminal.ts'

const requestMs = 120_000
/** A repair removes whole root file systems. */
const repairMs = 1_800_000

const nameForms = 'NAME may be [HOST/][ENGINE:]NAME, HOST a name or a peer id'

interface GlobalOptions {
  readonly socket?: string
  readonly as?: string
  readonly at?: string
  readonly json?: boolean
  readonly debug?: boolean
}

const program = new Command('ferry')
  .description('Moves running containers between hosts.')
  .version(ferryVersion())
  .option('--socket <path>', "the daemon's socket (default: FERRY_SOCKET, the configuration's, /run/ferry/ferry.sock)")
  .option('--as <keyfile>', 'give the command as the operator of this key, and not as root of this host (with --at)')
  .option('--at <multiaddr>', 'the host of the mesh to which an operator connects, with /p2p/ID')
  .option('--json', 'print JSON')
  .option('--debug', 'print stack traces of errors')
  .addHelpText('after', exitCodeHelp)
  .configureHelp({ showGlobalOptions: true })
  .exitOverride()

const terminalNow = (): Terminal => processTerminal({ json: program.opts<GlobalOptions>().json === true })

let exitCode: ExitCode = exitCodes.done
let opened: Promise<OperatorSession> | undefined

command('daemon', 'run the node until SIGTERM or SIGINT')
  .option('--config <file>', 'its configuration (default: /etc/ferry/ferry.json)')
  .action((options: { config?: string }) => daemon(options.config))

command('id', "print this node's peer id and addresses, making its key if there is none")
  .option('--config <file>', 'its configuration (default: /etc/ferry/ferry.json)')
  .action(async (options: { config?: string }) => {
    const { name, peerId, listen } = await identity(options.config)
    show({ name, peerId, listen }, () => [`${name}  ${peerId}`, ...listen.map((a) => withPeer(a, peerId))].join('\n'))
  })

command('ls', 'list the containers of this host')
  .option('--all', 'of every host of the mesh')
  .action(async ({ all }: { all?: boolean }) => {
    if (all !== true) {
      show(await (await client()).containers(timeout()), containersText)
      return
    }
    const gathered = await (await whole()).allContainers(timeout())
    show(gathered, withMissing(containersText))
    if (gathered.missing.length > 0) exitCode = exitCodes.failed
  })

command('peers [name]', 'list the nodes of the mesh; with a name or a peer id, all that is known of that one').action(
  async (name?: string) => {
    const peers = await (await client()).peers(timeout())
    if (name === undefined) show(peers, peersText)
    else show(peerCalled(name, peers), peerText)
  }
)

command('init', 'make a mesh of which this host is the first member')
  .option('--name <mesh>', 'its name', 'ferry')
  .action(async ({ name }: { name: string }) => {
    show(await (await mesh()).init({ meshName: name }, timeout()), membershipText)
  })

command('invite', 'print a word that lets one host in, once')
  .option('--ttl <time>', 'how long it is good, e.g. 30m, 1h, 7d', '1h')
  .action(async ({ ttl }: { ttl: string }) => {
    show(await (await mesh()).invite({ ttlMs: ttlMs(ttl) }, timeout()), invitationText)
  })

command('join <word>', 'become a member of the mesh of the host that made the word').action(async (token: string) => {
  show(await (await mesh()).join({ token }, timeout()), membershipText)
})

command('members', 'list who belongs to the mesh').action(async () => {
  show(await (await mesh()).membership(timeout()), membershipText)
})

command('expel <peer>', 'take a member out of the mesh for good')
  .option('--undo', 'with whom it had admitted')
  .action(async (peer: string, { undo }: { undo?: boolean }) => {
    show(await (await mesh()).expel({ peer, ...(undo === undefined ? {} : { undo }) }, timeout()), expulsionText)
  })

command('leave', 'take this host out of its mesh; it gets a new key').action(async () => {
  show(await (await mesh()).leave(timeout()), keyText)
})

command('key', "this host's key")
  .command('rotate')
  .description('a new key, and with it a new peer id, in the place of the old one')
  .exitOverride()
  .action(async () => {
    show(await (await mesh()).rotateKey(timeout()), keyText)
  })

command('grant <operator> <role>', "let an operator's key view, move or admin everywhere in the mesh").action(
  async (operator: string, role: string) => {
    show(await (await mesh()).grant({ operator, role }, timeout()), membershipText)
  }
)

command('revoke <operator> [role]', 'take a role from an operator, or all of them').action(
  async (operator: string, role: string | undefined) => {
    const request = { operator, ...(role === undefined ? {} : { role }) }
    show(await (await mesh()).revoke(request, timeout()), membershipText)
  }
)

command('check <name>', `say what would stand in the way of a move, and do nothing; ${nameForms}`)
  .requiredOption('--to <peer>', 'name or peer id of the target')
  .action(async (container: string, { to }: { to: string }) => {
    const check = await (await client()).check({ container, to }, timeout())
    show(check, checkText)
    if (!check.ok) exitCode = exitCodes.refused
  })

command('move <name>', `move a running container; ${nameForms}`)
  .requiredOption('--to <peer>', 'name or peer id of the target')
  .action(async (container: string, { to }: { to: string }) => {
    exitCode = await move(await client(), { container, to }, terminalNow())
  })

command('cordon [host]', 'let a host, this one if none is named, take no containers; what runs there stays')
  .option('--reason <text>', 'why; whoever is refused is told')
  .option('--maintenance', 'the host is about to go down on purpose')
  .action(async (host: string | undefined, options: { reason?: string; maintenance?: boolean }) => {
    const { reason, maintenance = false } = options
    const request = {
      ...(host === undefined ? {} : { host }),
      ...(reason === undefined ? {} : { reason }),
      maintenance
    }
    show(await (await whole()).cordon(request, timeout()), cordonText)
  })

command('uncordon [host]', 'let a host, this one if none is named, take containers again').action(
  async (host: string | undefined) => {
    show(await (await whole()).uncordon(host === undefined ? {} : { host }, timeout()), cordonText)
  }
)

command('migrations', 'list the migrations of this host, present and past')
  .option('--all', 'of every host of the mesh')
  .action(async ({ all }: { all?: boolean }) => {
    if (all !== true) {
      show(await (await client()).migrations(timeout()), migrationsText)
      return
    }
    const gathered = await (await whole()).allMigrations(timeout())
    show(gathered, withMissing(migrationsText))
    if (gathered.missing.length > 0) exitCode = exitCodes.failed
  })

command('audit', 'list who asked what of this host, and what became of it')
  .option('--all', 'of every host of the mesh')
  .option('--last <entries>', 'how many, 1000 at most', '200')
  .action(async ({ all, last }: { all?: boolean; last: string }) => {
    const entries = Number(last)
    if (all !== true) {
      show(await (await whole()).audit({ entries }, timeout()), auditText)
      return
    }
    const gathered = await (await whole()).allAudit({ entries }, timeout())
    show(gathered, withMissing(auditText))
    if (gathered.missing.length > 0) exitCode = exitCodes.failed
  })

const operator = command('operator', "an operator's key")

operator
  .command('new <keyfile>')
  .description('make a key and print its id, for `ferry grant` on a member')
  .exitOverride()
  .action(async (keyFile: string) => {
    show(await newOperator(keyFile), ({ peerId }) => peerId)
  })

operator
  .command('id <keyfile>')
  .description('print the id of a key')
  .exitOverride()
  .action(async (keyFile: string) => {
    show(await operatorId(keyFile), ({ peerId }) => peerId)
  })

command('logs <id>', "show CRIU's logs of both hosts, the first real error explained")
  .option('--full', 'all lines')
  .action(async (id: string, options: { full?: boolean }) => {
    show(await (await client()).logs(id, timeout()), (logs, terminal) =>
      logsText(logs, options.full === true, terminal)
    )
  })

const receipt = command('receipt', 'what both hosts signed of a migration').addHelpText(
  'after',
  '\n`ferry receipt ID` is `ferry receipt show ID`.'
)

receipt
  .command('show <id>', { isDefault: true })
  .description('print both halves')
  .option('--export <file>', 'write them to a file too, for `ferry receipt verify`')
  .exitOverride()
  .action(async (id: string, options: { export?: string }) => {
    const { showReceipt } = await import('./receipt.ts')
    exitCode = await showReceipt(await client(), id, options.export, terminalNow(), timeout())
  })

receipt
  .command('verify <id-or-file> [file]')
  .description('prove from both halves that no two copies ran at one time; files need no daemon')
  .exitOverride()
  .action(async (subject: string, file: string | undefined) => {
    const { verifyFiles, verifyMigration } = await import('./receipt.ts')
    exitCode =
      file === undefined && MIGRATION_ID.test(subject)
        ? await verifyMigration(await client(), subject, terminalNow(), timeout())
        : await verifyFiles([subject, ...(file === undefined ? [] : [file])], terminalNow())
  })

command('cancel <id>', 'end a migration that is not decided; the container runs on where it was').action(
  async (id: string) => {
    show(
      await (await client()).cancel(id, timeout()),
      (view, terminal) => `Cancel accepted. ${summaryText(view, terminal)}`
    )
  }
)

command('resolve <id>', 'decide a migration whose other host is gone for good; says what that risks')
  .option('--run-here', 'the copy that waits runs from now on')
  .option('--discard', 'the copy that waits is thrown away')
  .option('--yes', 'do it')
  .action(async (id: string, options: ResolveOptions) => {
    exitCode = await resolve(await client(), id, options, terminalNow(), timeout())
  })

command('doctor', 'list what migrations left on this host: after a crash, a killed CRIU, a lost journal')
  .option('--repair', 'put right what the journal clearly gives to ferry')
  .action(async (options: { repair?: boolean }) => {
    const service = await client()
    const view = await (options.repair === true
      ? service.repair(AbortSignal.timeout(repairMs))
      : service.doctor(timeout()))
    show(view, doctorText)
    if (view.findings.some(({ repaired }) => repaired === undefined)) exitCode = exitCodes.failed
  })

function command(usage: string, description: string): Command {
  return program.command(usage).description(description).exitOverride()
}

async function client(): Promise<OperatorService> {
  return (await session())?.service ?? operatorClient(await socketPath())
}

async function mesh(): Promise<MeshService> {
  return (await session())?.mesh ?? meshClient(await socketPath())
}

async function whole(): Promise<WholeMeshService> {
  return (await session())?.whole ?? wholeMeshClient(await socketPath())
}

/** An operator's connection, where one is asked for. */
async function session(): Promise<OperatorSession | undefined> {
  const { as: keyFile, at: address } = program.opts<GlobalOptions>()
  if (keyFile === undefined && address === undefined) return undefined
  if (keyFile === undefined || address === undefined) {
    throw new OperatorError({
      code: 'BAD_REQUEST',
      host: hostname(),
      what: '--as and --at belong together',
      remedy: 'Name the key with --as FILE and a host of the mesh with --at /ip4/ADDRESS/tcp/4860/p2p/ID'
    })
  }
  opened ??= operatorSession({ keyFile, address }, timeout())
  return opened
}

async function socketPath(): Promise<string> {
  return program.opts<GlobalOptions>().socket ?? process.env['FERRY_SOCKET'] ?? (await configuredSocket())
}

function timeout(): AbortSignal {
  return AbortSignal.timeout(requestMs)
}

function show<T>(value: T, text: (value: T, terminal: Terminal) => string): void {
  const terminal = terminalNow()
  terminal.out(terminal.json ? JSON.stringify(value) : text(value, terminal))
}

function withPeer(address: string, peerId: string): string {
  return address.includes('/p2p/') ? address : `${address}/p2p/${peerId}`
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    // commander has printed it; --help and --version arrive here too, with 0.
    exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  } else {
    const terminal = terminalNow()
    const problem = problemOf(error)
    terminal.err(terminal.json ? JSON.stringify({ problem }) : problemText(problem, terminal))
    if (program.opts<GlobalOptions>().debug === true && error instanceof Error)
      terminal.err(error.stack ?? error.message)
    exitCode = exitCodeOf(problem.code)
  }
} finally {
  // One that did not come about has been reported.
  const [connection] = await Promise.allSettled([opened])
  if (connection.status === 'fulfilled') await connection.value?.close()
}
process.exitCode = exitCode
