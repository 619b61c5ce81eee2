# Stands for a program of sea-orm: does what `status`, `up -n COUNT` and `down -n COUNT` do, by files in `steps`.
cd "$(dirname "$0")" || exit 1
[ ! -e before.sh ] || . ./before.sh

execute() {
    case "$1" in
    '!'*) seen=/dev/null sql=${1#!} ;;
    *) seen=${ALEMBIC_RECORD:-/dev/null} sql=$1 ;;
    esac
    case "$DATABASE_URL" in
    sqlite://*)
        path=${DATABASE_URL#sqlite://}
        printf '%s\0' "$sql" >> "$seen"
        sqlite3 "${path%%\?*}" "$sql"
        ;;
    *) "$PSQL" -X -q -A -t -c "$sql" "$DATABASE_URL" ;;
    esac || exit 1
}

execute_file() {
    while IFS= read -r line; do
        execute "$line" > /dev/null
    done < "$1"
}

execute 'CREATE TABLE IF NOT EXISTS seaql_migrations (version VARCHAR PRIMARY KEY, applied_at BIGINT)' 2> /dev/null
applied=$(execute 'SELECT version FROM seaql_migrations ORDER BY version')
count=$3

case "$1" in
up)
    for step in steps/*.up; do
        [ -e "$step" ] && [ "$count" -gt 0 ] || break
        name=$(basename "$step" .up)
        case "$applied" in *"$name"*) continue ;; esac
        execute_file "$step"
        execute "INSERT INTO seaql_migrations VALUES ('$name', 1)"
        count=$((count - 1))
    done
    ;;
down)
    for name in $(printf '%s\n' "$applied" | sort -r); do
        [ "$count" -gt 0 ] || break
        if [ ! -e "steps/$name.down" ]; then
            echo "Migration Error: We Don't Do That Here" >&2
            exit 1
        fi
        execute_file "steps/$name.down"
        execute "DELETE FROM seaql_migrations WHERE version = '$name'"
        count=$((count - 1))
    done
    ;;
esac
