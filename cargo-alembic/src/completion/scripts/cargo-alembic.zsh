#compdef cargo-alembic
# Completions of `cargo alembic` and `cargo-alembic` for zsh.

_cargo-alembic() {
    local -a lines whole open
    local line value entry
    lines=("${(@f)$(cargo-alembic completions -- "${(@Q)words[1,CURRENT]}" 2>/dev/null)}")
    for line in $lines; do
        value=${line%%$'\t'*}
        entry=${value//:/\\:}:${line#*$'\t'}
        case $value in
        *[/=@]) open+=("$entry") ;;
        *) whole+=("$entry") ;;
        esac
    done
    local found=1
    if (( $#whole )); then
        _describe -V 'cargo alembic' whole && found=0
    fi
    if (( $#open )); then
        _describe -V 'cargo alembic' open -S '' && found=0
    fi
    return $found
}

# `cargo alembic`: anything else is left to the completions that cargo had before.
_cargo-alembic-in-cargo() {
    local word
    for word in "${(@)words[2,CURRENT-1]}"; do
        case $word in
        alembic)
            _cargo-alembic
            return
            ;;
        -* | +*) ;;
        *) break ;;
        esac
    done
    ${_cargo_alembic_before:-_default} "$@"
}

if [[ $funcstack[1] == _cargo-alembic ]]; then
    # Loaded from a folder of $fpath, on first use.
    _cargo-alembic "$@"
else
    compdef _cargo-alembic cargo-alembic
    if [[ ${_comps[cargo]-} != _cargo-alembic-in-cargo ]]; then
        typeset -g _cargo_alembic_before=${_comps[cargo]-}
        compdef _cargo-alembic-in-cargo cargo
    fi
fi
