// The proof in words, for two halves that hold: which entry bounds where the container could run, and why.
import { named } from './finding.ts'
import type { Half } from './half.ts'

export function proofOf(source: Half, target: Half | undefined): readonly string[] {
  const there = target?.host ?? 'the target'
  return [...whatHappened(source, target, there), ...stoodStill(source, target)]
}

function whatHappened(source: Half, target: Half | undefined, there: string): readonly string[] {
  const [frozen, dumped, commit, abort] = [
    source.find('frozen'),
    source.find('dumped'),
    source.find('commit'),
    source.find('abort')
  ]
  const [prepared, activating, handBack] = [
    target?.find('prepared'),
    target?.find('activating'),
    target?.find('hand-back')
  ]
  if (frozen === undefined || abort !== undefined) {
    const decided = abort === undefined ? '' : ` with ${named(abort)}, which excludes a COMMIT`
    return [
      `${source.host} decided${decided}: it kept the right to run the container.`,
      dumped === undefined
        ? `It has no dumped entry, so ${there} never had anything that it could have run.`
        : `${there} ended with discarded and has no activating entry: its copy, restored and stopped or never restored, did not run.`,
      `So only ${source.host} ran it.`
    ]
  }
  const held = `${source.host} saw the tree frozen at ${named(frozen)}, before ${commit === undefined ? 'its decision' : named(commit)}.`
  if (prepared === undefined || commit === undefined) return [held]
  const known = `It signed ${named(commit)} when it had heard ${named(prepared)}: ${there}'s copy was restored and frozen then.`
  const takenBack = source.find('taken-back')
  if (takenBack !== undefined && handBack !== undefined) {
    return [
      held,
      known,
      `${there} signed ${named(handBack)}, which excludes activating, and discarded its copy, which never ran.`,
      `${source.host} heard that before ${named(takenBack)}, and thawed its tree only then. So only ${source.host} ran it.`
    ]
  }
  return [
    held,
    known,
    ...(activating === undefined
      ? []
      : [
          `${there} signed ${named(activating)}, without which it thaws nothing, when it had heard ${named(commit)}.`,
          `${source.host} has neither abort nor taken-back, without which it thaws nothing, and killed its frozen tree at retired.`,
          `So everything the container did on ${source.host} was over before anything it did on ${there}.`
        ])
  ]
}

/** Readings of clocks, which prove nothing. */
function stoodStill(source: Half, target: Half | undefined): readonly string[] {
  const frozen = source.find('frozen')
  const resumed = source.find('resumed') ?? target?.find('resumed')
  if (frozen === undefined || resumed === undefined) return []
  const ms = Date.parse(resumed.body.data.resumedAt) - Date.parse(frozen.body.data.frozenAt)
  const whose = resumed.body.role === 'source' ? `the clock of ${source.host}` : "the two hosts' clocks"
  return [`By ${whose} it stood still for ${String(ms)} ms; the proof does not rest on them.`]
}
