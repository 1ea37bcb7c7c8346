import { programFile } from '../programs/program-file.ts';

/** Shells for which there is a script. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The script that has a shell ask `labctl __complete`. */
export function completionScript(shell: Shell): string {
  // By its own path: labctl may be an alias.
  const program = [process.execPath, programFile('labctl')].map((text) => `'${text.replaceAll("'", "'\\''")}'`);
  return SCRIPTS[shell].replaceAll('LABCTL', () => program.join(' '));
}

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# source <(labctl completion bash)
_labctl() {
  local line=\${COMP_LINE:0:COMP_POINT} current candidate
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  current=\${words[-1]}
  COMPREPLY=()
  while IFS= read -r candidate; do
    if [[ $candidate == :files ]]; then
      compopt -o filenames 2>/dev/null
      mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "\${current##*=}")
    else
      candidate=\${candidate%%$'\\t'*}
      # A word ends at = and : where readline is concerned.
      [[ $current == *[=:]* ]] && candidate=\${candidate#"\${current%"\${current##*[=:]}"}"}
      COMPREPLY+=("$candidate")
    fi
  done < <(LABCTL __complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _labctl labctl
`,
  zsh: `#compdef labctl
# source <(labctl completion zsh), after compinit
_labctl() {
  local line files=0
  local -a described
  for line in "\${(@f)$(LABCTL __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == :files ]]; then
      files=1
    elif [[ $line == *$'\\t'* ]]; then
      described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    elif [[ -n $line ]]; then
      described+=("\${line//:/\\\\:}")
    fi
  done
  (( \${#described} )) && _describe -t labctl labctl described
  (( files )) && _files
}
if [[ $funcstack[1] == _labctl ]]; then _labctl "$@"; else compdef _labctl labctl; fi
`,
  fish: `# labctl completion fish | source
function __labctl_complete
  set -l before (commandline -opc)
  set -l current (commandline -ct)
  for line in (LABCTL __complete -- $before[2..-1] "$current" 2>/dev/null)
    if test "$line" = :files
      __fish_complete_path "$current"
    else
      echo $line
    end
  end
end
complete -c labctl -f -a '(__labctl_complete)'
`,
};
