// Errors of CRIU that are understood and only a restore has.
import type { Explanation } from './explanations.ts'

export const restoreExplanations: readonly Explanation[] = [
  {
    pattern: /Not supported images version|Magic doesn't match|Unexpected EOF on \(empty-image\)/,
    meaning: 'the images were written by a newer CRIU, or did not arrive whole',
    remedy: "Install the source's CRIU version on the target, then try again"
  },
  {
    pattern:
      /CPU (Feature .* not supported|xfeatures has unsupported bits|.*capabilities do not match|xsave (max )?size mismatch)|FPU feature required by image/,
    meaning: "the target's CPU lacks features that the container's programs use",
    remedy: "Choose a target with the source's CPU features, or give both hosts the same CPU model"
  },
  {
    pattern: /tty: .*(Unable to open|Can't open)|Can't open (master pty|slave pty|slave tty|tty) /,
    meaning: 'a terminal that the container used does not exist here',
    remedy: 'LXC: set lxc.tty.max = 0 and lxc.console.path = none on the source and restart the container there'
  },
  {
    pattern: /Failed to move_mount from|mnt-v2: .*(move_mount|open_tree)/,
    meaning: 'a bind mount has a symbolic link as its source on the target',
    remedy: "Give the real path in the container's configuration"
  },
  {
    pattern: /couldn't restore veth interface .* via usernsd/,
    meaning: 'CRIU can not make the port of an unprivileged container itself',
    remedy: 'Report it: ferry makes such ports before the restore'
  },
  {
    pattern: /Can't add interface .* to bridge|Can't get index of/,
    meaning: "the target's bridge for the container does not exist",
    remedy: "Make the bridge on the target, or map it to one that exists in ferry's configuration (bridges)"
  },
  {
    pattern:
      /Can't bind (inet )?socket.*(Cannot assign requested address|Address already in use)|Can't bind inet socket/,
    meaning: 'an address the container listens on is missing or taken here',
    remedy:
      "See that the container's network namespace got its addresses, and that it does not share the host's network"
  },
  {
    pattern: /Unknown peer net namespace/,
    meaning: "a veth of the container is not named in the target's configuration",
    remedy: "Declare every interface in the container's configuration (lxc.net.N)"
  },
  {
    pattern: /File .* has bad (mode|size|build-ID)/,
    meaning: 'a file that a program has open or mapped is not the same on the target',
    remedy:
      'Try again: the root filesystem must be copied whole, with modes and owners; see that nothing else writes to it on the target'
  },
  {
    pattern: /Can't open file .*(No such file|ENOENT)|No such file or directory/,
    vague: true,
    meaning: 'a file that the container needs is missing on the target',
    remedy:
      'Look which path the line names: in the rootfs it was not copied, elsewhere it is a bind mount that the target lacks'
  },
  {
    pattern: /ghost.*File exists|Can't link .*ghost/,
    meaning: 'an earlier restore left a file behind in the root filesystem',
    remedy: 'Remove `*.cr.*.ghost` files from the rootfs on the target, then try again'
  },
  {
    pattern: /Can't fork for \d+: File exists|Pid \d+ is taken|Unable to create a thread/,
    meaning: 'a pid that the container needs is taken: its pid namespace is not its own',
    remedy: 'Give the container a pid namespace of its own'
  },
  {
    pattern: /apparmor LSM specified but apparmor not supported by kernel/,
    meaning: 'the configuration names an AppArmor profile and this kernel has no AppArmor',
    remedy: 'Remove lxc.apparmor.profile from the configuration, or enable AppArmor on the target'
  },
  {
    pattern: /selinux LSM specified but selinux not supported/,
    meaning: 'the configuration names an SELinux context and this kernel has no SELinux',
    remedy: 'Remove the SELinux context from the configuration, or enable SELinux on the target'
  },
  {
    pattern: /change_profile|apparmor_parser|apparmor: .*(Can't|Failed)/,
    meaning: "the container's AppArmor profile can not be applied here",
    remedy: 'Load the profile on the target (apparmor_parser), or run the container unconfined'
  },
  {
    pattern: /fsnotify: Unable to open .*(memory|cgroup|cpu|io|pids)\./,
    meaning: 'a program watches a cgroup file that does not exist here yet (systemd in a container does)',
    remedy: "Report it: the container's cgroup tree must be made before the restore"
  },
  {
    pattern: /cgroup\.subtree_control.*Invalid argument|cg: Can't (move|create)/,
    meaning: "the container's cgroups could not be made as they were",
    remedy: 'See that nothing of an earlier attempt is left in the cgroup of the container on the target'
  },
  {
    pattern: /cg: .*(Can't|Failed).*(memory|cpu|pids|io|cpuset)\.\w+/,
    meaning: 'a limit of the container could not be set here',
    remedy: 'See that the target delegates the same cgroup controllers as the source'
  },
  {
    pattern: /lxc\.console\.path configured on source host but not target/,
    meaning: 'the container has a console and the target made none for it',
    remedy: 'Set lxc.console.path = none on the source and restart the container there'
  }
]
