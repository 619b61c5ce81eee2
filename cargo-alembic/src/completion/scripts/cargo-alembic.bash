# Completions of `cargo alembic` and `cargo-alembic` for bash.

_cargo_alembic() {
    # Bash splits words at `:`, `=` and `@`, which revisions contain. What the line does not separate
    # is one word.
    local rest=${COMP_LINE:0:COMP_POINT} index word
    local -a words=()
    for ((index = 0; index <= COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        if ((index == 0)) || [[ $rest =~ ^[[:space:]] ]]; then
            rest=${rest#"${rest%%[![:space:]]*}"}
            words+=("")
        fi
        if ((index == COMP_CWORD)); then
            word=$rest
        fi
        words[${#words[@]} - 1]+=$word
        rest=${rest#"$word"}
    done
    # Bash replaces only the part of the word that it took for one.
    local current=${words[${#words[@]} - 1]} kept=""
    if [[ $current == *"$2" ]]; then
        kept=${current%"$2"}
    fi
    local value
    COMPREPLY=()
    while IFS=$'\t' read -r value _; do
        printf -v value %q "${value#"$kept"}"
        COMPREPLY+=("$value")
    done < <(cargo-alembic completions -- "${words[@]}" 2>/dev/null)
    if [[ ${COMPREPLY-} == *[/=@] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

# `cargo alembic`: anything else is left to the completions that cargo had before.
_cargo_alembic_in_cargo() {
    local word
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
        alembic)
            _cargo_alembic "$@"
            return
            ;;
        -* | +*) ;;
        *) break ;;
        esac
    done
    if [[ -z $_cargo_alembic_before ]]; then
        # bash-completion loads them on first use.
        local loader
        for loader in _comp_load _completion_loader; do
            if declare -F "$loader" >/dev/null; then
                "$loader" cargo &>/dev/null
                _cargo_alembic_register
                break
            fi
        done
    fi
    if declare -F "$_cargo_alembic_before" >/dev/null; then
        "$_cargo_alembic_before" "$@"
    fi
}

_cargo_alembic_register() {
    if [[ $(complete -p cargo 2>/dev/null) =~ -F\ ([^ ]+) && ${BASH_REMATCH[1]} != _cargo_alembic_in_cargo ]]; then
        _cargo_alembic_before=${BASH_REMATCH[1]}
    fi
    complete -o bashdefault -o default -o nosort -F _cargo_alembic_in_cargo cargo 2>/dev/null ||
        complete -o bashdefault -o default -F _cargo_alembic_in_cargo cargo
}

_cargo_alembic_before=""
_cargo_alembic_register
complete -o bashdefault -o nosort -F _cargo_alembic cargo-alembic 2>/dev/null ||
    complete -o bashdefault -F _cargo_alembic cargo-alembic
