use alembic_migrate::Table;

struct Plain {
    id: i64,
}

enum Kind {
    Small,
}

#[derive(Table)]
struct Order {
    #[column(identity)]
    id: i64,
    #[table(flatten)]
    base: Plain,
    kind: Kind,
    #[column(references(Plain))]
    plain: i64,
}

fn main() {}
