import { run } from './vm/run.ts'

/** Where this machine gets its own Debian packages from. @throws Error where apt has no such source */
export async function packageMirror(): Promise<string> {
  const { stdout } = await run(['apt-get', 'indextargets', '--format', '$(CREATED_BY) $(COMPONENT) $(REPO_URI)'])
  for (const line of stdout.toString().split('\n')) {
    const [createdBy, component, uri] = line.split(' ')
    if (createdBy === 'Packages' && component === 'main' && uri?.includes('/debian') && !uri.includes('security')) {
      return uri
    }
  }
  throw new Error('apt on this machine names no Debian package source; add one to /etc/apt/sources.list.d')
}
