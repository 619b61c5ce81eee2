# Completions of `cargo alembic` and `cargo-alembic` for fish.

function __cargo_alembic_complete
    set --local words (commandline --current-process --tokenize --cut-at-cursor)
    cargo-alembic completions -- $words (commandline --current-token --cut-at-cursor) 2>/dev/null
end

function __cargo_alembic_in_cargo --description 'Whether the command is `cargo alembic`'
    set --local words (commandline --current-process --tokenize --cut-at-cursor)
    for word in $words[2..]
        switch $word
            case alembic
                return 0
            case '-*' '+*'
                continue
            case '*'
                return 1
        end
    end
    return 1
end

complete --command cargo-alembic --keep-order --no-files --arguments '(__cargo_alembic_complete)'
complete --command cargo --condition __cargo_alembic_in_cargo --keep-order --no-files \
    --arguments '(__cargo_alembic_complete)'
