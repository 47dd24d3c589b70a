# Completes wsee in bash; the candidates come from wsee itself.
_wsee() {
    local line=${COMP_LINE:0:COMP_POINT} words=() last=-1 word i
    # bash also splits words at = : and @; here they are joined again.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $i == 0 || $line == [[:space:]]* ]]; then
            line=${line#"${line%%[![:space:]]*}"}
            words[++last]=${line:0:${#word}}
        else
            words[last]+=${line:0:${#word}}
        fi
        line=${line:${#word}}
    done

    local kind value help
    COMPREPLY=()
    {
        IFS= read -r kind
        while IFS=$'\t' read -r value help; do
            COMPREPLY+=("$value")
        done
    } < <(command wsee completions bash -- "${words[@]}" 2>/dev/null)

    local current=${words[last]} before=
    # Within quotes, a word is not split.
    if [[ $current == [\"\']* ]]; then
        current=${current:1}
    else
        # readline leaves @ in the word.
        local breaks=${COMP_WORDBREAKS//@/}
        before=${current%"${current##*[$breaks]}"}
    fi
    if [[ $kind == files* ]]; then
        local start=${kind#files } name
        # Only names that are the whole word can be left to readline to quote, and to mark folders.
        [[ ${#COMPREPLY[@]} == 0 && $start != *@ ]] && compopt -o filenames 2>/dev/null
        while IFS= read -r name; do
            value=$name
            if [[ $start == *@ ]]; then
                printf -v value %q "$name"
                [[ -d $name ]] && value+=/
            fi
            COMPREPLY+=("$start$value")
        done < <(compgen -f -- "${current#"$start"}")
    fi
    COMPREPLY=("${COMPREPLY[@]#"$before"}")
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -F _wsee wsee
