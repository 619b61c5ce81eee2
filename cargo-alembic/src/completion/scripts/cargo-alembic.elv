# Completions of `cargo alembic` and `cargo-alembic` for elvish.

use str

fn -cargo-alembic {|@words|
    cargo-alembic completions -- $@words | from-lines | each {|line|
        var value help = (str:split &max=2 "\t" $line)
        var display = $value
        if (not-eq $help '') {
            set display = $value'  '$help
        }
        var suffix = ' '
        if (or (str:has-suffix $value /) (str:has-suffix $value =) (str:has-suffix $value @)) {
            set suffix = ''
        }
        edit:complex-candidate $value &display=$display &code-suffix=$suffix
    }
}

set edit:completion:arg-completer[cargo-alembic] = $-cargo-alembic~

# `cargo alembic`: anything else is left to the completions that cargo had before.
var -cargo-before = {|@words| edit:complete-filename $@words }
if (has-key $edit:completion:arg-completer cargo) {
    set -cargo-before = $edit:completion:arg-completer[cargo]
}
set edit:completion:arg-completer[cargo] = {|@words|
    var found = [(-cargo-alembic $@words)]
    if (> (count $found) 0) {
        put $@found
    } else {
        $-cargo-before $@words
    }
}
