// What a command writes to and how: colours only for a person at a terminal who has not said NO_COLOR.
import { stripVTControlCharacters, styleText } from 'node:util'

type Format = Parameters<typeof styleText>[0]

export interface Terminal {
  /** Whether standard output is a terminal that can be redrawn. */
  readonly interactive: boolean
  readonly width: number | undefined
  readonly json: boolean
  out(text: string): void
  err(text: string): void
  style(format: Format, text: string): string
}

export function processTerminal(options: { json: boolean }): Terminal {
  const { stdout, stderr } = process
  const colour = stdout.isTTY && !options.json && (process.env['NO_COLOR'] ?? '') === ''
  return {
    // A terminal that does not tell its size has 0 columns, and nothing can be redrawn on it.
    interactive: stdout.isTTY && stdout.columns > 0 && !options.json,
    width: stdout.isTTY && stdout.columns > 0 ? stdout.columns : undefined,
    json: options.json,
    out: (text) => stdout.write(`${text}\n`),
    err: (text) => stderr.write(`${stderr.isTTY && colour ? text : stripVTControlCharacters(text)}\n`),
    style: (format, text) => (colour ? styleText(format, text, { validateStream: false }) : text)
  }
}
