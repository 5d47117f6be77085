# Completion of forge in fish. Once:  forge completion fish > ~/.config/fish/completions/forge.fish
function __forge_complete
    set -l program (commandline -opc)[1]
    set -l found ($program completion suggest -- (commandline -cp | string collect) 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c forge -f -a '(__forge_complete)'
