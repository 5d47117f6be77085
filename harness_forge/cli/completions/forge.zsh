#compdef forge
# Completion of forge in zsh. In ~/.zshrc, after compinit:  source <(forge completion zsh)
_forge() {
    local -a whole open
    local reply said
    local line="${(j: :)words[1,CURRENT-1]} $PREFIX"
    while IFS=$'\t' read -r reply said; do
        # After `key=` and `section.` the word goes on.
        if [[ $reply == *[=.] ]]; then
            open+=("${reply//:/\\:}:$said")
        else
            whole+=("${reply//:/\\:}:$said")
        fi
    done < <("${words[1]}" completion suggest -- "$line" 2>/dev/null)
    if (( $#whole + $#open == 0 )); then
        compset -P '*='
        _files
        return
    fi
    (( $#whole )) && _describe -t words 'forge' whole
    (( $#open )) && _describe -t keys 'forge' open -S ''
    return 0
}
if [[ "${funcstack[1]}" == _forge ]]; then
    _forge "$@"
else
    (( $+functions[compdef] )) && compdef _forge forge
fi
