// Ending a CRIU in the middle of a dump, so that its tree does not run before its sockets are put right.
import { requestFreeze } from '../host/cgroup.ts'

export interface FrozenAbort extends Disposable {
  /** Aborts, for the same reason, once the freeze has been asked for. */
  readonly signal: AbortSignal
}

/**
 * CRIU thaws the cgroup while it works and holds its tasks by ptrace. When it is killed they would run at once, with sockets in repair mode: a blocking
 * read then fails with EPERM, and many a server closes the connection. So the freeze is asked for before whoever runs CRIU gets the signal; the
 * tasks are frozen the moment they are let go, and stay so until `leaveRepairMode` and a thaw.
 */
export function abortFrozen(signal: AbortSignal, cgroup: string): FrozenAbort {
  const after = new AbortController()
  const onAbort = () => {
    // A cgroup that is gone has nothing to freeze; CRIU is to end in any case.
    const pass = () => after.abort(signal.reason)
    requestFreeze(cgroup).then(pass, pass)
  }
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  return { signal: after.signal, [Symbol.dispose]: () => signal.removeEventListener('abort', onAbort) }
}
