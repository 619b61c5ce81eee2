# Completions of `cargo alembic` and `cargo-alembic` for PowerShell.

Register-ArgumentCompleter -Native -CommandName 'cargo', 'cargo-alembic' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $words = @($commandAst.CommandElements |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text })
    if ($wordToComplete -eq '') {
        # An empty argument would get lost.
        $words += ' '
    }
    cargo-alembic completions '--' @words | ForEach-Object {
        $value, $help = $_ -split "`t", 2
        if (-not $help) { $help = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
    }
}
