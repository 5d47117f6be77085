# Completion of forge in bash. In ~/.bashrc:  source <(forge completion bash)
_forge() {
    local line=${COMP_LINE:0:COMP_POINT} word prefix='' reply
    word=${line##*[[:space:]]}
    # Readline replaces what follows the last `=` alone.
    [[ $COMP_WORDBREAKS == *=* && $word == *=* ]] && prefix=${word%"${word##*=}"}
    COMPREPLY=()
    while IFS=$'\t' read -r reply _; do
        COMPREPLY+=("${reply#"$prefix"}")
    done < <("$1" completion suggest -- "$line" 2>/dev/null)
    # After `key=` and `section.` the word goes on.
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=.] ]]; then
        compopt -o nospace 2>/dev/null
    fi
    return 0
}
complete -o default -F _forge forge
