// Lines that are only ever appended, in files of bounded size: when one is full it is put aside as .1, what was .1 as .2, …
import { open, readFile, rename, rm, type FileHandle } from 'node:fs/promises'
import { Turns } from '../mesh/turns.ts'

export interface RotatedFileOptions {
  readonly path: string
  /** Bytes of a file before the next one is begun. */
  readonly maxBytes: number
  /** Older ones, besides the one that is written to. */
  readonly keptFiles: number
}

/** Every method rejects with the file system's error. */
export class RotatedFile {
  readonly #options: RotatedFileOptions
  #file: FileHandle
  #size: number
  readonly #turns = new Turns()

  private constructor(options: RotatedFileOptions, file: FileHandle, size: number) {
    this.#options = options
    this.#file = file
    this.#size = size
  }

  static async open(options: RotatedFileOptions): Promise<RotatedFile> {
    const file = await openForAppending(options.path)
    let { size } = await file.stat()
    if (size > 0 && !(await endsWithLine(options.path, size))) {
      // A crash cut the last line short; what comes next must not be joined to it.
      await file.appendFile('\n')
      size++
    }
    return new RotatedFile(options, file, size)
  }

  /** @param durable on disk when it resolves; otherwise whenever the system puts it there */
  append(line: string, durable: boolean): Promise<void> {
    const bytes = Buffer.from(`${line}\n`)
    return this.#turns.take(async () => {
      if (this.#size > 0 && this.#size + bytes.byteLength > this.#options.maxBytes) await this.#rotate()
      await this.#file.appendFile(bytes)
      this.#size += bytes.byteLength
      if (durable) await this.#file.datasync()
    })
  }

  /** The contents of the files, newest first. */
  async *texts(): AsyncGenerator<string> {
    for (const name of this.#names()) yield await readIfThere(name)
  }

  async close(): Promise<void> {
    await this.#turns.taken()
    await this.#file.close()
  }

  async #rotate(): Promise<void> {
    const names = this.#names()
    await this.#file.sync()
    const oldest = names.at(-1)
    if (oldest !== undefined) await rm(oldest, { force: true })
    for (let at = names.length - 2; at >= 0; at--) {
      await rename(names[at] ?? '', names[at + 1] ?? '').catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      })
    }
    const before = this.#file
    this.#file = await openForAppending(this.#options.path)
    this.#size = 0
    await before.close()
  }

  #names(): string[] {
    const { path, keptFiles } = this.#options
    return [path, ...Array.from({ length: keptFiles }, (_, index) => `${path}.${String(index + 1)}`)]
  }
}

function openForAppending(path: string): Promise<FileHandle> {
  return open(path, 'a', 0o600)
}

async function endsWithLine(path: string, size: number): Promise<boolean> {
  const file = await open(path, 'r')
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
    return buffer[0] === 0x0a
  } finally {
    await file.close()
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
