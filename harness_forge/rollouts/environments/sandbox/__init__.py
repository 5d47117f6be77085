"""The sandbox in which scripts and judges run: user namespaces, bubblewrap, no network, total caps.

| module | owns |
|---|---|
| `tools` | the programs seen as `/usr`: a tree of the distribution's packages |
| `sandbox` | the caller's side of one sandbox, its limits and its faults |
| `pool` | sandboxes of one disk, one for each core |
| `warden`, `seccomp` | the process that holds a sandbox; the system calls it refuses |
"""
