// `npm run fuzz -- --inputs N --seed S --streams M`. The generated codecs need more of TypeScript than node strips, so that the
// work is done by a node of its own.
import { spawnSync } from 'node:child_process'

const flags = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning']
const cli = new URL('./cli.ts', import.meta.url).pathname
const { status } = spawnSync(process.execPath, [...flags, cli, ...process.argv.slice(2)], { stdio: 'inherit' })
process.exitCode = status ?? 1
